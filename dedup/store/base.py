"""The contract that every store keeps, and the rows that cross it.

A store is the durable truth: articles, their clusters and a log of all that changed, in
order. Indexes are built from it and follow its log. It decides nothing.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dedup.models import ArticleRecord, Damage, Scores, TextFormat, Verdict

__all__ = [
    "ArticleStore",
    "ClusterOrder",
    "ClusterRow",
    "ComparableText",
    "Finding",
    "LogEntry",
    "LogOperation",
    "NewArticle",
    "RecordedMatch",
    "Sighting",
    "SignatureRow",
    "StoreReader",
    "StoreStats",
    "StoreWriter",
    "StoredArticle",
]


class LogOperation(StrEnum):
    """What an entry of the log reports."""

    ADD = "add"
    PROMOTE = "promote"
    HAND_OVER = "hand_over"
    REMOVE = "remove"
    PIN = "pin"
    LEAVE = "leave"


class LogEntry(NamedTuple):
    """One committed change.

    Attributes:
        sequence: Increasing in the order of commits, gaps allowed.
        operation: What happened.
        number: The article that was added, removed or is the original from now on.
        former: The original before a promotion or hand-over.
        cluster_id: The cluster concerned.
        at: When.
        article_id: Of `number`, which may be gone; None for an addition.
        former_id: Of `former`.
    """

    sequence: int
    operation: LogOperation
    number: int
    former: int | None
    cluster_id: str
    at: datetime
    article_id: str | None
    former_id: str | None


class RecordedMatch(NamedTuple):
    """A match as it was when its article was checked; the number may be gone by now."""

    number: int
    verdict: Verdict
    scores: Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The part of an answer that is kept with its article.

    Attributes:
        verdict: Against the best match.
        matches: Best first.
        damage: Of the article's text.
        too_short: Whether only equal normalized text was looked for.
        replaces: Id of the original whose place the article took, if it did.
    """

    verdict: Verdict
    matches: tuple[RecordedMatch, ...]
    damage: Damage
    too_short: bool
    replaces: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """What an index needs to list an article.

    Attributes:
        number: Of the article.
        normalized_digest: xxh3-128 of the normalized text, 16 bytes.
        signature: Its sketch, of which the store knows nothing but that its length differs
            between articles; uint32, shape (n,); None for one too short to compare.
    """

    number: int
    normalized_digest: bytes
    signature: NDArray[np.uint32] | None


class SignatureBlock(NamedTuple):
    """What an index needs to list many articles, in a few large pieces.

    Attributes:
        last: The highest number of the articles looked at; 0 if there was none.
        originals: Their numbers, in order; uint32, shape (n,).
        digests: xxh3-128 of the normalized text of each original, 16 bytes.
        sketches: The sketches of the originals, one behind the other; uint32, shape (total,).
        offsets: Original i has sketches[offsets[i]:offsets[i + 1]], nothing if it is too
            short to compare; intp, shape (n + 1,).
        copies: The numbers of the other articles, in order.
    """

    last: int
    originals: NDArray[np.uint32]
    digests: Sequence[bytes]
    sketches: NDArray[np.uint32]
    offsets: NDArray[np.intp]
    copies: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArticle:
    """An article to be written.

    Attributes:
        text_digest: xxh3-128 of the text's UTF-8, 16 bytes.
        normalized: The normalized text where folding `text` alone does not give it, with
            NUL for a break; None where it does.
        signature: As in `SignatureRow`.
        finding: The answer to its check.
        cluster_id: The cluster that it joins or founds.
    """

    record: ArticleRecord
    format: TextFormat
    text: str
    text_digest: bytes
    normalized: str | None
    normalized_digest: bytes
    signature: NDArray[np.uint32] | None
    finding: Finding
    cluster_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArticle:
    """An article as read, without text and signature."""

    number: int
    record: ArticleRecord
    format: TextFormat
    text_digest: bytes
    finding: Finding
    cluster_id: str


class Sighting(NamedTuple):
    """When an article was last seen.

    Attributes:
        article: The article.
        at: When it came last, itself or as a copy of it.
        again: Whether that was after it had come first.
    """

    article: StoredArticle
    at: datetime
    again: bool


class ComparableText(NamedTuple):
    """The text to compare with: folded already (NUL for a break), or as received."""

    text: str
    is_normalized: bool


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster.

    Attributes:
        number: Ascending in the order in which clusters were founded.
        cluster_id: As clients know it.
        original: Number of the article that answers for it.
        size: How many articles it holds.
        pinned: Whether an editor chose the original.
    """

    number: int
    cluster_id: str
    original: int
    size: int
    pinned: bool


class ClusterOrder(StrEnum):
    """How clusters are listed."""

    SIZE = "size"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class StoreStats:
    """Counts and sizes of a store."""

    articles: int
    clusters: int
    sequence: int
    bytes_on_disk: int
    scheme: str


class StoreReader(Protocol):
    """The questions a store answers; each sees one committed state or a later one."""

    def snapshot(self) -> AbstractContextManager[Self]:
        """Answer all questions within from one committed state."""
        ...

    def find(self, article_id: str) -> StoredArticle | None:
        """Return the article with this id."""
        ...

    def articles(self, numbers: Sequence[int]) -> dict[int, StoredArticle]:
        """Return the articles with these numbers; missing ones are left out."""
        ...

    def articles_after(
        self, number: int, *, limit: int, url: str | None = None
    ) -> list[StoredArticle]:
        """Return articles numbered above this, in order; those of one URL if it is given."""
        ...

    def longest_unseen(self, *, after: int, limit: int) -> list[Sighting]:
        """Return articles by when they were last seen, the longest ago first.

        Those that came once only are in order of number, whatever the clock said.

        Args:
            after: A number up to which every article is gone or was seen again; 0 is right
                at any time, and takes longer if those are many.
            limit: Most articles to return.
        """
        ...

    def titled(self, part: str, *, after: int, limit: int) -> list[StoredArticle]:
        """Return articles numbered above `after` with this in their title, in order.

        Upper and lower case of A to Z are the same.
        """
        ...

    def text(self, number: int) -> str | None:
        """Return the text as received."""
        ...

    def comparable_texts(self, numbers: Sequence[int]) -> dict[int, ComparableText]:
        """Return what to compare with; missing articles are left out."""
        ...

    def cluster(self, cluster_id: str) -> ClusterRow | None:
        """Return the cluster with this id."""
        ...

    def clusters(
        self, order: ClusterOrder, *, below: tuple[int, int] | None, limit: int
    ) -> list[ClusterRow]:
        """Return clusters, the largest or the newest first.

        Args:
            order: Which of the two.
            below: Size and number of the last cluster of the page before.
            limit: Most clusters to return.
        """
        ...

    def separated_from(self, normalized_digest: bytes) -> frozenset[str]:
        """Return the ids of the clusters of which an editor said that this text is no copy."""
        ...

    def members(self, cluster_id: str, *, after: int, limit: int) -> list[StoredArticle]:
        """Return members numbered above `after`, in order of number."""
        ...

    def copies_after(self, number: int, *, limit: int) -> list[StoredArticle]:
        """Return articles numbered above this that are no originals, in order."""
        ...

    def unmatched(self, numbers: Sequence[int]) -> dict[int, int | None]:
        """Return how many shingles of copies their best match lacked; missing ones are left out.

        None where the answer does not tell: an original's, or that of one that was one.
        """
        ...

    def originals(self, numbers: Sequence[int]) -> list[SignatureRow]:
        """Return the signature rows of those that are originals now, in order."""
        ...

    def originals_after(self, number: int, *, limit: int) -> list[SignatureRow]:
        """Return signature rows of originals numbered above this, in order."""
        ...

    def signatures_after(self, number: int, *, limit: int) -> "SignatureBlock":
        """Return the signatures of articles numbered above this, in order."""
        ...

    def sequence(self) -> int:
        """Return the sequence of the newest log entry, 0 for an empty log."""
        ...

    def log(
        self, *, after: int, limit: int, operations: Sequence[LogOperation] = tuple(LogOperation)
    ) -> list[LogEntry]:
        """Return the log entries of these operations behind a sequence, oldest first.

        Whoever follows the log keeps an index, which may not mix schemes.

        Raises:
            StoreVersionError: The store was upgraded to another scheme since it was
                opened.
        """
        ...

    def stats(self) -> StoreStats:
        """Return counts and sizes."""
        ...


class StoreWriter(StoreReader, Protocol):
    """One transaction: all of it becomes durable, or none; it reads its own writes."""

    def add(self, article: NewArticle) -> int:
        """Write an article and return its number, above all numbers given before.

        The caller has made sure that the id is free. A cluster that does not exist is
        founded with the article as its original.
        """
        ...

    def set_original(self, cluster_id: str, number: int, operation: LogOperation) -> None:
        """Let a member answer for its cluster; `PIN` also keeps it against promotions."""
        ...

    def see_again(self, number: int, at: datetime, *, unless_since: datetime) -> None:
        """Note that an article came again, unless it was seen since some moment."""
        ...

    def leave(self, number: int, cluster_id: str, finding: Finding) -> None:
        """Let a copy leave its cluster and found one, on an editor's word.

        From now on its text is `separated_from` the cluster that it left.

        Args:
            number: Of a copy.
            cluster_id: Of the cluster that it founds; not in use.
            finding: What it is from now on.
        """
        ...

    def remove(self, number: int) -> None:
        """Delete an article that is no original, or the last member of its cluster."""
        ...

    def forget_log(self, *, after: int, keep: int, limit: int) -> int:
        """Look at some entries of the log, and delete those about articles that are gone.

        Args:
            after: Sequence behind which to look.
            keep: Newest sequences that stay in any case.
            limit: Most entries to look at.

        Returns:
            Where to go on next time: 0 behind the last one.
        """
        ...


class ArticleStore(Protocol):
    """Durable articles, clusters and log. Safe to share between threads."""

    scheme: str
    folder: Path | None
    """Where files may stand that can be made anew; None if the store is in none."""

    def read(self) -> StoreReader:
        """Return a reader for use in the calling thread."""
        ...

    def write(self) -> AbstractContextManager[StoreWriter]:
        """Begin the one transaction that may write; leaving it commits or rolls back.

        A commit that returned survives a crash and a power cut.

        Raises:
            StoreVersionError: The store was upgraded to another scheme since it was
                opened.
            StoreUnavailableError: Another writer holds the lock for too long, or the
                store cannot be written.
            StorageFullError: There is no room; nothing was written.
        """
        ...

    def close(self) -> None:
        """Release everything; may be called twice."""
        ...
