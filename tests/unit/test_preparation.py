import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.config import DedupConfig
from dedup.errors import DedupError
from dedup.models import Article
from dedup.preparation import PreparedArticle, Preparer

PREPARER = Preparer(DedupConfig())

prose = st.text(alphabet="复工复产首先要抓牢防疫情暴发后。，�\n\u200b(guó)國", max_size=120)
bodies = st.one_of(prose, st.text(max_size=20), st.just("<p>页</p>"), st.just("\ud800"))
ids = st.sampled_from([None, "a", ""])
articles = st.builds(lambda text, key: Article(text=text, id=key), bodies, ids)


def facts(outcome: PreparedArticle | DedupError) -> object:
    if isinstance(outcome, DedupError):
        return type(outcome), str(outcome)
    signature = outcome.signature
    return (
        outcome.article,
        outcome.text_digest,
        outcome.normalized_digest,
        outcome.normalized.codes.tobytes(),
        outcome.normalized.repaired,
        None if signature is None else signature.tobytes(),
        *(part.tobytes() for part in outcome.keys),
        outcome.probe.pieces.tobytes(),
        len(outcome.shingles),
    )


def alone(article: Article) -> PreparedArticle | DedupError:
    try:
        return PREPARER.prepare(article)
    except DedupError as error:
        return error


@given(st.lists(articles, max_size=8))
def test_many_at_once_are_prepared_like_each_alone(batch: list[Article]) -> None:
    """Whatever stands beside an article in a batch, refused ones too, changes nothing of it."""
    expected = [facts(alone(article)) for article in batch]

    assert expected == [facts(outcome) for outcome in PREPARER.prepare_many(batch)]


@given(prose)
def test_stored_facts_give_the_same_keys(text: str) -> None:
    """An article is listed under the same keys when it arrives and when it is loaded."""
    outcome = alone(Article(text=text))
    if isinstance(outcome, PreparedArticle):
        [stored] = PREPARER.keys_of([outcome.sketch], [outcome.normalized_digest])

        assert [part.tolist() for part in outcome.keys] == [part.tolist() for part in stored]


@given(st.lists(articles, min_size=1, max_size=8))
def test_a_block_gives_the_same_keys(batch: list[Article]) -> None:
    """Articles are listed under the same keys one by one and many at once."""
    outcomes = [one for article in batch if isinstance(one := alone(article), PreparedArticle)]
    nothing = np.empty(0, np.uint32)
    sketches = [nothing if one.sketch is None else one.sketch for one in outcomes]

    keys = PREPARER.keys_of_block(
        np.concatenate([nothing, *sketches]),
        np.cumsum([0, *map(len, sketches)], dtype=np.intp),
        [one.normalized_digest for one in outcomes],
    )

    assert [key for one in outcomes for key in one.keys.whole] == keys.whole.tolist()
    assert [len(one.keys.whole) for one in outcomes] == np.diff(keys.whole_offsets).tolist()
    assert [key for one in outcomes for key in one.keys.pieces] == keys.pieces.tolist()
    assert [len(one.keys.pieces) for one in outcomes] == np.diff(keys.piece_offsets).tolist()
