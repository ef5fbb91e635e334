"""The originals of a store, indexed, and kept in step with its log.

Several threads ask; one at a time writes. Originals that are being written are staged, and
listed together at the end of their transaction; all find them once it is committed.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from dedup.index.base import Candidates, KeysOf, KeysOfBlock, OwnKeysOf
from dedup.index.candidates import CandidateIndex, IndexState
from dedup.index.saved import LogMark, SavedIndex, chunks
from dedup.sketch.keys import KeyBatch, ListedKeys, Probe
from dedup.store.base import (
    ArticleStore,
    LogOperation,
    SignatureBlock,
    SignatureRow,
    StoredArticle,
    StoreReader,
    StoreWriter,
)

__all__ = ["MOST_BEHIND", "KnownOriginals"]

MOST_BEHIND = 100_000
"""Log entries that a saved index may be behind: so many must be kept."""

_LEAST_WORTH_SAVING = 10_000  # log entries; a few more are followed faster than files are read
_SHARE_WORTH_SAVING = 0.1  # of the originals
_MOST_UNSAVED = MOST_BEHIND // 2
_SLOTS_AT_ONCE = 1 << 17  # some milliseconds
_ROWS_AT_ONCE = 10_000
_COPIES_AT_ONCE = 500  # below what any database takes in one list


class _MovedError(Exception):
    """The table that was being saved has begun to move to a larger one."""


class KnownOriginals:
    """Finds candidates among the originals of a store. Safe to share between threads."""

    def __init__(
        self,
        store: ArticleStore,
        keys_of: KeysOf,
        keys_of_block: KeysOfBlock,
        own_keys_of: OwnKeysOf,
        *,
        limit: int,
        least_own: int,
        saved: SavedIndex | None = None,
    ) -> None:
        """Start empty; `load` fills it.

        Args:
            store: Holds the originals.
            keys_of: Gives the keys of originals from their signatures and digests.
            keys_of_block: Gives those of very many at once.
            own_keys_of: Gives the keys of what a copy has besides its original, if any.
            limit: Candidates returned at most.
            least_own: Shingles beyond which a copy may have something besides its original.
            saved: Where the index is kept for the next to open the store.
        """
        self._saved = saved
        self._store = store
        self._keys_of_block = keys_of_block
        self._least_own = least_own
        self._keys_of = keys_of
        self._own_keys_of = own_keys_of
        self._staged: list[tuple[int, ListedKeys]] = []
        self._staged_copies: set[int] = set()
        self._limit = limit
        self._index = CandidateIndex()
        self._lock = threading.Lock()
        self._sequence = 0
        self._saved_upto = 0
        self._upto = 0
        self._relistings = 0

    def __len__(self) -> int:
        """Return the number of originals that can be found."""
        return len(self._index)

    @property
    def nbytes(self) -> int:
        """Bytes reserved by the index."""
        return self._index.nbytes

    def load(self, reader: StoreReader) -> None:
        """Index every original of a store."""
        if self._restore(reader):
            self.follow(reader)
            return
        # What is committed while this runs is in the log behind this sequence.
        sequence = reader.sequence()
        num_originals = reader.stats().clusters
        copies: list[int] = []
        # A thread of its own reads ahead, while this one enters keys.
        with ThreadPoolExecutor(1) as ahead:
            following = ahead.submit(self._read_block, 0)
            while (found := following.result()) is not None:
                block, keys = found
                following = ahead.submit(self._read_block, block.last)
                with self._lock:
                    self._index.add_batch(keys, block.originals, of=num_originals)
                    self._upto = block.last
                copies += block.copies
        for start in range(0, len(copies), _COPIES_AT_ONCE):
            self._load_copies(copies[start : start + _COPIES_AT_ONCE], reader)
        self._sequence = sequence
        self.follow(reader)

    def save(self) -> bool:
        """Save the index, if so much has changed since it was; return whether it was saved.

        Others read and write meanwhile, and wait for some milliseconds at most.

        Raises:
            OSError: The file cannot be written.
            StoreError: The store cannot be used.
        """
        if self._saved is None or not self._is_worth_saving(self._store.read()):
            return False
        while self._index.is_growing:
            with self._lock:
                self._index.grow_on(_SLOTS_AT_ONCE)
        # Whoever writes has staged what may be rolled back: nobody does so in here.
        with self._store.write() as writer:
            self.follow(writer)
            mark = LogMark.newest(writer)
            with self._lock:
                if mark is None or self._index.is_growing:
                    return False
                state = self._index.state()
                # What was rolled back a moment ago may not have been unstaged yet, and its
                # number is another article's soon.
                state.listed[self._upto + 1 :] = False
        try:
            return self._saved.write(
                mark, state.figures, self._copies(state), num_bytes=state.nbytes
            )
        except _MovedError:
            return False

    def _copies(self, state: IndexState) -> Iterator[NDArray[np.generic]]:
        """Yield copies of what is to be saved, taken while nobody changes it."""
        yield from (state.listed, state.num_pieces)
        for chunk in chunks(state.entries):
            with self._lock:
                if not self._index.still_has(state):
                    raise _MovedError
                copy = chunk.copy()
            yield copy

    def _is_worth_saving(self, reader: StoreReader) -> bool:
        unsaved = reader.sequence() - self._saved_upto
        worth = max(_LEAST_WORTH_SAVING, int(_SHARE_WORTH_SAVING * len(self)))
        if unsaved < min(worth, _MOST_UNSAVED):
            return False
        saved_upto = self._find_saved(reader)  # by another process, it may be
        if saved_upto == self._saved_upto:
            return True
        self._saved_upto = saved_upto
        return self._is_worth_saving(reader)

    def _find_saved(self, reader: StoreReader) -> int:
        """Return up to where the saved index has followed the log; 0 if that was another log."""
        mark = self._saved.mark() if self._saved else None
        return mark.sequence if mark is not None and mark.is_in(reader) else 0

    def _restore(self, reader: StoreReader) -> bool:
        """Take over the saved index, if there is one that the log leads on from."""
        saved_upto = self._find_saved(reader)
        if not saved_upto or self._saved is None:
            return False
        if not 0 <= reader.sequence() - saved_upto < MOST_BEHIND:
            return False
        index = CandidateIndex()
        mark = self._saved.read(lambda figures: index.restore(figures)[1:])
        # Another process may have saved one in between.
        if mark is None or not mark.is_in(reader):
            return False
        index.count()
        self._index = index
        self._sequence = self._saved_upto = mark.sequence
        self._upto = index.highest
        return True

    def _read_block(self, after: int) -> tuple[SignatureBlock, KeyBatch] | None:
        """Return the next articles of the store and the keys of the originals, None at the end."""
        block = self._store.read().signatures_after(after, limit=_ROWS_AT_ONCE)
        if not block.last:
            return None
        return block, self._keys_of_block(block.sketches, block.offsets, block.digests)

    def _load_copies(self, numbers: Sequence[int], reader: StoreReader) -> None:
        """List what copies have besides their originals; most have nothing."""
        may_have = [
            number
            for number, shingles in reader.unmatched(numbers).items()
            if shingles is None or shingles > self._least_own
        ]
        copies = reader.articles(may_have).values() if may_have else ()
        with self._lock:
            self._list_copies(copies, reader)

    def follow(self, reader: StoreReader) -> None:
        """Take over what was committed since the last call, by whichever process."""
        # The lock is held while reading too: of two threads that follow at once, the one
        # with the older view must not apply it last.
        if reader.sequence() == self._sequence:
            return  # as most often; asking for the entries takes several times as long
        with self._lock:
            is_behind = True
            while is_behind:
                entries = reader.log(after=self._sequence, limit=_ROWS_AT_ONCE)
                if not entries:
                    return
                touched = {entry.number for entry in entries}
                touched |= {entry.former for entry in entries if entry.former is not None}
                # The state now, not the entries, tells who is an original: applying an
                # entry twice, or late, does no harm.
                rows = reader.originals(sorted(touched))
                # A copy that became one may be listed already, but not as a whole.
                changed = {e.number for e in entries if e.operation is not LogOperation.ADD}
                others = touched - {row.number for row in rows} - self._staged_copies
                self._staged_copies -= touched
                self._unlist(others)
                self._list(
                    row
                    for row in rows
                    if row.number in changed or not self._index.lists(row.number)
                )
                self._list_copies(reader.articles(sorted(others)).values(), reader)
                self._upto = max(self._upto, *touched)
                self._sequence = entries[-1].sequence
                is_behind = len(entries) == _ROWS_AT_ONCE

    def find(self, probe: Probe, reader: StoreReader, /) -> Candidates:
        """Return committed originals that share keys."""
        self.follow(reader)
        with self._lock:
            numbers = self._index.find(probe, limit=self._limit, upto=self._upto)
            return Candidates(tuple(numbers), (self._upto, self._relistings))

    def find_many(self, keys: KeyBatch, reader: StoreReader, /) -> list[Candidates]:
        """Return the same for each of articles that were prepared together."""
        self.follow(reader)
        with self._lock:
            state = (self._upto, self._relistings)
            upto = np.full(keys.num_articles, self._upto, np.int64)
            found = dict(self._index.find_batch(keys, limit=self._limit, upto=upto))
        return [
            Candidates(tuple(found.get(place, ())), state) for place in range(keys.num_articles)
        ]

    def begin(self, writer: StoreWriter, /) -> None:
        """Take over what was committed until this transaction began."""
        self.follow(writer)

    def find_again(self, probe: Probe, former: Candidates, _: StoreWriter, /) -> list[int]:
        """Return what was committed since an earlier search."""
        upto, relistings = former.state
        with self._lock:
            if (self._upto, self._relistings) == (upto, relistings):
                return []
            # An older article that became an original in between may be anywhere.
            after = upto if self._relistings == relistings else 0
            return self._index.find(probe, limit=self._limit, after=after)

    def find_again_many(
        self, keys: KeyBatch, formers: Sequence[Candidates], _: StoreWriter, /
    ) -> list[list[int]]:
        """Return the same for articles that a transaction begins with."""
        states = np.array([former.state for former in formers]).reshape(-1, 2)
        with self._lock:
            # As in `find_again`.
            after = np.where(states[:, 1] == self._relistings, states[:, 0], 0)
            if (after == self._upto).all():
                return [[] for _ in formers]
            upto = np.full(len(formers), np.iinfo(np.int64).max)
            found = dict(self._index.find_batch(keys, limit=self._limit, after=after, upto=upto))
        return [found.get(place, []) for place in range(len(formers))]

    def still_listed(self, former: Candidates, _: StoreWriter, /) -> set[int]:
        """Return which of these candidates can still be found."""
        with self._lock:
            return {number for number in former.numbers if self._index.lists(number)}

    def stage(
        self, number: int, keys: ListedKeys, _: StoreWriter, /, *, is_heir: bool = False
    ) -> None:
        """Take note of an original that is written; one that was known before is found at once."""
        if not is_heir:
            self._staged.append((number, keys))
            return
        with self._lock:
            self._index.add([keys], [number])
            self._relistings += 1

    def stage_copy(self, number: int, keys: ListedKeys | None, _: StoreWriter, /) -> None:
        """Take note of what a copy that is written has besides its original."""
        if keys is not None:
            self._staged.append((number, keys))
        with self._lock:
            self._staged_copies.add(number)

    def settle(self, _: StoreWriter, /) -> None:
        """List what is about to be committed; nobody finds it before that."""
        numbers = [number for number, _ in self._staged]
        with self._lock:
            self._index.add([keys for _, keys in self._staged], numbers)
        self._staged = []

    def unstage(self, numbers: Iterable[int]) -> None:
        """Take back originals whose transaction was rolled back."""
        self._staged = []
        with self._lock:
            for number in numbers:
                self._index.discard(number)
                self._staged_copies.discard(number)

    def _list(self, rows: Iterable[SignatureRow]) -> None:
        """List originals."""
        rows = list(rows)
        numbers = [row.number for row in rows]
        digests = [row.normalized_digest for row in rows]
        keys = self._keys_of([row.signature for row in rows], digests)
        self._index.add(keys, numbers)
        self._relistings += sum(number <= self._upto for number in numbers)

    def _list_copies(self, copies: Iterable[StoredArticle], reader: StoreReader) -> None:
        for copy in copies:
            keys = self._own_keys_of(copy, reader)
            if keys is not None:
                self._index.add([keys], [copy.number])

    def _unlist(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            self._index.discard(number)
