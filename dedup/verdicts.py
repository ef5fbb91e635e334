"""What the scores of a comparison mean. The only place where thresholds decide."""

from dedup.config import Thresholds
from dedup.models import Scores, Verdict

__all__ = ["carries_whole", "decide", "is_garbled", "is_more_complete", "rank"]

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


def decide(scores: Scores, *, damaged: bool, same_text: bool, thresholds: Thresholds) -> Verdict:
    """Return what an incoming article is to one known article.

    A reprint may turn out to be garbled in a way that only shows beside its original:
    that is `is_garbled`'s to say, because it costs an alignment.

    Args:
        scores: Exact, of the incoming article against the known one.
        damaged: Whether the incoming text shows damage.
        same_text: Whether the two normalized texts are equal.
        thresholds: Where verdicts begin.
    """
    contained = same_text or scores.containment >= thresholds.copy
    covering = same_text or scores.coverage >= thresholds.copy
    if contained and covering:
        if damaged:
            return Verdict.GARBLED_MIRROR
        return Verdict.EXACT if same_text else Verdict.REPRINT
    if contained:
        return Verdict.EXCERPT
    if covering:
        return Verdict.COMPILATION
    if (
        scores.shared >= thresholds.partial_chars
        and max(scores.containment, scores.coverage) >= thresholds.partial
    ):
        return Verdict.PARTIAL
    return Verdict.NEW


def is_garbled(
    scores: Scores,
    places: int,
    *,
    num_chars: int,
    shingle_length: int,
    thresholds: Thresholds,
) -> bool:
    """Return whether single wrong or missing characters are what sets two texts apart.

    A place with one or two wrong characters breaks as many shingles as a shingle is
    long. Where such places are many and explain most of what differs, the text is
    garbled; an update or a form filled in anew differs in longer stretches.

    Args:
        scores: Exact, of the incoming article against the known one.
        places: Where one or two characters differ between the texts.
        num_chars: Characters of the incoming article's normalized text.
        shingle_length: Characters in a shingle.
        thresholds: Where verdicts begin.
    """
    if places < max(thresholds.garbled_places, thresholds.garbled_rate * num_chars):
        return False
    # Of the smaller text: what one of them has besides, a page around it, is no garbling.
    broken = min(scores.size, scores.original_size) - scores.shared
    return places * shingle_length >= thresholds.garbled_share * broken


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
