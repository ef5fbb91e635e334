"""The contract of whatever finds the originals worth comparing with an article.

Two keep it: `dedup.index.originals` in the memory of each worker, `dedup.index.tables` in
tables of the store. They give the same answers.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dedup.sketch.keys import KeyBatch, ListedKeys, Probe
from dedup.store.base import StoredArticle, StoreReader, StoreWriter

__all__ = ["Candidates", "KeysOf", "KeysOfBlock", "OriginalIndex", "OwnKeysOf"]

OwnKeysOf = Callable[[StoredArticle, StoreReader], ListedKeys | None]
"""Gives the keys of what a copy has besides its original, if any."""

KeysOf = Callable[[Sequence[NDArray[np.uint32] | None], Sequence[bytes]], Sequence[ListedKeys]]
"""Gives the keys of originals from their signatures and digests."""

KeysOfBlock = Callable[[NDArray[np.uint32], NDArray[np.intp], Sequence[bytes]], KeyBatch]
"""The same of very many: from sketches one behind the other, their offsets, and digests."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Originals worth comparing, and the state of the index that they were found in.

    Attributes:
        numbers: Most promising first.
        state: What the index must know to look again for what came since; nobody else's
            business.
    """

    numbers: tuple[int, ...]
    state: tuple[int, ...]


class OriginalIndex(Protocol):
    """Finds originals that share keys with an article. Safe to share between threads.

    Readers and writers are those of the store that it was made for. A transaction calls
    `begin` first and `settle` last.
    """

    def __len__(self) -> int:
        """Return the number of originals that can be found."""
        ...

    @property
    def nbytes(self) -> int:
        """Bytes of memory reserved."""
        ...

    def load(self, reader: StoreReader, /) -> None:
        """Make every original of a store findable."""
        ...

    def save(self) -> bool:
        """Save what the next to open the store would have to make anew, if it is worth it.

        Returns:
            Whether anything was saved.

        Raises:
            OSError: A file cannot be written.
            StoreError: The store cannot be used.
        """
        ...

    def follow(self, reader: StoreReader, /) -> None:
        """Take over what was committed since the last call, by whichever process."""
        ...

    def find(self, probe: Probe, reader: StoreReader, /) -> Candidates:
        """Return committed originals that share keys."""
        ...

    def find_many(self, keys: KeyBatch, reader: StoreReader, /) -> list[Candidates]:
        """Return the same for each of articles that were prepared together."""
        ...

    def begin(self, writer: StoreWriter, /) -> None:
        """Take over what was committed until this transaction began."""
        ...

    def find_again(self, probe: Probe, former: Candidates, writer: StoreWriter, /) -> list[int]:
        """Return what an earlier search could not find: committed since, or known before.

        Of the articles that the transaction itself adds, the index may return those that
        come near, and need not.
        """
        ...

    def find_again_many(
        self, keys: KeyBatch, formers: Sequence[Candidates], writer: StoreWriter, /
    ) -> Sequence[Sequence[int]]:
        """Return the same for articles that a transaction begins with, before it adds any."""
        ...

    def still_listed(self, former: Candidates, writer: StoreWriter, /) -> Collection[int]:
        """Return which of these candidates can still be found."""
        ...

    def stage(
        self, number: int, keys: ListedKeys, writer: StoreWriter, /, *, is_heir: bool = False
    ) -> None:
        """Let an original that is written be found once it is committed.

        Args:
            number: Its number.
            keys: What it is listed under.
            writer: Of the transaction.
            is_heir: Whether it was known before, as a copy; the writer finds it at once.
        """
        ...

    def stage_copy(self, number: int, keys: ListedKeys | None, writer: StoreWriter, /) -> None:
        """The same for what a copy has besides its original, None for nothing."""
        ...

    def settle(self, writer: StoreWriter, /) -> None:
        """List what was staged; the last act of every transaction."""
        ...

    def unstage(self, numbers: Iterable[int], /) -> None:
        """Take back originals whose transaction was rolled back."""
        ...
