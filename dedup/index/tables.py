"""The originals of a store, indexed in tables of the store itself.

For a store whose index no worker could hold in memory. Postings are written in the
transaction of their article: nothing is loaded at a start, and what is committed can be
found. The price is a round trip for each look-up, and index pages to write.

A writer must also find what came since the survey. That is little: it is read from the log,
and only if it has a key in common with the article are the tables searched again.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from dedup.errors import ConfigError, StoreUnavailableError
from dedup.index.base import Candidates, KeysOf, OwnKeysOf
from dedup.index.candidates import most_promising
from dedup.index.postings import BUCKET_CAPACITY, MAX_POSTINGS, Tally
from dedup.sketch.keys import KeyBatch, ListedKeys, Probe
from dedup.store.base import ArticleStore, SignatureRow, StoredArticle, StoreReader, StoreWriter
from dedup.store.postings import Buckets, Listing, PostingReader, PostingStore, PostingWriter

__all__ = ["TabledOriginals"]

_ROWS_AT_ONCE = 1_000


class TabledOriginals:
    """Finds candidates among the originals of a store that has tables for them."""

    def __init__(
        self, store: ArticleStore, keys_of: KeysOf, own_keys_of: OwnKeysOf, *, limit: int
    ) -> None:
        """Use the tables of a store.

        Args:
            store: In PostgreSQL; also that of every reader and writer that is handed in.
            keys_of: Gives the keys of originals from their signatures and digests.
            own_keys_of: Gives the keys of what a copy has besides its original, if any.
            limit: Candidates returned at most.

        Raises:
            ConfigError: The store has no such tables.
        """
        if not isinstance(store, PostingStore):
            msg = "an index in tables needs a store in PostgreSQL: postgresql://…"
            raise ConfigError(msg)
        self._store: PostingStore = store
        self._keys_of = keys_of
        self._own_keys_of = own_keys_of
        self._limit = limit
        self._transaction = _Transaction()

    def __len__(self) -> int:
        """Return the number of originals that can be found."""
        return self._store.read().stats().clusters

    @property
    def nbytes(self) -> int:
        """Bytes of memory reserved: none."""
        return 0

    def load(self, reader: StoreReader, /) -> None:
        """Fill the tables if nobody did yet; catch up with writers that keep none."""
        tables = cast("PostingReader", reader)
        if tables.posted_upto() is None:
            # One state: an original that became a copy meanwhile would be listed twice.
            with reader.snapshot() as state:
                self._store.fill_postings(
                    self._listings(state), state.sequence(), capacity=BUCKET_CAPACITY
                )
        if tables.posted_upto() != reader.sequence():
            self._catch_up()

    def save(self) -> bool:
        """Do nothing: the tables are saved with every change."""
        return False

    def follow(self, _: StoreReader, /) -> None:
        """Do nothing: a question sees what is committed."""

    def find(self, probe: Probe, reader: StoreReader, /) -> Candidates:
        """Return committed originals that share keys."""
        buckets = _buckets(probe, reader)
        if buckets.posted_upto is None:
            msg = "the tables of the index were emptied: start the service anew to fill them"
            raise StoreUnavailableError(msg)
        if buckets.posted_upto < buckets.sequence:
            self._catch_up()
            buckets = _buckets(probe, reader)
        tally, num_pieces = _tally(buckets, probe)
        numbers = most_promising(tally, num_pieces, probe, limit=self._limit)
        return Candidates(tuple(numbers), (buckets.sequence,))

    def find_many(self, keys: KeyBatch, reader: StoreReader, /) -> list[Candidates]:
        """Return the same for each of articles that were prepared together."""
        return [self.find(probe, reader) for _, probe in keys.each()]

    def begin(self, writer: StoreWriter, /) -> None:
        """Catch up with writers that keep no tables."""
        self._transaction = _Transaction()
        self._post_changes(cast("PostingWriter", writer))

    def find_again(self, probe: Probe, former: Candidates, writer: StoreWriter, /) -> list[int]:
        """Return what an earlier search could not find, staged originals included."""
        changes = self._changes_since(former, writer)
        if changes.has_none_of(probe):
            return []
        tally, num_pieces = _tally(_buckets(probe, writer), probe)
        is_recent = np.isin(tally.numbers, list(changes.numbers))
        recent = Tally(
            tally.numbers[is_recent],
            tally.first[is_recent],
            tally.second[is_recent],
            tally.rarity[is_recent],
        )
        return most_promising(recent, num_pieces[is_recent], probe, limit=self._limit)

    def find_again_many(
        self, keys: KeyBatch, formers: Sequence[Candidates], writer: StoreWriter, /
    ) -> list[list[int]]:
        """Return the same for articles that a transaction begins with."""
        probes = (probe for _, probe in keys.each())
        return [
            self.find_again(probe, former, writer)
            for probe, former in zip(probes, formers, strict=True)
        ]

    def still_listed(self, former: Candidates, writer: StoreWriter, /) -> set[int]:
        """Return which of these candidates can still be found."""
        listed = set(former.numbers)
        touched = listed & self._changes_since(former, writer).numbers
        if not touched:
            return listed
        kept = cast("PostingWriter", writer).listings(touched)
        return listed - touched | {listing.number for listing in kept}

    def stage(
        self, number: int, keys: ListedKeys, writer: StoreWriter, /, *, is_heir: bool = False
    ) -> None:
        """Let an original that is written but not yet committed be found by the writer."""
        tables = cast("PostingWriter", writer)
        if is_heir:  # it may be listed for what it had besides its original
            tables.withdraw([number])
        self._post(Listing(number, *keys), tables)

    def stage_copy(self, number: int, keys: ListedKeys | None, writer: StoreWriter, /) -> None:
        """The same for what a copy has besides its original."""
        self._transaction.decided.add(number)
        if keys is not None:
            self._post(Listing(number, *keys), cast("PostingWriter", writer))

    def settle(self, writer: StoreWriter, /) -> None:
        """Write the postings of whatever else the transaction changed."""
        self._post_changes(cast("PostingWriter", writer))

    def unstage(self, _: Iterable[int], /) -> None:
        """Do nothing: the rollback did it."""

    def _post(self, listing: Listing, tables: PostingWriter) -> None:
        tables.post(listing, capacity=BUCKET_CAPACITY)
        self._transaction.decided.add(listing.number)
        if self._transaction.changes is not None:
            self._transaction.changes.add(listing)

    def _changes_since(self, former: Candidates, writer: StoreWriter) -> "_Changes":
        [sequence] = former.state
        changes = self._transaction.changes
        if changes is None or changes.since > sequence:
            tables = cast("PostingWriter", writer)
            numbers = [number for number, _ in tables.touched(after=sequence)]
            listings = tables.listings(numbers) if numbers else []
            changes = self._transaction.changes = _Changes(sequence, numbers, listings)
        return changes

    def _catch_up(self) -> None:
        with self._store.write() as writer:
            self._post_changes(writer)

    def _post_changes(self, tables: PostingWriter) -> None:
        """Bring the tables to the newest entry of the log."""
        touched = tables.touched()
        numbers = [
            number
            for number, is_addition in touched
            if not is_addition or number not in self._transaction.decided
        ]
        for start in range(0, len(numbers), _ROWS_AT_ONCE):
            self._post_state(numbers[start : start + _ROWS_AT_ONCE], tables)
        if touched:
            tables.set_posted_upto_now()

    def _post_state(self, numbers: Sequence[int], tables: PostingWriter) -> None:
        """Let the tables say of these articles what the store says of them now."""
        listed = {listing.number: len(listing.whole) > 0 for listing in tables.listings(numbers)}
        originals = {row.number: row for row in tables.originals(numbers)}
        others = tables.articles([number for number in numbers if number not in originals])
        right = {
            number
            for number, is_whole in listed.items()
            if is_whole == (number in originals) and (number in originals or number in others)
        }
        tables.withdraw([number for number in listed if number not in right])
        missing = [row for number, row in originals.items() if number not in right]
        copies = [copy for number, copy in others.items() if number not in right]
        for listing in (*self._whole(missing), *self._own(copies, tables)):
            tables.post(listing, capacity=BUCKET_CAPACITY)

    def _listings(self, reader: StoreReader) -> Iterator[list[Listing]]:
        after = 0
        while rows := reader.originals_after(after, limit=_ROWS_AT_ONCE):
            after = rows[-1].number
            yield list(self._whole(rows))
        after = 0
        while copies := reader.copies_after(after, limit=_ROWS_AT_ONCE):
            after = copies[-1].number
            yield list(self._own(copies, reader))

    def _whole(self, rows: Sequence[SignatureRow]) -> Iterator[Listing]:
        digests = [row.normalized_digest for row in rows]
        keys = self._keys_of([row.signature for row in rows], digests)
        return (Listing(row.number, *own) for row, own in zip(rows, keys, strict=True))

    def _own(self, copies: Iterable[StoredArticle], reader: StoreReader) -> Iterator[Listing]:
        for copy in copies:
            keys = self._own_keys_of(copy, reader)
            if keys is not None:
                yield Listing(copy.number, *keys)


class _Changes:
    """What happened to articles since a survey.

    Attributes:
        since: The newest entry of the log then.
        numbers: Of the articles that it happened to.
    """

    def __init__(self, since: int, numbers: Iterable[int], listings: Iterable[Listing]) -> None:
        self.since = since
        self.numbers = set(numbers)
        self._whole: set[int] = set()
        self._pieces: set[int] = set()
        for listing in listings:
            self.add(listing)

    def add(self, listing: Listing) -> None:
        """Take in an article that is listed now."""
        self.numbers.add(listing.number)
        self._whole.update(listing.whole.tolist())
        self._pieces.update(listing.pieces.tolist())

    def has_none_of(self, probe: Probe) -> bool:
        """Return whether no article that is listed now has any of these keys."""
        return self._whole.isdisjoint(probe.whole.tolist()) and self._pieces.isdisjoint(
            probe.pieces.tolist()
        )


class _Transaction:
    """What the holder of the write lock did so far.

    Attributes:
        decided: Articles whose listing needs no second look if all that happened to them is
            that they were added.
        changes: Since the oldest survey that was asked about.
    """

    def __init__(self) -> None:
        self.decided: set[int] = set()
        self.changes: _Changes | None = None


def _buckets(probe: Probe, reader: StoreReader) -> Buckets:
    tables = cast("PostingReader", reader)
    return tables.buckets(probe.whole, probe.pieces, capacity=BUCKET_CAPACITY)


def _tally(buckets: Buckets, probe: Probe) -> tuple[Tally, NDArray[np.uint16]]:
    """Count as `PostingTable.tally` does; return also how many pieces each article has."""
    num_whole = len(probe.whole)
    lengths = np.bincount(buckets.keys, minlength=num_whole + len(probe.pieces))
    rarest_first = np.argsort(lengths, kind="stable")
    read_before = np.cumsum(lengths[rarest_first]) - lengths[rarest_first]
    is_read = np.zeros(len(lengths), np.bool_)
    is_read[rarest_first[read_before < MAX_POSTINGS]] = True
    kept = is_read[buckets.keys]
    keys = buckets.keys[kept]
    numbers, owners = np.unique(buckets.numbers[kept], return_inverse=True)
    count = len(numbers)
    num_pieces = np.zeros(count, np.int64)
    np.maximum.at(num_pieces, owners, buckets.num_pieces[kept])
    is_whole = keys < num_whole
    tally = Tally(
        numbers.astype(np.uint32),
        np.bincount(owners[is_whole], minlength=count).astype(np.int32),
        np.bincount(owners[~is_whole], minlength=count).astype(np.int32),
        np.bincount(owners, 1 / lengths[keys], minlength=count).astype(np.float32),
    )
    return tally, np.minimum(num_pieces, 0xFFFF).astype(np.uint16)
