"""A compact multimap from 64-bit keys to article numbers, in flat arrays.

Entries live in geometric segments: hash tables of fixed size with linear probing,
each twice as large as the one before. A full segment is never touched again, so
growing copies nothing and makes no one wait. A key's home slot comes from its high
bits and its low 32 bits are kept as a tag: an entry costs eight bytes. Two keys that
agree in their tag and whose probes meet are taken for one; candidates are verified on
their text, so that costs a comparison and never an answer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel

__all__ = ["BUCKET_CAPACITY", "PostingTable"]

BUCKET_CAPACITY = 256
"""Entries kept for one key in one segment. Boilerplate puts thousands of unrelated
articles into one bucket: reading it would cost more than it finds, and appending to it
would make inserts quadratic. Further entries are left out; the other keys must serve."""

_FIRST_SLOT_BITS = 16
_LAST_SLOT_BITS = 26
_FULL_LOAD = 0.7


@dataclass(slots=True)
class _Segment:
    """One hash table.

    Attributes:
        tags: Low half of each entry's key; uint32, shape (2**slot_bits,).
        numbers: Article numbers, 0 for an empty slot; uint32, same shape.
        size: Entries in it.
    """

    slot_bits: int
    tags: NDArray[np.uint32]
    numbers: NDArray[np.uint32]
    size: int = 0

    @classmethod
    def empty(cls, slot_bits: int) -> "_Segment":
        slots = 1 << slot_bits
        # zeros are mapped lazily: a large segment costs memory only as it fills
        return cls(slot_bits, np.zeros(slots, np.uint32), np.zeros(slots, np.uint32))

    @property
    def room(self) -> int:
        return int(_FULL_LOAD * (1 << self.slot_bits)) - self.size


class PostingTable:
    """Maps keys to the numbers of the articles that carry them.

    Numbers are 1 to 2**32 - 1. Not thread-safe: the owner locks.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._segments = [_Segment.empty(_FIRST_SLOT_BITS)]

    @property
    def nbytes(self) -> int:
        """Bytes reserved by the table."""
        return sum(segment.tags.nbytes + segment.numbers.nbytes for segment in self._segments)

    def add(self, keys: NDArray[np.uint64], numbers: NDArray[np.uint32]) -> None:
        """Enter each number under all of its keys.

        Args:
            keys: uint64, shape (n, keys an article).
            numbers: uint32, shape (n,).
        """
        start = 0
        keys_each = keys.shape[1]
        while start < len(numbers):
            segment = self._segments[-1]
            fitting = segment.room // keys_each
            if fitting < 1:
                bits = min(segment.slot_bits + 1, _LAST_SLOT_BITS)
                self._segments.append(_Segment.empty(bits))
                continue
            stop = min(start + fitting, len(numbers))
            segment.size += _insert(
                segment.tags, segment.numbers, segment.slot_bits, keys[start:stop],
                numbers[start:stop], BUCKET_CAPACITY,
            )  # fmt: skip
            start = stop

    def find(self, keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
        """Return the numbers under any of the keys, one for each key they share.

        Args:
            keys: uint64, shape (n,).

        Returns:
            uint32, in no order, at most n x segments x `BUCKET_CAPACITY`.
        """
        found = [
            _find(segment.tags, segment.numbers, segment.slot_bits, keys, BUCKET_CAPACITY)
            for segment in self._segments
        ]
        return found[0] if len(found) == 1 else np.concatenate(found)


@kernel
def _insert(
    tags: NDArray[np.uint32],
    numbers: NDArray[np.uint32],
    slot_bits: int,
    keys: NDArray[np.uint64],
    new_numbers: NDArray[np.uint32],
    bucket_capacity: int,
) -> int:
    """Enter rows of keys; return how many entries were made."""
    mask = np.uint64((1 << slot_bits) - 1)
    shift = np.uint64(64 - slot_bits)
    inserted = 0
    for row in range(len(new_numbers)):
        for key in keys[row]:
            tag = np.uint32(key & np.uint64(0xFFFFFFFF))
            slot = key >> shift
            equal = 0
            while numbers[slot] != 0 and equal < bucket_capacity:
                if tags[slot] == tag:
                    equal += 1
                slot = (slot + np.uint64(1)) & mask
            if equal < bucket_capacity:
                tags[slot] = tag
                numbers[slot] = new_numbers[row]
                inserted += 1
    return inserted


@kernel
def _find(
    tags: NDArray[np.uint32],
    numbers: NDArray[np.uint32],
    slot_bits: int,
    keys: NDArray[np.uint64],
    bucket_capacity: int,
) -> NDArray[np.uint32]:
    """Collect the numbers under each key."""
    mask = np.uint64((1 << slot_bits) - 1)
    shift = np.uint64(64 - slot_bits)
    found = np.empty(64, np.uint32)
    count = 0
    for key in keys:
        tag = np.uint32(key & np.uint64(0xFFFFFFFF))
        slot = key >> shift
        equal = 0
        while numbers[slot] != 0 and equal < bucket_capacity:
            if tags[slot] == tag:
                equal += 1
                if count == len(found):
                    larger = np.empty(2 * count, np.uint32)
                    larger[:count] = found
                    found = larger
                found[count] = numbers[slot]
                count += 1
            slot = (slot + np.uint64(1)) & mask
    return found[:count]
