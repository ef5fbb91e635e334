"""The second pass of a scan: which articles may be alike.

Most of those that come near one another have a clause in common and no more. Of short ones
that may be a quarter: what parts them is known here, so that a comparison need not find it,
and so that clauses do not join most of a large collection to one group.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dedup.batch.collection import Collection
from dedup.comparison import until_fruitless
from dedup.config import DedupConfig
from dedup.sketch.hashed_sets import common_to
from dedup.verdicts import may_be_more_than_new

__all__ = ["Relating", "are_related"]

_BYTES_AT_ONCE = 16 << 20


class Relating:
    """Says which articles of a collection may be alike, when all are in it."""

    def __init__(self, collection: Collection, config: DedupConfig) -> None:
        """List all articles."""
        self._collection = collection
        self._config = config
        self._index = collection.make_index()

    def related(self, piece: int) -> list[tuple[int, int]]:
        """Return the articles of a piece, each with others that share enough with it."""
        return [
            pair for pairs in self._portions(self._near(piece)) for pair in self._related_of(pairs)
        ]

    def _portions(self, pairs: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Yield pairs some at a time, those of an article together, fewer of long ones."""
        sizes = np.cumsum(self._collection.shingle_bytes(pairs[1]))
        firsts = np.flatnonzero(np.diff(pairs[0], prepend=-1))
        portions = sizes[firsts] // _BYTES_AT_ONCE
        starts = firsts[np.flatnonzero(np.diff(portions, prepend=-1))].tolist()
        for start, stop in pairwise([*starts, pairs.shape[1]]):
            yield pairs[:, start:stop]

    def _related_of(self, pairs: NDArray[np.int64]) -> list[tuple[int, int]]:
        is_related = are_related(self._collection, pairs, self._config)
        found: list[tuple[int, int]] = []
        for one in np.unique(pairs[0, is_related]).tolist():
            stretch = slice(*np.searchsorted(pairs[0], (one, one + 1)))
            near: list[int] = pairs[1, stretch].tolist()
            related = set(pairs[1, stretch][is_related[stretch]].tolist())
            found += ((one, other) for other in until_fruitless(near, _those_in(related)))
        return found

    def _near(self, piece: int) -> NDArray[np.int64]:
        """Look up the articles of a piece.

        All are asked when all are listed, so that their order makes no difference.

        Returns:
            Positions of the piece's articles, ascending, and below them those of others, the
            most promising first; int64, shape (2, n).
        """
        # Each finds itself, too.
        limit = self._config.max_candidates + 1
        places, numbers = self._index.find_pairs(self._collection.keys(piece), limit=limit)
        first = self._collection.first_position(piece)
        pairs = np.stack([first + places, numbers.astype(np.int64) - 1])
        return pairs[:, pairs[0] != pairs[1]]


def are_related(
    collection: Collection, pairs: NDArray[np.int64], config: DedupConfig
) -> NDArray[np.bool_]:
    """Return of pairs whether a comparison may find that one tells something of the other.

    Args:
        collection: Has the articles.
        pairs: Positions of articles, those of one of them together; int64, shape (2, n).
        config: Tells where verdicts begin.

    Returns:
        bool, shape (n,).
    """
    thresholds, shingle_length = config.thresholds, config.sketch.shingle_length
    positions, places = np.unique(pairs, return_inverse=True)
    ones, others = places.reshape(pairs.shape)
    sets = collection.shingles(positions.tolist())
    common = common_to(sets, ones, others, least=thresholds.garbled, shingle_length=shingle_length)
    return may_be_more_than_new(
        common.shared,
        common.carried,
        np.diff(sets.offsets)[[ones, others]].min(axis=0),
        common.slips + collection.hidden_slips(pairs).sum(axis=0),
        shingle_length=shingle_length,
        thresholds=thresholds,
    )


def _those_in(wanted: set[int]) -> Callable[[Sequence[int]], list[int]]:
    return lambda some: [one for one in some if one in wanted]
