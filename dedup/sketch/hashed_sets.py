"""Texts as sets of hashed shingles: for a first look at very many pairs.

Two shingles with one hash are taken for one. Of two articles one in thousands is: so what
is counted here tells who may be alike, and the scores are counted on the texts
(`dedup.sketch.similarity`).
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.sketch.arrays import kernel_input

__all__ = ["HashedSets", "hashed_sets", "share_enough"]


_FILTER_WORDS = 1 << 10  # of 64 bits, for 16 bits of a hash


class HashedSets(NamedTuple):
    """The shingles of many texts.

    Attributes:
        hashes: Those of each text ascending and once each; uint32, shape (n,).
        offsets: Text i has hashes[offsets[i]:offsets[i + 1]]; int64, shape (texts + 1,).
    """

    hashes: NDArray[np.uint32]
    offsets: NDArray[np.int64]


def hashed_sets(hashes: NDArray[np.uint32], offsets: NDArray[np.intp]) -> HashedSets:
    """Return the sets of texts.

    Args:
        hashes: Shingle hashes of all texts, concatenated, repeated ones too; uint32, shape
            (total,).
        offsets: Text i has hashes[offsets[i]:offsets[i + 1]]; intp, shape (texts + 1,).

    Raises:
        TypeError: An array is of another kind of number.
    """
    ordered = np.empty(hashes.size, np.uint32)
    for start, stop in pairwise(offsets.tolist()):
        ordered[start:stop] = np.sort(hashes[start:stop])
    distinct = np.zeros(offsets.size, np.int64)
    _drop_repeated(ordered, kernel_input(offsets, np.intp), distinct)
    return HashedSets(ordered[: distinct[-1]], distinct)


def share_enough(
    sets: HashedSets, ones: NDArray[np.int64], others: NDArray[np.int64], least: float
) -> NDArray[np.bool_]:
    """Return of pairs whether so much of the smaller set is in the larger one.

    Args:
        sets: Of texts.
        ones: A text of each pair, those of the same one together; int64, shape (n,).
        others: The other one; the same shape.
        least: The share, above 0.

    Returns:
        bool, shape (n,). Two empty sets share enough; one, and one that is not, do not.
    """
    is_enough = np.empty(ones.size, np.bool_)
    _judge_all(
        kernel_input(sets.hashes, np.uint32), kernel_input(sets.offsets, np.int64),
        kernel_input(ones, np.int64), kernel_input(others, np.int64), least, is_enough,
    )  # fmt: skip
    return is_enough


@kernel
def _drop_repeated(
    hashes: NDArray[np.uint32], offsets: NDArray[np.intp], distinct: NDArray[np.int64]
) -> None:
    """Move what is distinct of sorted hashes to the front, and write where each text begins."""
    count = 0
    for text in range(offsets.size - 1):
        last = np.int64(-1)
        for i in range(offsets[text], offsets[text + 1]):
            # Without a branch, that nobody could predict.
            value = np.int64(hashes[i])
            hashes[count] = np.uint32(value)
            count += value != last
            last = value
        distinct[text + 1] = count


@kernel_part
def _count_common(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> int:
    """Return how many hashes two ascending arrays have in common."""
    common = i = j = 0
    while i < one.size and j < other.size:
        # Without branches, that nobody could predict.
        first, second = one[i], other[j]
        common += first == second
        i += first <= second
        j += second <= first
    return common


@kernel_part
def _count_at_most(filter_bits: NDArray[np.uint64], hashes: NDArray[np.uint32]) -> int:
    """Return how many hashes have their bit set: no fewer than are in the set."""
    count = np.uint64(0)
    for value in hashes:
        word = filter_bits[value >> np.uint32(22)]
        count += (word >> np.uint64((value >> np.uint32(16)) & np.uint32(63))) & np.uint64(1)
    return int(np.int64(count))


@kernel
def _judge_all(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    ones: NDArray[np.int64],
    others: NDArray[np.int64],
    least: float,
    is_enough: NDArray[np.bool_],
) -> None:
    """Write whether each pair shares enough; see `share_enough`.

    A bit for the upper half of each hash of the one text tells most of the others apart from
    it in a third of the time that it takes to go through both sets.
    """
    filter_bits = np.empty(_FILTER_WORDS, np.uint64)
    filtered = np.int64(-1)
    for pair in range(ones.size):
        one = hashes[offsets[ones[pair]] : offsets[ones[pair] + 1]]
        other = hashes[offsets[others[pair]] : offsets[others[pair] + 1]]
        if filtered != ones[pair]:
            filtered = ones[pair]
            filter_bits[:] = 0
            for value in one:
                filter_bits[value >> np.uint32(22)] |= np.uint64(1) << np.uint64(
                    (value >> np.uint32(16)) & np.uint32(63)
                )
        wanted = least * min(one.size, other.size)
        if one.size == 0 or other.size == 0:
            is_enough[pair] = one.size == other.size
        elif _count_at_most(filter_bits, other) < wanted:
            is_enough[pair] = False
        else:
            is_enough[pair] = _count_common(one, other) >= wanted
