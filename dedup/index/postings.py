"""A compact multimap from 64-bit keys to article numbers, in one flat array.

A hash table with linear probing whose entries take eight bytes: 32 bits of the mixed key,
which also say where the entry is at home, and the number. Two keys that agree in those
bits are taken for one; candidates are verified on their text, so that costs a comparison
and never an answer.

A table that is full moves to a larger one a little at a time, each addition taking some
slots along, so that growing makes no one wait. Homes ascend with the mixed key in tables
of any size: slots are moved in their order, from one free slot to another, and every key
is either before the border, and in the larger table, or behind it, and in the smaller
one. A look-up therefore reads one place for each key, moving or not, and the memory of
slots that were moved goes back to the system.

Keys may be chosen by whoever writes the articles; they are mixed with a number drawn anew
for every table, so that nobody can make them meet.
"""

import mmap
import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part

__all__ = ["BUCKET_CAPACITY", "MAX_POSTINGS", "PostingTable", "Tally"]

BUCKET_CAPACITY = 64
"""Entries kept for one key. Boilerplate puts thousands of unrelated articles into one
bucket: reading it would cost more than it finds, and appending to it would make inserts
quadratic. Further entries are left out; the other keys must serve."""

MAX_POSTINGS = 4096
"""Entries read in one look-up, those of the rarest keys first."""

_FIRST_HOMES = 1 << 15
_OVERFLOW = 1 << 12  # slots behind the last home, instead of going round to the first
_FULL_LOAD = 0.75
_GROWTH = 1.3
_LEAST_LIVING = 0.6  # of the entries: a table for 1.3 times as many has room for all of them
_MOVED_PER_ENTRY = 16  # slots; a table has moved long before the next one is full
_ADDED_AT_ONCE = 0.01  # of the homes, so that moving keeps step
_ENTERED_AT_ONCE = 64  # keys whose places are read before the first is entered
_PAGE = 1 << 12
_RELEASED_AT_ONCE = 1 << 18  # slots

_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)  # of SplitMix64 (Steele, Lea and Flood 2014)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW_HALF = np.uint64(0xFFFFFFFF)


class Tally(NamedTuple):
    """Which articles have some of the keys, and how many of each of two sorts.

    Attributes:
        numbers: Each article once; uint32, shape (n,).
        first: Keys of the first sort that it has; int32, same shape.
        second: Keys of the second sort; int32, same shape.
        rarity: The sum, over its keys of either sort, of 1 / entries under the key: a key
            that no other article has counts 1; float32, same shape.
    """

    numbers: NDArray[np.uint32]
    first: NDArray[np.int32]
    second: NDArray[np.int32]
    rarity: NDArray[np.float32]


class _Slots:
    """The array of one table.

    Attributes:
        homes: Number of home slots.
        entries: Upper half of the mixed key, number in the lower half, 0 for a free
            slot; uint64, shape (homes + _OVERFLOW,).
    """

    def __init__(self, homes: int) -> None:
        self.homes = homes
        self._pages = _map_pages((homes + _OVERFLOW) * 8)
        self.entries: NDArray[np.uint64] = np.frombuffer(self._pages, np.uint64)
        self._released = 0

    @property
    def nbytes(self) -> int:
        return self.entries.nbytes - 8 * self._released

    def release(self, upto: int) -> None:
        """Give the memory of the slots below `upto` back; nobody may read them any more."""
        if upto - self._released >= _RELEASED_AT_ONCE and hasattr(mmap, "MADV_DONTNEED"):
            start = -(-self._released * 8 // _PAGE) * _PAGE
            self._pages.madvise(mmap.MADV_DONTNEED, start, upto * 8 // _PAGE * _PAGE - start)
            self._released = upto


def _map_pages(size: int) -> mmap.mmap:
    """Return memory of the system's own, of so many bytes, all 0.

    It is not taken before it is written to, and can be given back bit by bit; that of a
    shared mapping, as Python makes without being told, could not.
    """
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, size)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        # Every key is somewhere else in the table: with small pages, finding the page takes
        # longer than reading the entry. A system without huge pages says so, to no harm.
        with suppress(OSError):
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


class PostingTable:
    """Maps keys to the numbers of the articles that carry them.

    Numbers are 1 to 2**32 - 1. Not thread-safe: the owner locks.
    """

    def __init__(self, room: int | None = None) -> None:
        """Start empty.

        Args:
            room: Entries that there will be, if that is known: a small table costs little.
        """
        self._seed = np.uint64(secrets.randbits(64))
        homes = _FIRST_HOMES if room is None else int(room / _FULL_LOAD) + 1
        self._old = _Slots(homes)  # keys behind the border
        self._new = self._old  # keys before it; the same table unless it is moving
        self._border = 0  # a slot of the old table
        self._size = 0  # entries, those that no longer count included
        self._dead = 0  # those that do not

    def __len__(self) -> int:
        """Return the number of entries, those of unlisted articles included."""
        return self._size

    @property
    def nbytes(self) -> int:
        """Bytes in use by the table."""
        if not self.is_moving:
            return self._old.nbytes
        return self._old.nbytes + self._new.nbytes * self._border // self._old.homes

    @property
    def is_moving(self) -> bool:
        """Whether entries are being taken to a larger table."""
        return self._new is not self._old

    @property
    def entries(self) -> NDArray[np.uint64]:
        """What is to be saved of a table that is not moving, beside `figures`."""
        return self._old.entries

    def figures(self) -> dict[str, int]:
        """Return what else `restore` needs."""
        return {
            "seed": int(self._seed), "homes": self._old.homes,
            "size": self._size, "dead": self._dead,
        }  # fmt: skip

    def restore(self, figures: Mapping[str, int]) -> NDArray[np.uint64]:
        """Become the table of these figures; what is returned is to be filled with its entries."""
        self._seed = np.uint64(figures["seed"])
        self._old = self._new = _Slots(figures["homes"])
        self._size, self._dead = figures["size"], figures["dead"]
        return self._old.entries

    def reserve(self, entries: int) -> None:
        """Make room for so many entries at once; only an empty table needs no moving."""
        if not self._size and entries > _FULL_LOAD * self._old.homes:
            self._old = self._new = _Slots(int(entries / _FULL_LOAD) + 1)

    def add(
        self, keys: NDArray[np.uint64], numbers: NDArray[np.uint32], listed: NDArray[np.bool_]
    ) -> None:
        """Enter numbers under keys; what is there already is passed over.

        Args:
            keys: uint64, shape (n,).
            numbers: The article of each key; uint32, shape (n,).
            listed: Of each article number, whether its entries still count; those of
                others are dropped when the table moves; bool.
        """
        start = 0
        while start < len(keys):
            stop = start + max(1, int(_ADDED_AT_ONCE * self._new.homes), self._free())
            self._keep_room(len(keys[start:stop]), listed)
            self._size += _insert(
                self._old.entries, self._old.homes, self._border,
                self._new.entries, self._new.homes,
                keys[start:stop], numbers[start:stop], listed, self._seed, BUCKET_CAPACITY,
            )  # fmt: skip
            start = stop

    def forget(self, entries: int) -> None:
        """Take notice that so many entries belong to an article that is not listed any more."""
        self._dead += entries

    def tally(
        self, first: NDArray[np.uint64], second: NDArray[np.uint64], listed: NDArray[np.bool_]
    ) -> Tally:
        """Count the keys that each article has.

        Args:
            first: Keys of one sort; uint64, shape (n,).
            second: Keys of another; uint64, shape (m,).
            listed: Of each article number, whether it counts; bool.
        """
        numbers, counts, rarity = _tally(
            self._old.entries, self._old.homes, self._border,
            self._new.entries, self._new.homes,
            np.concatenate((first, second)), len(first), listed,
            self._seed, MAX_POSTINGS,
        )  # fmt: skip
        return Tally(numbers, counts[0], counts[1], rarity)

    def tally_many(
        self,
        first: NDArray[np.uint64],
        first_offsets: NDArray[np.intp],
        second: NDArray[np.uint64],
        second_offsets: NDArray[np.intp],
        after: NDArray[np.int64],
        upto: NDArray[np.int64],
        listed: NDArray[np.bool_],
    ) -> tuple[Tally, NDArray[np.intp]]:
        """Count the keys that each article shares with each of many others.

        Args:
            first: Keys of one sort, flat; uint64, shape (n,).
            first_offsets: Asking article i has first[first_offsets[i]:first_offsets[i + 1]];
                intp, shape (articles + 1,).
            second: Keys of another sort; uint64, shape (m,).
            second_offsets: As `first_offsets`.
            after: For each asking article, leave out those numbered up to this; int64.
            upto: For each asking article, leave out those numbered above this; int64.
            listed: Of each article number, whether it counts; bool.

        Returns:
            The tallies one behind another, and where that of each asking article begins,
            and the end; intp, shape (articles + 1,).
        """
        numbers, counts, rarity, offsets = _tally_many(
            self._old.entries, self._old.homes, self._border,
            self._new.entries, self._new.homes,
            first, first_offsets, second, second_offsets, after, upto, listed,
            self._seed, MAX_POSTINGS,
        )  # fmt: skip
        return Tally(numbers, counts[0], counts[1], rarity), offsets

    def _free(self) -> int:
        """Return how many entries may be added before the table begins to move."""
        return 0 if self.is_moving else int(_FULL_LOAD * self._old.homes) - self._size

    def _keep_room(self, entries: int, listed: NDArray[np.bool_]) -> None:
        """Begin to move to a larger table if this one is full, or go on moving."""
        if not self.is_moving:
            if self._size + entries <= _FULL_LOAD * self._old.homes:
                return
            # What is dead is an estimate; a table too small for what lives would lose it.
            living = max(self._size - self._dead, int(_LEAST_LIVING * self._size))
            # Room for what comes in while the old table is moved, and then some.
            room = max(_GROWTH * living, living + 2 * self._old.homes / _MOVED_PER_ENTRY)
            self._new = _Slots(max(int(room / _FULL_LOAD), _FIRST_HOMES))
        self.move(_MOVED_PER_ENTRY * entries, listed)

    def move(self, slots: int, listed: NDArray[np.bool_]) -> None:
        """Take so many slots to the larger table, or a few more; none if this is not moving."""
        if not self.is_moving:
            return
        self._border, dropped = _move(
            self._old.entries, self._old.homes, self._border,
            self._new.entries, self._new.homes, slots, listed,
        )  # fmt: skip
        self._size -= dropped
        self._old.release(self._border)
        if self._border >= self._old.homes:
            self._old = self._new
            self._border = 0
            self._dead = 0


@kernel_part
def _mix(key: np.uint64, seed: np.uint64) -> np.uint64:
    """Return the bits of a key in an order that nobody outside this process knows."""
    mixed = key ^ seed
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return np.uint64(mixed ^ (mixed >> np.uint64(31)))


@kernel_part
def _home(mixed: np.uint64, homes: int) -> int:
    """Return the home of a mixed key, or of an entry, among so many slots."""
    return int(np.int64(((mixed >> np.uint64(32)) * np.uint64(homes)) >> np.uint64(32)))


@kernel_part
def _enter(
    entries: NDArray[np.uint64],
    home: int,
    entry: np.uint64,
    listed: NDArray[np.bool_],
    capacity: int,
) -> bool:
    """Put an entry into the first free slot from its home on; return whether that was free.

    The slot of an article that is not listed any more is taken over: else the buckets of
    articles that come and go, an original and its heirs, would fill with the dead. Nothing
    is put if the entry is there already, or its bucket is full, or the overflow is.
    """
    equal = 0
    dead = -1
    slot = home
    while slot < entries.size and entries[slot] != 0:
        if entries[slot] >> np.uint64(32) == entry >> np.uint64(32):
            equal += 1
            if entries[slot] == entry:
                return False
            if dead < 0 and not listed[entries[slot] & _LOW_HALF]:
                dead = slot
        slot += 1
    if dead >= 0:
        entries[dead] = entry
        return False
    if equal >= capacity or slot == entries.size:
        return False
    entries[slot] = entry
    return True


@kernel
def _insert(
    old_entries: NDArray[np.uint64],
    old_homes: int,
    border: int,
    new_entries: NDArray[np.uint64],
    new_homes: int,
    keys: NDArray[np.uint64],
    numbers: NDArray[np.uint32],
    listed: NDArray[np.bool_],
    seed: np.uint64,
    capacity: int,
) -> int:
    """Enter each number under its key; return how many free slots that took.

    The memory is asked for many keys at once, as in `_find_buckets`.
    """
    inserted = 0
    mixed = np.empty(_ENTERED_AT_ONCE, np.uint64)
    homes = np.empty(_ENTERED_AT_ONCE, np.int64)  # below 0 by one more for the new table
    heads = np.empty(_ENTERED_AT_ONCE, np.uint64)
    for start in range(0, keys.size, _ENTERED_AT_ONCE):
        count = min(_ENTERED_AT_ONCE, keys.size - start)
        for i in range(count):
            mixed[i] = _mix(keys[start + i], seed)
            home = _home(mixed[i], old_homes)
            if home >= border:
                homes[i] = home
                heads[i] = old_entries[home]
            else:
                home = _home(mixed[i], new_homes)
                homes[i] = -1 - home
                heads[i] = new_entries[home]
        for i in range(count):
            entry = np.uint64((mixed[i] & ~_LOW_HALF) | np.uint64(numbers[start + i]))
            entries = old_entries if homes[i] >= 0 else new_entries
            home = homes[i] if homes[i] >= 0 else -1 - homes[i]
            # A head may have been taken since it was read.
            if heads[i] == 0 and entries[home] == 0:
                entries[home] = entry
                inserted += 1
            else:
                inserted += _enter(entries, home, entry, listed, capacity)
    return inserted


@kernel
def _move(
    old_entries: NDArray[np.uint64],
    old_homes: int,
    border: int,
    new_entries: NDArray[np.uint64],
    new_homes: int,
    slots: int,
    listed: NDArray[np.bool_],
) -> tuple[int, int]:
    """Move entries from the border on; return the new border and how many were dropped.

    A border stands behind a free slot: no entry behind it has its home before it.
    """
    dropped = 0
    slot = border
    while slot < old_entries.size:
        entry = old_entries[slot]
        slot += 1
        if entry == 0:
            if slot - border >= slots and slot < old_homes:
                return slot, dropped
            continue
        if listed[entry & _LOW_HALF]:
            _enter(new_entries, _home(entry, new_homes), entry, listed, new_entries.size)
        else:
            dropped += 1
    return slot, dropped


@kernel_part
def _bucket_length(entries: NDArray[np.uint64], home: int, mixed: np.uint64) -> int:
    """Return how many entries a key has."""
    length = 0
    slot = home
    while slot < entries.size and entries[slot] != 0:
        length += entries[slot] >> np.uint64(32) == mixed >> np.uint64(32)
        slot += 1
    return length


@kernel_part
def _read_bucket(
    entries: NDArray[np.uint64], home: int, mixed: np.uint64, bucket: NDArray[np.uint32]
) -> None:
    """Write the numbers under a key; `bucket` is as long as there are."""
    count = 0
    slot = home
    while count < bucket.size:
        if entries[slot] >> np.uint64(32) == mixed >> np.uint64(32):
            bucket[count] = np.uint32(entries[slot] & _LOW_HALF)
            count += 1
        slot += 1


@kernel
def _find_buckets(
    old_entries: NDArray[np.uint64],
    old_homes: int,
    border: int,
    new_entries: NDArray[np.uint64],
    new_homes: int,
    mixed: NDArray[np.uint64],
    homes: NDArray[np.int64],
    lengths: NDArray[np.int32],
) -> None:
    """Write the home of each key, below 0 by one more for the new table, and its bucket's length.

    In two passes, so that the memory is asked for many keys at once and the processor does
    not wait for one after the other.
    """
    heads = np.empty(mixed.size, np.uint64)
    for i in range(mixed.size):
        home = _home(mixed[i], old_homes)
        if home >= border:
            heads[i] = old_entries[home]
            homes[i] = home
        else:
            home = _home(mixed[i], new_homes)
            heads[i] = new_entries[home]
            homes[i] = -1 - home
    for i in range(mixed.size):
        lengths[i] = 0
        if heads[i] != 0 and homes[i] >= 0:
            lengths[i] = _bucket_length(old_entries, homes[i], mixed[i])
        elif heads[i] != 0:
            lengths[i] = _bucket_length(new_entries, -1 - homes[i], mixed[i])


@kernel
def _rarest_first(lengths: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the places of the lengths above 0 in ascending order: a counting sort."""
    longest = 0
    for length in lengths:
        longest = max(longest, length)
    starts = np.zeros(longest + 2, np.int64)
    for length in lengths:
        if length > 0:
            starts[length + 1] += 1
    for length in range(1, longest + 2):
        starts[length] += starts[length - 1]
    order = np.empty(starts[longest + 1], np.int64)
    for i in range(lengths.size):
        if lengths[i] > 0:
            order[starts[lengths[i]]] = i
            starts[lengths[i]] += 1
    return order


@kernel_part
def _place_of(number: np.uint32, places: NDArray[np.int32], numbers: NDArray[np.uint32]) -> int:
    """Return where a number stands in a hash table of places, or where it belongs."""
    mask = places.size - 1
    place = int(np.int64((np.uint64(number) * _MIX_1) >> np.uint64(32))) & mask
    while places[place] != 0 and numbers[places[place] - 1] != number:
        place = (place + 1) & mask
    return place


@kernel
def _tally(
    old_entries: NDArray[np.uint64],
    old_homes: int,
    border: int,
    new_entries: NDArray[np.uint64],
    new_homes: int,
    keys: NDArray[np.uint64],
    num_first: int,
    listed: NDArray[np.bool_],
    seed: np.uint64,
    max_postings: int,
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.float32]]:
    """Count the keys of either sort that each listed article has.

    Returns:
        Numbers, shape (n,), the counts of both sorts, shape (2, n), and the rarity.
    """
    mixed = np.empty(keys.size, np.uint64)
    for i in range(keys.size):
        mixed[i] = _mix(keys[i], seed)
    homes = np.empty(keys.size, np.int64)
    lengths = np.empty(keys.size, np.int32)
    _find_buckets(old_entries, old_homes, border, new_entries, new_homes, mixed, homes, lengths)
    room = 64
    while room < 2 * min(lengths.sum(), max_postings + BUCKET_CAPACITY):
        room *= 2
    places = np.zeros(room, np.int32)  # by hash of a number: its place among the found, plus 1
    numbers = np.empty(room, np.uint32)
    counts = np.zeros((2, room), np.int32)
    rarity = np.zeros(room, np.float32)
    bucket = np.empty(lengths.max() if keys.size else 0, np.uint32)
    found = read = 0
    for i in _rarest_first(lengths):
        if read >= max_postings:
            break
        if homes[i] >= 0:
            _read_bucket(old_entries, homes[i], mixed[i], bucket[: lengths[i]])
        else:
            _read_bucket(new_entries, -1 - homes[i], mixed[i], bucket[: lengths[i]])
        for number in bucket[: lengths[i]]:
            if not listed[number]:
                continue
            place = _place_of(number, places, numbers)
            if places[place] == 0:
                numbers[found] = number
                found += 1
                places[place] = found
            counts[0 if i < num_first else 1, places[place] - 1] += 1
            rarity[places[place] - 1] += np.float32(1.0 / lengths[i])
        read += lengths[i]
    return numbers[:found], counts[:, :found], rarity[:found]


@kernel
def _tally_many(
    old_entries: NDArray[np.uint64],
    old_homes: int,
    border: int,
    new_entries: NDArray[np.uint64],
    new_homes: int,
    first: NDArray[np.uint64],
    first_offsets: NDArray[np.intp],
    second: NDArray[np.uint64],
    second_offsets: NDArray[np.intp],
    after: NDArray[np.int64],
    upto: NDArray[np.int64],
    listed: NDArray[np.bool_],
    seed: np.uint64,
    max_postings: int,
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.float32], NDArray[np.intp]]:
    """Tally the keys of every asking article; see `_tally` and `PostingTable.tally_many`."""
    offsets = np.zeros(first_offsets.size, np.intp)
    numbers = np.empty(1 << 10, np.uint32)
    counts = np.empty((2, 1 << 10), np.int32)
    rarity = np.empty(1 << 10, np.float32)
    for i in range(first_offsets.size - 1):
        of_first = first[first_offsets[i] : first_offsets[i + 1]]
        of_second = second[second_offsets[i] : second_offsets[i + 1]]
        some, some_counts, some_rarity = _tally(
            old_entries, old_homes, border, new_entries, new_homes,
            np.concatenate((of_first, of_second)), of_first.size, listed, seed, max_postings,
        )  # fmt: skip
        end = offsets[i]
        if end + some.size > numbers.size:
            room = end + some.size
            numbers = np.concatenate((numbers, np.empty(room, np.uint32)))
            counts = np.concatenate((counts, np.empty((2, room), np.int32)), axis=1)
            rarity = np.concatenate((rarity, np.empty(room, np.float32)))
        for place in range(some.size):
            if after[i] < some[place] <= upto[i]:
                numbers[end] = some[place]
                counts[:, end] = some_counts[:, place]
                rarity[end] = some_rarity[place]
                end += 1
        offsets[i + 1] = end
    end = offsets[-1]
    return numbers[:end], counts[:, :end], rarity[:end], offsets
