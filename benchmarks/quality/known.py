"""A service that knows articles, through the library's public interface."""

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from random import Random
from typing import Self

from dedup import Article, CheckResult, DedupError, Deduplicator, scan
from dedup.preparation import PreparedArticle
from quality.corpus import CorpusArticle

__all__ = ["KnownArticles"]

_DISGUISES = 200


class KnownArticles:
    """A temporary store of known articles; a context manager that removes it.

    Attributes:
        results: For each article its answer when it was remembered, by id.
        originals: Those that are originals; the others are natural copies of them.
    """

    def __init__(self, articles: Sequence[CorpusArticle]) -> None:
        """Remember the articles, in the order of `scan`."""
        self._resources = ExitStack()
        folder = self._resources.enter_context(tempfile.TemporaryDirectory())
        self._dedup = self._resources.enter_context(Deduplicator.open(folder, durable=False))
        answers = list(scan(self._dedup, map(as_article, articles)))
        self.results = {
            article.id: answer
            for article, answer in zip(articles, answers, strict=True)
            if not isinstance(answer, DedupError)
        }
        self.originals = [
            article
            for article in articles
            if article.id in self.results and self.results[article.id].original is None
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._resources.close()

    def fill(self, count: int, articles: Sequence[CorpusArticle], alphabet: str, seed: int) -> None:
        """Remember `count` more articles that share no words with any other.

        They are the given ones, each written in one of two hundred disguises in which every
        usual character stands for another: as long, as repetitive and as much alike within a
        disguise as real articles are.
        """
        made = itertools.islice(_disguised(articles, alphabet, Random(seed)), count)
        for _ in scan(self._dedup, made):
            pass

    def check(self, text: str, title: str = "") -> CheckResult:
        """Return what a text is to the known articles; it is not remembered."""
        return self._dedup.check(Article(text=text, title=title or None), remember=False)

    def prepare(self, text: str) -> PreparedArticle:
        """Return a text with its shingles and signature."""
        return self._dedup.prepare(Article(text=text))

    def original_of(self, article_id: str) -> str:
        """Return the id of the original that a known article is a copy of, or its own."""
        original = self.results[article_id].original
        return original.id if original else article_id


def as_article(article: CorpusArticle) -> Article:
    """Return an article as a client hands it in."""
    return Article(text=article.text, id=article.id, title=article.title or None)


def _disguised(articles: Sequence[CorpusArticle], alphabet: str, rng: Random) -> Iterator[Article]:
    """Yield the articles in one disguise after the other."""
    for disguise in range(_DISGUISES):
        table = str.maketrans(alphabet, "".join(rng.sample(alphabet, len(alphabet))))
        for article in articles:
            text = article.text.translate(table)
            yield Article(text=text, id=f"{article.id}/disguise-{disguise}")
