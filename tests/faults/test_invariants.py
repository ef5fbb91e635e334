"""The checker of the invariants finds what it looks for."""

from contextlib import closing
from random import Random

import apsw
import pytest
from articles import make_story
from invariants import INVARIANTS, known_articles, violations

from dedup import Article, Deduplicator
from dedup.store.sqlite import DATABASE_NAME

# How each rule can be broken in a store where article 2 took the place of article 1, and
# article 3 is in a cluster of its own.
BREAKAGES = {
    "an article has its signature": "DELETE FROM signatures WHERE number = 3",
    "a signature has its article": "DELETE FROM articles WHERE number = 1",
    "an article is in a cluster": "UPDATE articles SET cluster = 99 WHERE number = 1",
    "a cluster's size is the number of its members": "UPDATE clusters SET size = 3",
    "a cluster's original is one of its members": "UPDATE clusters SET original = 3",
    "originals, and they alone, are marked": "UPDATE signatures SET is_original = 1",
    "an article was added once": "DELETE FROM log WHERE number = 3",
    "an article is in the cluster that it was added to, or left for": (
        "UPDATE articles SET cluster = 2 WHERE number = 1"
    ),
    "an added article is known or was removed": "DELETE FROM articles WHERE number = 3",
    "the member that last took the original's place has it": (
        "UPDATE clusters SET original = 1 WHERE original = 2"
    ),
}


@pytest.fixture
def used(store):
    """A store with a promotion."""
    text = make_story(Random(1))
    annotated = "".join(f"{c}(wǎng)" if at % 9 == 0 else c for at, c in enumerate(text))
    with Deduplicator.open(store) as dedup:
        dedup.check(Article(text=annotated, id="damaged"))
        assert dedup.check(Article(text=text, id="sound")).promoted
        dedup.check(Article(text=make_story(Random(2)), id="other"))
    return store


def test_a_sound_store_breaks_none(used):
    """A store that was only used as it should be keeps every rule."""
    assert violations(used) == []
    assert set(known_articles(used)) == {"damaged", "sound", "other"}


@pytest.mark.parametrize("rule", INVARIANTS)
def test_each_rule_can_be_broken(used, rule):
    """A row that is wrong is told under the rule that it breaks."""
    with closing(apsw.Connection(str(used / DATABASE_NAME))) as file:
        file.execute(BREAKAGES[rule])

    assert any(rule in line for line in violations(used))


def test_another_text(used):
    """A text that was not received is told."""
    with closing(apsw.Connection(str(used / DATABASE_NAME))) as file:
        file.execute("UPDATE articles SET text = (SELECT text FROM articles WHERE number = 3)")

    assert violations(used) == [
        "the text of damaged is another one",
        "the text of sound is another one",
    ]
