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
