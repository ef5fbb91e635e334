"""An index of a collection that is complete before anything is looked up.

The same keys as in `dedup.index.candidates`, and the same answers. But nothing is added any
more: so all entries are sorted, which takes a tenth of the time that it takes to enter one
after the other in a table that grows, and those of a key stand together, where a look-up
finds them in two reads of the memory.
"""

import secrets

import numpy as np
from numpy.typing import NDArray

from dedup.index.candidates import choose_pairs, widened
from dedup.index.postings import BUCKET_CAPACITY, MAX_POSTINGS, Tally
from dedup.kernels import kernel, kernel_part
from dedup.sketch.keys import KeyBatch

__all__ = ["BulkIndex", "entries_of"]

_ENTRIES_A_SLOT = 2.5

# Keys may be chosen by whoever writes the articles: nobody shall be able to make them meet.
_SEED = np.uint64(secrets.randbits(64))
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)  # of SplitMix64 (Steele, Lea and Flood 2014)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def entries_of(keys: KeyBatch, first: int) -> NDArray[np.uint64]:
    """Return what an index is made of: 32 bits of each mixed key, and the article's number.

    Two keys that agree in these bits are taken for one, as in `PostingTable`.

    Args:
        keys: Of articles.
        first: The number of the first one.

    Returns:
        uint64, shape (n,). They mean nothing in another process, but for a forked one.
    """
    numbers = np.arange(first, first + keys.num_articles, dtype=np.uint64)
    entries = np.concatenate([keys.whole, widened(keys.pieces)])
    owners = np.concatenate(
        [
            np.repeat(numbers, np.diff(keys.whole_offsets)),
            np.repeat(numbers, np.diff(keys.piece_offsets)),
        ]
    )
    _make_entries(entries, owners, _SEED)
    return entries


class BulkIndex:
    """Finds articles of a collection that share keys. Safe to share between threads."""

    def __init__(self, entries: NDArray[np.uint64], num_pieces: NDArray[np.uint16]) -> None:
        """Take over the entries of all articles, and sort them where they are.

        Args:
            entries: As `entries_of` returns them; uint64, shape (n,).
            num_pieces: How many pieces the article of each number is listed under, from
                number 0 on; uint16.
        """
        entries.sort()
        self._entries = entries[: _keep_some(entries, BUCKET_CAPACITY)]
        slots = len(self._entries) / _ENTRIES_A_SLOT
        self._shift = 32 - min(max(int(slots).bit_length(), 1), 30)
        self._starts = np.empty((1 << 32 >> self._shift) + 1, np.uint32)
        _find_starts(self._entries, self._shift, self._starts)
        self._num_pieces = num_pieces

    def find_pairs(
        self, keys: KeyBatch, *, limit: int
    ) -> tuple[NDArray[np.intp], NDArray[np.uint32]]:
        """Look up articles that were prepared together.

        Args:
            keys: Of each article.
            limit: Largest number of others for each, itself counted.

        Returns:
            Places of articles, ascending, and for each the number of one that was found, the
            most promising first; intp and uint32, shape (n,).
        """
        numbers, counts, rarity, offsets = _tally_many(
            self._entries, self._starts, self._shift,
            keys.whole, keys.whole_offsets, widened(keys.probed), keys.probed_offsets,
            _SEED, MAX_POSTINGS,
        )  # fmt: skip
        tally = Tally(numbers, counts[0], counts[1], rarity)
        return choose_pairs(tally, offsets, self._num_pieces[numbers], keys, limit=limit)


@kernel_part
def _mix(key: np.uint64, seed: np.uint64) -> np.uint64:
    """Return the bits of a key in an order that nobody outside this process knows."""
    mixed = key ^ seed
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return np.uint64(mixed ^ (mixed >> np.uint64(31)))


@kernel
def _make_entries(keys: NDArray[np.uint64], owners: NDArray[np.uint64], seed: np.uint64) -> None:
    """Replace each key by its entry."""
    for i in range(keys.size):
        keys[i] = (_mix(keys[i], seed) & ~_LOW_HALF) | owners[i]


@kernel
def _keep_some(entries: NDArray[np.uint64], capacity: int) -> int:
    """Move the entries that count to the front, each once and few of a key; return how many."""
    kept = equal = 0
    for i in range(entries.size):
        entry = entries[i]
        if kept > 0 and entries[kept - 1] == entry:
            continue
        is_same = kept > 0 and entries[kept - 1] >> _HALF == entry >> _HALF
        equal = equal + 1 if is_same else 1
        if equal <= capacity:
            entries[kept] = entry
            kept += 1
    return kept


@kernel
def _find_starts(entries: NDArray[np.uint64], shift: int, starts: NDArray[np.uint32]) -> None:
    """Write where the entries of each slot begin, and the end; sorted entries are."""
    slot = 0
    for i in range(entries.size):
        of_entry = np.int64(entries[i] >> _HALF) >> shift
        while slot <= of_entry:
            starts[slot] = i
            slot += 1
    starts[slot:] = entries.size


@kernel_part
def _find_buckets(
    entries: NDArray[np.uint64],
    slots: NDArray[np.uint32],
    shift: int,
    tags: NDArray[np.uint64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
) -> int:
    """Write where the entries of each key begin and how many there are; return the sum.

    In several passes, so that the memory is asked for many keys at once and the processor
    does not wait for one after the other.
    """
    for i in range(tags.size):
        starts[i] = slots[np.int64(tags[i]) >> shift]
        lengths[i] = slots[(np.int64(tags[i]) >> shift) + 1] - starts[i]
    touched = np.uint64(0)
    for i in range(tags.size):
        if lengths[i] > 0:
            touched |= entries[starts[i]]
    total = 0
    for i in range(tags.size):
        place, stop = starts[i], starts[i] + lengths[i]
        while place < stop and entries[place] >> _HALF < tags[i]:
            place += 1
        starts[i] = place
        while place < stop and entries[place] >> _HALF == tags[i]:
            place += 1
        lengths[i] = place - starts[i]
        total += lengths[i]
    return total if touched != np.uint64(1) else 0  # no entry is 1: its number would be 0


@kernel_part
def _place_of(number: np.uint32, places: NDArray[np.int32], numbers: NDArray[np.uint32]) -> int:
    """Return where a number stands in a hash table of places, or where it belongs."""
    mask = places.size - 1
    place = int(np.int64((np.uint64(number) * _MIX_1) >> np.uint64(32))) & mask
    while places[place] != 0 and numbers[places[place] - 1] != number:
        place = (place + 1) & mask
    return place


@kernel
def _tally_many(
    entries: NDArray[np.uint64],
    slots: NDArray[np.uint32],
    shift: int,
    first: NDArray[np.uint64],
    first_offsets: NDArray[np.intp],
    second: NDArray[np.uint64],
    second_offsets: NDArray[np.intp],
    seed: np.uint64,
    max_postings: int,
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.float32], NDArray[np.intp]]:
    """Count the keys of either sort that each listed article shares with each asking one.

    Returns:
        As `PostingTable.tally_many`: numbers, counts of both sorts, rarity, and offsets.
    """
    offsets = np.zeros(first_offsets.size, np.intp)
    numbers = np.empty(1 << 14, np.uint32)
    counts = np.empty((2, 1 << 14), np.int32)
    rarity = np.empty(1 << 14, np.float32)
    places = np.zeros(1 << 14, np.int32)  # by hash of a number: its place among the found, plus 1
    for i in range(first_offsets.size - 1):
        num_first = first_offsets[i + 1] - first_offsets[i]
        num_keys = num_first + second_offsets[i + 1] - second_offsets[i]
        tags = np.empty(num_keys, np.uint64)
        for j in range(num_first):
            tags[j] = _mix(first[first_offsets[i] + j], seed) >> _HALF
        for j in range(num_first, num_keys):
            tags[j] = _mix(second[second_offsets[i] + j - num_first], seed) >> _HALF
        starts = np.empty(num_keys, np.int64)
        lengths = np.empty(num_keys, np.int32)
        total = _find_buckets(entries, slots, shift, tags, starts, lengths)
        begin = offsets[i]
        room = 64
        while room < 2 * min(total, max_postings + BUCKET_CAPACITY):
            room *= 2
        if begin + room > numbers.size:
            numbers = np.concatenate((numbers, np.empty(begin + room, np.uint32)))
            counts = np.concatenate((counts, np.empty((2, begin + room), np.int32)), axis=1)
            rarity = np.concatenate((rarity, np.empty(begin + room, np.float32)))
        if room > places.size:
            places = np.zeros(room, np.int32)
        found = _count(
            entries, starts, lengths, num_first, total, max_postings, places[:room],
            numbers[begin:], counts[:, begin:], rarity[begin:],
        )  # fmt: skip
        offsets[i + 1] = begin + found
    end = offsets[-1]
    return numbers[:end], counts[:, :end], rarity[:end], offsets


@kernel_part
def _count(
    entries: NDArray[np.uint64],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
    num_first: int,
    total: int,
    max_postings: int,
    places: NDArray[np.int32],
    numbers: NDArray[np.uint32],
    counts: NDArray[np.int32],
    rarity: NDArray[np.float32],
) -> int:
    """Count what one article shares with others, from its rarest keys on; return how many."""
    places[:] = 0
    found = read = 0
    longest = 0
    for length in lengths:
        longest = max(longest, length)
    # Where all are read, their order makes no difference.
    for wanted in range(1, longest + 1) if total > max_postings else range(1):
        for key in range(lengths.size):
            length = lengths[key]
            if (wanted > 0 and length != wanted) or read >= max_postings:
                continue
            read += length
            for entry in entries[starts[key] : starts[key] + length]:
                number = np.uint32(entry & _LOW_HALF)
                place = _place_of(number, places, numbers)
                if places[place] == 0:
                    numbers[found] = number
                    counts[0, found] = 0
                    counts[1, found] = 0
                    rarity[found] = 0.0
                    found += 1
                    places[place] = found
                counts[0 if key < num_first else 1, places[place] - 1] += 1
                rarity[places[place] - 1] += np.float32(1.0 / length)
    return found
