"""Exact similarity of two texts as sets of shingles.

Shingles are kept in a hash table of their positions. A hash only says where to look;
two shingles are the same when their k characters are, so every count is exact,
whatever the hash.

The table is probed linearly and at most three quarters full. Articles come from
strangers, who could choose texts whose shingles all meet under a known hash and so
make every probe long; therefore the hash has a multiplier that is drawn anew in every
process. No result depends on it.
"""

import secrets
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.errors import ConfigError
from dedup.kernels import kernel, kernel_part
from dedup.sketch.arrays import kernel_input

__all__ = ["Overlap", "ShingleSet", "could_share", "overlap"]

_MULTIPLIER = np.uint64(secrets.randbits(64) | 1)  # base of the polynomial hash; odd
_MIX = np.uint64(0xBF58476D1CE4E5B9)  # of SplitMix64 (Steele, Lea and Flood 2014)


class Overlap(NamedTuple):
    """Sizes of two shingle sets and of what they share; the fields of `Scores`.

    Attributes:
        shared: Number of distinct shingles in both.
        size: Number of distinct shingles of the first.
        original_size: Number of distinct shingles of the second.
    """

    shared: int
    size: int
    original_size: int


class ShingleSet:
    """The distinct shingles of a text, prepared to be compared with many others.

    Immutable, so any number of threads may share it. Its hashes hold in this process
    only; a pickled set is built anew where it arrives.

    Attributes:
        codes: Folded characters, 0 for a break; uint32, shape (n,), read-only.
        k: Characters in a shingle.
        first_places: For each position, the first one with the same shingle, -1 where
            none begins; int32, shape (n,).
        keys: Hash of the shingle at each position, 0 where none begins; uint32, (n,).
        table: Open addressing; position of a shingle plus one, 0 for a free slot;
            int32, its size a power of two.
        marks: A set of bits, in a place that the key of each shingle names; sixteen for each
            slot of the table; uint64.
    """

    __slots__ = ("_size", "codes", "first_places", "k", "keys", "marks", "table")

    def __init__(self, codes: NDArray[np.uint32], k: int) -> None:
        """Hash every shingle once: linear time, whatever the text.

        Args:
            codes: Folded characters, 0 for a break; uint32, shape (n,), fewer than
                2**31.
            k: Characters in a shingle, at least 1.

        Raises:
            ConfigError: k is below 1.
            TypeError: The codes are of another kind of number.
        """
        if k < 1:
            msg = f"k must be at least 1, got {k}"
            raise ConfigError(msg)
        self.codes = kernel_input(codes, np.uint32)
        self.k = k
        self.keys = np.empty(self.codes.size, np.uint32)
        self.first_places = np.empty(self.codes.size, np.int32)
        self.table = _empty_table(self.codes.size)
        self.marks = _empty_marks(self.codes.size)
        self._size = _build(
            self.codes, k, _MULTIPLIER, self.keys, self.table, self.first_places, self.marks
        )

    def __len__(self) -> int:
        """Return the number of distinct shingles."""
        return self._size

    def __reduce__(self) -> tuple[type["ShingleSet"], tuple[NDArray[np.uint32], int]]:
        """Pickle the text and not the hashes, which mean nothing in another process."""
        return ShingleSet, (self.codes, self.k)

    @property
    def nbytes(self) -> int:
        """Memory taken by the arrays, in bytes."""
        arrays = self.codes, self.keys, self.first_places, self.table, self.marks
        return sum(array.nbytes for array in arrays)

    def overlap(self, other: "ShingleSet") -> Overlap:
        """Count the shingles that both sets hold; exact, symmetric in `shared`.

        Raises:
            ConfigError: The sets are of different shingle lengths.
        """
        self._require_same_length(other)
        few, many = (self, other) if len(self) <= len(other) else (other, self)
        shared = _count_shared(
            few.codes, few.keys, few.first_places, many.codes, many.keys, many.table, self.k
        )
        return Overlap(shared, len(self), len(other))

    def places_in(self, other: "ShingleSet") -> NDArray[np.int32]:
        """Return where in another text each shingle of this one stands first.

        Returns:
            int32, shape (n,): for each position of this text the first position of
            the same shingle in the other, -1 where there is none.

        Raises:
            ConfigError: The sets are of different shingle lengths.
        """
        self._require_same_length(other)
        places = np.empty(self.codes.size, np.int32)
        _locate(self.codes, self.keys, other.codes, other.keys, other.table, self.k, places)
        return places

    def _require_same_length(self, other: "ShingleSet") -> None:
        if self.k != other.k:
            msg = f"shingle sets must have the same k, got {self.k} and {other.k}"
            raise ConfigError(msg)


def overlap(a: NDArray[np.uint32], b: NDArray[np.uint32], k: int) -> Overlap:
    """Compare two texts once; see `ShingleSet` for comparing one with many.

    Args:
        a: Folded characters, 0 for a break; uint32, shape (n,).
        b: The same of the other text; uint32, shape (m,).
        k: Characters in a shingle, at least 1.

    Raises:
        ConfigError: k is below 1.
        TypeError: The codes are of another kind of number.
    """
    return ShingleSet(a, k).overlap(ShingleSet(b, k))


def could_share(codes: NDArray[np.uint32], known: ShingleSet, least: float) -> bool:
    """Whether this share of the distinct shingles of either text may be in the other.

    Never False where it is: shingles are counted by a bit of each, repeated ones again. It takes
    a tenth of the time of a `ShingleSet` of the text and its `overlap`.

    Args:
        codes: Folded characters, 0 for a break; uint32, shape (n,).
        known: The other text.
        least: The share, in [0, 1].
    """
    codes = kernel_input(codes, np.uint32)
    found, distinct = _count_near(
        codes, known.k, _MULTIPLIER, _empty_marks(codes.size), known.marks
    )
    return found >= least * min(distinct, len(known))


def _empty_table(num_shingles: int) -> NDArray[np.int32]:
    """Return a table with room for so many shingles.

    Returns:
        int32, shape (2**bits,), at least 2: position of a shingle plus one, 0 for free.
    """
    return np.zeros(1 << _bits_of_slot(num_shingles), np.int32)


def _empty_marks(num_shingles: int) -> NDArray[np.uint64]:
    """Return room for the marks of so many shingles; uint64, a power of two of them."""
    return np.zeros(1 << max(0, _bits_of_slot(num_shingles) + 4 - 6), np.uint64)


def _bits_of_slot(num_shingles: int) -> int:
    """Return the bits that name a slot of a table with room for so many shingles, at least 1."""
    num_slots = num_shingles + num_shingles // 3 + 1
    return max(1, (num_slots - 1).bit_length())


@kernel_part
def _write_keys(
    codes: NDArray[np.uint32], k: int, multiplier: np.uint64, keys: NDArray[np.uint32]
) -> None:
    """Write the key of the shingle that begins at each position, 0 where none does.

    The key is the upper half of a mixed polynomial of the k characters, rolled from
    one position to the next, so the time does not depend on k.

    Args:
        codes: Folded characters, 0 for a break; uint32, shape (n,).
        k: Characters in a shingle.
        multiplier: _MULTIPLIER; an argument because a global would be compiled in.
        keys: Receives the keys; uint32, shape (n,).
    """
    power = np.uint64(1)
    for _ in range(k):
        power *= multiplier
    value = np.uint64(0)
    length = 0
    for i in range(codes.size):
        keys[i] = 0
        if codes[i] == 0:
            length = 0
            value = np.uint64(0)
            continue
        value = value * multiplier + np.uint64(codes[i])
        if length == k:
            value -= np.uint64(codes[i - k]) * power
        else:
            length += 1
        if length == k:
            mixed = (value ^ (value >> np.uint64(32))) * _MIX
            keys[i - k + 1] = np.uint32(mixed >> np.uint64(32)) | np.uint32(1)


@kernel_part
def _find(
    table: NDArray[np.int32],
    codes: NDArray[np.uint32],
    keys: NDArray[np.uint32],
    k: int,
    wanted_codes: NDArray[np.uint32],
    wanted: int,
    wanted_key: np.uint32,
) -> np.int64:
    """Return where a shingle stands in the table, or where it belongs.

    Args:
        table: As `_empty_table` returns it.
        codes: Characters of the text that the table is of.
        keys: Their keys.
        k: Characters in a shingle.
        wanted_codes: Characters of the text that the shingle is of.
        wanted: Position of the shingle in them.
        wanted_key: Its key.

    Returns:
        The slot that holds an equal shingle, or the free one that ends the search.
    """
    mask = np.int64(table.size - 1)
    # The lowest bit of a key is always set and says nothing; multiplying moves
    # the other bits to where the mask looks.
    slot = np.int64((np.uint64(wanted_key) * _MIX) >> np.uint64(32)) & mask
    while table[slot] != 0:
        position = int(table[slot]) - 1
        if keys[position] == wanted_key:
            same = 0
            while same < k and codes[position + same] == wanted_codes[wanted + same]:
                same += 1
            if same == k:
                # Not `break`: numba then counts references in every probe, 20 times slower.
                return slot
        slot = (slot + 1) & mask
    return slot


@kernel_part
def _place_of_mark(marks: NDArray[np.uint64], key: np.uint32) -> np.uint64:
    """Return the number of a key's bit: the upper bits of a product, as many as there are."""
    num_bits = np.uint64(marks.size) << np.uint64(6)
    return ((np.uint64(key) * _MIX >> np.uint64(32)) * num_bits) >> np.uint64(32)


@kernel_part
def _is_marked(marks: NDArray[np.uint64], key: np.uint32) -> bool:
    place = _place_of_mark(marks, key)
    return bool(marks[place >> np.uint64(6)] >> (place & np.uint64(63)) & np.uint64(1) != 0)


@kernel_part
def _mark(marks: NDArray[np.uint64], key: np.uint32) -> None:
    place = _place_of_mark(marks, key)
    marks[place >> np.uint64(6)] |= np.uint64(1) << (place & np.uint64(63))


@kernel_part
def _insert_all(
    codes: NDArray[np.uint32],
    keys: NDArray[np.uint32],
    k: int,
    table: NDArray[np.int32],
    firsts: NDArray[np.int32],
    marks: NDArray[np.uint64],
) -> int:
    """Put all shingles of a text into an empty table; return how many are distinct.

    Args:
        codes: Folded characters; uint32, shape (n,).
        keys: Their keys; uint32, shape (n,).
        k: Characters in a shingle.
        table: Receives the first position of each distinct shingle.
        firsts: Receives, for each position, the first one with the same shingle; -1
            where no shingle begins; int32, shape (n,).
        marks: Receives a bit for each shingle.
    """
    num_distinct = 0
    for i in range(codes.size):
        firsts[i] = -1
        if keys[i] == 0:
            continue
        slot = _find(table, codes, keys, k, codes, i, keys[i])
        if table[slot] == 0:
            table[slot] = i + 1
            _mark(marks, keys[i])
            num_distinct += 1
        firsts[i] = table[slot] - 1
    return num_distinct


@kernel
def _build(
    codes: NDArray[np.uint32],
    k: int,
    multiplier: np.uint64,
    keys: NDArray[np.uint32],
    table: NDArray[np.int32],
    firsts: NDArray[np.int32],
    marks: NDArray[np.uint64],
) -> int:
    """Fill keys, table, firsts and marks of a text; return the number of distinct shingles."""
    _write_keys(codes, k, multiplier, keys)
    return _insert_all(codes, keys, k, table, firsts, marks)


@kernel
def _count_shared(
    codes: NDArray[np.uint32],
    keys: NDArray[np.uint32],
    firsts: NDArray[np.int32],
    other_codes: NDArray[np.uint32],
    other_keys: NDArray[np.uint32],
    other_table: NDArray[np.int32],
    k: int,
) -> int:
    """Return how many distinct shingles of a text another text's table holds."""
    shared = 0
    for i in range(codes.size):
        if firsts[i] == i:
            slot = _find(other_table, other_codes, other_keys, k, codes, i, keys[i])
            shared += other_table[slot] != 0
    return shared


@kernel
def _count_near(
    codes: NDArray[np.uint32],
    k: int,
    multiplier: np.uint64,
    marks: NDArray[np.uint64],
    other_marks: NDArray[np.uint64],
) -> tuple[int, int]:
    """Return how many shingles may be another text's, and how many are different at least.

    Args:
        codes: Folded characters, 0 for a break; uint32, shape (n,).
        k: Characters in a shingle.
        multiplier: _MULTIPLIER.
        marks: Receives those of this text.
        other_marks: Those of the other.
    """
    keys = np.empty(codes.size, np.uint32)
    _write_keys(codes, k, multiplier, keys)
    found = distinct = 0
    for key in keys:
        if key != 0:
            found += _is_marked(other_marks, key)
            distinct += not _is_marked(marks, key)
            _mark(marks, key)
    return found, distinct


@kernel
def _locate(
    codes: NDArray[np.uint32],
    keys: NDArray[np.uint32],
    other_codes: NDArray[np.uint32],
    other_keys: NDArray[np.uint32],
    other_table: NDArray[np.int32],
    k: int,
    places: NDArray[np.int32],
) -> None:
    """Write the first position of each shingle in another text, -1 where there is none."""
    for i in range(codes.size):
        places[i] = -1
        if keys[i] != 0:
            slot = _find(other_table, other_codes, other_keys, k, codes, i, keys[i])
            places[i] = other_table[slot] - 1
