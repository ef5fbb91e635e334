"""Upkeep of a store as SQL that SQLite and PostgreSQL both understand.

An upgrade builds tables `next_…` beside those in use and exchanges the names in one short
transaction; what is out of use is called `old_…` until it is swept, a little at a time.
No transaction is long enough to keep a service that works beside it from writing.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from dedup.models import TextFormat
from dedup.store.base import ClusterRow, LogOperation
from dedup.store.encoding import encode_finding, from_microseconds, to_microseconds
from dedup.store.maintenance import (
    ClusterPlace,
    NoCopy,
    RestoredArticle,
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

_ARTICLE_ROW = (
    "number", "id", "cluster", "text_digest", "title", "url", "published_at", "first_seen",
    "format", "finding", "text",
)  # fmt: skip
_CLUSTER_ROW = ("number", "cluster_id", "original", "size", "pinned")
_SIGNATURE_ROW = ("number", "is_original", "normalized_digest", "signature")
_TEXT_ROW = ("number", "text")
_LOG_ROW = ("operation", "number", "cluster_id", "at")
_SEEN_ROW = ("number", "at")


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

    def numbers_of(self, article_ids: Collection[str]) -> dict[str, int]:
        """Return the numbers of the articles with these ids; missing ones are left out."""
        ids = tuple(article_ids)
        sql = f"SELECT id, number FROM articles WHERE id IN ({placeholders(ids)})"
        return dict(self._rows(sql, ids))

    def clusters_of(self, numbers: Collection[int], ids: Collection[str]) -> list[ClusterRow]:
        """Return the clusters that have one of these numbers or one of these ids."""
        # Two look-ups, each in an index of its own.
        rows = [
            *self._clusters(f"number IN ({placeholders(tuple(numbers))})", tuple(numbers)),
            *self._clusters(f"cluster_id IN ({placeholders(tuple(ids))})", tuple(ids)),
        ]
        return list({row.number: row for row in rows}.values())

    def normalized_digest(self, number: int) -> bytes:
        """Return the digest of a known article's normalized text."""
        [(digest,)] = self._rows(
            "SELECT normalized_digest FROM signatures WHERE number = ?", (number,)
        )
        return bytes(digest)

    def restore(
        self,
        articles: Sequence[RestoredArticle],
        *,
        founded: Sequence[ClusterRow],
        changed: Sequence[ClusterRow],
    ) -> None:
        """Write articles of another store; the log tells them as additions."""
        now = to_microseconds(datetime.now(UTC))
        for table, columns, rows in (
            ("articles", _ARTICLE_ROW, [self._article_row(one) for one in articles]),
            ("clusters", _CLUSTER_ROW, [_cluster_values(cluster) for cluster in founded]),
            ("signatures", _SIGNATURE_ROW, map(_signature_row, articles)),
            ("normalized_texts", _TEXT_ROW, self._normalized_rows(articles)),
            ("log", _LOG_ROW, [_addition(one, now) for one in articles]),
            ("seen_again", _SEEN_ROW, _seen_rows(articles)),
        ):
            self._insert_many(table, columns, list(rows))
        for cluster in changed:
            self._change(
                "UPDATE clusters SET original = ?, size = ?, pinned = ? WHERE number = ?",
                (cluster.original, cluster.size, int(cluster.pinned), cluster.number),
            )
        self._new_articles += len(articles)
        self._new_clusters += len(founded)

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
            "SELECT number, text, format, title FROM articles"
            " WHERE number > (SELECT coalesce(max(number), 0) FROM next_signatures)"
            " ORDER BY number LIMIT ?",
            (limit,),
        )
        return [
            TextRow(number, self._codec.decode(frame), TextFormat(text_format), title)
            for number, frame, text_format, title in rows
        ]

    def num_signed(self) -> int:
        """Return how many rows of the other scheme are written."""
        return int(self._rows("SELECT count(*) FROM next_signatures")[0][0])

    def put_signed(self, signed: Mapping[int, Signed]) -> None:
        """Write rows of the other scheme; articles that are gone by now are passed over."""
        for number, row in signed.items():
            signature = None if row.signature is None else row.signature.tobytes()
            self._change(
                "INSERT INTO next_signatures SELECT number, is_original, ?, ?"
                " FROM signatures WHERE number = ? ON CONFLICT (number) DO UPDATE SET"
                " is_original = excluded.is_original, signature = excluded.signature,"
                " normalized_digest = excluded.normalized_digest",
                (row.normalized_digest, signature, number),
            )
            if row.normalized is not None:
                self._change(
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

    def _article_row(self, restored: RestoredArticle) -> Sequence[Any]:
        article = restored.article
        record = article.record
        return (
            restored.number,
            record.id,
            restored.cluster,
            article.text_digest,
            record.title,
            record.url,
            record.published_at.isoformat() if record.published_at else None,
            to_microseconds(record.first_seen),
            article.format.value,
            encode_finding(article.finding),
            self._codec.encode(article.text),
        )

    def _normalized_rows(self, articles: Iterable[RestoredArticle]) -> Iterator[Sequence[Any]]:
        for number, article, *_ in articles:
            if article.normalized is not None:
                yield number, self._codec.encode(article.normalized)

    def _translate_no_copies(self, numbers: Iterable[int]) -> None:
        """Repeat an editor's word on these articles' texts with the other scheme's digest.

        The former digest stays. It does no harm, the old release needs it until the
        exchange, and it is all there is of a text that is no longer known.
        """
        for number in numbers:
            self._change(
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
    def _insert_many(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Write rows of a table, the fastest way that the database has."""

    @abstractmethod
    def _create_like(self, table: str, model: str) -> None:
        """Create an empty table of the same columns and keys as another."""

    @abstractmethod
    def _has_table(self, table: str) -> bool:
        """Return whether there is a table of this name."""


def _cluster_values(cluster: ClusterRow) -> Sequence[Any]:
    return (
        cluster.number,
        cluster.cluster_id,
        cluster.original,
        cluster.size,
        int(cluster.pinned),
    )


def _signature_row(restored: RestoredArticle) -> Sequence[Any]:
    signature = restored.article.signature
    return (
        restored.number,
        int(restored.is_original),
        restored.article.normalized_digest,
        None if signature is None else signature.tobytes(),
    )


def _addition(restored: RestoredArticle, at: int) -> Sequence[Any]:
    return LogOperation.ADD.value, restored.number, restored.article.cluster_id, at


def _seen_rows(articles: Iterable[RestoredArticle]) -> Iterator[Sequence[Any]]:
    for restored in articles:
        if restored.seen_again is not None:
            yield restored.number, to_microseconds(restored.seen_again)
