"""What a scan hands to its processes: articles, or lines that articles have yet to be made of."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from dedup.batch.json_lines import JsonLines, article_of_line
from dedup.batch.records import Record, SourceArticle, UnreadableSource
from dedup.models import Article, TextFormat

__all__ = ["Articles", "KeptArticle", "Piece", "pieces_of"]

_ARTICLES_AT_ONCE = 128
_CHARS_AT_ONCE = 300_000


@dataclass(frozen=True, slots=True)
class Articles:
    """Articles that were read, and among them what could not be.

    Attributes:
        paths: Of each article.
        stops: Where each ends in the data, and the next begins.
        data: The articles, pickled.
        unreadable: What could not be read.
    """

    encoding: ClassVar[None] = None

    paths: Sequence[str]
    stops: Sequence[int]
    data: bytes
    unreadable: Sequence[UnreadableSource]

    def records(self) -> Iterator[Record | UnreadableSource]:
        """Yield all of them."""
        yield from self.unreadable
        start = 0
        for path, stop in zip(self.paths, self.stops, strict=True):
            yield Record(SourceArticle(path, _unpickled(self.data[start:stop])), start, stop)
            start = stop


Piece = Articles | JsonLines
"""Something to read articles of. Its `data` is what they are made of, and will be once more
if others come near; `encoding` tells lines of JSON from pickles."""


class KeptArticle(NamedTuple):
    """What an article is made of.

    Attributes:
        data: Its part of a piece's data.
        encoding: That of the piece.
        id: As it was given, or made from the text.
    """

    data: bytes
    encoding: str | None
    id: str

    def article(self) -> Article:
        """Return the article."""
        if self.encoding is None:
            return _unpickled(self.data)
        return article_of_line(self.data, self.encoding, self.id)


def pieces_of(
    sources: Iterable[SourceArticle | UnreadableSource | JsonLines],
) -> Iterator[Piece]:
    """Yield sources some at a time, fewer of long ones."""
    gathered = _Gathered()
    for source in sources:
        if isinstance(source, JsonLines):
            if gathered:
                yield gathered.pop()
            yield source
            continue
        gathered.add(source)
        if gathered.is_enough():
            yield gathered.pop()
    if gathered:
        yield gathered.pop()


class _Gathered:
    """The articles of a piece that is not complete."""

    def __init__(self) -> None:
        self._sources: list[SourceArticle] = []
        self._unreadable: list[UnreadableSource] = []
        self._num_chars = 0

    def __len__(self) -> int:
        return len(self._sources) + len(self._unreadable)

    def add(self, source: SourceArticle | UnreadableSource) -> None:
        if isinstance(source, UnreadableSource):
            self._unreadable.append(source)
        else:
            self._sources.append(source)
            self._num_chars += len(source.article.text)

    def is_enough(self) -> bool:
        return len(self) >= _ARTICLES_AT_ONCE or self._num_chars >= _CHARS_AT_ONCE

    def pop(self) -> Articles:
        """Return what was gathered, and start anew."""
        pickles = [_pickled(source.article) for source in self._sources]
        stops: list[int] = []
        for data in pickles:
            stops.append((stops[-1] if stops else 0) + len(data))
        paths = [source.path for source in self._sources]
        piece = Articles(paths, stops, b"".join(pickles), self._unreadable)
        self.__init__()  # type: ignore[misc]
        return piece


def _pickled(one: Article) -> bytes:
    """Return an article pickled: as a tuple, which takes a third of the time."""
    fields = (one.text, one.id, one.title, one.url, one.published_at, one.format.value)
    return pickle.dumps(fields, protocol=pickle.HIGHEST_PROTOCOL)


def _unpickled(data: bytes) -> Article:
    """Return an article that this process, or the one that it was forked from, has pickled."""
    text, article_id, title, url, published_at, text_format = pickle.loads(data)  # noqa: S301
    return Article(
        text=text,
        id=article_id,
        title=title,
        url=url,
        published_at=published_at,
        format=TextFormat(text_format),
    )
