"""What two texts would share if single characters had not been garbled.

One wrong character breaks every shingle over it, and a lost one too: of a text of which 12 %
of the characters are wrong only half of the shingles are left, though all of it is there. So
beside the shingles that two texts have in common those are counted that differ by slips
alone: short gaps between stretches that are the same, in which most characters are the same,
or in which characters were lost.

A gap with a number is no slip: bulletins and forms differ there, and are no copies.

References:
    Hirschberg, "A linear space algorithm for computing maximal common subsequences", 1975
    (of which only the row by row recurrence is needed here).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.sketch.alignment import MAX_GAP, MAX_SINGLE
from dedup.sketch.similarity import Overlap, ShingleSet

__all__ = ["Carried", "find_carried"]

_ZERO, _NINE = 48, 57
_MOST_SLIPS = 0.5  # of the characters of a gap


class Carried(NamedTuple):
    """Where shingles begin that the other text has too, slips aside.

    Attributes:
        incoming: For each position of the incoming text; bool, shape (n,).
        overlap: Sizes as of `ShingleSet.overlap`, counted in the incoming text.
        original_share: Share of the original's distinct shingles that are carried.
    """

    incoming: NDArray[np.bool_]
    overlap: Overlap
    original_share: float


def find_carried(
    incoming: ShingleSet, original: ShingleSet, partners: NDArray[np.int32]
) -> Carried:
    """Find what is shared, slips aside.

    Args:
        incoming: Of the incoming text.
        original: Of the known text.
        partners: As in `Alignment`; int32, shape (n,).
    """
    is_carried = incoming.places_in(original) >= 0
    is_original_carried = original.places_in(incoming) >= 0
    _bridge(
        incoming.codes, original.codes, partners, incoming.k, is_carried, is_original_carried
    )
    first = incoming.first_places == np.arange(incoming.codes.size)
    original_first = original.first_places == np.arange(original.codes.size)
    shared = int(np.count_nonzero(is_carried & first))
    original_shared = int(np.count_nonzero(is_original_carried & original_first))
    return Carried(
        is_carried,
        Overlap(shared, len(incoming), len(original)),
        original_shared / max(len(original), 1),
    )


@kernel
def _has_number(codes: NDArray[np.uint32]) -> bool:
    """Return whether a stretch has a digit."""
    for code in codes:  # noqa: SIM110  numba compiles no generator
        if _ZERO <= code <= _NINE:
            return True
    return False


@kernel
def _num_breaks(codes: NDArray[np.uint32]) -> int:
    """Return how many breaks a stretch has."""
    count = 0
    for code in codes:
        count += code == 0
    return count


@kernel
def _num_common(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> int:
    """Return the length of a longest common subsequence, breaks left out."""
    row = np.zeros(b.size + 1, np.int32)
    for x in range(a.size):
        diagonal = 0
        for y in range(b.size):
            above = row[y + 1]
            if a[x] == b[y] and a[x] != 0:
                row[y + 1] = diagonal + 1
            else:
                row[y + 1] = max(above, row[y])
            diagonal = above
    return int(row[b.size])


@kernel
def _is_slip(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> bool:
    """Return whether two stretches in the same place differ by slips alone."""
    if max(a.size, b.size) > MAX_GAP or _has_number(a) or _has_number(b):
        return False
    lost, original_lost = _num_breaks(a), _num_breaks(b)
    size, original_size = a.size - lost, b.size - original_lost
    if lost == 0 and original_lost == 0 and max(size, original_size) <= MAX_SINGLE:
        return True
    common = _num_common(a, b)
    if lost > 0 or original_lost > 0:
        # What is left beside lost characters stands in the other text, in this order.
        return common >= min(size, original_size) - 1
    longest = max(size, original_size)
    return longest - common <= _MOST_SLIPS * longest


@kernel
def _bridge(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    partners: NDArray[np.int32],
    k: int,
    is_carried: NDArray[np.bool_],
    is_original_carried: NDArray[np.bool_],
) -> None:
    """Mark the shingles of both texts that lie over slips between paired stretches."""
    last = -1
    for i in range(a.size):
        if partners[i] < 0:
            continue
        if last >= 0 and (i - last > 1 or partners[i] - partners[last] > 1):
            start, stop = partners[last] + 1, partners[i]
            if start <= stop and _is_slip(a[last + 1 : i], b[start:stop]):
                # Shingles that reach into the gap, and those that begin in it.
                is_carried[max(last - k + 2, 0) : i] = True
                is_original_carried[max(start - k + 1, 0) : stop] = True
        last = i
