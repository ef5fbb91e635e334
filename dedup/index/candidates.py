"""Which known articles are worth an exact comparison.

An article is listed under two sorts of keys, and so found through two doors. Those of the
whole, bands of its signature and the digest of its normalized text, are shared by articles
that are alike as wholes. Those of its pieces, sampled shingles, are shared by all that
have a stretch in common: excerpts, pages around an article, compilations.

Copies are remembered as copies and not listed (but for what they add to their original),
so buckets stay short however often an article is mirrored. Everything here can be rebuilt
from the store.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from dedup.index.postings import PostingTable, Tally
from dedup.kernels import kernel
from dedup.sketch.arrays import kernel_input
from dedup.sketch.keys import KeyBatch, ListedKeys, Probe

__all__ = [
    "CandidateIndex",
    "IndexState",
    "choose_pairs",
    "earlier_candidates",
    "most_promising",
    "widened",
]

_Scalar = TypeVar("_Scalar", bound=np.generic)

_LEAST_WHOLE = 2
"""Keys of the whole that make a candidate by themselves. A single band is shared by
hundreds of unrelated articles in a million; a copy that shares no second one and no
piece is not like its original."""

_USUAL_WHOLE = 43  # keys of a whole; only to know when the table is worth tidying
_SLACK = 1.05  # room beside that for the articles expected; their keys are an estimate
_PIECE = np.uint64(0x9E3779B900000000)  # upper half of the key of every piece

_LEAST_SHARE = 0.25
"""Share of the smaller text's pieces that makes a candidate by itself."""

_LEAST_SHARE_OF_SHORT = 0.1
"""The same for an incoming text of few pieces, where damage may have spared a single one."""

_SHORT = 12  # pieces

_LEAST_PROMISE = 0.35
"""Of any other candidate: the rarity of what is shared, times the square root of its share.
docs/matching.md has the measurements behind all of these."""


class IndexState(NamedTuple):
    """All that an index is.

    Attributes:
        figures: Of the table, and how many numbers the arrays are for.
        listed: Of each article number, whether its entries count; bool.
        num_pieces: How many pieces each is listed under; uint16, same shape.
        entries: Of the table; uint64.
    """

    figures: Mapping[str, int]
    listed: NDArray[np.bool_]
    num_pieces: NDArray[np.uint16]
    entries: NDArray[np.uint64]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.listed.nbytes + self.num_pieces.nbytes + self.entries.nbytes


class CandidateIndex:
    """Finds listed articles that share keys with an article.

    Not thread-safe: the owner locks.
    """

    def __init__(self, room: int | None = None) -> None:
        """Start empty.

        Args:
            room: Keys of all articles that will be listed, if that is known.
        """
        self._postings = PostingTable(room)
        # A discarded article's entries stay behind until the table moves; one byte an
        # article says whether they still count.
        self._listed = np.zeros(1 << 12, np.bool_)
        self._num_pieces = np.zeros(1 << 12, np.uint16)
        self._size = 0

    def __len__(self) -> int:
        """Return how many articles can be found."""
        return self._size

    @property
    def nbytes(self) -> int:
        """Bytes reserved by the index."""
        return self._postings.nbytes + self._listed.nbytes + self._num_pieces.nbytes

    def add(self, keys: Sequence[ListedKeys], numbers: Sequence[int], *, of: int = 0) -> None:
        """List articles under their keys.

        Args:
            keys: Of each article.
            numbers: Their numbers, 1 to 2**32 - 1; one that is listed is listed under these
                keys too.
            of: How many articles these are the first of. An empty index then makes room for
                all, which saves growing.
        """
        if not numbers:
            return
        rows = np.array(numbers, np.uint32)
        num_whole = np.array([len(each.whole) for each in keys])
        num_pieces = np.array([len(each.pieces) for each in keys])
        whole = np.concatenate([each.whole for each in keys])
        pieces = np.concatenate([each.pieces for each in keys])
        self._list(rows, whole, num_whole, pieces, num_pieces, of=of)

    def add_batch(self, keys: KeyBatch, numbers: NDArray[np.uint32], *, of: int = 0) -> None:
        """List articles that were prepared together; those without keys are passed over.

        Args:
            keys: Of each article.
            numbers: As in `add`; uint32, shape (articles,).
            of: As in `add`.
        """
        num_whole, num_pieces = np.diff(keys.whole_offsets), np.diff(keys.piece_offsets)
        has_keys = num_whole > 0
        if has_keys.any():
            self._list(
                numbers[has_keys], keys.whole, num_whole[has_keys],
                keys.pieces, num_pieces[has_keys], of=of,
            )  # fmt: skip

    def _list(
        self,
        rows: NDArray[np.uint32],
        whole: NDArray[np.uint64],
        num_whole: NDArray[np.intp],
        pieces: NDArray[np.uint32],
        num_pieces: NDArray[np.intp],
        *,
        of: int = 0,
    ) -> None:
        """List the articles of these numbers under flat keys, so many of each article."""
        self._reach(int(rows.max()))
        self._size += len(rows) - int(np.count_nonzero(self._listed[rows]))
        self._listed[rows] = True
        self._num_pieces[rows] = np.minimum(num_pieces, 0xFFFF)
        flat = np.concatenate([whole, widened(pieces)])
        owners = np.concatenate([np.repeat(rows, num_whole), np.repeat(rows, num_pieces)])
        self._postings.reserve(int(len(flat) * max(of, len(rows)) / len(rows) * _SLACK))
        self._postings.add(flat, owners, self._listed)

    def discard(self, number: int) -> None:
        """Stop finding an article; one that is not listed is passed over."""
        if self.lists(number):
            self._listed[number] = False
            self._postings.forget(int(self._num_pieces[number]) + _USUAL_WHOLE)
            self._size -= 1

    @property
    def highest(self) -> int:
        """The highest number of an article that can be found; 0 if there is none."""
        listed = np.flatnonzero(self._listed)
        return int(listed[-1]) if listed.size else 0

    @property
    def is_growing(self) -> bool:
        """Whether the table is moving to a larger one."""
        return self._postings.is_moving

    def grow_on(self, slots: int) -> None:
        """Take so many slots of a growing index along."""
        self._postings.move(slots, self._listed)

    def state(self) -> "IndexState":
        """Return the index as it is now, to be saved; it must not be growing.

        What is listed later changes the entries of what was returned, and is told by `listed`
        not to count.
        """
        figures = {**self._postings.figures(), "numbers": len(self._listed)}
        return IndexState(
            figures, self._listed.copy(), self._num_pieces.copy(), self._postings.entries
        )

    def still_has(self, state: "IndexState") -> bool:
        """Return whether the entries of a state are those of the index, not being moved."""
        return self._postings.entries is state.entries and not self._postings.is_moving

    def restore(self, figures: Mapping[str, int]) -> "IndexState":
        """Become an index that was saved; the arrays returned are to be filled, then counted."""
        self._listed = np.empty(figures["numbers"], np.bool_)
        self._num_pieces = np.empty(figures["numbers"], np.uint16)
        entries = self._postings.restore(figures)
        return IndexState(figures, self._listed, self._num_pieces, entries)

    def count(self) -> None:
        """Take notice of the articles that are listed in arrays that were filled."""
        self._size = int(np.count_nonzero(self._listed))

    def lists(self, number: int) -> bool:
        """Return whether an article can be found."""
        return number < len(self._listed) and bool(self._listed[number])

    def find(
        self, probe: Probe, *, limit: int, after: int = 0, upto: int | None = None
    ) -> list[int]:
        """Return the listed articles that share most keys, at most `limit` of them.

        Args:
            probe: Of the incoming article.
            limit: Largest number of candidates.
            after: Leave out articles numbered up to this.
            upto: Leave out articles numbered above this.

        Returns:
            Article numbers, the most promising first, then the older ones.
        """
        tally = self._postings.tally(probe.whole, widened(probe.pieces), self._listed)
        num_pieces = self._num_pieces[tally.numbers]
        return most_promising(tally, num_pieces, probe, limit=limit, after=after, upto=upto)

    def find_batch(
        self,
        keys: KeyBatch,
        *,
        limit: int,
        upto: NDArray[np.int64],
        after: NDArray[np.int64] | None = None,
    ) -> Iterator[tuple[int, list[int]]]:
        """Look up articles that were prepared together.

        Args:
            keys: Of each article.
            limit: As in `find`.
            upto: For each article, leave out those numbered above this; int64.
            after: For each article, leave out those numbered up to this; int64.

        Yields:
            The place of each article that anything is found for, and what `find` returns.
        """
        tally, offsets = self._postings.tally_many(
            keys.whole, keys.whole_offsets, widened(keys.probed), keys.probed_offsets,
            np.zeros_like(upto) if after is None else after, upto, self._listed,
        )  # fmt: skip
        if not len(tally.numbers):
            return
        num_pieces = self._num_pieces[tally.numbers]
        places, numbers = choose_pairs(tally, offsets, num_pieces, keys, limit=limit)
        bounds = np.flatnonzero(np.diff(places, prepend=-1, append=-1))
        for start, stop in pairwise(bounds.tolist()):
            yield int(places[start]), numbers[start:stop].tolist()

    def _reach(self, number: int) -> None:
        if number >= len(self._listed):
            size = max(number + 1, 2 * len(self._listed))
            self._listed = _enlarged(self._listed, size)
            self._num_pieces = _enlarged(self._num_pieces, size)


def earlier_candidates(keys: KeyBatch, *, limit: int) -> list[list[int]]:
    """Return for each of some articles the places of those before it that share most keys.

    Args:
        keys: Of the articles.
        limit: As in `CandidateIndex.find`.
    """
    places = np.arange(keys.num_articles)
    index = CandidateIndex(len(keys.whole) + len(keys.pieces))
    index.add_batch(keys, (places + 1).astype(np.uint32))
    found = dict(index.find_batch(keys, limit=limit, upto=places))
    return [[number - 1 for number in found.get(place, ())] for place in range(len(places))]


def most_promising(
    tally: Tally,
    num_pieces: NDArray[np.uint16],
    probe: Probe,
    *,
    limit: int,
    after: int = 0,
    upto: int | None = None,
) -> list[int]:
    """Return which of the articles that share keys are worth a comparison.

    Args:
        tally: What they share with the incoming article.
        num_pieces: How many pieces each is listed under; uint16, shape (n,).
        probe: Of the incoming article.
        limit: Largest number of articles.
        after: Leave out articles numbered up to this.
        upto: Leave out articles numbered above this.

    Returns:
        Article numbers, the most promising first, then the older ones.
    """
    if not len(tally.numbers):
        return []
    numbers, promises = _choose(
        *tally, num_pieces, probe.num_pieces, len(probe.whole),
        after, 0xFFFFFFFF if upto is None else upto,
    )  # fmt: skip
    return _best_first(numbers, promises, limit)


def choose_pairs(
    tally: Tally,
    offsets: NDArray[np.intp],
    num_pieces: NDArray[np.uint16],
    keys: KeyBatch,
    *,
    limit: int,
) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
    """Do the same for articles that were prepared together.

    Args:
        tally: What articles share with each of them, one behind the other.
        offsets: Where that of each begins, and the end; intp, shape (articles + 1,).
        num_pieces: As in `most_promising`, of the tally's articles.
        keys: Of those that ask.
        limit: Largest number of articles for each.

    Returns:
        Places of articles, ascending, and for each the number of one that is worth a
        comparison, the most promising first; intp and uint32, shape (n,).
    """
    numbers, promises, bounds = _choose_many(
        *tally, offsets, num_pieces, np.diff(keys.piece_offsets), np.diff(keys.whole_offsets)
    )
    counts = np.diff(bounds)
    places = np.repeat(np.arange(len(counts)), counts)
    order = np.lexsort((numbers, -promises, places))
    order = order[np.arange(len(order)) - np.repeat(bounds[:-1], counts) < limit]
    return places[order], numbers[order]


def _best_first(
    numbers: NDArray[np.uint32], promises: NDArray[np.float32], limit: int
) -> list[int]:
    order = np.lexsort((numbers, -promises))[:limit]
    found: list[int] = numbers[order].tolist()
    return found


def widened(pieces: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the keys of pieces, apart from those of wholes; uint64, same shape."""
    return kernel_input(pieces, np.uint32) | _PIECE


def _enlarged(values: NDArray[_Scalar], size: int) -> NDArray[_Scalar]:
    larger = np.zeros(size, values.dtype)
    larger[: len(values)] = values
    return larger


@kernel
def _choose(
    numbers: NDArray[np.uint32],
    whole: NDArray[np.int32],
    pieces: NDArray[np.int32],
    rarity: NDArray[np.float32],
    num_pieces: NDArray[np.uint16],
    own_pieces: int,
    own_whole: int,
    after: int,
    upto: int,
) -> tuple[NDArray[np.uint32], NDArray[np.float32]]:
    """Return the numbers that are worth a comparison, and how promising each is.

    Args:
        numbers: As in `Tally`.
        whole: Keys of the whole that are shared.
        pieces: Pieces that are shared.
        rarity: As in `Tally`.
        num_pieces: How many pieces each is listed under.
        own_pieces: How many the incoming article would be listed under.
        own_whole: Keys of the whole that it has.
        after: Leave out articles numbered up to this.
        upto: Leave out articles numbered above this.
    """
    own_pieces = max(own_pieces, 1)
    least_whole = min(_LEAST_WHOLE, own_whole)
    least_share = _LEAST_SHARE if own_pieces > _SHORT else _LEAST_SHARE_OF_SHORT
    kept = np.empty(numbers.size, np.uint32)
    promises = np.empty(numbers.size, np.float32)
    count = 0
    for i in range(numbers.size):
        number = numbers[i]
        if number <= after or number > upto:
            continue
        smaller = min(own_pieces, max(num_pieces[i], 1))
        share = min(pieces[i] / smaller, 1.0)
        promise = rarity[i] * np.sqrt(share)
        if whole[i] >= least_whole or share >= least_share or promise >= _LEAST_PROMISE:
            kept[count] = number
            promises[count] = promise + share + whole[i]
            count += 1
    return kept[:count], promises[:count]


@kernel
def _choose_many(
    numbers: NDArray[np.uint32],
    whole: NDArray[np.int32],
    pieces: NDArray[np.int32],
    rarity: NDArray[np.float32],
    offsets: NDArray[np.intp],
    num_pieces: NDArray[np.uint16],
    own_pieces: NDArray[np.intp],
    own_whole: NDArray[np.intp],
) -> tuple[NDArray[np.uint32], NDArray[np.float32], NDArray[np.intp]]:
    """Choose for every asking article; see `_choose` and `PostingTable.tally_many`.

    Returns:
        Numbers and promises, flat, and where those of each asking article begin, and the end.
    """
    kept = np.empty(numbers.size, np.uint32)
    promises = np.empty(numbers.size, np.float32)
    bounds = np.zeros(offsets.size, np.intp)
    for i in range(offsets.size - 1):
        start, stop = offsets[i], offsets[i + 1]
        some, their_promises = _choose(
            numbers[start:stop], whole[start:stop], pieces[start:stop], rarity[start:stop],
            num_pieces[start:stop], own_pieces[i], own_whole[i], 0, 0xFFFFFFFF,
        )  # fmt: skip
        end = bounds[i] + some.size
        kept[bounds[i] : end] = some
        promises[bounds[i] : end] = their_promises
        bounds[i + 1] = end
    return kept[: bounds[-1]], promises[: bounds[-1]], bounds
