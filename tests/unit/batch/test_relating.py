"""What the first look at a pair leaves out, a comparison would call new."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup import Article, DedupConfig, Deduplicator, Verdict
from dedup.batch.collection import Collection
from dedup.batch.outlines import outline
from dedup.batch.pieces import pieces_of
from dedup.batch.records import SourceArticle
from dedup.batch.relating import are_related
from dedup.preparation import Preparer

CONFIG = DedupConfig()
PREPARER = Preparer(CONFIG)


@st.composite
def pairs(draw, texts):
    """A short text, and the same garbled about as much as a copy may be."""
    generator = draw(st.randoms(use_true_random=True))

    def cut(size):
        text = generator.choice(texts)
        start = generator.randrange(len(text) - size)
        return text[start : start + size]

    text = cut(generator.randint(60, 300))
    rate = generator.choice([0.06, 0.08, 0.1, 0.12])
    wrong = generator.choice(["", "�", None])
    other = "".join(
        char if generator.random() >= rate else generator.choice(text) if wrong is None else wrong
        for char in text
    )
    return text, other + cut(generator.randint(1, 100))


def are_joined(texts):
    """Whether a scan puts two articles in one group, given that it looks at them."""
    sources = (SourceArticle("", Article(text=text, id=text)) for text in texts)
    with Collection() as collection:
        for piece in pieces_of(sources):
            collection.add(piece, outline(piece, PREPARER, CONFIG.thresholds))
        return bool(are_related(collection, np.array([[0], [1]]), CONFIG).all())


@given(data=st.data())
def test_nothing_is_lost(data, seeds, tmp_path_factory):
    """Two articles of which one is told of the other are related."""
    texts = data.draw(pairs([seeds["002"], seeds["004"]]))
    with Deduplicator.open(tmp_path_factory.mktemp("store"), CONFIG, durable=False) as dedup:
        dedup.add(Article(text=texts[0], id="known"))
        verdict = dedup.check(Article(text=texts[1], id="new"), remember=False).verdict

    assert verdict is Verdict.NEW or are_joined(texts)


def test_a_clause_is_no_relation(seeds):
    """Two short sound articles that share a clause, a third of each, are left apart."""
    text = seeds["002"].replace("\n", "")
    clause = text[:70]
    texts = [clause + text[300:430], text[600:730] + clause]

    assert not are_joined(texts)
    assert are_joined([texts[0], texts[0] + clause])
