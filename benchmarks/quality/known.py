"""A service that knows articles, through the library's public interface."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from dedup import Article, CheckResult, DedupError, Deduplicator
from dedup.preparation import PreparedArticle
from quality.corpus import CorpusArticle

__all__ = ["KnownArticles"]


class KnownArticles:
    """A temporary store of known articles.

    Attributes:
        results: For each article its answer when it was remembered, by id.
        originals: Those that are originals; the others are natural copies of them.
    """

    def __init__(self, articles: Sequence[CorpusArticle]) -> None:
        """Remember the articles, in the order of `scan`."""
        self._folder = tempfile.TemporaryDirectory()
        self._dedup = Deduplicator.open(Path(self._folder.name), durable=False)
        answers = self._dedup.scan([as_article(article) for article in articles])
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
