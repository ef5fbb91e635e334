"""Upkeep of the embedded store: snapshots, backups, and the exchange of one scheme's rows.

An upgrade builds tables `next_…` beside those in use and exchanges the names in one short
transaction; what is out of use is called `old_…` until it is swept, a little at a time.
No transaction is long enough to keep a service that works beside it from writing.
"""

import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import apsw

from dedup.errors import (
    InvalidFieldError,
    StorageFullError,
    StoreCorruptError,
    StoreError,
    StoreExistsError,
    StoreUnavailableError,
)
from dedup.models import TextFormat
from dedup.store.base import NewArticle
from dedup.store.encoding import from_microseconds
from dedup.store.maintenance import (
    ClusterPlace,
    NoCopy,
    Progress,
    Sign,
    Signed,
    StoreFigures,
    TextRow,
    Violation,
    WholeArticle,
)
from dedup.store.sqlite import (
    APPLICATION_ID,
    ARTICLE_COLUMNS,
    DATABASE_NAME,
    SqliteReader,
    SqliteStore,
    SqliteWriter,
    stored_article,
    translated,
)
from dedup.store.verification import violations

__all__ = ["SqliteMaintenance", "SqliteMaintenanceReader", "SqliteMaintenanceWriter"]

_PAGES_AT_ONCE = 1_000
_FILE_SUFFIXES = ("", "-wal", "-shm", "-journal")
_SCHEME_TABLES = ("signatures", "normalized_texts")
_RECOVERY_WAIT_MS = 10_000  # another process may be recovering after a crash
_NEXT_SCHEME = "next_scheme"
_NEXT_SEQUENCE = "next_sequence"


class SqliteMaintenanceReader(SqliteReader):
    """Answers questions of upkeep from one committed state."""

    def figures(self) -> StoreFigures:
        """Return the store in numbers."""
        [(first, last, version, path)] = self._rows(
            "SELECT (SELECT first_seen FROM articles ORDER BY number LIMIT 1),"
            " (SELECT first_seen FROM articles ORDER BY number DESC LIMIT 1),"
            " (SELECT user_version FROM pragma_user_version),"
            " (SELECT file FROM pragma_database_list WHERE name = 'main')"
        )
        stats = self.stats()
        return StoreFigures(
            stats=stats,
            originals=stats.clusters,  # one in each: `verify` sees to it
            file_bytes=_bytes_of(Path(path)),
            schema_version=version,
            oldest=None if first is None else from_microseconds(first),
            newest=None if last is None else from_microseconds(last),
        )

    def whole_articles(self) -> Iterator[WholeArticle]:
        """Yield every article with its text, in order of number."""
        sql = (
            "SELECT a.text, c.number, c.original = a.number, c.pinned, s.normalized_digest,"
            f" {ARTICLE_COLUMNS} FROM articles a JOIN clusters c ON c.number = a.cluster"
            " JOIN signatures s ON s.number = a.number ORDER BY a.number"
        )
        try:
            for frame, cluster, is_original, pinned, digest, *row in self._connection.execute(sql):
                place = ClusterPlace(cluster, bool(is_original), bool(is_original and pinned))
                yield WholeArticle(stored_article(row), self._codec.decode(frame), place, digest)
        except apsw.Error as error:
            raise translated(error) from error

    def ids_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the ids of the articles with these numbers; missing ones are left out."""
        marks = ",".join("?" * len(numbers))
        return dict(
            self._rows(f"SELECT number, id FROM articles WHERE number IN ({marks})", numbers)
        )

    def no_copies(self) -> list[NoCopy]:
        """Return every decision that a text is no copy of a cluster, in order."""
        rows = self._rows(
            "SELECT normalized_digest, cluster_id FROM no_copies"
            " ORDER BY cluster_id, normalized_digest"
        )
        return [NoCopy(*row) for row in rows]

    def violations(self, sign: Sign | None = None) -> Iterator[Violation]:
        """Yield every rule that the store breaks."""
        return violations(self._connection, sign)

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


class SqliteMaintenanceWriter(SqliteWriter):
    """One transaction of upkeep; the store begins and ends it."""

    def is_empty(self) -> bool:
        """Return whether no article is known."""
        return not self._rows("SELECT 1 FROM articles LIMIT 1")

    def clear(self) -> None:
        """Delete everything but the schema.

        Numbers and sequences go on where they were: a process that followed the former
        log never takes an entry of the new one for one that it knows.
        """
        for table in ("articles", "clusters", "no_copies", "log", *_SCHEME_TABLES):
            self._rows(f"DELETE FROM {table}")

    def number_of(self, article_id: str) -> int | None:
        """Return the number of the article with this id."""
        rows = self._rows("SELECT number FROM articles WHERE id = ?", (article_id,))
        return rows[0][0] if rows else None

    def normalized_digest(self, number: int) -> bytes:
        """Return the digest of a known article's normalized text."""
        [(digest,)] = self._rows(
            "SELECT normalized_digest FROM signatures WHERE number = ?", (number,)
        )
        return bytes(digest)

    def restore(self, article: NewArticle, place: ClusterPlace) -> int:
        """Write an article of another store and return its number here.

        Raises:
            InvalidFieldError: It contradicts what was restored before.
        """
        if self.number_of(article.record.id) is not None:
            msg = f"the id {article.record.id!r} was there before"
            raise InvalidFieldError(msg)
        self._restore_cluster(article.cluster_id, place)
        number = self.add(article)
        if place.is_original:
            self._rows(
                "UPDATE clusters SET original = ?, pinned = ? WHERE number = ?",
                (number, place.pinned, place.number),
            )
            self._rows("UPDATE signatures SET is_original = 1 WHERE number = ?", (number,))
        return number

    def restore_no_copy(self, no_copy: NoCopy) -> None:
        """Write an editor's word of another store."""
        self._rows("INSERT OR IGNORE INTO no_copies VALUES (?, ?)", no_copy)

    def clusters_without_original(self, *, limit: int) -> list[str]:
        """Return ids of clusters whose original was not restored."""
        rows = self._rows("SELECT cluster_id FROM clusters WHERE original = 0 LIMIT ?", (limit,))
        return [cluster_id for (cluster_id,) in rows]

    def begin_upgrade(self, scheme: str) -> None:
        """Make room for the rows of another scheme; go on where one to it was broken off."""
        if self._note(_NEXT_SCHEME) == scheme:
            return
        self.give_up_upgrade()
        for table in _SCHEME_TABLES:
            [(sql,)] = self._rows("SELECT sql FROM sqlite_schema WHERE name = ?", (table,))
            self._rows(sql.replace(table, f"next_{table}", 1))
        self._take_note(_NEXT_SCHEME, scheme)
        self._take_note(_NEXT_SEQUENCE, str(self.sequence()))

    def give_up_upgrade(self) -> None:
        """Put the rows of an upgrade that was broken off out of use, if there are any."""
        if self._note(_NEXT_SCHEME) is None:
            return
        for table in _SCHEME_TABLES:
            self._rows(f"ALTER TABLE next_{table} RENAME TO old_{table}")
        self._rows("DELETE FROM store WHERE key IN (?, ?)", (_NEXT_SCHEME, _NEXT_SEQUENCE))

    def texts_to_sign(self, *, limit: int) -> list[TextRow]:
        """Return articles whose rows of the other scheme are not written yet, in order."""
        rows = self._rows(
            "SELECT number, text, format FROM articles"
            " WHERE number > (SELECT coalesce(max(number), 0) FROM next_signatures)"
            " ORDER BY number LIMIT ?",
            (limit,),
        )
        return [
            TextRow(number, self._codec.decode(frame), TextFormat(text_format))
            for number, frame, text_format in rows
        ]

    def num_signed(self) -> int:
        """Return how many rows of the other scheme are written."""
        return int(self._rows("SELECT count(*) FROM next_signatures")[0][0])

    def put_signed(self, signed: Mapping[int, Signed]) -> None:
        """Write rows of the other scheme; articles that are gone by now are passed over."""
        for number, row in signed.items():
            signature = None if row.signature is None else row.signature.tobytes()
            self._rows(
                "INSERT OR REPLACE INTO next_signatures SELECT number, is_original, ?, ?"
                " FROM signatures WHERE number = ?",
                (row.normalized_digest, signature, number),
            )
            if row.normalized is not None:
                self._rows(
                    "INSERT OR REPLACE INTO next_normalized_texts SELECT number, ?"
                    " FROM signatures WHERE number = ?",
                    (self._codec.encode(row.normalized), number),
                )
        self._translate_no_copies(signed)

    def follow_changes(self, *, limit: int) -> int:
        """Take over what happened to articles already signed; return how many changes."""
        rows = self._rows(
            "SELECT sequence, number, former FROM log"
            " WHERE sequence > ? AND operation <> 'add' ORDER BY sequence LIMIT ?",
            (int(self._note(_NEXT_SEQUENCE) or 0), limit),
        )
        if not rows:
            return 0
        # The state now, not the change, is taken over: a change is never applied late.
        touched = {number for row in rows for number in row[1:] if number is not None}
        for number in sorted(touched):
            self._rows(
                "UPDATE next_signatures SET is_original = s.is_original FROM signatures s"
                " WHERE s.number = next_signatures.number AND s.number = ?",
                (number,),
            )
            for table in _SCHEME_TABLES:
                self._rows(
                    f"DELETE FROM next_{table} WHERE number = ?1"
                    " AND NOT EXISTS (SELECT 1 FROM signatures WHERE number = ?1)",
                    (number,),
                )
        self._translate_no_copies(touched)
        self._take_note(_NEXT_SEQUENCE, str(rows[-1][0]))
        return len(rows)

    def exchange(self) -> None:
        """Let the rows of the other scheme take the place of the present ones."""
        for table in _SCHEME_TABLES:
            self._rows(f"ALTER TABLE {table} RENAME TO old_{table}")
            self._rows(f"ALTER TABLE next_{table} RENAME TO {table}")
        self._rows("DELETE FROM store WHERE key IN (?, ?)", (_NEXT_SCHEME, _NEXT_SEQUENCE))

    def sweep(self, *, limit: int) -> bool:
        """Delete some rows that are out of use; return whether there may be more."""
        for table in _SCHEME_TABLES:
            if not self._rows("SELECT 1 FROM sqlite_schema WHERE name = ?", (f"old_{table}",)):
                continue
            deleted = self._rows(
                f"DELETE FROM old_{table} WHERE number IN"
                f" (SELECT number FROM old_{table} ORDER BY number LIMIT ?) RETURNING 1",
                (limit,),
            )
            if not deleted:
                self._rows(f"DROP TABLE old_{table}")
            return True
        return False

    def set_scheme(self, scheme: str) -> None:
        """Say of which scheme the signatures are."""
        self._take_note("scheme", scheme)

    def _restore_cluster(self, cluster_id: str, place: ClusterPlace) -> None:
        """Make sure of an article's cluster; `add` then counts the article."""
        rows = self._rows(
            "SELECT number, cluster_id, original FROM clusters WHERE number = ? OR cluster_id = ?",
            (place.number, cluster_id),
        )
        if not rows:
            self._rows(
                "INSERT INTO clusters (number, cluster_id, original, size) VALUES (?, ?, 0, 0)",
                (place.number, cluster_id),
            )
            return
        number, known_id, original = rows[0]
        if len(rows) > 1 or (number, known_id) != (place.number, cluster_id):
            msg = f"the cluster {cluster_id!r} or its number {place.number} is another's"
            raise InvalidFieldError(msg)
        if original and place.is_original:
            msg = f"the cluster {cluster_id!r} has an original already"
            raise InvalidFieldError(msg)

    def _translate_no_copies(self, numbers: Iterable[int]) -> None:
        """Repeat an editor's word on these articles' texts with the other scheme's digest.

        The former digest stays. It does no harm, the old release needs it until the
        exchange, and it is all there is of a text that is no longer known.
        """
        for number in numbers:
            self._rows(
                "INSERT OR IGNORE INTO no_copies SELECT n.normalized_digest, c.cluster_id"
                " FROM signatures s JOIN no_copies c USING (normalized_digest)"
                " JOIN next_signatures n ON n.number = s.number WHERE s.number = ?",
                (number,),
            )

    def _note(self, key: str) -> str | None:
        rows = self._rows("SELECT value FROM store WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def _take_note(self, key: str, value: str) -> None:
        self._rows("INSERT OR REPLACE INTO store VALUES (?, ?)", (key, value))


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
        self._writer = SqliteMaintenanceWriter(self._connect(), self.scheme)

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
        self._writer = SqliteMaintenanceWriter(self._connect(), scheme)

    def back_up(self, destination: Path, progress: Progress | None = None) -> None:
        """Copy everything committed by now to a new store, while others go on writing."""
        target = destination / DATABASE_NAME
        partial = destination / f".{DATABASE_NAME}.{secrets.token_hex(4)}.partial"
        try:
            destination.mkdir(parents=True, exist_ok=True)
            _refuse_existing(target)
            try:
                self._copy_to(partial, progress)
                _sync(partial)
                # Unlike a rename, a link never takes the place of another file.
                os.link(partial, target)
            finally:
                partial.unlink(missing_ok=True)
            _sync(destination)
            _sync(destination.parent)
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


def _sync(path: Path) -> None:
    """Wait until a file's content, or a directory's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _file_error(error: OSError, target: Path) -> StoreError:
    if isinstance(error, FileExistsError):
        return StoreExistsError(f"{target} exists already: a backup never overwrites a store")
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(f"no room for {target}: {error.strerror}")
    return StoreUnavailableError(f"cannot write {target}: {error.strerror}")
