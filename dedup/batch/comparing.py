"""The third pass of a scan: checking articles in the order in which originals are taken."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from tempfile import TemporaryDirectory
from typing import NamedTuple, overload

from cachetools import LRUCache

from dedup.batch.packing import pack_answer
from dedup.batch.pieces import KeptArticle
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.errors import DedupError
from dedup.models import Article
from dedup.ordering import taking_order
from dedup.preparation import PreparedArticle

__all__ = ["Chunk", "check_chunk", "check_in_order"]

_REMEMBERED_AT_ONCE = 500
_PREPARED_AT_ONCE = 64
_CACHED_BYTES = 256 << 20
_BYTES_A_CHAR = 60  # of a prepared article, its shingles included


class Chunk(NamedTuple):
    """Articles of a collection together with all that come near them, by their positions."""

    positions: Sequence[int]
    articles: Sequence[KeptArticle]


def check_chunk(chunk: Chunk, config: DedupConfig) -> list[tuple[int, bytes]]:
    """Check articles over a store of their own; see `check_in_order`."""
    data = dict(zip(*chunk, strict=True))
    with (
        TemporaryDirectory(prefix="dedup-") as folder,
        Deduplicator.open(folder, config, durable=False) as dedup,
    ):
        return list(
            check_in_order(chunk.positions, lambda position: data[position].article(), dedup)
        )


def check_in_order(
    positions: Sequence[int], fetch: Callable[[int], Article], dedup: Deduplicator
) -> Iterator[tuple[int, bytes]]:
    """Check and remember articles.

    Args:
        positions: Of articles that were prepared before, and not refused.
        fetch: Gives the article of a position.
        dedup: Checks them.

    Yields:
        Each position and its answer, packed, in the order in which they were taken.
    """
    prepared = _PreparedAnew(positions, fetch, dedup)
    order = iter(taking_order(prepared, dedup.config))
    while places := list(islice(order, _REMEMBERED_AT_ONCE)):
        answers = dedup.remember([dedup.survey(prepared[place]) for place in places])
        for place, answer in zip(places, answers, strict=True):
            yield positions[place], pack_answer(answer)


class _PreparedAnew(Sequence[PreparedArticle]):
    """Articles prepared when they are asked for; those asked for lately stay so."""

    def __init__(
        self, positions: Sequence[int], fetch: Callable[[int], Article], dedup: Deduplicator
    ) -> None:
        self._positions = positions
        self._fetch = fetch
        self._dedup = dedup
        self._next = 0
        self._cache: LRUCache[int, PreparedArticle] = LRUCache(
            _CACHED_BYTES, getsizeof=lambda one: 1000 + _BYTES_A_CHAR * len(one.article.text)
        )

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, place: int) -> PreparedArticle: ...
    @overload
    def __getitem__(self, place: slice) -> list[PreparedArticle]: ...
    def __getitem__(self, place: int | slice) -> PreparedArticle | list[PreparedArticle]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if place >= len(self):
            raise IndexError(place)
        found = self._cache.get(place)
        return self._prepare(place) if found is None else found

    def _prepare(self, place: int) -> PreparedArticle:
        # Whoever goes through them in order will want those behind this one next.
        count = _PREPARED_AT_ONCE if place == self._next else 1
        positions = self._positions[place : place + count]
        self._next = place + len(positions)
        articles = [self._fetch(position) for position in positions]
        wanted: PreparedArticle | None = None
        for offset, prepared in enumerate(self._dedup.prepare_many(articles)):
            assert not isinstance(prepared, DedupError)  # it was prepared once before
            wanted = wanted or prepared
            if 1000 + _BYTES_A_CHAR * len(prepared.article.text) <= _CACHED_BYTES:
                self._cache[place + offset] = prepared
        assert wanted is not None
        return wanted
