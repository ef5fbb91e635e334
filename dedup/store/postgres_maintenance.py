"""Upkeep of the shared store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import psycopg

from dedup.errors import StoreUnavailableError
from dedup.store.maintenance import Violation
from dedup.store.postgres import (
    SCHEMA,
    Connection,
    Pool,
    PostgresReader,
    PostgresStore,
    PostgresWriter,
    storable,
    translated,
)
from dedup.store.postings import RULES
from dedup.store.sql_maintenance import SqlMaintenanceReader, SqlMaintenanceWriter

__all__ = ["PostgresMaintenance", "PostgresMaintenanceReader", "PostgresMaintenanceWriter"]

# Of the columns that rows are copied into; a name means the same in every table.
_TYPES = {
    **dict.fromkeys(("number", "cluster", "original", "size", "first_seen", "at"), "int8"),
    **dict.fromkeys(("is_original", "pinned"), "int2"),
    **dict.fromkeys(("id", "cluster_id", "title", "url", "published_at"), "text"),
    **dict.fromkeys(("format", "operation"), "text"),
    **dict.fromkeys(("text_digest", "normalized_digest", "finding", "text", "signature"), "bytea"),
}


class PostgresMaintenanceReader(PostgresReader, SqlMaintenanceReader):
    """Answers questions of upkeep from one committed state."""

    def _file_bytes(self) -> int:
        return self._bytes_on_disk()

    def _schema_version(self) -> int:
        return int(self._rows("SELECT value FROM store WHERE key = 'schema_version'")[0][0])

    def _structural_violations(self) -> Iterator[Violation]:
        # The server looks after its structure (checksums of pages, amcheck): nothing that a
        # client without its superuser's rights could ask for.
        if self.posted_upto() is None:
            return
        for rule, sql in RULES.items():
            for (where,) in self._each(sql):
                yield Violation(rule, str(where))


class PostgresMaintenanceWriter(PostgresWriter, SqlMaintenanceWriter):
    """One transaction of upkeep; the store begins and ends it."""

    def new_numbers(self, count: int) -> Sequence[int]:
        """Return so many numbers for articles, ascending, above all given before."""
        rows = self._rows(
            "SELECT nextval(pg_get_serial_sequence('articles', 'number'))"
            " FROM generate_series(1, ?)",
            (count,),
        )
        return [number for (number,) in rows]

    def clear(self) -> None:
        """Delete everything but the schema."""
        super().clear()
        self.empty_postings()

    def exchange(self) -> None:
        """Let the rows of the other scheme take the place of the present ones."""
        super().exchange()
        self.empty_postings()  # no key of one scheme is a key of the other

    def _insert_many(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        if not rows:
            return
        self._send_changes()
        sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
        try:
            with self._connection.cursor().copy(sql.encode()) as copy:
                copy.set_types([_TYPES[column] for column in columns])
                for row in rows:
                    copy.write_row([storable(value) for value in row])
        except psycopg.Error as error:
            raise translated(error) from error

    def _create_like(self, table: str, model: str) -> None:
        self._rows(f"CREATE TABLE {table} (LIKE {model} INCLUDING ALL)")

    def _has_table(self, table: str) -> bool:
        return bool(
            self._rows(
                "SELECT 1 FROM pg_tables WHERE schemaname = ? AND tablename = ?", (SCHEMA, table)
            )
        )


class PostgresMaintenance(PostgresStore):
    """A store in a database, opened for upkeep whatever its scheme."""

    def __init__(self, location: str) -> None:
        """Open a store that exists.

        Raises:
            StoreUnavailableError: There is none, or the server cannot be reached.
            StoreVersionError: A newer release wrote it.
        """
        super().__init__(location, scheme=_stored_scheme(location))

    @classmethod
    def create(cls, location: str, *, scheme: str) -> Self:
        """Open a store, making an empty one of this scheme where there is none."""
        pool = Pool(location, durable=True)
        try:
            exists = _exists(pool)
        finally:
            pool.close()
        if not exists:
            PostgresStore(location, scheme=scheme).close()
        return cls(location)

    @contextmanager
    def snapshot(self) -> Iterator[PostgresMaintenanceReader]:
        """Read one committed state, for as long as it takes; writers go on meanwhile."""
        with PostgresMaintenanceReader(self._pool, self.scheme).snapshot() as reader:
            reader.require_scheme()
            yield reader

    @contextmanager
    def write(self) -> Iterator[PostgresMaintenanceWriter]:
        """Begin the transaction that may write; leaving it commits or rolls back."""
        with self._writing(PostgresMaintenanceWriter) as writer:
            yield writer

    @contextmanager
    def switch(self, scheme: str) -> Iterator[PostgresMaintenanceWriter]:
        """Begin a transaction that ends with the store being of another scheme."""
        with self.write() as writer:
            yield writer
            writer.set_scheme(scheme)
        self.scheme = scheme


def _exists(pool: Pool) -> bool:
    def ask(connection: Connection) -> bool:
        [(name,)] = connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.store",)).fetchall()
        return name is not None

    return pool.ask(ask)


def _stored_scheme(location: str) -> str:
    """Return the scheme of a store before it is opened, without changing anything."""
    pool = Pool(location, durable=True)
    try:
        if not _exists(pool):
            msg = f"there is no store at {pool.location}"
            raise StoreUnavailableError(msg)
        return pool.ask(_ask_scheme)
    finally:
        pool.close()


def _ask_scheme(connection: Connection) -> str:
    [(scheme,)] = connection.execute("SELECT value FROM store WHERE key = 'scheme'").fetchall()
    return str(scheme)
