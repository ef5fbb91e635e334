"""Exact comparison of an incoming article with known ones, on their stored texts."""

import threading
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray

from dedup.anchors import find_anchors
from dedup.company import Comparison, beside_others
from dedup.config import DedupConfig
from dedup.models import Anchor, Differences, Passage, Scores, Verdict
from dedup.preparation import PreparedArticle, Preparer
from dedup.sketch.alignment import align_sets
from dedup.sketch.gaps import Carried, count_substitutions, examine_gaps
from dedup.sketch.similarity import ShingleSet, could_share
from dedup.store.base import StoreReader
from dedup.text.blanks import numerals, surnames
from dedup.text.folding import BREAK
from dedup.verdicts import (
    Likeness,
    carries_whole,
    decide,
    is_garbled,
    is_lost,
    is_other_list,
    is_refilled,
    is_regional,
    judged_containment,
    may_be_related,
    needs_a_look,
    sets_slips_aside,
)

__all__ = ["Comparer", "Comparison", "Evidence", "until_fruitless"]

_Candidate = TypeVar("_Candidate")
_Found = TypeVar("_Found")

_COMPARED_AT_ONCE = 8
_COMPARED_CHARS = 1_000_000  # of known texts in all: 64 usual ones have a fifth of that
_FEWEST_TEASERS = 3
_LONGEST_ITEM = 30  # characters, on average
_PERHAPS_EXACT = frozenset({Verdict.REPRINT, Verdict.EXCERPT, Verdict.COMPILATION})
_CACHE_BYTES = 64 << 20
_LARGEST_CACHED_BYTES = _CACHE_BYTES // 16  # one huge text must not push out all others


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where and how two matched texts agree and differ.

    Attributes:
        differences: Characters that the texts do not share.
        passages: Stretches that they do.
        anchors: Where lines of the known text begin in both.
        num_chars: Characters of the known text, of a page its main text.
    """

    differences: Differences
    passages: tuple[Passage, ...]
    anchors: tuple[Anchor, ...]
    num_chars: int


class Comparer:
    """Compares with known articles; keeps the texts asked for most. Thread-safe."""

    def __init__(self, preparer: Preparer, config: DedupConfig) -> None:
        """Start with an empty cache."""
        self._preparer = preparer
        self._thresholds = config.thresholds
        self._least_shared = config.min_chars - config.sketch.shingle_length + 1
        self._cache: LRUCache[int, ShingleSet] = LRUCache(
            _CACHE_BYTES, getsizeof=lambda shingles: shingles.nbytes
        )
        self._lock = threading.Lock()

    def compare(
        self, prepared: PreparedArticle, numbers: Sequence[int], reader: StoreReader
    ) -> list[Comparison]:
        """Return how the article relates to known ones, the most promising given first.

        Articles that share too little to be told, or are gone, are left out. Where a
        whole group of candidates shares too little, those behind it are not looked at,
        and neither is what is left when `_COMPARED_CHARS` characters were.
        """
        num_chars = 0

        def look(some: Sequence[int]) -> list[Comparison]:
            nonlocal num_chars
            if num_chars > _COMPARED_CHARS:
                return []
            known = self._known_shingles(some, reader)
            num_chars += sum(shingles.codes.size for _, shingles in known)
            return self._compare_some(prepared, known, reader)

        return until_fruitless(numbers, look)

    def beside_others(
        self,
        prepared: PreparedArticle,
        comparisons: Sequence[Comparison],
        others: AbstractSet[int],
        reader: StoreReader,
    ) -> list[Comparison]:
        """Return comparisons, each with the verdict that it has beside those with others."""
        return beside_others(
            prepared,
            comparisons,
            others,
            lambda numbers: dict(self._known_shingles(numbers, reader)),
            self._thresholds,
        )

    def evidence(
        self, prepared: PreparedArticle, number: int, reader: StoreReader
    ) -> Evidence | None:
        """Return the passages two texts share and how they differ; None if one is gone."""
        stored = reader.articles([number]).get(number)
        text = reader.text(number)
        if stored is None or text is None:
            return None
        known = self._preparer.normalize(text, stored.format, stored.record.title)
        alignment = align_sets(prepared.shingles, ShingleSet(known.codes, prepared.shingles.k))
        offsets = prepared.normalized.received_offsets(len(prepared.article.text))
        known_offsets = known.received_offsets(len(text))
        passages = tuple(
            Passage(
                int(offsets[start]),
                int(offsets[end - 1]) + 1,
                int(known_offsets[known_start]),
                int(known_offsets[known_end - 1]) + 1,
            )
            for start, end, known_start, known_end in alignment.passages
        )
        anchors = find_anchors(text, alignment.passages, alignment.partners, offsets, known_offsets)
        num_chars = len(known.main_text(text))
        return Evidence(alignment.differences, passages, anchors, num_chars)

    def shingles_of(self, number: int, reader: StoreReader) -> ShingleSet | None:
        """Return the shingles of a known article, None if it is gone."""
        return dict(self._known_shingles([number], reader)).get(number)

    def forget(self, numbers: Sequence[int]) -> None:
        """Drop articles whose numbers may be given to others."""
        with self._lock:
            for number in numbers:
                self._cache.pop(number, None)

    def _compare_some(
        self,
        prepared: PreparedArticle,
        some: Sequence[tuple[int, ShingleSet]],
        reader: StoreReader,
    ) -> list[Comparison]:
        comparisons = []
        for number, known in some:
            same_text = np.array_equal(prepared.normalized.codes, known.codes) and (
                BREAK not in known.codes or _has_digest(number, prepared, reader)
            )
            verdict, scores = self._relate(prepared, known, same_text=same_text)
            if verdict in _PERHAPS_EXACT and _has_breaks(prepared.shingles, known):
                verdict = Verdict.EXACT if _has_digest(number, prepared, reader) else verdict
            if verdict is not Verdict.NEW:
                comparisons.append(Comparison(number, verdict, scores))
        return comparisons

    def _relate(
        self, prepared: PreparedArticle, known: ShingleSet, *, same_text: bool
    ) -> tuple[Verdict, Scores]:
        if prepared.too_short and not same_text:
            return Verdict.NEW, Scores()
        least = self._thresholds.garbled
        if not (same_text or could_share(prepared.normalized.codes, known, least)):
            return Verdict.NEW, Scores()  # as most candidates
        scores = Scores(*prepared.shingles.overlap(known))
        if same_text:
            # One too short for a single shingle is equal too.
            verdict = Verdict.GARBLED_MIRROR if prepared.damaged else Verdict.EXACT
            return verdict, scores if scores.size else Scores(1, 1, 1)
        if not may_be_related(scores, self._thresholds):
            return Verdict.NEW, scores
        return self._look_closer(prepared, known, scores), scores

    def _look_closer(self, prepared: PreparedArticle, known: ShingleSet, scores: Scores) -> Verdict:
        """Tell copies, garbled copies and forms filled in anew by how the texts differ."""
        alignment = align_sets(prepared.shingles, known)
        gaps, carried = examine_gaps(prepared.shingles, known, alignment, numerals(), surnames())
        num_chars = min(prepared.normalized.num_chars, int(np.count_nonzero(known.codes)))
        garbled = is_garbled(
            alignment.single_character_differences,
            num_chars=num_chars,
            broken=min(scores.size, scores.original_size) - scores.shared,
            shingle_length=known.k,
            thresholds=self._thresholds,
        )
        has_slips = garbled and sets_slips_aside(gaps.slips, gaps.numbers + gaps.names)
        if not (has_slips or prepared.damaged or self._has_lost(known)):
            # Among sound texts, what is half the same was written anew.
            carried = Carried(alignment.located >= 0, scores.shared, scores.shared)
        likeness = self._judge(prepared, scores, carried)
        verdict = decide(likeness, damaged=prepared.damaged, thresholds=self._thresholds)
        if carried.shared < self._least_shared and not carries_whole(verdict):
            return Verdict.NEW  # a part, and less than in the shortest article that is compared
        if not verdict.is_copy:
            return verdict
        if is_refilled(**gaps._asdict(), num_chars=num_chars, thresholds=self._thresholds):
            return Verdict.PARTIAL
        if verdict is Verdict.REPRINT and garbled:
            # Another region's words are no damage.
            total, distinct = count_substitutions(
                prepared.shingles.codes, known.codes, alignment.partners
            )
            return verdict if is_regional(total, distinct) else Verdict.GARBLED_MIRROR
        return verdict

    def _has_lost(self, known: ShingleSet) -> bool:
        """Whether a known text is lost in so many places that it is garbled, not boilerplate."""
        breaks = len(known.codes) - int(np.count_nonzero(known.codes))
        return is_lost(breaks, len(known.codes), self._thresholds)

    def _judge(self, prepared: PreparedArticle, scores: Scores, carried: Carried) -> Likeness:
        """Return how much the texts have in common, where needed by their prose."""
        coverage = carried.original_shared / scores.original_size
        plain = Scores(carried.shared, scores.size, scores.original_size)
        likeness = Likeness(plain.containment, coverage, carried.shared)
        if not needs_a_look(plain, self._thresholds):
            return likeness
        firsts = prepared.shingles.first_places
        is_prose = (firsts >= 0) & prepared.prose
        is_shared = is_prose & carried.is_shared
        shared_prose = _count_distinct(firsts, is_shared)
        if (
            not prepared.damaged
            and is_other_list(
                likeness,
                prose=shared_prose,
                other=min(scores.size, scores.original_size) - carried.shared,
                thresholds=self._thresholds,
            )
            and _has_items(prepared.normalized.repaired.text)
        ):
            partial = self._thresholds.partial
            return likeness._replace(containment=partial, coverage=partial)
        if plain.containment < self._thresholds.copy and _are_teasers(prepared.teasers, is_shared):
            is_prose = is_prose & ~(prepared.teasers & ~is_shared)
        judged = judged_containment(
            plain,
            missing=scores.original_size - carried.original_shared,
            prose=_count_distinct(firsts, is_prose),
            shared_prose=shared_prose,
            thresholds=self._thresholds,
        )
        return likeness._replace(containment=judged)

    def _known_shingles(
        self, numbers: Sequence[int], reader: StoreReader
    ) -> list[tuple[int, ShingleSet]]:
        with self._lock:
            known = {n: self._cache[n] for n in numbers if n in self._cache}
        missing = [number for number in numbers if number not in known]
        if missing:
            texts = reader.comparable_texts(missing)
            loaded = {
                number: self._preparer.shingles_of(text, is_normalized=is_normalized)
                for number, (text, is_normalized) in texts.items()
            }
            self._keep(loaded)
            known |= loaded
        return [(number, known[number]) for number in numbers if number in known]

    def _keep(self, loaded: dict[int, ShingleSet]) -> None:
        with self._lock:
            for number, shingles in loaded.items():
                if shingles.nbytes <= _LARGEST_CACHED_BYTES:
                    self._cache[number] = shingles


def until_fruitless(
    candidates: Sequence[_Candidate], look: Callable[[Sequence[_Candidate]], Sequence[_Found]]
) -> list[_Found]:
    """Return what a look at candidates finds, some at a time, until a look finds nothing.

    Args:
        candidates: The most promising first.
        look: Returns what it finds among some of them.
    """
    found: list[_Found] = []
    for start in range(0, len(candidates), _COMPARED_AT_ONCE):
        some = look(candidates[start : start + _COMPARED_AT_ONCE])
        if not some:
            break
        found += some
    return found


def _has_items(text: str) -> bool:
    """Whether a text is written in short pieces, as lists and menus are."""
    return len(text.split()) * _LONGEST_ITEM >= len(text)


def _count_distinct(firsts: NDArray[np.int32], chosen: NDArray[np.bool_]) -> int:
    """Return how many distinct shingles begin at chosen places: an advertisement may repeat."""
    is_counted = np.zeros(len(firsts), np.bool_)
    is_counted[firsts[chosen]] = True
    return int(np.count_nonzero(is_counted))


def _are_teasers(others: NDArray[np.bool_], is_shared: NDArray[np.bool_]) -> bool:
    """Whether an article lies in one piece among teasers of others.

    A list has several; two articles, the second a short one, are two articles. Where what is
    shared is among the teasers itself, the text is a digest.

    Args:
        others: What may be teasers; bool, shape (n,).
        is_shared: What a known article has of the text's prose; the same shape.
    """
    if 2 * int(np.count_nonzero(is_shared & others)) >= int(np.count_nonzero(is_shared)):
        return False
    pieces = int(np.count_nonzero(np.diff(others.astype(np.int8), prepend=0) == 1))
    return pieces >= _FEWEST_TEASERS


def _has_breaks(shingles: ShingleSet, known: ShingleSet) -> bool:
    """Whether all that sets two texts apart may be a line of one that passes for boilerplate."""
    return BREAK in shingles.codes or BREAK in known.codes


def _has_digest(number: int, prepared: PreparedArticle, reader: StoreReader) -> bool:
    """Whether a known original's normalized text is the article's, boilerplate and all."""
    return any(
        row.normalized_digest == prepared.normalized_digest for row in reader.originals([number])
    )
