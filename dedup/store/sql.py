"""The questions and changes of a store as SQL that SQLite and PostgreSQL both understand.

What differs between them, connections, transactions and errors, is the business of
`dedup.store.sqlite` and `dedup.store.postgres`, which fill in the abstract methods.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple, Self

import numpy as np

from dedup.errors import StoreVersionError
from dedup.models import ArticleRecord, TextFormat
from dedup.store.base import (
    ClusterOrder,
    ClusterRow,
    ComparableText,
    Finding,
    LogEntry,
    LogOperation,
    NewArticle,
    Sighting,
    SignatureBlock,
    SignatureRow,
    StoredArticle,
    StoreStats,
)
from dedup.store.encoding import (
    TextCodec,
    damage_reported,
    decode_finding,
    encode_finding,
    from_microseconds,
    to_microseconds,
    unmatched_shingles,
)
from dedup.store.maintenance import UNFINISHED_IMPORT

__all__ = ["ARTICLE_COLUMNS", "SqlReader", "SqlWriter", "placeholders", "stored_article"]

ARTICLE_COLUMNS = """
    a.number, a.id, a.title, a.url, a.published_at, a.first_seen, a.format,
    a.text_digest, a.finding, c.cluster_id
"""

_CLUSTER_COLUMNS = "number, cluster_id, original, size, pinned"
_MAX_INTEGER = 2**63 - 1
_WILDCARDS = re.compile(r"[%_!]")  # of LIKE, and the sign that takes their meaning away


class SqlReader(ABC):
    """Answers questions in SQL, with `?` where a value goes."""

    _TITLED = "articles"  # what is searched for titles

    def __init__(self, scheme: str, location: str) -> None:
        """Read signatures of this scheme.

        Args:
            scheme: Of whoever asks.
            location: Of the store, to be named in errors.
        """
        self._scheme = scheme
        self._location = location
        self._codec = TextCodec()

    @abstractmethod
    def snapshot(self) -> AbstractContextManager[Self]:
        """Answer all questions within from one committed state."""

    @abstractmethod
    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """Run a statement and return its rows.

        Raises:
            StoreError: In place of the database's own errors.
        """

    @abstractmethod
    def _each(self, sql: str) -> Iterator[Any]:
        """Yield the rows of a query one by one, however many there are."""

    @abstractmethod
    def _bytes_on_disk(self) -> int:
        """Return the size of the pages in use."""

    def find(self, article_id: str) -> StoredArticle | None:
        """Return the article with this id."""
        # Most that are asked for are new: the index of ids alone says so, at a fifth of the time.
        rows = self._rows("SELECT number FROM articles WHERE id = ?", (article_id,))
        if not rows:
            return None
        [(number,)] = rows
        return self.articles([number]).get(number)

    def articles(self, numbers: Sequence[int]) -> dict[int, StoredArticle]:
        """Return the articles with these numbers; missing ones are left out."""
        rows = self._rows(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN clusters c ON c.number = a.cluster"
            f" WHERE a.number IN ({placeholders(numbers)})",
            tuple(numbers),
        )
        return {row[0]: stored_article(row) for row in rows}

    def articles_after(
        self, number: int, *, limit: int, url: str | None = None
    ) -> list[StoredArticle]:
        """Return articles numbered above this, in order; those of one URL if it is given."""
        condition, values = ("", ()) if url is None else (" AND a.url = ?", (url,))
        rows = self._rows(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN clusters c ON c.number = a.cluster"
            f" WHERE a.number > ?{condition} ORDER BY a.number LIMIT ?",
            (number, *values, limit),
        )
        return [stored_article(row) for row in rows]

    def longest_unseen(self, *, after: int, limit: int) -> list[Sighting]:
        """Return articles by when they were last seen, the longest ago first."""
        # Who was seen once only is in order of arrival, who was seen again in an index.
        once = self._rows(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN clusters c ON c.number = a.cluster"
            " WHERE a.number > ?"
            " AND NOT EXISTS (SELECT 1 FROM seen_again s WHERE s.number = a.number)"
            " ORDER BY a.number LIMIT ?",
            (after, limit),
        )
        again = self._rows(
            f"SELECT s.at, {ARTICLE_COLUMNS} FROM seen_again s"
            " JOIN articles a ON a.number = s.number JOIN clusters c ON c.number = a.cluster"
            " ORDER BY s.at, s.number LIMIT ?",
            (limit,),
        )
        sightings = merge(
            (Sighting(one, one.record.first_seen, False) for one in map(stored_article, once)),
            (Sighting(stored_article(row), from_microseconds(at), True) for at, *row in again),
            key=lambda sighting: sighting.at,
        )
        return list(islice(sightings, limit))

    def titled(self, part: str, *, after: int, limit: int) -> list[StoredArticle]:
        """Return articles numbered above `after` with this in their title, in order."""
        # As both databases lower titles: ASCII letters alone.
        pattern = _WILDCARDS.sub(r"!\g<0>", part.encode().lower().decode())
        # Numbers first: that reads an index of titles and not every article.
        rows = self._rows(
            f"SELECT number FROM {self._TITLED} WHERE title IS NOT NULL AND number > ?"
            " AND lower(title) LIKE ? ESCAPE '!' ORDER BY number LIMIT ?",
            (after, f"%{pattern}%", limit),
        )
        found = self.articles([number for (number,) in rows]) if rows else {}
        return [found[number] for number in sorted(found)]

    def text(self, number: int) -> str | None:
        """Return the text as received."""
        rows = self._rows("SELECT text FROM articles WHERE number = ?", (number,))
        return self._codec.decode(rows[0][0]) if rows else None

    def comparable_texts(self, numbers: Sequence[int]) -> dict[int, ComparableText]:
        """Return what to compare with; missing articles are left out."""
        rows = self._rows(
            "SELECT a.number, n.text IS NOT NULL, coalesce(n.text, a.text) FROM articles a"
            " LEFT JOIN normalized_texts n ON n.number = a.number"
            f" WHERE a.number IN ({placeholders(numbers)})",
            tuple(numbers),
        )
        return {
            number: ComparableText(self._codec.decode(frame), bool(is_normalized))
            for number, is_normalized, frame in rows
        }

    def cluster(self, cluster_id: str) -> ClusterRow | None:
        """Return the cluster with this id."""
        return next(iter(self._clusters("cluster_id = ?", (cluster_id,))), None)

    def clusters(
        self, order: ClusterOrder, *, below: tuple[int, int] | None, limit: int
    ) -> list[ClusterRow]:
        """Return clusters, the largest or the newest first."""
        size, number = below or (_MAX_INTEGER, _MAX_INTEGER)
        if order is ClusterOrder.TIME:
            return self._clusters("number < ? ORDER BY number DESC LIMIT ?", (number, limit))
        # Two look-ups in the index: with an OR, far more is read.
        same_size = "size = ? AND number < ? ORDER BY number DESC LIMIT ?"
        rows = self._clusters(same_size, (size, number, limit))
        smaller = "size < ? ORDER BY size DESC, number DESC LIMIT ?"
        return rows + self._clusters(smaller, (size, limit - len(rows)))

    def separated_from(self, normalized_digest: bytes) -> frozenset[str]:
        """Return the ids of the clusters of which an editor said that this text is no copy."""
        rows = self._rows(
            "SELECT cluster_id FROM no_copies WHERE normalized_digest = ?", (normalized_digest,)
        )
        return frozenset(cluster_id for (cluster_id,) in rows)

    def members(self, cluster_id: str, *, after: int, limit: int) -> list[StoredArticle]:
        """Return members numbered above `after`, in order of number."""
        rows = self._rows(
            f"SELECT {ARTICLE_COLUMNS} FROM clusters c JOIN articles a ON a.cluster = c.number"
            " WHERE c.cluster_id = ? AND a.number > ? ORDER BY a.number LIMIT ?",
            (cluster_id, after, limit),
        )
        return [stored_article(row) for row in rows]

    def copies_after(self, number: int, *, limit: int) -> list[StoredArticle]:
        """Return articles numbered above this that are no originals, in order."""
        rows = self._rows(
            f"SELECT {ARTICLE_COLUMNS} FROM articles a JOIN clusters c ON c.number = a.cluster"
            " WHERE a.number > ? AND c.original <> a.number ORDER BY a.number LIMIT ?",
            (number, limit),
        )
        return [stored_article(row) for row in rows]

    def unmatched(self, numbers: Sequence[int]) -> dict[int, int | None]:
        """Return how many shingles of copies their best match lacked; missing ones are left out."""
        rows = self._rows(
            f"SELECT number, finding FROM articles WHERE number IN ({placeholders(numbers)})",
            tuple(numbers),
        )
        with damage_reported():
            return {number: unmatched_shingles(finding) for number, finding in rows}

    def originals(self, numbers: Sequence[int]) -> list[SignatureRow]:
        """Return the signature rows of those that are originals now, in order."""
        rows = self._rows(
            "SELECT number, normalized_digest, signature FROM signatures"
            f" WHERE number IN ({placeholders(numbers)}) AND is_original = 1 ORDER BY number",
            tuple(numbers),
        )
        return _signature_rows(rows)

    def originals_after(self, number: int, *, limit: int) -> list[SignatureRow]:
        """Return signature rows of originals numbered above this, in order."""
        rows = self._rows(
            "SELECT number, normalized_digest, signature FROM signatures"
            " WHERE number > ? AND is_original = 1 ORDER BY number LIMIT ?",
            (number, limit),
        )
        return _signature_rows(rows)

    def signatures_after(self, number: int, *, limit: int) -> SignatureBlock:
        """Return the signatures of articles numbered above this, in order."""
        rows = self._rows(
            "SELECT number, is_original, normalized_digest,"
            " CASE WHEN is_original = 1 THEN signature END FROM signatures"
            " WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        with damage_reported():
            originals = [row for row in rows if row[1]]
            frames = [row[3] or b"" for row in originals]
            lengths = np.fromiter(map(len, frames), np.intp, len(frames))
            return SignatureBlock(
                last=rows[-1][0] if rows else 0,
                originals=np.array([row[0] for row in originals], np.uint32),
                digests=[row[2] for row in originals],
                sketches=np.frombuffer(b"".join(frames), np.uint32),
                offsets=np.concatenate([[0], np.cumsum(lengths // 4)]).astype(np.intp),
                copies=[row[0] for row in rows if not row[1]],
            )

    def sequence(self) -> int:
        """Return the sequence of the newest log entry, 0 for an empty log."""
        return int(self._rows("SELECT coalesce(max(sequence), 0) FROM log")[0][0])

    def log(
        self, *, after: int, limit: int, operations: Sequence[LogOperation] = tuple(LogOperation)
    ) -> list[LogEntry]:
        """Return the log entries of these operations behind a sequence, oldest first."""
        # The index of changes serves a query that repeats its condition literally.
        changes = "" if LogOperation.ADD in operations else " AND operation <> 'add'"
        rows = self._rows(
            "SELECT sequence, operation, number, former, cluster_id, at, article_id, former_id"
            f" FROM log WHERE sequence > ?{changes}"
            f" AND operation IN ({placeholders(operations)}) ORDER BY sequence LIMIT ?",
            (after, *operations, limit),
        )
        # Whoever asks keeps an index, which an upgrade outdates without any other news.
        self.require_scheme()
        return [
            LogEntry(
                sequence, LogOperation(operation), number, former, cluster_id,
                from_microseconds(at), article_id, former_id,
            )
            for sequence, operation, number, former, cluster_id, at, article_id, former_id in rows
        ]  # fmt: skip

    def stats(self) -> StoreStats:
        """Return counts and sizes."""
        [(articles, clusters, scheme)] = self._rows(
            "SELECT articles, clusters, (SELECT value FROM store WHERE key = 'scheme') FROM counts"
        )
        return StoreStats(
            articles=articles,
            clusters=clusters,
            sequence=self.sequence(),
            bytes_on_disk=self._bytes_on_disk(),
            scheme=scheme,
        )

    def require_scheme(self) -> None:
        """Refuse to go on with a store that another process upgraded meanwhile."""
        [(stored,)] = self._rows("SELECT value FROM store WHERE key = 'scheme'")
        self._require(stored)

    def _require(self, stored: str) -> None:
        if stored != self._scheme:
            raise _scheme_error(stored, self._scheme, self._location)

    def _clusters(self, condition: str, values: Sequence[Any]) -> list[ClusterRow]:
        rows = self._rows(f"SELECT {_CLUSTER_COLUMNS} FROM clusters WHERE {condition}", values)
        return [_cluster_row(row) for row in rows]


class SqlWriter(SqlReader):
    """One transaction; the store begins and ends it."""

    _new_articles = 0  # since the counts were kept last; less than 0 for those removed
    _new_clusters = 0

    @abstractmethod
    def _change(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement whose outcome nobody asks for, now or before the next question.

        Raises:
            StoreError: In place of the database's own errors; perhaps only later.
        """

    def add(self, article: NewArticle) -> int:
        """Write an article and return its number."""
        record = article.record
        # A cluster's next number by hand, for an import brings numbers of its own: a
        # sequence of the database would not know of them.
        [(number, cluster, is_known)] = self._rows(
            "INSERT INTO articles (id, cluster, text_digest, title, url, published_at,"
            " first_seen, format, finding, text) VALUES (?,"
            " coalesce((SELECT number FROM clusters WHERE cluster_id = ?),"
            " (SELECT coalesce(max(number), 0) + 1 FROM clusters)), ?, ?, ?, ?, ?, ?, ?, ?)"
            " RETURNING number, cluster,"
            " EXISTS (SELECT 1 FROM clusters c WHERE c.number = articles.cluster)",
            (
                record.id,
                article.cluster_id,
                article.text_digest,
                record.title,
                record.url,
                record.published_at.isoformat() if record.published_at else None,
                to_microseconds(record.first_seen),
                article.format,
                encode_finding(article.finding),
                self._codec.encode(article.text),
            ),
        )
        self._new_articles += 1
        self._new_clusters += not is_known
        self._change(
            "INSERT INTO clusters (number, cluster_id, original, size) VALUES (?, ?, ?, 1)"
            " ON CONFLICT (cluster_id) DO UPDATE SET size = clusters.size + 1",
            (cluster, article.cluster_id, number),
        )
        signature = None if article.signature is None else article.signature.tobytes()
        self._change(
            "INSERT INTO signatures SELECT ?, CASE WHEN original = ? THEN 1 ELSE 0 END, ?, ?"
            " FROM clusters WHERE number = ?",
            (number, number, article.normalized_digest, signature, cluster),
        )
        if article.normalized is not None:
            frame = self._codec.encode(article.normalized)
            self._change("INSERT INTO normalized_texts VALUES (?, ?)", (number, frame))
        self._append_log(LogOperation.ADD, number, None, article.cluster_id)
        return int(number)

    def set_original(self, cluster_id: str, number: int, operation: LogOperation) -> None:
        """Let a member answer for its cluster; `PIN` also keeps it against promotions."""
        [(former, former_id)] = self._rows(
            "SELECT c.original, a.id FROM clusters c JOIN articles a ON a.number = c.original"
            " WHERE c.cluster_id = ?",
            (cluster_id,),
        )
        self._change(
            "UPDATE clusters SET original = ?, pinned = ? WHERE cluster_id = ?",
            (number, int(operation is LogOperation.PIN), cluster_id),
        )
        self._change("UPDATE signatures SET is_original = 0 WHERE number = ?", (former,))
        self._change("UPDATE signatures SET is_original = 1 WHERE number = ?", (number,))
        article_id = self._place(number).article_id
        self._append_log(operation, number, former, cluster_id, article_id, former_id)

    def see_again(self, number: int, at: datetime, *, unless_since: datetime) -> None:
        """Note that an article came again, unless it was seen since some moment."""
        since = to_microseconds(unless_since)
        self._change(
            "INSERT INTO seen_again SELECT number, ? FROM articles"
            " WHERE number = ? AND first_seen < ? ON CONFLICT (number)"
            " DO UPDATE SET at = excluded.at WHERE seen_again.at < ?",
            (to_microseconds(at), number, since, since),
        )

    def leave(self, number: int, cluster_id: str, finding: Finding) -> None:
        """Let a copy leave its cluster and found one, on an editor's word."""
        cluster, left_id, article_id, _ = self._place(number)
        self._change("UPDATE clusters SET size = size - 1 WHERE number = ?", (cluster,))
        self._change(
            "INSERT INTO no_copies SELECT normalized_digest, ? FROM signatures"
            " WHERE number = ? ON CONFLICT DO NOTHING",
            (left_id, number),
        )
        self._change(
            "UPDATE articles SET finding = ? WHERE number = ?", (encode_finding(finding), number)
        )
        self._change("UPDATE signatures SET is_original = 1 WHERE number = ?", (number,))
        self._found_cluster(cluster_id, number)
        self._append_log(LogOperation.LEAVE, number, None, cluster_id, article_id)

    def remove(self, number: int) -> None:
        """Delete an article that is no original, or the last member of its cluster."""
        cluster, cluster_id, article_id, size = self._place(number)
        self._change("DELETE FROM articles WHERE number = ?", (number,))
        self._change("DELETE FROM signatures WHERE number = ?", (number,))
        self._change("DELETE FROM normalized_texts WHERE number = ?", (number,))
        self._change("DELETE FROM seen_again WHERE number = ?", (number,))
        self._change("UPDATE clusters SET size = size - 1 WHERE number = ?", (cluster,))
        self._change("DELETE FROM clusters WHERE number = ? AND size = 0", (cluster,))
        self._new_articles -= 1
        self._new_clusters -= size == 1
        self._append_log(LogOperation.REMOVE, number, None, cluster_id, article_id)

    def forget_log(self, *, after: int, keep: int, limit: int) -> int:
        """Look at some entries of the log, and delete those about articles that are gone."""
        [(last, num_seen)] = self._rows(
            "SELECT coalesce(max(sequence), 0), count(*) FROM (SELECT sequence FROM log"
            " WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?) looked_at",
            (after, self.sequence() - keep, limit),
        )
        self._change(
            "DELETE FROM log WHERE sequence > ? AND sequence <= ?"
            " AND NOT EXISTS (SELECT 1 FROM articles a WHERE a.number = log.number)",
            (after, last),
        )
        return int(last) if num_seen == limit else 0

    def stats(self) -> StoreStats:
        """Return counts and sizes, with what this transaction changed."""
        self._keep_counts()
        return super().stats()

    def _keep_counts(self) -> None:
        """Write how many articles and clusters there are: before the transaction ends."""
        if self._new_articles or self._new_clusters:
            self._change(
                "UPDATE counts SET articles = articles + ?, clusters = clusters + ?",
                (self._new_articles, self._new_clusters),
            )
            self._new_articles = self._new_clusters = 0

    def _place(self, number: int) -> "_Place":
        [row] = self._rows(
            "SELECT c.number, c.cluster_id, a.id, c.size FROM articles a JOIN clusters c"
            " ON c.number = a.cluster WHERE a.number = ?",
            (number,),
        )
        return _Place(*row)

    def _found_cluster(self, cluster_id: str, original: int) -> None:
        # The next number by hand, for an import brings numbers of its own: a sequence of
        # the database would not know of them.
        [(cluster,)] = self._rows(
            "INSERT INTO clusters (number, cluster_id, original, size)"
            " SELECT coalesce(max(number), 0) + 1, ?, ?, 1 FROM clusters RETURNING number",
            (cluster_id, original),
        )
        self._change("UPDATE articles SET cluster = ? WHERE number = ?", (cluster, original))
        self._new_clusters += 1

    def _append_log(
        self,
        operation: LogOperation,
        number: int,
        former: int | None,
        cluster_id: str,
        article_id: str | None = None,
        former_id: str | None = None,
    ) -> None:
        at = to_microseconds(datetime.now(UTC))
        self._change(
            "INSERT INTO log (operation, number, former, cluster_id, at, article_id, former_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (operation, number, former, cluster_id, at, article_id, former_id),
        )


class _Place(NamedTuple):
    """An article's cluster, the article's id, and how many articles the cluster holds."""

    cluster: int
    cluster_id: str
    article_id: str
    size: int


def placeholders(values: Sequence[Any]) -> str:
    """Return what stands in the brackets of `IN (…)`, where PostgreSQL wants something."""
    return ",".join("?" * len(values)) or "NULL"


def stored_article(row: Sequence[Any]) -> StoredArticle:
    """Return the article of a row of `ARTICLE_COLUMNS`."""
    (number, article_id, title, url, published_at, first_seen, text_format,
     text_digest, finding, cluster_id) = row  # fmt: skip
    with damage_reported():
        return StoredArticle(
            number=number,
            record=ArticleRecord(
                id=article_id,
                title=title,
                url=url,
                published_at=datetime.fromisoformat(published_at) if published_at else None,
                first_seen=from_microseconds(first_seen),
            ),
            format=TextFormat(text_format),
            text_digest=text_digest,
            finding=decode_finding(finding),
            cluster_id=cluster_id,
        )


def _cluster_row(row: Sequence[Any]) -> ClusterRow:
    number, cluster_id, original, size, pinned = row
    return ClusterRow(number, cluster_id, original, size, bool(pinned))


def _signature_rows(rows: Sequence[Any]) -> list[SignatureRow]:
    with damage_reported():
        return [
            SignatureRow(
                number=number,
                normalized_digest=digest,
                signature=None if signature is None else np.frombuffer(signature, np.uint32),
            )
            for number, digest, signature in rows
        ]


def _scheme_error(stored: str, scheme: str, location: str) -> StoreVersionError:
    if stored.startswith(UNFINISHED_IMPORT):
        return StoreVersionError(
            f"the store holds an import that is not finished: wait for it, or run "
            f"`dedup store import --store {location}` again"
        )
    return StoreVersionError(
        f"the store's signatures were made by scheme {stored}, this release makes "
        f"{scheme}: run `dedup store upgrade --store {location}`"
    )
