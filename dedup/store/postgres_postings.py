"""Filling the tables of `dedup.store.postings` from nothing, faster than row by row.

Rows are copied in first, in PostgreSQL's binary format straight from arrays; indexes are
built afterwards, and keys that have too many articles cut last.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray

from dedup.store.postings import POSTED_UPTO, Listing

__all__ = ["fill"]

_INDEXES = {"bands": "key, number", "samples": "key, num_pieces, number"}

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"

# A row of COPY's binary format: how many fields, and before each its length in bytes.
_Field = tuple[str, str]
_BANDS: list[_Field] = [
    ("fields", ">i2"), ("key_size", ">i4"), ("key", ">i8"), ("number_size", ">i4"),
    ("number", ">i8"),
]  # fmt: skip
_SAMPLES: list[_Field] = [
    ("fields", ">i2"), ("key_size", ">i4"), ("key", ">i4"), ("num_pieces_size", ">i4"),
    ("num_pieces", ">i4"), ("number_size", ">i4"), ("number", ">i8"),
]  # fmt: skip


def fill(
    connection: psycopg.Connection[tuple[Any, ...]],
    batches: Iterable[Sequence[Listing]],
    sequence: int,
    *,
    capacity: int,
) -> None:
    """Fill the tables in the transaction of a connection, unless somebody else did before.

    Args:
        connection: In a transaction.
        batches: As in `PostingStore.fill_postings`.
        sequence: The same.
        capacity: The same.
    """
    # Replicas that start together wait here for the first of them.
    connection.execute("LOCK TABLE listings IN ACCESS EXCLUSIVE MODE")
    note = ("SELECT 1 FROM store WHERE key = %s", (POSTED_UPTO,))
    if connection.execute(*note).fetchone():
        return
    connection.execute("TRUNCATE bands, samples, listings")
    # Room for building indexes and counting keys: once, and nobody else can do anything yet.
    connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    connection.execute("SET LOCAL work_mem = '128MB'")
    for table in _INDEXES:
        connection.execute(f"DROP INDEX {table}_by_key".encode())
    for batch in batches:
        _copy(connection, batch)
    for table, columns in _INDEXES.items():
        connection.execute(f"CREATE INDEX {table}_by_key ON {table} ({columns})".encode())
        connection.execute(f"ANALYZE {table}".encode())
        _cut(connection, table, capacity)
    connection.execute("INSERT INTO store VALUES (%s, %s)", (POSTED_UPTO, str(sequence)))


def _copy(connection: psycopg.Connection[tuple[Any, ...]], listings: Sequence[Listing]) -> None:
    numbers = np.array([one.number for one in listings], np.int64)
    whole = [np.unique(one.whole) for one in listings]
    bands = np.empty(sum(map(len, whole)), _BANDS)
    bands["fields"], bands["key_size"], bands["number_size"] = 2, 8, 8
    bands["key"] = _joined(whole, np.uint64).view(np.int64)
    bands["number"] = np.repeat(numbers, list(map(len, whole)))
    _copy_in(connection, "bands (key, number)", bands)
    pieces = [np.unique(one.pieces) for one in listings]
    samples = np.empty(sum(map(len, pieces)), _SAMPLES)
    samples["fields"], samples["key_size"] = 3, 4
    samples["num_pieces_size"], samples["number_size"] = 4, 8
    samples["key"] = _joined(pieces, np.uint32).view(np.int32)
    lengths = list(map(len, pieces))
    samples["num_pieces"] = np.repeat([len(one.pieces) for one in listings], lengths)
    samples["number"] = np.repeat(numbers, lengths)
    _copy_in(connection, "samples (key, num_pieces, number)", samples)
    with connection.cursor().copy("COPY listings FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int8", "int8[]", "int4[]"])
        for one in listings:
            bigints, integers = one.whole.view(np.int64), one.pieces.view(np.int32)
            copy.write_row((one.number, bigints.tolist(), integers.tolist()))


def _joined(parts: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts])


def _copy_in(
    connection: psycopg.Connection[tuple[Any, ...]], table: str, rows: NDArray[Any]
) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)".encode()) as copy:
        copy.write(_HEADER)
        copy.write(rows.tobytes())
        copy.write(_TRAILER)


def _cut(connection: psycopg.Connection[tuple[Any, ...]], table: str, capacity: int) -> None:
    """Leave the oldest articles under each key, so many."""
    # Hot keys are few: found first and by partition, they need neither a sort nor a join of
    # all that is there, for which the planner would have to know how few they are.
    connection.execute(f"CREATE TEMP TABLE hot AS SELECT key FROM {table} WITH NO DATA".encode())
    partitions = connection.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", (table,)
    )
    for (partition,) in partitions.fetchall():
        connection.execute(
            f"INSERT INTO hot SELECT key FROM {partition} GROUP BY key"
            " HAVING count(*) > %s".encode(),
            (capacity,),
        )
    connection.execute("ANALYZE hot")
    connection.execute(
        f"DELETE FROM {table} t USING hot, LATERAL (SELECT number FROM {table} o"
        " WHERE o.key = hot.key ORDER BY number OFFSET %s) AS surplus"
        " WHERE t.key = hot.key AND t.number = surplus.number".encode(),
        (capacity,),
    )
    connection.execute("DROP TABLE hot")
