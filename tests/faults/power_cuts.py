"""Power cuts at random moments, and what is left of what was acknowledged."""

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest.mock import patch

from articles import make_edition, make_story
from disk import FaultyDisk, no_fault
from invariants import Known, known_articles, violations

from dedup import Article, Deduplicator, Verdict
from dedup.errors import StoreError
from dedup.store import sqlite

_MAX_OPERATIONS = 1_500
_PAGES_A_CHECKPOINT = 40  # so that cuts come in the middle of checkpoints, too


@dataclass
class Work:
    """What a deduplicator did until the power went, as its caller knows it.

    Attributes:
        known: Articles whose answer came.
        removed: Ids whose removal was acknowledged.
        in_doubt: Texts by id of what was under way.
    """

    known: dict[str, Known] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    in_doubt: dict[str, str] = field(default_factory=dict)


def cut_power(folder: Path, *, seed: int, durable: bool = True) -> Work:
    """Work on a disk, cut its power at a random moment, and look at what is left.

    With an odd seed nothing survives that was not synced, with an even one a random part.

    Args:
        folder: Empty; gets the disk before and after the cut.
        seed: Picks the work, the moment and what survives.
        durable: False for a store that does not sync, and loses articles.

    Raises:
        AssertionError: Something acknowledged is missing, or something is half there.
    """
    random = Random(seed)
    before, after = folder / "before", folder / "after"
    after.mkdir(parents=True)
    work = Work()
    with FaultyDisk() as disk, patch.object(sqlite, "_CHECKPOINT_PAGES", _PAGES_A_CHECKPOINT):
        disk.lose_power(after=random.randrange(_MAX_OPERATIONS))
        with suppress(StoreError), Deduplicator.open(before, durable=durable) as dedup:
            try:
                _work_until_it_fails(dedup, work, random)
            finally:
                disk.leave(after, random=None if seed % 2 else random)
                disk.fault = no_fault
    _assert_kept(after, work)
    return work


def _work_until_it_fails(dedup: Deduplicator, work: Work, random: Random) -> None:
    stories = [make_story(random) for _ in range(20)]
    number = 0
    while True:
        if work.known and random.random() < 0.2:
            _remove(dedup, work, random.choice(list(work.known)))
        else:
            texts = [make_edition(random.choice(stories), random) for _ in range(number % 4 + 1)]
            _remember(dedup, work, {f"{number}-{i}": text for i, text in enumerate(texts)})
        number += 1


def _remember(dedup: Deduplicator, work: Work, texts: dict[str, str]) -> None:
    """Remember several articles in one transaction."""
    articles = [Article(text=text, id=article_id) for article_id, text in texts.items()]
    work.in_doubt = texts
    for result in dedup.remember([dedup.survey(dedup.prepare(article)) for article in articles]):
        work.known[result.id] = Known(texts[result.id], result.cluster_id)
    work.in_doubt = {}


def _remove(dedup: Deduplicator, work: Work, article_id: str) -> None:
    work.in_doubt = {article_id: work.known.pop(article_id).text}
    dedup.remove(article_id)
    work.removed.add(article_id)
    work.in_doubt = {}


def _assert_kept(folder: Path, work: Work) -> None:
    with Deduplicator.open(folder) as dedup:
        left = known_articles(folder)
        assert {name: left.get(name) for name in work.known} == work.known
        doubtful = {name: known.text for name, known in left.items() if name not in work.known}
        assert doubtful.items() <= work.in_doubt.items(), "what nobody sent, or had removed"
        assert violations(folder) == []
        _assert_goes_on(dedup, work)


def _assert_goes_on(dedup: Deduplicator, work: Work) -> None:
    """Articles sent again are the same ones; new ones are new."""
    for article_id, known in work.known.items():
        again = dedup.check(Article(text=known.text, id=article_id))
        assert again.cluster_id == known.cluster_id
    for article_id, text in work.in_doubt.items():
        dedup.check(Article(text=text, id=article_id))
    other = make_story(Random("after the cut"))
    assert dedup.check(Article(text=other, id="other")).verdict is Verdict.NEW
