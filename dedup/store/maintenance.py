"""The contract of a store's upkeep: what `dedup store` needs beyond `dedup.store.base`.

Upkeep opens any store of this release's schema, whatever its scheme, and also one that is
being served. It decides nothing about articles: rows go out and come in as they are.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from dedup.models import TextFormat
from dedup.store.base import ClusterRow, NewArticle, StoredArticle, StoreStats

__all__ = [
    "UNFINISHED_IMPORT",
    "ClusterPlace",
    "MaintainedStore",
    "MaintenanceReader",
    "MaintenanceWriter",
    "NoCopy",
    "Progress",
    "RestoredArticle",
    "Sign",
    "Signed",
    "StoreFigures",
    "TextRow",
    "Violation",
    "WholeArticle",
]

UNFINISHED_IMPORT = "unfinished-import"
"""Begins the scheme of a store that is being imported: no other process may use it."""


class Signed(NamedTuple):
    """All of an article's row that follows from its text and the scheme.

    Attributes:
        normalized: As in `NewArticle`.
        normalized_digest: xxh3-128 of the normalized text, 16 bytes.
        signature: As in `SignatureRow`; None for a text too short to compare.
    """

    normalized: str | None
    normalized_digest: bytes
    signature: NDArray[np.uint32] | None


Progress = Callable[[str, int, int], None]
"""Told the name of a stage, how much of it is done, and how much there is."""

Sign = Callable[[str, TextFormat, str | None], Signed]
"""Normalizes and signs a text as received with its title; safe to call from several threads."""


class ClusterPlace(NamedTuple):
    """An article's place in its cluster.

    Attributes:
        number: The cluster's, ascending in the order in which clusters were founded.
        is_original: Whether the article answers for the cluster.
        pinned: Whether an editor chose it for that.
    """

    number: int
    is_original: bool
    pinned: bool


class WholeArticle(NamedTuple):
    """An article with its text and its place; no part that the scheme determines."""

    article: StoredArticle
    text: str
    place: ClusterPlace
    normalized_digest: bytes
    seen_again: datetime | None


class RestoredArticle(NamedTuple):
    """An article of another store, to be written under a number of this one.

    Attributes:
        number: One that `MaintenanceWriter.new_numbers` gave.
        article: What there is to write.
        cluster: The number of its cluster.
        is_original: Whether it answers for the cluster.
        seen_again: When it came last, if that was after it had come first.
    """

    number: int
    article: NewArticle
    cluster: int
    is_original: bool
    seen_again: datetime | None


class TextRow(NamedTuple):
    """What there is to sign of an article."""

    number: int
    text: str
    format: TextFormat
    title: str | None


class NoCopy(NamedTuple):
    """An editor's word that a text is no copy of a cluster."""

    normalized_digest: bytes
    cluster_id: str


class Violation(NamedTuple):
    """A rule that a store breaks, and where: an article's or cluster's id, or a number."""

    rule: str
    where: str


@dataclass(frozen=True, slots=True)
class StoreFigures:
    """A store in numbers.

    Attributes:
        stats: What the service tells too; its size is that of the pages in use.
        originals: Articles that new ones are compared with.
        file_bytes: Room that the files take on the disk, the write-ahead log included.
        schema_version: Number of migrations applied.
        oldest: `first_seen` of the first article in the order of numbers, which is the
            order of arrival; None for an empty store.
        newest: Of the last one.
    """

    stats: StoreStats
    originals: int
    file_bytes: int
    schema_version: int
    oldest: datetime | None
    newest: datetime | None


class MaintenanceReader(Protocol):
    """Questions of upkeep, all answered from one committed state."""

    def figures(self) -> StoreFigures:
        """Return the store in numbers."""
        ...

    def whole_articles(self) -> Iterator[WholeArticle]:
        """Yield every article with its text, in order of number."""
        ...

    def ids_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the ids of the articles with these numbers; missing ones are left out."""
        ...

    def no_copies(self) -> list[NoCopy]:
        """Return every decision that a text is no copy of a cluster, in order."""
        ...

    def violations(self, sign: Sign | None = None) -> Iterator[Violation]:
        """Yield every rule that the store breaks.

        Args:
            sign: If given, what the scheme determines is worked out anew and compared.
        """
        ...


class MaintenanceWriter(Protocol):
    """One transaction of upkeep."""

    def is_empty(self) -> bool:
        """Return whether no article is known."""
        ...

    def clear(self) -> None:
        """Delete everything but the schema."""
        ...

    def new_numbers(self, count: int) -> Sequence[int]:
        """Return so many numbers for articles, ascending, above all given before."""
        ...

    def numbers_of(self, article_ids: Collection[str]) -> dict[str, int]:
        """Return the numbers of the articles with these ids; missing ones are left out."""
        ...

    def clusters_of(self, numbers: Collection[int], ids: Collection[str]) -> list[ClusterRow]:
        """Return the clusters that have one of these numbers or one of these ids."""
        ...

    def normalized_digest(self, number: int) -> bytes:
        """Return the digest of a known article's normalized text."""
        ...

    def restore(
        self,
        articles: Sequence[RestoredArticle],
        *,
        founded: Sequence[ClusterRow],
        changed: Sequence[ClusterRow],
    ) -> None:
        """Write articles of another store; the log tells them as additions.

        Args:
            articles: The articles, by ascending number.
            founded: Their clusters that are not here yet, with these articles.
            changed: Their other clusters, with these articles.
        """
        ...

    def restore_no_copy(self, no_copy: NoCopy) -> None:
        """Write an editor's word of another store."""
        ...

    def clusters_without_original(self, *, limit: int) -> list[str]:
        """Return ids of clusters whose original was not restored."""
        ...

    def begin_upgrade(self, scheme: str) -> None:
        """Make room for the rows of another scheme; go on where one to it was broken off."""
        ...

    def give_up_upgrade(self) -> None:
        """Put the rows of an upgrade that was broken off out of use, if there are any."""
        ...

    def texts_to_sign(self, *, limit: int) -> list[TextRow]:
        """Return articles whose rows of the other scheme are not written yet, in order."""
        ...

    def num_signed(self) -> int:
        """Return how many rows of the other scheme are written."""
        ...

    def put_signed(self, signed: Mapping[int, Signed]) -> None:
        """Write rows of the other scheme; articles that are gone by now are passed over."""
        ...

    def follow_changes(self, *, limit: int) -> int:
        """Take over what happened to articles already signed; return how many changes."""
        ...

    def exchange(self) -> None:
        """Let the rows of the other scheme take the place of the present ones."""
        ...

    def sweep(self, *, limit: int) -> bool:
        """Delete some rows that are out of use; return whether there may be more."""
        ...


class MaintainedStore(Protocol):
    """A store opened for upkeep."""

    scheme: str

    def snapshot(self) -> AbstractContextManager[MaintenanceReader]:
        """Read one committed state, for as long as it takes; writers go on meanwhile."""
        ...

    def write(self) -> AbstractContextManager[MaintenanceWriter]:
        """Begin a transaction, as `ArticleStore.write`."""
        ...

    def switch(self, scheme: str) -> AbstractContextManager[MaintenanceWriter]:
        """Begin a transaction that ends with the store being of another scheme.

        Every other process that holds the store open gets `StoreVersionError` from its
        next transaction on.
        """
        ...

    def close(self) -> None:
        """Release everything; may be called twice."""
        ...
