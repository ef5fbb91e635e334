"""The third pass of a scan: checking articles in the order in which originals are taken."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from cachetools import LRUCache

from dedup.batch.packing import pack_answer
from dedup.batch.pieces import KeptArticle
from dedup.batch.scratch import Scratch
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.models import Article
from dedup.ordering import Entrant, taking_order
from dedup.preparation import PreparedArticle
from dedup.sketch.similarity import ShingleSet

__all__ = ["Chunk", "check_chunk", "check_in_order"]

_REMEMBERED_AT_ONCE = 500
_PREPARED_AT_ONCE = 64
_KEPT_BYTES = 256 << 20
_BYTES_A_CHAR = 60


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
    with closing(_Members(positions, fetch, dedup)) as members:
        order = iter(taking_order(members.entrants(), members.shingles, dedup.config))
        while places := list(islice(order, _REMEMBERED_AT_ONCE)):
            answers = dedup.remember([dedup.survey(one) for one in members.prepared(places)])
            for place, answer in zip(places, answers, strict=True):
                yield positions[place], pack_answer(answer)


class _Members:
    """The articles of a group, prepared when they are asked for; the latest stay so."""

    def __init__(
        self, positions: Sequence[int], fetch: Callable[[int], Article], dedup: Deduplicator
    ) -> None:
        self._positions = positions
        self._fetch = fetch
        self._dedup = dedup
        self._codes = Scratch()
        self._latest: LRUCache[int, PreparedArticle] = LRUCache(_KEPT_BYTES, getsizeof=_size_of)

    def close(self) -> None:
        """Free the disk."""
        self._codes.close()

    def entrants(self) -> list[Entrant]:
        """Go through all articles; their shingles can be asked for afterwards."""
        entrants = []
        for prepared in self.prepared(range(len(self._positions))):
            entrants.append(Entrant.of(prepared))
            self._codes.append(prepared.normalized.codes.tobytes())
        return entrants

    def prepared(self, places: Sequence[int]) -> Iterator[PreparedArticle]:
        """Yield articles, those that have to be prepared many at once."""
        for start in range(0, len(places), _PREPARED_AT_ONCE):
            some = places[start : start + _PREPARED_AT_ONCE]
            ready = {place: self._latest[place] for place in some if place in self._latest}
            missing = [place for place in some if place not in ready]
            articles = [self._fetch(self._positions[place]) for place in missing]
            outcomes = self._dedup.prepare_many(articles) if articles else ()
            for place, prepared in zip(missing, outcomes, strict=True):
                assert isinstance(prepared, PreparedArticle)  # it was prepared once before
                ready[place] = prepared
                if _size_of(prepared) <= _KEPT_BYTES:
                    self._latest[place] = prepared
            yield from (ready[place] for place in some)

    def shingles(self, place: int) -> ShingleSet:
        """Return what is compared of an article."""
        prepared = self._latest.get(place)
        if prepared is not None:
            return prepared.shingles
        codes = np.frombuffer(self._codes.get(place), np.uint32)
        return ShingleSet(codes, self._dedup.config.sketch.shingle_length)


def _size_of(prepared: PreparedArticle) -> int:
    """Return about how many bytes a prepared article takes, its shingles included."""
    return 1000 + _BYTES_A_CHAR * len(prepared.article.text)
