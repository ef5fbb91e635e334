"""The embedded store: one SQLite database in a directory.

Write-ahead log with a full sync at every commit, so that a commit that returned is on
the disk; readers never wait for the writer. docs/decisions/0001-embedded-store.md has
the measurements behind the choice and the settings.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Self

import apsw

from dedup.errors import (
    StorageFullError,
    StoreCorruptError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from dedup.store.files import make_directory
from dedup.store.migrations import MIGRATIONS
from dedup.store.sql import SqlReader, SqlWriter

__all__ = [
    "APPLICATION_ID",
    "DATABASE_NAME",
    "WRITER_CACHE_KIB",
    "SqliteReader",
    "SqliteStore",
    "SqliteWriter",
    "translated",
]

DATABASE_NAME = "dedup.sqlite3"

APPLICATION_ID = 0x64656475  # "dedu": lets `file` and us tell our files from others
_BUSY_TIMEOUT_MS = 10_000
_BUSY_PAUSE_S = 0.01
_PAGE_SIZE = 8192
_CHECKPOINT_PAGES = 2048  # 16 MB of log: a checkpoint waits for some 20 ms, and rarely
WRITER_CACHE_KIB = 16 << 10
_READER_CACHE_KIB = 4 << 10  # of each thread; the system keeps the rest, once for all


class SqliteReader(SqlReader):
    """Answers questions over one connection; belongs to one thread."""

    def __init__(self, connection: apsw.Connection, scheme: str) -> None:
        """Read signatures of this scheme over this connection."""
        super().__init__(scheme, str(Path(connection.filename).parent))
        self._connection = connection

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """Answer all questions within from one committed state."""
        if self._connection.in_transaction:
            yield self
            return
        self._rows("BEGIN")
        try:
            yield self
        finally:
            _roll_back(self._connection)

    def is_current(self) -> bool:
        """Return whether the database is a store with every migration of this release."""
        [(application_id, version)] = self._rows(
            "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
        )
        return bool(application_id == APPLICATION_ID and version == len(MIGRATIONS))

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise translated(error) from error
        except UnicodeDecodeError as error:
            raise StoreCorruptError(f"the store is damaged: {error}") from error

    def _each(self, sql: str) -> Iterator[Any]:
        try:
            yield from self._connection.execute(sql)
        except apsw.Error as error:
            raise translated(error) from error

    def _bytes_on_disk(self) -> int:
        [(pages, page_size)] = self._rows(
            "SELECT page_count, page_size FROM pragma_page_count, pragma_page_size"
        )
        return int(pages * page_size)


class SqliteWriter(SqliteReader, SqlWriter):
    """One transaction; the store begins and ends it."""

    def begin(self) -> None:
        """Forget what a transaction that was rolled back would have changed."""
        self._new_articles = self._new_clusters = 0

    def finish(self) -> None:
        """Write what is written once for all changes."""
        self._keep_counts()

    def _change(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._rows(sql, values)


class SqliteStore:
    """Articles in a directory, shared by threads and processes of one machine."""

    def __init__(self, directory: Path, *, scheme: str, durable: bool = True) -> None:
        """Open the store, creating it where there is none.

        Args:
            directory: Holds the database, and what can be made anew from it; created if missing.
            scheme: All that determines signatures; must be that of the stored ones.
            durable: False to skip the syncs, for a store that is thrown away.

        Raises:
            StoreUnavailableError: The directory cannot be created, read or written.
            StoreCorruptError: The file is not a store, or it is damaged.
            StoreVersionError: A newer release or another scheme wrote it.
        """
        self.scheme = scheme
        self._synchronous = "FULL" if durable else "OFF"
        self.path = Path(directory) / DATABASE_NAME
        self.folder = self.path.parent if durable else None
        self._local = threading.local()
        self._connections: list[apsw.Connection] = []
        self._lock = threading.Lock()
        try:
            make_directory(self.path.parent)
        except OSError as error:
            msg = f"cannot create the store's directory {self.path.parent}: {error.strerror}"
            raise StoreUnavailableError(msg) from error
        self._writer = SqliteWriter(self._connect(WRITER_CACHE_KIB), scheme)
        try:
            # A store that is up to date is opened without a write: its disk may be full.
            if not self._writer.is_current():
                with self._transaction():
                    _migrate(self._writer, scheme)
            self._writer.require_scheme()
        except BaseException:
            self.close()
            raise

    def read(self) -> SqliteReader:
        """Return the calling thread's reader."""
        reader: SqliteReader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = SqliteReader(self._connect(), self.scheme)
        return reader

    @contextmanager
    def write(self) -> Iterator[SqliteWriter]:
        """Begin the transaction that may write; leaving it commits or rolls back."""
        with self._transaction():
            self._writer.require_scheme()
            self._writer.begin()
            yield self._writer
            self._writer.finish()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            connection = self._writer._connection  # noqa: SLF001  the store owns its writer
            try:
                connection.execute("BEGIN IMMEDIATE")
            except apsw.Error as error:
                raise translated(error) from error
            try:
                yield
                connection.execute("COMMIT")
            except BaseException as error:
                _roll_back(connection)
                if isinstance(error, apsw.Error):
                    raise translated(error) from error
                raise

    def close(self) -> None:
        """Close every connection; may be called twice.

        A disk that fails now loses nothing: what was committed is in the log, which the
        next one to open the store reads.
        """
        with self._lock:
            while self._connections:
                with suppress(apsw.Error):
                    self._connections.pop().close()

    def _connect(self, cache_kib: int = _READER_CACHE_KIB) -> apsw.Connection:
        try:
            connection = apsw.Connection(str(self.path))
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
            _switch_to_log(connection)
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        except apsw.Error as error:
            raise translated(error) from error
        self._connections.append(connection)
        return connection


def _switch_to_log(connection: apsw.Connection) -> None:
    """Turn the write-ahead log on.

    Two that create a store at the same moment stand in each other's way, and here SQLite
    does not wait by itself.
    """
    deadline = monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if monotonic() > deadline:
                raise
            sleep(_BUSY_PAUSE_S)
        else:
            return


def _migrate(writer: SqliteWriter, scheme: str) -> None:
    """Bring an empty or older database up to date; refuse one that is not ours to use."""
    connection = writer._connection  # noqa: SLF001  same module
    application_id = connection.pragma("application_id")
    known = connection.pragma("user_version")
    if application_id != APPLICATION_ID and connection.pragma("schema_version"):
        msg = f"{connection.filename} is a database of another program"
        raise StoreCorruptError(msg)
    if known > len(MIGRATIONS):
        msg = f"{connection.filename} was written by a newer release; upgrade this one"
        raise StoreVersionError(msg)
    for migration in MIGRATIONS[known:]:
        connection.execute(migration.sql)
    connection.pragma("application_id", APPLICATION_ID)
    connection.pragma("user_version", len(MIGRATIONS))
    connection.execute("INSERT OR IGNORE INTO store VALUES ('scheme', ?)", (scheme,))


def _roll_back(connection: apsw.Connection) -> None:
    # SQLite rolls back by itself after some errors (a full disk, for one), and one that
    # comes while rolling back must not hide the first.
    with suppress(apsw.Error):
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def translated(error: apsw.Error) -> StoreError:
    """Return the error of ours that an error of SQLite stands for."""
    if isinstance(error, apsw.FullError):
        return StorageFullError(f"the disk is full: {error}")
    if isinstance(error, apsw.CorruptError | apsw.NotADBError):
        return StoreCorruptError(f"the store is damaged: {error}")
    return StoreUnavailableError(f"the store cannot be used: {error}")
