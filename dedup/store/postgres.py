"""The shared store: tables in a PostgreSQL database, for any number of replicas.

The one writer at a time holds a lock on the row that names the scheme, so that sequences
and numbers ascend in the order of commits, as the commit protocol needs; readers never
wait. All tables are in a schema of their own.

A connection that broke, for instance because the server was started anew, is replaced;
a question is then asked once more, a transaction never.

A server that is away is told at once, a slow one is waited for: a machine that has more to
do than it can is no reason to refuse an article.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any, Self, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from dedup.errors import (
    StorageFullError,
    StoreConflictError,
    StoreCorruptError,
    StoreError,
    StoreUnavailableError,
    StoreVersionError,
)
from dedup.store.postgres_migrations import MIGRATIONS
from dedup.store.postgres_postings import fill
from dedup.store.postings import Listing, SqlPostingReader, SqlPostingWriter

__all__ = [
    "SCHEMA",
    "Connection",
    "Pool",
    "PostgresReader",
    "PostgresStore",
    "PostgresWriter",
    "storable",
    "translated",
]

SCHEMA = "dedup"

_OLDEST_SERVER = 150000
_LEAST_CONNECTIONS = 2  # one to write, and one to ask meanwhile
_MOST_CONNECTIONS = 16
_CONNECT_TIMEOUT_S = 5
_PATIENCE_S = 45  # with a server that is there, for a connection
_LOCK_PATIENCE_S = 120  # with another writer, whose commit a busy disk may hold up that long
_SILENCE_S = 20  # after which either end asks whether the other one's machine is still there
_PROBES = 4
_PROBE_EVERY_S = 5
_CREATION_LOCK = 0x64656475  # "dedu": of the advisory locks of this database
_ROWS_AT_ONCE = 500

_FULL = (psycopg.errors.DiskFull, psycopg.errors.ProgramLimitExceeded)
_CORRUPT = (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted)
_CONFLICT = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]
Result = TypeVar("Result")
Writer = TypeVar("Writer", bound="PostgresWriter")


class PostgresReader(SqlPostingReader):
    """Answers questions over the pool's connections; belongs to one thread."""

    # Each half has an index that holds what is asked for.
    _TITLED = (
        "(SELECT number, title FROM articles WHERE octet_length(title) < 2000 UNION ALL"
        " SELECT number, title FROM articles WHERE octet_length(title) >= 2000) titled"
    )

    def __init__(self, pool: "Pool", scheme: str) -> None:
        """Read signatures of this scheme over connections of this pool."""
        super().__init__(scheme, pool.location)
        self._pool = pool
        self._connection: Connection | None = None  # of the transaction that is open

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """Answer all questions within from one committed state."""
        if self._connection is not None:
            yield self
            return
        with self._pool.transaction("REPEATABLE READ, READ ONLY") as connection:
            self._connection = connection
            try:
                yield self
            finally:
                self._connection = None

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        if self._connection is not None:
            return _fetch(self._connection, sql, values)
        return self._pool.ask(lambda connection: _fetch(connection, sql, values))

    def _each(self, sql: str) -> Iterator[Any]:
        with self.snapshot():
            assert self._connection is not None  # of the snapshot
            try:
                name = f"rows_{id(sql)}"
                with self._connection.cursor(name=name, binary=True) as cursor:
                    cursor.itersize = _ROWS_AT_ONCE
                    yield from cursor.execute(_with_marks(sql))
            except psycopg.Error as error:
                raise translated(error) from error

    def _bytes_on_disk(self) -> int:
        [(size,)] = self._rows(
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c"
            " WHERE c.relnamespace = ?::regnamespace AND c.relkind = 'r'",
            (SCHEMA,),
        )
        return int(size)


class PostgresWriter(PostgresReader, SqlPostingWriter):
    """One transaction; the store begins and ends it."""

    def __init__(self, pool: "Pool", scheme: str, connection: Connection) -> None:
        """Write over this connection, which is in a transaction."""
        super().__init__(pool, scheme)
        self._connection: Connection = connection
        self._changes: list[tuple[str, Sequence[Any]]] = []

    def begin(self) -> None:
        """Wait until nobody else writes.

        Raises:
            StoreVersionError: Another process upgraded the store meanwhile.
        """
        [(scheme,)] = self._rows("SELECT value FROM store WHERE key = 'scheme' FOR UPDATE")
        self._require(scheme)

    def commit(self) -> None:
        """Commit, together with the changes that were not sent yet."""
        self._keep_counts()
        self._change("COMMIT")
        self._send_changes()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        if not self._changes:
            return super()._rows(sql, values)
        with self._connection.pipeline():
            self._send_changes()
            cursor = _execute(self._connection, sql, values)
        return _rows_of(cursor)

    def _each(self, sql: str) -> Iterator[Any]:
        self._send_changes()
        return super()._each(sql)

    def _change(self, sql: str, values: Sequence[Any] = ()) -> None:
        # Goes to the server with the next question, which must go there anyway.
        self._changes.append((sql, values))

    def _send_changes(self) -> None:
        changes, self._changes = self._changes, []
        with self._connection.pipeline():
            for sql, values in changes:
                _execute(self._connection, sql, values)


class PostgresStore:
    """Articles in a PostgreSQL database, shared by threads, processes and machines."""

    def __init__(self, location: str, *, scheme: str, durable: bool = True) -> None:
        """Open the store, creating its tables where there are none.

        Args:
            location: `postgresql://…`, as libpq understands it.
            scheme: All that determines signatures; must be that of the stored ones.
            durable: False to let commits return before they are on the disk.

        Raises:
            StoreUnavailableError: The server cannot be reached or used.
            StoreVersionError: A newer release or another scheme wrote the store.
        """
        self.scheme = scheme
        self.folder: Path | None = None
        self._local = threading.local()
        self._lock = threading.Lock()
        self._pool = Pool(location, durable=durable)
        try:
            with self._pool.transaction() as connection:
                _migrate(connection, scheme, self._pool.location)
            self.read().require_scheme()
        except BaseException:
            self.close()
            raise

    def read(self) -> PostgresReader:
        """Return the calling thread's reader."""
        reader: PostgresReader | None = getattr(self._local, "reader", None)
        if reader is None:
            reader = self._local.reader = PostgresReader(self._pool, self.scheme)
        return reader

    @contextmanager
    def write(self) -> Iterator[PostgresWriter]:
        """Begin the transaction that may write; leaving it commits or rolls back."""
        with self._writing(PostgresWriter) as writer:
            yield writer

    @contextmanager
    def _writing(self, make: Callable[["Pool", str, Connection], Writer]) -> Iterator[Writer]:
        """Begin a transaction that is the only one to write."""
        # Threads of one process wait here and not each with a connection of the server.
        with self._lock, self._pool.transaction() as connection:
            writer = make(self._pool, self.scheme, connection)
            writer.begin()
            yield writer
            writer.commit()

    def fill_postings(
        self, batches: Iterable[list[Listing]], sequence: int, *, capacity: int
    ) -> None:
        """Fill the tables from nothing, in one transaction that keeps nobody from writing."""
        with self._pool.transaction() as connection:
            connection.execute("SET LOCAL lock_timeout = 0")
            fill(connection, batches, sequence, capacity=capacity)
        # What is not known to be visible to all cannot be read from an index alone.
        self._pool.ask(lambda connection: connection.execute("VACUUM bands, samples, listings"))

    def close(self) -> None:
        """Close every connection; may be called twice."""
        self._pool.close()


class Pool:
    """Connections to the server, whose errors come out as the store's own.

    Attributes:
        location: Where the server is, without a password.
    """

    def __init__(self, location: str, *, durable: bool) -> None:
        """Connect to the server.

        Raises:
            StoreUnavailableError: The server cannot be reached.
        """
        self.location = _without_password(location)
        self._whole_location = _watched(location)
        self._settings = {
            "search_path": SCHEMA,
            "lock_timeout": f"{_LOCK_PATIENCE_S}s",
            # A machine that is lost in the middle of a transaction gives its lock back.
            "tcp_keepalives_idle": str(_SILENCE_S),
            "tcp_keepalives_interval": str(_PROBE_EVERY_S),
            "tcp_keepalives_count": str(_PROBES),
            "synchronous_commit": "on" if durable else "off",
        }
        self._pool = ConnectionPool(
            self._whole_location,
            kwargs={"autocommit": True, "connect_timeout": _CONNECT_TIMEOUT_S},
            configure=self._configure,
            min_size=_LEAST_CONNECTIONS,
            max_size=_MOST_CONNECTIONS,
            # Short, or the waits between attempts grow longer than the server was away.
            reconnect_timeout=2 * _CONNECT_TIMEOUT_S,
            open=False,
        )
        self._connect_first()

    def ask(self, question: Callable[[Connection], Result]) -> Result:
        """Return the answer to a question that may be asked twice.

        Raises:
            StoreError: The database refused or could not be reached.
        """
        try:
            return self._ask_once(question)
        except psycopg.OperationalError:
            self._pool.check()  # others of the pool may be as broken as this one was
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            raise translated(error) from error
        try:
            return self._ask_once(question)
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            raise translated(error) from error

    @contextmanager
    def transaction(self, isolation: str = "READ COMMITTED") -> Iterator[Connection]:
        """Begin a transaction; leaving it commits, or rolls back after an error.

        Raises:
            StoreError: The database refused or could not be reached.
        """
        try:
            with self._begun(isolation) as connection:
                yield connection
        except (psycopg.Error, PoolTimeout, PoolClosed) as error:
            raise translated(error) from error

    def close(self) -> None:
        """Close every connection; may be called twice."""
        self._pool.close()

    def _ask_once(self, question: Callable[[Connection], Result]) -> Result:
        connection = self._take()
        try:
            with connection:
                return question(connection)
        finally:
            self._pool.putconn(connection)

    @contextmanager
    def _begun(self, isolation: str) -> Iterator[Connection]:
        connection = self._begin(f"BEGIN ISOLATION LEVEL {isolation}".encode())
        try:
            yield connection
            connection.commit()
        except BaseException:
            if not connection.closed:
                connection.rollback()
            raise
        finally:
            self._pool.putconn(connection)

    def _begin(self, statement: bytes) -> Connection:
        """Return a connection that works: this is the moment to find out."""
        connection = self._take()
        try:
            connection.execute(statement)
        except psycopg.OperationalError:
            self._pool.putconn(connection)
            self._pool.check()
            connection = self._take()
            try:
                connection.execute(statement)
            except psycopg.Error:
                self._pool.putconn(connection)
                raise
        return connection

    def _take(self) -> Connection:
        """Wait for a connection, unless the server is away."""
        deadline = monotonic() + _PATIENCE_S
        while True:
            try:
                return self._pool.getconn(_CONNECT_TIMEOUT_S)
            except PoolTimeout:
                if monotonic() >= deadline:
                    raise
                self._require_server()

    def _require_server(self) -> None:
        """Find out why the pool has no connection: the server may be away, or only slow."""
        with suppress(psycopg.errors.ConnectionTimeout):  # it may yet answer
            psycopg.connect(self._whole_location, connect_timeout=_CONNECT_TIMEOUT_S).close()

    def _configure(self, connection: Connection) -> None:
        for name, value in self._settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))

    def _connect_first(self) -> None:
        """Tell at once what is wrong with a server; the pool alone would only wait."""
        location, timeout = self._whole_location, _CONNECT_TIMEOUT_S
        try:
            with psycopg.connect(location, connect_timeout=timeout) as connection:
                if connection.info.server_version < _OLDEST_SERVER:
                    msg = "the server is older than PostgreSQL 15"
                    raise StoreUnavailableError(msg)
                if connection.info.parameter_status("server_encoding") != "UTF8":
                    msg = "the database's encoding is not UTF8"
                    raise StoreUnavailableError(msg)
            self._pool.open()
        except psycopg.Error as error:
            raise translated(error) from error


def translated(error: Exception) -> StoreError:
    """Return the error of ours that an error of the database stands for."""
    message = str(error).strip().split("\n")[0]
    if isinstance(error, _FULL):
        return StorageFullError(f"the server's disk is full: {message}")
    if isinstance(error, _CORRUPT):
        return StoreCorruptError(f"the store is damaged: {message}")
    if isinstance(error, _CONFLICT):
        return StoreConflictError(f"the store undid a transaction: {message}")
    return StoreUnavailableError(f"the store cannot be used: {message}")


def _migrate(connection: Connection, scheme: str, location: str) -> None:
    """Create the tables, or bring them up to date; refuse those of a newer release."""
    # Whoever comes first may have much to bring up to date: the others wait for it.
    connection.execute("SET LOCAL lock_timeout = 0")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_CREATION_LOCK,))
    connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_PATIENCE_S}s'".encode())
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}".encode())
    connection.execute(
        'CREATE TABLE IF NOT EXISTS store (key TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL)'
    )
    notes: dict[str, str] = dict(connection.execute("SELECT key, value FROM store").fetchall())
    known = int(notes.get("schema_version", 0))
    if known > len(MIGRATIONS):
        msg = f"{location} was written by a newer release; upgrade this one"
        raise StoreVersionError(msg)
    for migration in MIGRATIONS[known:]:
        connection.execute(migration.sql.encode())
    if known < len(MIGRATIONS):
        connection.execute(
            "INSERT INTO store VALUES ('schema_version', %s)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (str(len(MIGRATIONS)),),
        )
    if "scheme" not in notes:
        connection.execute("INSERT INTO store VALUES ('scheme', %s)", (scheme,))


def _fetch(connection: Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    return _rows_of(_execute(connection, sql, values))


def _rows_of(cursor: Cursor) -> list[Any]:
    return cursor.fetchall() if cursor.description else []


def _execute(connection: Connection, sql: str, values: Sequence[Any]) -> Cursor:
    # In binary: a signature as hexadecimal digits takes three times as long to read.
    marked = _with_marks(sql)
    return connection.execute(marked, [storable(value) for value in values], binary=True)


@lru_cache(maxsize=1024)
def _with_marks(sql: str) -> bytes:
    """Return a statement with psycopg's marks where values go."""
    return sql.replace("%", "%%").replace("?", "%s").encode()


def storable(value: Any) -> Any:
    """Return a value as the server can keep it: its text has no place for NUL."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value


def _without_password(location: str) -> str:
    try:
        known = conninfo_to_dict(location)
    except psycopg.ProgrammingError as error:
        raise StoreUnavailableError(f"not a PostgreSQL location: {error}") from error
    host, port = known.get("host", "localhost"), known.get("port", 5432)
    return f"postgresql://{host}:{port}/{known.get('dbname', '')}"


def _watched(location: str) -> str:
    """Return a location with what makes a server that is lost be noticed, if it says nothing."""
    settings: dict[str, Any] = {
        "keepalives_idle": _SILENCE_S,
        "keepalives_interval": _PROBE_EVERY_S,
        "keepalives_count": _PROBES,
        "tcp_user_timeout": 1000 * (_SILENCE_S + _PROBES * _PROBE_EVERY_S),
    }
    return make_conninfo(**settings | conninfo_to_dict(location))
