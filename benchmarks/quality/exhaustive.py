"""Comparing with every known article: the reference that no index can beat.

An inverted index of exact shingles, as 64-bit hashes of five characters each, over the
service's own normalized texts.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.preparation import PreparedArticle

__all__ = ["EveryArticle", "Nearest", "shingle_hashes"]

_K = 5
_BASE = 0x9E3779B97F4A7C15
_POWERS = np.array([pow(_BASE, power, 1 << 64) for power in range(_K)], np.uint64)


def shingle_hashes(prepared: PreparedArticle) -> NDArray[np.uint64]:
    """Return the distinct shingles of a text, hashed and ascending; uint64, shape (n,)."""
    codes = prepared.shingles.codes
    if len(codes) < _K:
        return np.empty(0, np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, _K)
    windows = windows[(windows != 0).all(axis=1)]  # none goes over a break
    return np.unique((windows.astype(np.uint64) * _POWERS).sum(axis=1, dtype=np.uint64))


class Nearest(NamedTuple):
    """The known article that shares most with a text, by containment and by coverage."""

    containment: float
    coverage: float
    containing: int
    covered: int


class EveryArticle:
    """Counts shared shingles with all known articles at once."""

    def __init__(self, prepared: Sequence[PreparedArticle]) -> None:
        """Sort all shingles of all articles."""
        hashes = [shingle_hashes(article) for article in prepared]
        self._sizes = np.array([max(len(found), 1) for found in hashes])
        owners = np.repeat(np.arange(len(hashes)), [len(found) for found in hashes])
        every = np.concatenate(hashes)
        order = np.argsort(every, kind="stable")
        self._hashes, self._owners = every[order], owners[order]

    def shared(self, prepared: PreparedArticle) -> tuple[NDArray[np.intp], int]:
        """Return how many shingles each known article shares, and how many the text has."""
        hashes = shingle_hashes(prepared)
        first = np.searchsorted(self._hashes, hashes, "left")
        last = np.searchsorted(self._hashes, hashes, "right")
        ranges = [self._owners[a:b] for a, b in zip(first, last, strict=True) if a < b]
        owners = np.concatenate(ranges) if ranges else np.empty(0, np.intp)
        return np.bincount(owners, minlength=len(self._sizes)), len(hashes)

    def nearest(self, prepared: PreparedArticle) -> Nearest:
        """Return the highest containment and coverage over all known articles."""
        counts, size = self.shared(prepared)
        containment = counts / max(size, 1)
        coverage = counts / self._sizes
        containing, covered = int(containment.argmax()), int(coverage.argmax())
        return Nearest(
            float(containment[containing]), float(coverage[covered]), containing, covered
        )
