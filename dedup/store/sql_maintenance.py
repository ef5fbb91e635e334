"""Upkeep of a store as SQL that SQLite and PostgreSQL both understand.

An upgrade builds tables `next_…` beside those in use and exchanges the names in one short
transaction; what is out of use is called `old_…` until it is swept, a little at a time.
No transaction is long enough to keep a service that works beside it from writing.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from dedup.errors import InvalidFieldError
from dedup.models import TextFormat
from dedup.store.base import NewArticle
from dedup.store.encoding import from_microseconds, to_microseconds
from dedup.store.maintenance import (
    ClusterPlace,
    NoCopy,
    Sign,
    Signed,
    StoreFigures,
    TextRow,
    Violation,
    WholeArticle,
)
from dedup.store.sql import ARTICLE_COLUMNS, SqlReader, SqlWriter, placeholders, stored_article
from dedup.store.verification import violations

__all__ = ["SqlMaintenanceReader", "SqlMaintenanceWriter"]

_SCHEME_TABLES = ("signatures", "normalized_texts")
_NEXT_SCHEME = "next_scheme"
_NEXT_SEQUENCE = "next_sequence"


class SqlMaintenanceReader(SqlReader):
    """Answers questions of upkeep from one committed state."""

    def figures(self) -> StoreFigures:
        """Return the store in numbers."""
        [(first, last)] = self._rows(
            "SELECT (SELECT first_seen FROM articles ORDER BY number LIMIT 1),"
            " (SELECT first_seen FROM articles ORDER BY number DESC LIMIT 1)"
        )
        stats = self.stats()
        return StoreFigures(
            stats=stats,
            originals=stats.clusters,  # one in each: `verify` sees to it
            file_bytes=self._file_bytes(),
            schema_version=self._schema_version(),
            oldest=None if first is None else from_microseconds(first),
            newest=None if last is None else from_microseconds(last),
        )

    def whole_articles(self) -> Iterator[WholeArticle]:
        """Yield every article with its text, in order of number."""
        sql = (
            "SELECT a.text, c.number, c.original = a.number, c.pinned, s.normalized_digest,"
            f" l.at, {ARTICLE_COLUMNS} FROM articles a JOIN clusters c ON c.number = a.cluster"
            " JOIN signatures s ON s.number = a.number"
            " LEFT JOIN seen_again l ON l.number = a.number ORDER BY a.number"
        )
        for frame, cluster, is_original, pinned, digest, at, *row in self._each(sql):
            yield WholeArticle(
                stored_article(row),
                self._codec.decode(frame),
                ClusterPlace(cluster, bool(is_original), bool(is_original and pinned)),
                digest,
                None if at is None else from_microseconds(at),
            )

    def ids_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the ids of the articles with these numbers; missing ones are left out."""
        return dict(
            self._rows(
                f"SELECT number, id FROM articles WHERE number IN ({placeholders(numbers)})",
                numbers,
            )
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
        yield from self._structural_violations()
        yield from violations(self._each, sign)

    @abstractmethod
    def _file_bytes(self) -> int:
        """Return the room that the store takes on the disk."""

    @abstractmethod
    def _schema_version(self) -> int:
        """Return the number of migrations applied."""

    @abstractmethod
    def _structural_violations(self) -> Iterator[Violation]:
        """Yield what the database's own check of its structure finds."""


class SqlMaintenanceWriter(SqlWriter):
    """One transaction of upkeep; the store begins and ends it."""

    def is_empty(self) -> bool:
        """Return whether no article is known."""
        return not self._rows("SELECT 1 FROM articles LIMIT 1")

    def clear(self) -> None:
        """Delete everything but the schema.

        Numbers and sequences go on where they were: a process that followed the former
        log never takes an entry of the new one for one that it knows.
        """
        for table in ("articles", "clusters", "no_copies", "seen_again", "log", *_SCHEME_TABLES):
            self._rows(f"DELETE FROM {table}")
        self._rows("UPDATE counts SET articles = 0, clusters = 0")
        self._new_articles = self._new_clusters = 0

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

    def restore(
        self, article: NewArticle, place: ClusterPlace, *, seen_again: datetime | None = None
    ) -> int:
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
                (number, int(place.pinned), place.number),
            )
            self._rows("UPDATE signatures SET is_original = 1 WHERE number = ?", (number,))
        if seen_again is not None:
            self.see_again(number, seen_again, unless_since=seen_again)
        return number

    def restore_no_copy(self, no_copy: NoCopy) -> None:
        """Write an editor's word of another store."""
        self._rows("INSERT INTO no_copies VALUES (?, ?) ON CONFLICT DO NOTHING", no_copy)

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
            self._create_like(f"next_{table}", table)
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
                "INSERT INTO next_signatures SELECT number, is_original, ?, ?"
                " FROM signatures WHERE number = ? ON CONFLICT (number) DO UPDATE SET"
                " is_original = excluded.is_original, signature = excluded.signature,"
                " normalized_digest = excluded.normalized_digest",
                (row.normalized_digest, signature, number),
            )
            if row.normalized is not None:
                self._rows(
                    "INSERT INTO next_normalized_texts SELECT number, ? FROM signatures"
                    " WHERE number = ? ON CONFLICT (number) DO UPDATE SET text = excluded.text",
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
                    f"DELETE FROM next_{table} WHERE number = ?"
                    " AND NOT EXISTS (SELECT 1 FROM signatures WHERE number = ?)",
                    (number, number),
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
        # Who holds an index of the former scheme learns of it with the next entry.
        self._rows(
            "INSERT INTO log (operation, number, cluster_id, at) VALUES ('scheme', 0, '', ?)",
            (to_microseconds(datetime.now(UTC)),),
        )

    def sweep(self, *, limit: int) -> bool:
        """Delete some rows that are out of use; return whether there may be more."""
        for table in _SCHEME_TABLES:
            if not self._has_table(f"old_{table}"):
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
            self._new_clusters += 1
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
                "INSERT INTO no_copies SELECT n.normalized_digest, c.cluster_id"
                " FROM signatures s JOIN no_copies c USING (normalized_digest)"
                " JOIN next_signatures n ON n.number = s.number WHERE s.number = ?"
                " ON CONFLICT DO NOTHING",
                (number,),
            )

    def _note(self, key: str) -> str | None:
        rows = self._rows("SELECT value FROM store WHERE key = ?", (key,))
        return rows[0][0] if rows else None

    def _take_note(self, key: str, value: str) -> None:
        self._rows(
            "INSERT INTO store VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            (key, value),
        )

    @abstractmethod
    def _create_like(self, table: str, model: str) -> None:
        """Create an empty table of the same columns and keys as another."""

    @abstractmethod
    def _has_table(self, table: str) -> bool:
        """Return whether there is a table of this name."""
