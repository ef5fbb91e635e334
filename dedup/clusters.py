"""Clusters: who founds one, who answers for it, and who does when that one goes."""

from datetime import UTC, datetime
from itertools import count

import xxhash

from dedup.catalogue import found
from dedup.errors import NotFoundError
from dedup.models import Verdict
from dedup.store.base import LogOperation, SignatureRow, StoredArticle, StoreReader, StoreWriter

__all__ = [
    "founded_cluster_id",
    "heir_of",
    "is_original",
    "is_pinned",
    "member_of",
    "new_cluster_id",
    "remove_article",
]

_MEMBERS_AT_ONCE = 1_000


def founded_cluster_id(article_id: str) -> str:
    """Return the id of the cluster that an article founds in an empty store.

    It follows from the article's id, so that the same collection gets the same
    clusters on any machine.
    """
    return _cluster_id(article_id, attempt=0)


def _cluster_id(article_id: str, attempt: int) -> str:
    return f"c{xxhash.xxh3_64_hexdigest(article_id.encode(), seed=attempt)}"


def new_cluster_id(article_id: str, reader: StoreReader) -> str:
    """Return an unused id for the cluster that an article founds.

    The second try is for a cluster that outlived its founder.
    """
    for attempt in count():
        cluster_id = _cluster_id(article_id, attempt)
        if reader.cluster(cluster_id) is None:
            return cluster_id
    raise AssertionError


def member_of(cluster_id: str, article_id: str, reader: StoreReader) -> StoredArticle:
    """Return a member of a cluster.

    Raises:
        NotFoundError: There is no such cluster, or no such article in it.
    """
    found(reader.cluster(cluster_id), "cluster", cluster_id)
    stored = found(reader.find(article_id), "article", article_id)
    if stored.cluster_id != cluster_id:
        msg = f"article {article_id!r} is not in cluster {cluster_id!r}"
        raise NotFoundError(msg)
    return stored


def is_pinned(stored: StoredArticle, reader: StoreReader) -> bool:
    """Whether an editor chose the original of an article's cluster."""
    cluster = reader.cluster(stored.cluster_id)
    return cluster is not None and cluster.pinned


def is_original(stored: StoredArticle, reader: StoreReader) -> bool:
    """Whether an article answers for its cluster."""
    cluster = reader.cluster(stored.cluster_id)
    return cluster is not None and cluster.original == stored.number


def remove_article(stored: StoredArticle, writer: StoreWriter) -> SignatureRow | None:
    """Remove an article; return what the index needs of its heir, if it has one."""
    heir = heir_of(stored, writer)
    if heir is not None:
        writer.set_original(stored.cluster_id, heir.number, LogOperation.HAND_OVER)
    writer.remove(stored.number)
    return writer.originals([heir.number])[0] if heir is not None else None


def heir_of(stored: StoredArticle, reader: StoreReader) -> StoredArticle | None:
    """Return who answers for a cluster when this original leaves it.

    None where the article is not the original, or is the last of its cluster.
    """
    cluster = reader.cluster(stored.cluster_id)
    if cluster is None or cluster.original != stored.number:
        return None
    best: StoredArticle | None = None
    after = 0
    while members := reader.members(stored.cluster_id, after=after, limit=_MEMBERS_AT_ONCE):
        after = members[-1].number
        rivals = [member for member in members if member.number != stored.number]
        best = min([*rivals, *([best] if best else [])], key=_precedence, default=None)
    return best


def _precedence(member: StoredArticle) -> tuple[bool, bool, datetime, datetime, str]:
    """Return the sort key of copies that may become the original, best first."""
    record = member.record
    return (
        member.finding.damage.damaged,
        member.finding.verdict is Verdict.EXCERPT,
        record.published_at or datetime.max.replace(tzinfo=UTC),
        record.first_seen,
        record.id,
    )
