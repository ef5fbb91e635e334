"""What the scores of a comparison mean. The only place where thresholds decide."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.config import Thresholds
from dedup.models import Scores, Verdict

__all__ = [
    "FEWEST_ALIKE",
    "Likeness",
    "carries_whole",
    "decide",
    "has_what_is_beside",
    "has_what_is_shared",
    "is_garbled",
    "is_list",
    "is_lost",
    "is_more_complete",
    "is_of_both",
    "is_other_list",
    "is_refilled",
    "is_regional",
    "judged_containment",
    "may_be_common",
    "may_be_more_than_new",
    "may_be_related",
    "needs_a_look",
    "rank",
    "sets_slips_aside",
    "tells_other",
]

_FEWEST_NUMBERS = 3  # a share of fewer says nothing
_WORDS_A_BLANK = 2  # more are the words of another region, or of an editor
_SLIPS_A_BLANK = 2  # as many, and the text is garbled and no form
_SLIPS_TO_SET_ASIDE = 4  # a blank; fewer, and it may be a form
_LEAST_PROSE = 60  # shingles
_LEAST_STORY = 12  # the same of two pages of one site, where no more than that is another
_LEAST_SHARE_OF_STORY = 0.05  # of the known one; less is missing of any copy
_LEAST_SHARE_OF_SITE = 0.4  # both have it
_MUCH_OF_OWN = 0.35  # of what the incoming article does not share
_MOSTLY_PROSE = 0.5  # of an article; of less the rest is what a site puts around it
_LEAST_BESIDE_FURNITURE = 20  # the same where most of what two texts share may be furniture
_LEAST_DISTINCT = 0.7  # of the substitutions of a garbled text
_STORY_OF_PAGE = 0.2  # in a page that shares its furniture with another; less may be a notice
_PROSE_OF_LIST = 0.25  # of what two texts share; with less it is a list
_WHOLE_OF_LIST = 0.9  # of either; two lists that share less of both are two
_MOST_OF_LIST = 0.82  # the same where they share sentences, which a page may be about
_LEAST_MISSING = 0.03  # of a known article; less is missing of any copy
_MOST_COMMON = 0.8  # of what two texts share; a third has as much of it
_LEAST_COMMON = 0.3  # of what one text has alone; a third that has no more tells something else
_LONGEST_BRIEF = 1000  # shingles without sentences; more are the menus of a page
_LEAST_OF_SECOND = 0.45  # of an article; less of it, and a page brings a brief or a teaser

FEWEST_ALIKE = 2
"""Known articles that must share what two texts do for it to belong to neither."""

_WHOLE_COPIES = frozenset({Verdict.GARBLED_MIRROR, Verdict.EXACT, Verdict.REPRINT})
_TIERS = {
    Verdict.GARBLED_MIRROR: 0,
    Verdict.EXACT: 0,
    Verdict.REPRINT: 0,
    Verdict.EXCERPT: 1,
    Verdict.COMPILATION: 2,
    Verdict.PARTIAL: 3,
    Verdict.NEW: 4,
}


class Likeness(NamedTuple):
    """How much two texts have in common for the table of verdicts, looked at closely.

    Attributes:
        containment: How much of what the incoming article says is in the known one.
        coverage: How much of the known one the incoming article carries.
        shared: Shingles that both have.
    """

    containment: float
    coverage: float
    shared: int


def decide(
    likeness: Likeness, *, damaged: bool, thresholds: Thresholds, same_text: bool = False
) -> Verdict:
    """Return what an incoming article is to one known article, by the table of verdicts.

    Args:
        likeness: Of the two.
        damaged: Whether the incoming text shows damage.
        thresholds: Where verdicts begin.
        same_text: Whether the two normalized texts are equal.
    """
    is_contained = same_text or likeness.containment >= thresholds.copy
    is_covered = same_text or likeness.coverage >= thresholds.copy
    if is_contained and is_covered:
        if damaged:
            return Verdict.GARBLED_MIRROR
        return Verdict.EXACT if same_text else Verdict.REPRINT
    if is_contained:
        return Verdict.EXCERPT
    if is_covered:
        return Verdict.COMPILATION
    if (
        likeness.shared >= thresholds.partial_chars
        and max(likeness.containment, likeness.coverage) >= thresholds.partial
    ):
        return Verdict.PARTIAL
    return Verdict.NEW


def may_be_related(scores: Scores, thresholds: Thresholds) -> bool:
    """Return whether two texts share enough for a closer look to find more than `NEW`."""
    return max(scores.containment, scores.coverage) >= thresholds.garbled


def may_be_more_than_new(
    shared: NDArray[np.int32],
    carried: NDArray[np.int32],
    smaller: NDArray[np.int64],
    slips: NDArray[np.int64],
    *,
    shingle_length: int,
    thresholds: Thresholds,
) -> NDArray[np.bool_]:
    """Return of pairs of texts that share `garbled` whether they may be told of one another.

    A short text has a quarter of its shingles in a clause or two that are in many others.

    Args:
        shared: Shingles that both have, 0 for too few; int32, shape (n,).
        carried: Those of a text that the other has with slips set aside, at most; the same.
        smaller: Those of the smaller text; int64, shape (n,).
        slips: In how many places single characters may differ; int64, shape (n,).
        shingle_length: Characters in a shingle.
        thresholds: Where verdicts begin.

    Returns:
        bool, shape (n,). Where it says no, `decide` says `NEW`, whichever text comes first.
    """
    may_be_garbled = (slips >= thresholds.garbled_places) & (
        slips * shingle_length >= thresholds.garbled_share * (smaller - shared)
    )
    most = np.where(may_be_garbled, carried, shared)
    related: NDArray[np.bool_] = (most >= thresholds.copy * smaller) | (
        most >= thresholds.partial_chars
    )
    return related


def needs_a_look(scores: Scores, thresholds: Thresholds) -> bool:
    """Return whether it depends on the prose of an incoming article what it is.

    Where both texts are nearly all of each other, or share next to nothing, it does not.
    """
    closeness = min(scores.containment, scores.coverage)
    return closeness < thresholds.sure and (
        scores.shared >= thresholds.partial_chars
        or max(scores.containment, scores.coverage) >= thresholds.copy
    )


def judged_containment(
    scores: Scores, *, missing: int, prose: int, shared_prose: int, thresholds: Thresholds
) -> float:
    """Return how much of what an incoming article says is in the known one.

    Navigation, footers, keywords and notices around an article do not make it another
    one, and two pages with the same of these are not copies. So where it is clear, the
    sentences decide. A list or a table has none: if the known article has hardly anything
    that the incoming one lacks, other sentences are a notice.

    Args:
        scores: Exact, of the incoming article against the known one.
        missing: Shingles of the known article that the incoming one does not carry.
        prose: Shingles of the incoming article that stand in sentences, repeated ones too.
        shared_prose: Those of them that the known article has.
        thresholds: Where verdicts begin.
    """
    has_other_prose = shared_prose < thresholds.shared_prose * prose
    is_page = prose < _MOSTLY_PROSE * scores.size and shared_prose < thresholds.copy * prose
    is_long = min(prose, missing) >= _LEAST_PROSE
    is_part = scores.coverage < thresholds.copy and prose >= _STORY_OF_PAGE * scores.size
    if scores.containment >= thresholds.copy:
        says_other = (is_long and is_page) or ((is_long or is_part) and has_other_prose)
        if says_other or (has_other_prose and _tells_another(scores, missing, prose, shared_prose)):
            return shared_prose / prose
        return scores.containment
    if (has_other_prose and prose >= _LEAST_BESIDE_FURNITURE) or (is_page and is_long):
        return scores.containment
    without_furniture = scores.shared / max(scores.shared + prose - shared_prose, 1)
    return without_furniture if without_furniture >= thresholds.wrapped else scores.containment


def _tells_another(scores: Scores, missing: int, prose: int, shared_prose: int) -> bool:
    """Whether two pages of one site are the same but for a sentence or two of each.

    What the incoming one has alone is those sentences, and the known one has something else.
    """
    own = scores.size - scores.shared
    least_missing = max(_LEAST_STORY, _LEAST_SHARE_OF_STORY * scores.original_size)
    return (
        prose >= _LEAST_STORY
        and missing >= least_missing
        and prose - shared_prose >= _MUCH_OF_OWN * own
        and scores.shared >= _LEAST_SHARE_OF_SITE * scores.original_size
    )


def is_list(shared: int, prose: int) -> bool:
    """Return whether what two texts share is a list, or a page without its article.

    Args:
        shared: Shingles that both have.
        prose: Those of them that stand in sentences.
    """
    return prose < _PROSE_OF_LIST * shared


def is_other_list(likeness: Likeness, *, prose: int, other: int, thresholds: Thresholds) -> bool:
    """Return whether two lists, or what stands around two articles, are two.

    Of sentences an editor changes some, and the story stays the same. Lists of which either
    has much that the other lacks list other things, all the more where no sentence is shared.

    Args:
        likeness: Of the two.
        prose: Shingles of sentences that both have.
        other: Shingles that one of them has alone, the smaller number.
        thresholds: Where verdicts begin.
    """
    shares = likeness.containment, likeness.coverage
    if other < _LEAST_BESIDE_FURNITURE:
        return False  # the number of a page, or whom it was shared by
    least = _WHOLE_OF_LIST if prose < _LEAST_STORY else _MOST_OF_LIST
    differ_in_part = min(shares) >= thresholds.copy and max(shares) < least
    return differ_in_part and is_list(likeness.shared, prose)


def is_garbled(
    places: int, *, num_chars: int, broken: int, shingle_length: int, thresholds: Thresholds
) -> bool:
    """Return whether single wrong or missing characters are what sets two texts apart.

    A place with one or two wrong characters breaks as many shingles as a shingle is
    long. Where such places are many and explain most of what differs, the text is
    garbled; an update or a form filled in anew differs in longer stretches.

    Args:
        places: Where one or two characters differ between the texts.
        num_chars: Characters of the shorter text.
        broken: Shingles of the smaller text that the other lacks. Of the smaller: what one
            of them has besides, a page around it, is no garbling.
        shingle_length: Characters in a shingle.
        thresholds: Where verdicts begin.
    """
    if places < max(thresholds.garbled_places, thresholds.garbled_rate * num_chars):
        return False
    return places * shingle_length >= thresholds.garbled_share * broken


def is_lost(breaks: int, num_chars: int, thresholds: Thresholds) -> bool:
    """Return whether so many of a text's characters are breaks that it is garbled."""
    return breaks >= max(thresholds.garbled_places, thresholds.garbled_rate * num_chars)


def sets_slips_aside(slips: int, blanks: int) -> bool:
    """Return whether slips are so many that a garbled text is no form with other words.

    Args:
        slips: Single characters that differ.
        blanks: Places where both texts have a number or a name, but not the same.
    """
    return slips >= _SLIPS_TO_SET_ASIDE * blanks


def is_regional(substitutions: int, distinct: int) -> bool:
    """Return whether texts differ by the words of another region: the same ones again and again.

    Args:
        substitutions: Places where one or two characters stand for others.
        distinct: How many different substitutions these are.
    """
    return substitutions > 0 and distinct < _LEAST_DISTINCT * substitutions


def is_refilled(
    *,
    numbers: int,
    names: int,
    words: int,
    kept: int,
    slips: int,
    num_chars: int,
    thresholds: Thresholds,
) -> bool:
    """Return whether a text is the wording of another with other numbers and names.

    Args:
        numbers: Places where both texts have a number, but not the same.
        names: Places where both have a name, but not the same.
        words: Other places where two or more characters stand for two or more others.
        kept: Numbers that stand in the same place of both texts.
        slips: Single characters that differ besides.
        num_chars: Characters of the shorter text.
        thresholds: Where verdicts begin.
    """
    blanks = numbers + names
    filled = blanks + min(words, _WORDS_A_BLANK * blanks)
    if blanks == 0 or _SLIPS_A_BLANK * filled <= slips:
        return False
    if numbers >= _FEWEST_NUMBERS and numbers >= thresholds.refilled * (numbers + kept):
        return True
    return filled * thresholds.chars_a_blank >= max(num_chars, thresholds.chars_a_blank)


def is_of_both(
    beside: int, *, prose: int, second_size: int, size: int, thresholds: Thresholds
) -> bool:
    """Return whether an article carries a second known one beside a first: no page around it.

    Args:
        beside: Shingles that it shares with the second and not with the first.
        prose: Those of them that stand in sentences.
        second_size: Shingles of the second.
        size: Shingles of the article.
        thresholds: Where verdicts begin.
    """
    if beside > _LONGEST_BRIEF and is_list(beside, prose):
        return False
    return beside >= max(thresholds.copy * second_size, _LEAST_OF_SECOND * size)


def may_be_common(verdict: Verdict, scores: Scores, thresholds: Thresholds) -> bool:
    """Return whether it matters for a copy what other known articles share with it.

    Args:
        verdict: What the incoming article is to the known one.
        scores: Of the two.
        thresholds: Where verdicts begin.
    """
    missing = scores.original_size - scores.shared
    return (
        verdict.is_copy
        and verdict is not Verdict.EXACT
        and scores.containment < thresholds.sure
        and missing >= max(_LEAST_STORY, _LEAST_MISSING * scores.original_size)
    )


def has_what_is_shared(*, shared: int, there: int, lacking: int) -> bool:
    """Return whether a third article has what two texts share.

    Args:
        shared: Shingles that the two share.
        there: Those that the third has as well.
        lacking: Those of them that stand in sentences and that it lacks.
    """
    return there >= _MOST_COMMON * shared and lacking < _LEAST_STORY


def has_what_is_beside(beside: int, there: int) -> bool:
    """Return whether a third article has what a text shares with a second beside a first.

    Then it is what their site puts around its articles, and the text a page.

    Args:
        beside: Shingles that the text shares with the second and not with the first.
        there: Those of them that the third has as well.
    """
    return there >= _MOST_COMMON * beside


def tells_other(own: int, there: int) -> bool:
    """Return whether a third article lacks what one text has alone.

    Args:
        own: Shingles that the text has and the second lacks.
        there: Those of them that the third has.
    """
    return there <= _LEAST_COMMON * own


def carries_whole(verdict: Verdict) -> bool:
    """Whether both texts carry most of each other."""
    return verdict in _WHOLE_COPIES


def rank(verdict: Verdict, scores: Scores) -> tuple[int, float]:
    """Return the sort key of a match, best first: the closer relation, then Jaccard."""
    return _TIERS[verdict], -scores.jaccard


def is_more_complete(scores: Scores, thresholds: Thresholds) -> bool:
    """Return whether the known article contains the incoming one and adds to it.

    Both conditions together order any set of articles without a circle, because the
    more complete one always has more shingles.
    """
    added = scores.original_size - scores.shared
    return (
        scores.containment >= thresholds.completeness
        and added >= thresholds.added_share * scores.size
        and scores.original_size > scores.size
    )
