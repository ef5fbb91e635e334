"""What a match is beside the other matches.

A text is compared with one known article at a time. Two things show only when several are
laid side by side. What stands around a known article may have no sentences, as briefs and
tables have none, and pass for a page: where it is another known article, the text is a digest.
And what a text shares with a known article may be what a site puts around all of its articles,
or the set phrases of an announcement: then other known articles share it too, and what either
text has besides is in none of them.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from dedup.config import Thresholds
from dedup.models import Scores, Verdict
from dedup.preparation import PreparedArticle
from dedup.sketch.similarity import ShingleSet
from dedup.verdicts import (
    FEWEST_ALIKE,
    carries_whole,
    has_what_is_beside,
    has_what_is_shared,
    is_list,
    is_of_both,
    may_be_common,
    tells_other,
)

__all__ = ["Comparison", "beside_others"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an incoming article relates to one known article."""

    number: int
    verdict: Verdict
    scores: Scores


def beside_others(
    prepared: PreparedArticle,
    comparisons: Sequence[Comparison],
    others: AbstractSet[int],
    known: Callable[[Sequence[int]], Mapping[int, ShingleSet]],
    thresholds: Thresholds,
) -> list[Comparison]:
    """Return comparisons, each with the verdict that it has beside the others.

    Args:
        prepared: The incoming article.
        comparisons: Of it with known articles.
        others: Numbers of those that are originals.
        known: Gives the shingles of known articles by their numbers; some may be gone.
        thresholds: Where verdicts begin.
    """
    if len(comparisons) < 2:
        return list(comparisons)
    company = _Company(prepared, comparisons, others, known, thresholds)
    return [replace(found, verdict=company.verdict(found)) for found in comparisons]


class _Company:
    """Known articles that match one text."""

    def __init__(
        self,
        prepared: PreparedArticle,
        comparisons: Sequence[Comparison],
        others: AbstractSet[int],
        known: Callable[[Sequence[int]], Mapping[int, ShingleSet]],
        thresholds: Thresholds,
    ) -> None:
        self._prepared = prepared
        self._originals = others
        self._comparisons = comparisons
        self._thresholds = thresholds
        self._load = known
        self._known: Mapping[int, ShingleSet] | None = None
        self._places: dict[int, NDArray[np.bool_]] = {}

    def verdict(self, found: Comparison) -> Verdict:
        """Return what the text is to a known article, the others considered."""
        if self._is_in_digest(found):
            return Verdict.COMPILATION
        if self._is_common(found):
            return Verdict.PARTIAL
        return found.verdict

    def _is_in_digest(self, found: Comparison) -> bool:
        """Whether the text carries a second known article beside a whole first one."""
        copy = self._thresholds.copy
        if not carries_whole(found.verdict) or found.scores.containment >= copy:
            return False
        return any(
            self._are_both_in(found.number, other.number)
            for other in self._comparisons
            if other.number in self._originals and other.scores.coverage >= copy
        )

    def _are_both_in(self, first: int, second: int) -> bool:
        if first == second or not {first, second} <= self._shingles().keys():
            return False
        is_beside = self._shared(second) & ~self._shared(first)
        if any(
            has_what_is_beside(_count(is_beside), _count(is_beside & self._shared(other)))
            for other in self._others()
            if other not in {first, second}
        ):
            return False
        return is_of_both(
            np.unique(self._prepared.shingles.first_places[is_beside]).size,
            prose=_count(is_beside & self._prepared.prose),
            second_size=len(self._shingles()[second]),
            size=len(self._prepared.shingles),
            thresholds=self._thresholds,
        )

    def _is_common(self, found: Comparison) -> bool:
        """Whether others share what the text does with a known article, and are like neither."""
        if not may_be_common(found.verdict, found.scores, self._thresholds):
            return False
        original = self._shingles().get(found.number)
        if original is None:
            return False
        shingles = self._prepared.shingles
        is_shared = self._shared(found.number)
        is_prose = is_shared & self._prepared.prose
        is_own = (shingles.first_places >= 0) & ~is_shared
        is_missing = (original.first_places >= 0) & (original.places_in(shingles) < 0)
        if is_list(_count(is_shared), _count(is_prose)):
            is_own[:] = False  # a page without an article has nothing but the order of its lists

        def is_alike(number: int) -> bool:
            is_there = self._shared(number)
            return (
                has_what_is_shared(
                    shared=_count(is_shared),
                    there=_count(is_shared & is_there),
                    lacking=_count(is_prose & ~is_there),
                )
                and tells_other(_count(is_own), _count(is_own & is_there))
                and tells_other(
                    _count(is_missing),
                    _count(is_missing & (original.places_in(self._shingles()[number]) >= 0)),
                )
            )

        others = (number for number in self._others() if number != found.number)
        return sum(1 for _ in islice(filter(is_alike, others), FEWEST_ALIKE)) == FEWEST_ALIKE

    def _others(self) -> list[int]:
        return [number for number in self._shingles() if number in self._originals]

    def _shingles(self) -> Mapping[int, ShingleSet]:
        if self._known is None:
            self._known = self._load([found.number for found in self._comparisons])
        return self._known

    def _shared(self, number: int) -> NDArray[np.bool_]:
        """Return where in the text shingles begin that a known article has; shape (n,)."""
        if number not in self._places:
            places = self._prepared.shingles.places_in(self._shingles()[number])
            self._places[number] = places >= 0
        return self._places[number]


def _count(mask: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))
