"""What a copy has besides its original: prose by which it is found like an original.

Copies are not listed, or buckets would grow with every mirror. But a copy that tells more
than its original is the only known article that tells it; so it is listed under the pieces
of the sentences that its original does not have, and of nothing else.
"""

import numpy as np

from dedup.config import DedupConfig
from dedup.models import Article
from dedup.preparation import PreparedArticle, Preparer
from dedup.sketch.keys import ListedKeys
from dedup.sketch.sampling import sample
from dedup.sketch.similarity import ShingleSet
from dedup.store.base import StoredArticle, StoreReader
from dedup.text.folding import BREAK

__all__ = ["OwnProse"]

_NO_KEYS = np.empty(0, np.uint64)


class OwnProse:
    """Finds the prose of copies that their originals lack. Safe to share between threads."""

    def __init__(self, preparer: Preparer, config: DedupConfig) -> None:
        """Prepare copies that are read from a store with this preparer."""
        self._preparer = preparer
        self._least = config.min_chars

    def keys_of_stored(self, copy: StoredArticle, reader: StoreReader) -> ListedKeys | None:
        """Return what a known copy is listed under, None for nothing."""
        finding = copy.finding
        if finding.verdict.is_copy and finding.matches and finding.replaces is None:
            scores = finding.matches[0].scores
            if scores.size - scores.shared <= self._least:
                return None
        cluster = reader.cluster(copy.cluster_id)
        text = reader.text(copy.number)
        if cluster is None or cluster.original == copy.number or text is None:
            return None
        known = reader.comparable_texts([cluster.original]).get(cluster.original)
        if known is None:
            return None
        article = Article(text=text, id=copy.record.id, format=copy.format)
        shingles = self._preparer.shingles_of(known.text, is_normalized=known.is_normalized)
        return self.keys_of(self._preparer.prepare(article), shingles)

    def keys_of(self, copy: PreparedArticle, original: ShingleSet) -> ListedKeys | None:
        """Return what a copy is listed under beside this original, None for nothing."""
        codes = copy.shingles.codes
        if copy.too_short or len(copy.shingles) <= self._least:
            return None
        is_shared = np.zeros(len(codes) + copy.shingles.k, np.bool_)
        starts = np.flatnonzero(copy.shingles.places_in(original) >= 0)
        for offset in range(copy.shingles.k):
            is_shared[starts + offset] = True
        is_own = copy.prose & ~is_shared[: len(codes)] & (codes != BREAK)
        if np.count_nonzero(is_own) <= self._least:
            return None
        own = np.where(is_own, codes, np.uint32(BREAK)).astype(np.uint32)
        pieces = sample(own, np.array([0, len(own)], np.intp)).listed
        return ListedKeys(_NO_KEYS, pieces) if len(pieces) else None
