"""Upkeep of the embedded store: snapshots and backups."""

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import apsw

from dedup.errors import (
    StorageFullError,
    StoreCorruptError,
    StoreError,
    StoreExistsError,
    StoreUnavailableError,
)
from dedup.store.files import make_directory, sync
from dedup.store.maintenance import (
    Progress,
    Violation,
)
from dedup.store.sql import placeholders
from dedup.store.sql_maintenance import SqlMaintenanceReader, SqlMaintenanceWriter
from dedup.store.sqlite import (
    APPLICATION_ID,
    DATABASE_NAME,
    WRITER_CACHE_KIB,
    SqliteReader,
    SqliteStore,
    SqliteWriter,
    translated,
)
from dedup.store.verification import READABLE

__all__ = ["SqliteMaintenance", "SqliteMaintenanceReader", "SqliteMaintenanceWriter"]

_PAGES_AT_ONCE = 1_000
_FILE_SUFFIXES = ("", "-wal", "-shm", "-journal")
_RECOVERY_WAIT_MS = 10_000  # another process may be recovering after a crash
_MAX_STRUCTURAL = 100


class SqliteMaintenanceReader(SqliteReader, SqlMaintenanceReader):
    """Answers questions of upkeep from one committed state."""

    def copy_to(self, path: Path, progress: Progress | None) -> None:
        """Copy the database to a new file, which is not synced yet.

        The read transaction that is open keeps the copy from starting anew, as SQLite's
        backup does whenever another process commits.
        """
        copy = apsw.Connection(str(path))
        try:
            copy.execute("PRAGMA synchronous = OFF")
            with copy.backup("main", self._connection, "main") as backup:
                while not backup.done:
                    backup.step(_PAGES_AT_ONCE)
                    if progress is not None:
                        done = backup.page_count - backup.remaining
                        progress("copying pages", done, backup.page_count)
        finally:
            copy.close()

    def _file_bytes(self) -> int:
        return _bytes_of(Path(self._connection.filename))

    def _schema_version(self) -> int:
        return int(self._rows("SELECT user_version FROM pragma_user_version")[0][0])

    def _structural_violations(self) -> Iterator[Violation]:
        try:
            for (line,) in self._each(f"PRAGMA integrity_check({_MAX_STRUCTURAL})"):
                if line != "ok":
                    yield Violation("the database is sound", line)
        except StoreError as error:
            yield Violation(READABLE, str(error))


class SqliteMaintenanceWriter(SqliteWriter, SqlMaintenanceWriter):
    """One transaction of upkeep; the store begins and ends it."""

    def new_numbers(self, count: int) -> Sequence[int]:
        """Return so many numbers for articles, ascending, above all given before."""
        # Writing a row of such a number takes it: nobody else writes meanwhile.
        rows = self._rows("SELECT seq FROM sqlite_sequence WHERE name = 'articles'")
        first = rows[0][0] + 1 if rows else 1
        return range(first, first + count)

    def _insert_many(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({placeholders(columns)})"
        try:
            self._connection.executemany(sql, rows)
        except apsw.Error as error:
            raise translated(error) from error

    def _create_like(self, table: str, model: str) -> None:
        [(sql,)] = self._rows("SELECT sql FROM sqlite_schema WHERE name = ?", (model,))
        self._rows(sql.replace(model, table, 1))

    def _has_table(self, table: str) -> bool:
        return bool(self._rows("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)))


class SqliteMaintenance(SqliteStore):
    """A store in a directory, opened for upkeep whatever its scheme."""

    _writer: SqliteMaintenanceWriter

    def __init__(self, directory: Path) -> None:
        """Open a store that exists.

        Raises:
            StoreUnavailableError: There is none, or it cannot be read.
            StoreCorruptError: The file is not a store, or it is damaged.
            StoreVersionError: A newer release wrote it.
        """
        super().__init__(directory, scheme=_stored_scheme(Path(directory) / DATABASE_NAME))
        self._writer = SqliteMaintenanceWriter(self._connect(WRITER_CACHE_KIB), self.scheme)

    @classmethod
    def create(cls, directory: Path, *, scheme: str) -> Self:
        """Open a store, making an empty one of this scheme where there is none."""
        if not (Path(directory) / DATABASE_NAME).exists():
            SqliteStore(directory, scheme=scheme).close()
        return cls(directory)

    @contextmanager
    def snapshot(self) -> Iterator[SqliteMaintenanceReader]:
        """Read one committed state, for as long as it takes; writers go on meanwhile."""
        connection = self._connect()
        try:
            connection.execute("BEGIN")
            # BEGIN takes no snapshot yet; the first question does.
            reader = SqliteMaintenanceReader(connection, self.scheme)
            reader.require_scheme()
            yield reader
        finally:
            connection.close()

    @contextmanager
    def write(self) -> Iterator[SqliteMaintenanceWriter]:
        """Begin the transaction that may write; leaving it commits or rolls back."""
        with super().write():
            yield self._writer

    @contextmanager
    def switch(self, scheme: str) -> Iterator[SqliteMaintenanceWriter]:
        """Begin a transaction that ends with the store being of another scheme."""
        with self.write() as writer:
            yield writer
            writer.set_scheme(scheme)
        self.scheme = scheme
        self._writer = SqliteMaintenanceWriter(self._connect(WRITER_CACHE_KIB), scheme)

    def back_up(self, destination: Path, progress: Progress | None = None) -> None:
        """Copy everything committed by now to a new store, while others go on writing.

        Raises:
            StoreExistsError: There is a store at the destination.
        """
        target = destination / DATABASE_NAME
        partial = destination / f".{DATABASE_NAME}.{secrets.token_hex(4)}.partial"
        try:
            make_directory(destination)
            _refuse_existing(target)
            try:
                self._copy_to(partial, progress)
                sync(partial)
                # Unlike a rename, a link never takes the place of another file.
                os.link(partial, target)
            finally:
                partial.unlink(missing_ok=True)
            sync(destination)
        except OSError as error:
            raise _file_error(error, target) from error

    def _copy_to(self, path: Path, progress: Progress | None) -> None:
        try:
            with self.snapshot() as reader:
                reader.copy_to(path, progress)
        except apsw.Error as error:
            raise translated(error) from error


def _stored_scheme(path: Path) -> str:
    """Return the scheme of a store before it is opened, without changing the file."""
    if not path.is_file():
        msg = f"there is no store in {path.parent}"
        raise StoreUnavailableError(msg)
    try:
        connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(_RECOVERY_WAIT_MS)
            if connection.pragma("application_id") != APPLICATION_ID:
                msg = f"{path} is not a store"
                raise StoreCorruptError(msg)
            [(scheme,)] = connection.execute("SELECT value FROM store WHERE key = 'scheme'")
        finally:
            connection.close()
    except apsw.Error as error:
        raise translated(error) from error
    return str(scheme)


def _refuse_existing(target: Path) -> None:
    """Refuse to write beside any file of a store.

    A write-ahead log that was left behind would be taken for the copy's own.
    """
    for suffix in _FILE_SUFFIXES:
        file = target.with_name(target.name + suffix)
        if file.exists():
            msg = f"{file} exists already: a backup never overwrites a store"
            raise StoreExistsError(msg)


def _bytes_of(database: Path) -> int:
    files = (database.with_name(database.name + suffix) for suffix in _FILE_SUFFIXES)
    return sum(file.stat().st_size for file in files if file.exists())


def _file_error(error: OSError, target: Path) -> StoreError:
    if isinstance(error, FileExistsError):
        return StoreExistsError(f"{target} exists already: a backup never overwrites a store")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(f"no room for {target}: {error.strerror}")
    return StoreUnavailableError(f"cannot write {target}: {error.strerror}")
