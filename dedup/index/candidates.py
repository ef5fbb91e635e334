"""Which known articles are worth an exact comparison.

Holds the originals only: copies are remembered as copies, so buckets stay short however
often an article is mirrored. Everything here can be rebuilt from the store.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.index.postings import PostingTable

__all__ = ["CandidateIndex"]


class CandidateIndex:
    """Finds originals that share keys with an article.

    Keys are whatever two like articles have in common with a high chance: band keys of
    their signatures, the digest of the normalized text. Not thread-safe: the owner locks.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._postings = PostingTable()
        # A discarded article's entries stay behind in finished segments; one byte an
        # article says whether they still count.
        self._listed = np.zeros(1 << 12, np.bool_)
        self._size = 0

    def __len__(self) -> int:
        """Return how many originals can be found."""
        return self._size

    @property
    def nbytes(self) -> int:
        """Bytes reserved by the index."""
        return self._postings.nbytes + self._listed.nbytes

    def add(self, keys: NDArray[np.uint64], numbers: NDArray[np.uint32]) -> None:
        """List originals under their keys.

        Args:
            keys: uint64, shape (n, keys an article).
            numbers: uint32, shape (n,), none of them listed.
        """
        if not len(numbers):
            return
        self._reserve(int(numbers.max()))
        self._postings.add(keys, numbers)
        self._listed[numbers] = True
        self._size += len(numbers)

    def discard(self, number: int) -> None:
        """Stop finding an article; one that is not listed is passed over."""
        if self.lists(number):
            self._listed[number] = False
            self._size -= 1

    def lists(self, number: int) -> bool:
        """Return whether an article can be found."""
        return number < len(self._listed) and bool(self._listed[number])

    def find(
        self, keys: NDArray[np.uint64], *, limit: int, after: int = 0, upto: int | None = None
    ) -> list[int]:
        """Return the listed articles that share most keys, at most `limit` of them.

        Args:
            keys: uint64, shape (n,).
            limit: Largest number of candidates.
            after: Leave out articles numbered up to this.
            upto: Leave out articles numbered above this.

        Returns:
            Article numbers, those with most shared keys first, then the older ones.
        """
        hits = self._postings.find(keys)
        if not len(hits):
            return []
        hits = hits[self._listed[hits]]
        if after:
            hits = hits[hits > after]
        if upto is not None:
            hits = hits[hits <= upto]
        numbers, counts = np.unique(hits, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:limit]
        return [int(number) for number in numbers[order]]

    def _reserve(self, number: int) -> None:
        if number >= len(self._listed):
            larger = np.zeros(max(number + 1, 2 * len(self._listed)), np.bool_)
            larger[: len(self._listed)] = self._listed
            self._listed = larger
