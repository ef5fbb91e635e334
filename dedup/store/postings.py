"""Tables in which a database keeps an index that is too large for memory.

An article that can be found has a row of `listings`, which names its keys, and for each
of these a row of `bands` (keys of the whole) or `samples` (of its pieces), both partitioned
by hash of the key. They are rows of the same transaction as the article's own; a note says
up to which entry of the log they go, so that those who write articles and no postings
leave no gap that could not be seen.
"""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dedup.store.base import ArticleStore, StoreReader, StoreWriter
from dedup.store.sql import SqlReader, SqlWriter, placeholders

__all__ = [
    "POSTED_UPTO",
    "RULES",
    "Buckets",
    "Listing",
    "PostingReader",
    "PostingStore",
    "PostingWriter",
    "SqlPostingReader",
    "SqlPostingWriter",
]

POSTED_UPTO = "posted_upto"  # the note; missing where the tables were never filled


RULES = {
    "a listing belongs to an article": """
        SELECT number FROM listings l
        WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.number = l.number)""",
    "an original is listed as a whole, and no copy": f"""
        SELECT number FROM signatures s LEFT JOIN listings l USING (number)
        WHERE is_original <> CASE WHEN cardinality(l.bands) > 0 THEN 1 ELSE 0 END
        AND (SELECT value::bigint FROM store WHERE key = '{POSTED_UPTO}')
            = (SELECT max(sequence) FROM log)""",
    # Single ones may be missing: what would not fit under a hot key is left out.
    "an original that is listed can be found": """
        SELECT number FROM listings l WHERE cardinality(bands) > 0 AND NOT EXISTS (
            SELECT 1 FROM unnest(l.bands) AS own(key)
            JOIN bands b ON b.key = own.key AND b.number = l.number)""",
    **{
        f"an entry of {table} is in its article's listing": f"""
        SELECT DISTINCT number FROM {table} t WHERE NOT EXISTS (
            SELECT 1 FROM listings l WHERE l.number = t.number AND t.key = ANY (l.{table}))"""
        for table in ("bands", "samples")
    },
}
"""What `dedup store verify` asks: where a rule of the tables is broken."""


class Listing(NamedTuple):
    """The keys that an article is found by.

    Attributes:
        number: Of the article.
        whole: Keys of the whole, none for what a copy has besides its original; uint64,
            shape (n,).
        pieces: Keys of its pieces; uint32, shape (m,).
    """

    number: int
    whole: NDArray[np.uint64]
    pieces: NDArray[np.uint32]


class Buckets(NamedTuple):
    """All articles under the keys that were asked for, a place for each.

    Attributes:
        sequence: Of the newest log entry at the same moment.
        posted_upto: The entry that the tables go up to; None where they were never filled.
        keys: Which key, counted from 0, those of the whole first; int64, shape (n,).
        numbers: The article; int64, same shape.
        num_pieces: Under how many pieces it is listed, 0 at a key of the whole; int64, same
            shape.
    """

    sequence: int
    posted_upto: int | None
    keys: NDArray[np.int64]
    numbers: NDArray[np.int64]
    num_pieces: NDArray[np.int64]


class PostingReader(StoreReader, Protocol):
    """Questions to the tables."""

    def buckets(
        self, whole: NDArray[np.uint64], pieces: NDArray[np.uint32], *, capacity: int
    ) -> Buckets:
        """Return what is under these keys, of each at most so many, in one round trip.

        Raises:
            StoreVersionError: The store was upgraded to another scheme.
        """
        ...

    def posted_upto(self) -> int | None:
        """Return the log entry that the tables go up to; None: they were never filled."""
        ...

    def listings(self, numbers: Collection[int]) -> list[Listing]:
        """Return how these articles are listed; those that are not are left out."""
        ...

    def touched(self, *, after: int | None = None) -> list[tuple[int, bool]]:
        """Return the articles that the log tells of behind an entry.

        Args:
            after: The entry; None for the one that the tables go up to.

        Returns:
            Each number once, and whether all that happened to it was its addition.
        """
        ...


class PostingWriter(PostingReader, StoreWriter, Protocol):
    """Changes of the tables, in the transaction of the articles."""

    def post(self, listing: Listing, *, capacity: int) -> None:
        """List an article that is not listed, except under keys that have so many."""
        ...

    def withdraw(self, numbers: Collection[int]) -> None:
        """Take articles out of the tables; those that are not there are passed over."""
        ...

    def set_posted_upto_now(self) -> None:
        """Note that the tables go up to the newest entry of the log."""
        ...


@runtime_checkable
class PostingStore(ArticleStore, Protocol):
    """A store with such tables."""

    def read(self) -> PostingReader:
        """Return a reader for use in the calling thread."""
        ...

    def write(self) -> AbstractContextManager[PostingWriter]:
        """Begin the one transaction that may write; leaving it commits or rolls back."""
        ...

    def fill_postings(
        self, batches: Iterable[list[Listing]], sequence: int, *, capacity: int
    ) -> None:
        """Fill the tables from nothing, in one transaction that keeps nobody from writing.

        Args:
            batches: Every article to be found.
            sequence: The log entry that these go up to.
            capacity: Articles kept under a key, the oldest.
        """
        ...


class SqlPostingReader(SqlReader):
    """Answers questions to the tables, as PostgreSQL understands them."""

    def buckets(
        self, whole: NDArray[np.uint64], pieces: NDArray[np.uint32], *, capacity: int
    ) -> Buckets:
        """Return what is under these keys, of each at most so many, in one round trip."""
        # Looked up key by key inside the server: it then goes to the one partition and reads
        # no more than the capacity. One statement is one state, log and scheme included.
        [(scheme, upto, sequence, keys, numbers, num_pieces)] = self._rows(
            "SELECT (SELECT value FROM store WHERE key = 'scheme'),"
            f" (SELECT value FROM store WHERE key = '{POSTED_UPTO}'),"
            " (SELECT coalesce(max(sequence), 0) FROM log),"
            " array_agg(place), array_agg(number), array_agg(num_pieces) FROM ("
            " SELECT place, number, 0 AS num_pieces"
            " FROM unnest(?::bigint[]) WITH ORDINALITY AS asked(key, place), LATERAL"
            " (SELECT number FROM bands b WHERE b.key = asked.key LIMIT ?) AS bucket"
            " UNION ALL SELECT place + ?, number, num_pieces"
            " FROM unnest(?::integer[]) WITH ORDINALITY AS asked(key, place), LATERAL"
            " (SELECT number, num_pieces FROM samples s WHERE s.key = asked.key LIMIT ?)"
            " AS bucket) AS found",
            (_bigints(whole), capacity, len(whole), _integers(pieces), capacity),
        )
        self._require(scheme)
        return Buckets(
            sequence,
            None if upto is None else int(upto),
            np.array(keys or (), np.int64) - 1,
            np.array(numbers or (), np.int64),
            np.array(num_pieces or (), np.int64),
        )

    def posted_upto(self) -> int | None:
        """Return the log entry that the tables go up to; None: they were never filled."""
        rows = self._rows("SELECT value FROM store WHERE key = ?", (POSTED_UPTO,))
        return int(rows[0][0]) if rows else None

    def listings(self, numbers: Collection[int]) -> list[Listing]:
        """Return how these articles are listed; those that are not are left out."""
        rows = self._rows(
            "SELECT number, bands, samples FROM listings"
            f" WHERE number IN ({placeholders(tuple(numbers))})",
            tuple(numbers),
        )
        return [
            Listing(
                number,
                np.array(bands, np.int64).view(np.uint64),
                np.array(samples, np.int32).view(np.uint32),
            )
            for number, bands, samples in rows
        ]

    def touched(self, *, after: int | None = None) -> list[tuple[int, bool]]:
        """Return the articles that the log tells of behind an entry."""
        entry = f"(SELECT value::bigint FROM store WHERE key = '{POSTED_UPTO}')"
        rows = self._rows(
            "SELECT number, bool_and(operation = 'add') FROM ("
            f"SELECT number, operation FROM log WHERE sequence > coalesce(?, {entry})"
            " UNION ALL SELECT former, operation FROM log"
            f" WHERE sequence > coalesce(?, {entry}) AND former IS NOT NULL"
            ") AS touched GROUP BY number",
            (after, after),
        )
        return [(number, is_addition) for number, is_addition in rows]


class SqlPostingWriter(SqlPostingReader, SqlWriter):
    """Changes the tables, as PostgreSQL understands it."""

    def post(self, listing: Listing, *, capacity: int) -> None:
        """List an article that is not listed, except under keys that have so many."""
        bands, samples = _bigints(listing.whole), _integers(listing.pieces)
        self._change("INSERT INTO listings VALUES (?, ?, ?)", (listing.number, bands, samples))
        length = (
            "(SELECT count(*) FROM (SELECT FROM {} t WHERE t.key = asked.key LIMIT ?) AS bucket)"
        )
        if bands:
            self._change(
                "INSERT INTO bands (key, number) SELECT DISTINCT asked.key, ?::bigint"
                " FROM unnest(?::bigint[]) AS asked(key)"
                f" WHERE {length.format('bands')} < ?",
                (listing.number, bands, capacity, capacity),
            )
        if samples:
            self._change(
                "INSERT INTO samples (key, num_pieces, number)"
                " SELECT DISTINCT asked.key, ?::integer, ?::bigint"
                " FROM unnest(?::integer[]) AS asked(key)"
                f" WHERE {length.format('samples')} < ?",
                (len(samples), listing.number, samples, capacity, capacity),
            )

    def withdraw(self, numbers: Collection[int]) -> None:
        """Take articles out of the tables; those that are not there are passed over."""
        for number in numbers:
            for table, column in (("bands", "bands"), ("samples", "samples")):
                self._change(
                    f"DELETE FROM {table} t USING (SELECT DISTINCT unnest({column}) AS key"
                    " FROM listings WHERE number = ?) AS own"
                    " WHERE t.key = own.key AND t.number = ?",
                    (number, number),
                )
            self._change("DELETE FROM listings WHERE number = ?", (number,))

    def set_posted_upto_now(self) -> None:
        """Note that the tables go up to the newest entry of the log."""
        self._change(
            f"UPDATE store SET value = (SELECT coalesce(max(sequence), 0)::text FROM log)"
            f" WHERE key = '{POSTED_UPTO}'"
        )

    def empty_postings(self) -> None:
        """Take everything out of the tables; they must then be filled anew."""
        self._change("TRUNCATE bands, samples, listings")
        self._change("DELETE FROM store WHERE key = ?", (POSTED_UPTO,))


def _bigints(keys: NDArray[np.uint64]) -> list[Any]:
    return list(keys.view(np.int64).tolist())


def _integers(keys: NDArray[np.uint32]) -> list[Any]:
    return list(keys.view(np.int32).tolist())
