"""Texts as sets of hashed shingles: for a first look at very many pairs.

Two shingles with one hash are taken for one. Of two articles one in thousands is: so what
is counted here tells who may be alike, and the scores are counted on the texts
(`dedup.sketch.similarity`).
"""

import secrets
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.sketch.alignment import MAX_GAP
from dedup.sketch.arrays import kernel_input

__all__ = ["Common", "HashedSets", "common_to", "hashed_sets"]

_FILTER_WORDS = 1 << 10  # of 64 bits, for 16 bits of a hash

# As in `dedup.sketch.similarity`: nobody shall choose texts whose shingles meet in a table.
_MULTIPLIER = np.uint64(secrets.randbits(64) | 1)


class HashedSets(NamedTuple):
    """The shingles of many texts.

    Attributes:
        hashes: Those of each text once each, in the order in which they come first; none
            is 0; uint32, shape (n,).
        offsets: Text i has hashes[offsets[i]:offsets[i + 1]]; int64, shape (texts + 1,).
    """

    hashes: NDArray[np.uint32]
    offsets: NDArray[np.int64]


class Common(NamedTuple):
    """What pairs of texts have in common, 0 where it is less than was asked for.

    Attributes:
        shared: Shingles that both have; int32, shape (n,), like those that follow.
        carried: Shingles of one of the texts that the other has or that lie over slips, at
            most: of that text of which these are more.
        slips: In how many places between what they share single characters differ, at most.
    """

    shared: NDArray[np.int32]
    carried: NDArray[np.int32]
    slips: NDArray[np.int32]


def hashed_sets(hashes: NDArray[np.uint32], offsets: NDArray[np.intp]) -> HashedSets:
    """Return the sets of texts.

    Args:
        hashes: Shingle hashes of all texts, concatenated, repeated ones too, 0 taken for 1;
            uint32, shape (total,).
        offsets: Text i has hashes[offsets[i]:offsets[i + 1]]; intp, shape (texts + 1,).

    Raises:
        TypeError: An array is of another kind of number.
    """
    distinct = np.empty(hashes.size, np.uint32)
    ends = np.zeros(offsets.size, np.int64)
    _drop_repeated(
        kernel_input(hashes, np.uint32), kernel_input(offsets, np.intp),
        _MULTIPLIER, distinct, ends,
    )  # fmt: skip
    return HashedSets(distinct[: ends[-1]], ends)


def common_to(
    sets: HashedSets,
    ones: NDArray[np.int64],
    others: NDArray[np.int64],
    *,
    least: float,
    shingle_length: int,
) -> Common:
    """Return what pairs of texts have in common.

    Args:
        sets: Of texts.
        ones: A text of each pair, those of the same one together; int64, shape (n,).
        others: The other one; the same shape.
        least: The share of the smaller set that must be in the larger one, above 0.
        shingle_length: Characters in a shingle.
    """
    common = Common(*np.zeros((3, ones.size), np.int32))
    _compare_all(
        kernel_input(sets.hashes, np.uint32), kernel_input(sets.offsets, np.int64),
        kernel_input(ones, np.int64), kernel_input(others, np.int64),
        least, shingle_length, _MULTIPLIER, *common,
    )  # fmt: skip
    return common


@kernel_part
def _place_of(value: np.uint32, table: NDArray[np.uint32], multiplier: np.uint64) -> np.int64:
    """Return where a hash stands in a table, 0 for free, or where it belongs."""
    mask = np.int64(table.size - 1)
    place = np.int64((np.uint64(value) * multiplier) >> np.uint64(32)) & mask
    while table[place] != 0 and table[place] != value:
        place = (place + 1) & mask
    return place


@kernel_part
def _num_places(size: int) -> int:
    """Return the size of a table for so many hashes, a power of two."""
    num = 64
    while num < 2 * size:
        num *= 2
    return num


@kernel
def _drop_repeated(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.intp],
    multiplier: np.uint64,
    distinct: NDArray[np.uint32],
    ends: NDArray[np.int64],
) -> None:
    """Write what is distinct of the hashes of each text, and where each ends."""
    room = np.empty(1 << 13, np.uint32)
    count = 0
    for text in range(offsets.size - 1):
        num_places = _num_places(offsets[text + 1] - offsets[text])
        if num_places > room.size:
            room = np.empty(num_places, np.uint32)
        table = room[:num_places]
        table[:] = 0
        for i in range(offsets[text], offsets[text + 1]):
            value = max(hashes[i], np.uint32(1))
            place = _place_of(value, table, multiplier)
            # Without a branch, that nobody could predict.
            distinct[count] = value
            count += table[place] == 0
            table[place] = value
        ends[text + 1] = count


@kernel_part
def _count_at_most(filter_bits: NDArray[np.uint64], hashes: NDArray[np.uint32]) -> int:
    """Return how many hashes have their bit set: no fewer than are in the set."""
    count = np.uint64(0)
    for value in hashes:
        word = filter_bits[value >> np.uint32(22)]
        count += (word >> np.uint64((value >> np.uint32(16)) & np.uint32(63))) & np.uint64(1)
    return int(np.int64(count))


@kernel_part
def _most_slips(width: int) -> int:
    """Return in how many places single characters may differ over so many that are not shared.

    Two equal characters at least keep two places apart; see `dedup.sketch.alignment`.
    """
    return 0 if width > MAX_GAP else 1 + max(width, 0) // 2


@kernel_part
def _fill(table: NDArray[np.uint32], hashes: NDArray[np.uint32], multiplier: np.uint64) -> None:
    """Put the hashes of a text in a table, whatever it had before."""
    table[:] = 0
    for value in hashes:
        table[_place_of(value, table, multiplier)] = value


@kernel_part
def _count_common(
    table: NDArray[np.uint32],
    hashes: NDArray[np.uint32],
    shingle_length: int,
    multiplier: np.uint64,
) -> tuple[int, int, int]:
    """Return how many hashes of a text are in a table, and may be carried, and slips."""
    shared = carried = slips = stretch = 0
    for value in hashes:
        if table[_place_of(value, table, multiplier)] == 0:
            stretch += 1
            continue
        width = stretch - shingle_length + 1  # of a gap
        if shared == 0:
            slips += _most_slips(stretch)
        elif stretch > 0 and width <= MAX_GAP:
            slips += _most_slips(width)
            carried += stretch
        shared += 1
        stretch = 0
    return shared, shared + carried, slips + _most_slips(stretch)


@kernel
def _compare_all(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    ones: NDArray[np.int64],
    others: NDArray[np.int64],
    least: float,
    shingle_length: int,
    multiplier: np.uint64,
    shared: NDArray[np.int32],
    carried: NDArray[np.int32],
    slips: NDArray[np.int32],
) -> None:
    """Write what each pair has in common; see `common_to`.

    A bit for the upper half of each hash of the one text tells most of the others apart from
    it in a fraction of the time that it takes to look all up.
    """
    filter_bits = np.empty(_FILTER_WORDS, np.uint64)
    filtered = tabled = np.int64(-1)
    table, other_table = np.empty(1 << 13, np.uint32), np.empty(1 << 13, np.uint32)
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
        if wanted == 0 or _count_at_most(filter_bits, other) < wanted:
            continue
        if tabled != ones[pair]:
            tabled = ones[pair]
            num_places = _num_places(one.size)
            if num_places > table.size:
                table = np.empty(num_places, np.uint32)
            _fill(table[:num_places], one, multiplier)
        num_places = _num_places(one.size)
        count, most, most_slips = _count_common(
            table[:num_places], other, shingle_length, multiplier
        )
        if count < wanted:
            continue
        num_places = _num_places(other.size)
        if num_places > other_table.size:
            other_table = np.empty(num_places, np.uint32)
        _fill(other_table[:num_places], other, multiplier)
        _, other_most, other_slips = _count_common(
            other_table[:num_places], one, shingle_length, multiplier
        )
        shared[pair] = count
        carried[pair] = max(most, other_most)
        slips[pair] = min(most_slips, other_slips)
