"""What is known: articles, clusters and what changed, page by page. Changes nothing."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from dedup.answers import Answers
from dedup.errors import InvalidFieldError, NotFoundError
from dedup.models import (
    ArticleSummary,
    Change,
    Cluster,
    ClusterMember,
    ClusterSummary,
    KnownArticle,
    Page,
)
from dedup.store.base import (
    ArticleStore,
    ClusterOrder,
    ClusterRow,
    LogOperation,
    StoredArticle,
    StoreReader,
)

__all__ = ["Catalogue", "found"]

_Value = TypeVar("_Value")
_Row = TypeVar("_Row")

_CURSOR = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})*")
_CHANGES = tuple(operation for operation in LogOperation if operation is not LogOperation.ADD)


class Catalogue:
    """Answers questions about remembered articles. Safe to share between threads.

    Pages have a cursor: pass it on to get the next page, which goes on behind the last
    item of the one before, whatever was added or removed meanwhile.
    """

    def __init__(self, store: ArticleStore, answers: Answers) -> None:
        """Look into this store."""
        self._store = store
        self._answers = answers

    def article(self, article_id: str) -> KnownArticle:
        """Return a remembered article and what it is today.

        Raises:
            NotFoundError: No article has this id.
        """
        with self._store.read().snapshot() as reader:
            stored = found(reader.find(article_id), "article", article_id)
            original = self._answers.original_of(stored, reader)
            standing = self._answers.standing(stored, original, reader)
            return KnownArticle(
                article=stored.record,
                format=stored.format,
                text=found(reader.text(stored.number), "article", article_id),
                verdict=standing.verdict,
                cluster_id=stored.cluster_id,
                original=None if original.number == stored.number else original.record,
                scores=standing.scores,
                damage=stored.finding.damage,
                too_short=stored.finding.too_short,
            )

    def articles(
        self,
        *,
        url: str | None = None,
        title: str | None = None,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[ArticleSummary]:
        """Return articles in the order in which they were remembered.

        Args:
            url: Only those found at this address.
            title: Only those with this in their title; not together with `url`.
            cursor: Of the page before.
            limit: Most articles to return.

        Raises:
            InvalidFieldError: The cursor is none of ours, or there are two conditions.
        """
        if url is not None and title is not None:
            raise InvalidFieldError("search by url or by title, not by both")
        [after] = _numbers(cursor, 1) or [0]
        with self._store.read().snapshot() as reader:
            if title is None:
                rows = reader.articles_after(after, limit=limit + 1, url=url)
            else:
                rows = reader.titled(title, after=after, limit=limit + 1)
            page = _page(rows, limit, lambda row: str(row.number))
            originals = self._originals(page.items, reader)
            return Page(
                tuple(self._summary(row, originals, reader) for row in page.items), page.next_cursor
            )

    def cluster(self, cluster_id: str, *, cursor: str | None = None, limit: int = 100) -> Cluster:
        """Return a cluster's original and a page of its copies.

        Raises:
            NotFoundError: No cluster has this id.
            InvalidFieldError: The cursor is none of ours.
        """
        [after] = _numbers(cursor, 1) or [0]
        with self._store.read().snapshot() as reader:
            row = found(reader.cluster(cluster_id), "cluster", cluster_id)
            rows = reader.articles([row.original])
            original = found(rows.get(row.original), "cluster", cluster_id)
            members = reader.members(cluster_id, after=after, limit=limit + 1)
            page = _page(members, limit, lambda member: str(member.number))
            copies = [member for member in page.items if member.number != original.number]
            return Cluster(
                cluster_id=cluster_id,
                original=original.record,
                size=row.size,
                pinned=row.pinned,
                copies=Page(
                    tuple(self._member(copy, original, reader) for copy in copies), page.next_cursor
                ),
            )

    def clusters(
        self,
        *,
        order: ClusterOrder = ClusterOrder.SIZE,
        cursor: str | None = None,
        limit: int = 100,
    ) -> Page[ClusterSummary]:
        """Return clusters, the largest or the newest first.

        Raises:
            InvalidFieldError: The cursor is none of ours.
        """
        below = _numbers(cursor, 2)
        with self._store.read().snapshot() as reader:
            rows = reader.clusters(
                order, below=(below[0], below[1]) if below else None, limit=limit + 1
            )
            page = _page(rows, limit, _cluster_cursor)
            originals = reader.articles([row.original for row in page.items])
            summaries = tuple(
                ClusterSummary(
                    cluster_id=row.cluster_id,
                    size=row.size,
                    pinned=row.pinned,
                    original=originals[row.original].record,
                )
                for row in page.items
                if row.original in originals
            )
            return Page(summaries, page.next_cursor)

    def changes(self, *, since: int = 0, limit: int = 1000) -> list[Change]:
        """Return promotions, hand-overs, an editor's decisions and removals, in order.

        Args:
            since: Sequence of the last change that the caller knows.
            limit: Most changes to return.
        """
        entries = self._store.read().log(after=since, limit=limit, operations=_CHANGES)
        return [
            Change(
                sequence=entry.sequence,
                operation=entry.operation,
                cluster_id=entry.cluster_id,
                article_id=entry.article_id or "",
                former_id=entry.former_id,
                at=entry.at,
            )
            for entry in entries
        ]

    def _originals(
        self, rows: Sequence[StoredArticle], reader: StoreReader
    ) -> dict[str, StoredArticle]:
        """Return the original of each cluster that the articles are in, by cluster id."""
        return {row.cluster_id: self._answers.original_of(row, reader) for row in rows}

    def _summary(
        self, row: StoredArticle, originals: dict[str, StoredArticle], reader: StoreReader
    ) -> ArticleSummary:
        original = originals[row.cluster_id]
        return ArticleSummary(
            article=row.record,
            verdict=self._answers.standing(row, original, reader).verdict,
            cluster_id=row.cluster_id,
            original=None if original.number == row.number else original.record.id,
        )

    def _member(
        self, copy: StoredArticle, original: StoredArticle, reader: StoreReader
    ) -> ClusterMember:
        standing = self._answers.standing(copy, original, reader)
        return ClusterMember(article=copy.record, verdict=standing.verdict, scores=standing.scores)


def found(value: _Value | None, what: str, identifier: str) -> _Value:
    """Return a value that must be there.

    Raises:
        NotFoundError: It is None.
    """
    if value is None:
        msg = f"there is no {what} {identifier!r}"
        raise NotFoundError(msg)
    return value


def _page(rows: Sequence[_Row], limit: int, cursor_of: Callable[[_Row], str]) -> Page[_Row]:
    """Return a page from rows that were asked for with one more than the limit."""
    kept = tuple(rows[:limit])
    return Page(kept, cursor_of(kept[-1]) if len(rows) > limit else None)


def _cluster_cursor(row: ClusterRow) -> str:
    return f"{row.size}.{row.number}"


def _numbers(cursor: str | None, count: int) -> list[int]:
    """Return the numbers in a cursor, none for the first page."""
    if not cursor:
        return []
    if not _CURSOR.fullmatch(cursor) or cursor.count(".") != count - 1:
        msg = f"this is no cursor of this list: {cursor[:50]!r}"
        raise InvalidFieldError(msg)
    return [int(part) for part in cursor.split(".")]
