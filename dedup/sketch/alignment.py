"""Which passages two texts share, and how the texts differ around them.

A run is a longest stretch of k or more equal characters. Runs are claimed greedily,
each character of either text for one run at most: first the long ones, which fix what
belongs together, then the short ones between them; among several places a run goes
to the one that continues the run before it, else to the longest. Runs that follow one
another in both texts with at most MAX_GAP characters between them are one passage;
inside its gaps the differences are those of a shortest edit script.

Not a minimal edit script of the whole texts: that has no way to say "moved", and
takes quadratic time. Here every step is linear or n log n, because a shingle is
looked for in at most _MAX_PLACES places and gaps are short.

References:
    Wise, "YAP3: improved detection of similarities in computer program and other
    texts", 1996 (greedy tiling); Wagner and Fischer, "The string-to-string correction
    problem", 1974 (edit script); Fenwick, "A new data structure for cumulative
    frequency tables", 1994 (heaviest chain).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.models import Differences
from dedup.sketch.similarity import ShingleSet

__all__ = ["MAX_GAP", "MAX_SINGLE", "AlignedPassage", "Alignment", "align", "align_sets"]

MAX_GAP = 32
"""Positions, in either text, over which two runs are still one passage: a date, a
name with its title or a changed clause, less than a sentence."""

MAX_SINGLE = 2
"""Characters, in either text, up to which a difference counts as one of single
characters: a wrong, lost or doubled character and not another name or number."""

_MIN_ANCHOR = 32  # characters of a run that is claimed in the first round
_MAX_PLACES = 8  # occurrences of one shingle that are tried
_MIN_EQUAL = 2  # equal characters that keep two differences apart; one is often chance

# Places in the array in which `_align` returns its counts.
_SUBSTITUTED, _DROPPED, _INSERTED, _MOVED, _PLACES, _SINGLE, _NUM_PASSAGES = range(7)
_NUM_COUNTS = 7


class AlignedPassage(NamedTuple):
    """A stretch of both texts, in positions of their folded characters."""

    start: int
    end: int
    original_start: int
    original_end: int


@dataclass(frozen=True, slots=True)
class Alignment:
    """What two texts, an incoming one and an original, share and how they differ.

    Attributes:
        passages: Shared stretches in the order of the incoming text; disjoint in
            either text; equal up to gaps of at most MAX_GAP characters.
        differences: Characters substituted, dropped from the original, inserted into
            it, and in passages that stand in another order.
        places: Number of separate differences, moved passages not counted.
        single_character_differences: How many of them span at most MAX_SINGLE
            characters in either text.
        partners: Position in the original paired with each position of the incoming
            text, or -1; ascending within a passage; int32, shape (n,).
        located: What `ShingleSet.places_in` says of the two; int32, shape (n,).
    """

    passages: tuple[AlignedPassage, ...]
    differences: Differences
    places: int
    single_character_differences: int
    partners: NDArray[np.int32] = field(compare=False, repr=False)
    located: NDArray[np.int32] = field(compare=False, repr=False)


def align(a: NDArray[np.uint32], b: NDArray[np.uint32], k: int) -> Alignment:
    """Find the passages that an incoming text shares with an original.

    Breaks match nothing and are no characters: what stands beside one may be
    reported as dropped, but the break itself is not counted.

    Args:
        a: Folded characters of the incoming text, 0 for a break; uint32, shape (n,).
        b: The same of the original; uint32, shape (m,).
        k: Characters of the shortest run, at least 1.

    Raises:
        ConfigError: k is below 1.
        TypeError: The codes are of another kind of number.
    """
    return align_sets(ShingleSet(a, k), ShingleSet(b, k))


def align_sets(incoming: ShingleSet, original: ShingleSet) -> Alignment:
    """Do what `align` does with texts whose shingles are hashed already.

    Raises:
        ConfigError: The sets are of different shingle lengths.
    """
    a, b, k = incoming.codes, original.codes, incoming.k
    passages = np.empty((min(a.size, b.size) // k + 1, 4), np.int64)
    partners = np.full(a.size, -1, np.int32)
    located = incoming.places_in(original)
    counts = _align(a, b, k, located, original.first_places, partners, passages).tolist()
    return Alignment(
        passages=tuple(map(AlignedPassage._make, passages[: counts[_NUM_PASSAGES]].tolist())),
        differences=Differences(
            substituted=counts[_SUBSTITUTED],
            dropped=counts[_DROPPED],
            inserted=counts[_INSERTED],
            moved=counts[_MOVED],
        ),
        places=counts[_PLACES],
        single_character_differences=counts[_SINGLE],
        partners=partners,
        located=located,
    )


@kernel
def _align(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    k: int,
    names: NDArray[np.int32],
    original_names: NDArray[np.int32],
    partners: NDArray[np.int32],
    passages: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Fill `partners` and `passages`, and return the counts, by the names above.

    `partners` comes filled with -1: for each position of a, the one it is paired with in
    b. `passages` has the shape (enough, 4).

    A shingle is named by its first position in b: `names` and `original_names` say
    which one begins at each position of a and of b, -1 for none.
    """
    starts = np.zeros(b.size + 2, np.int32)
    places = np.empty(b.size, np.int32)
    _list_places(original_names, starts, places)
    claims = np.full(b.size, -1, np.int32)  # for each position of b, the one in a
    if k < _MIN_ANCHOR:
        _claim_runs(a, b, names, starts, places, _MIN_ANCHOR, partners, claims)
    _claim_runs(a, b, names, starts, places, k, partners, claims)
    counts = np.zeros(_NUM_COUNTS, np.int64)
    num = _join_runs(a, b, partners, claims, passages, counts)
    counts[_NUM_PASSAGES] = num
    ranks = _ranks_in_original(passages[:num], b.size)
    _count_outside(a, b, passages[:num], ranks, counts)
    counts[_MOVED] = _count_moved(passages[:num], ranks)
    return counts


@kernel_part
def _list_places(
    names: NDArray[np.int32], starts: NDArray[np.int32], places: NDArray[np.int32]
) -> None:
    """List where each shingle stands: counting sort of the positions by name.

    Args:
        names: Of the shingle at each position, -1 for none; int32, shape (m,).
        starts: Zeros; receives where the places of each name begin, so that those of
            shingle f are places[starts[f]:starts[f + 1]]; int32, shape (m + 2,).
        places: Receives the positions, ascending for each name; int32, shape (m,).
    """
    # Counts go two places up, so that filling moves the start of each name into the
    # place below it and leaves the array as it is to be.
    for name in names:
        if name >= 0:
            starts[name + 2] += 1
    for i in range(2, starts.size):
        starts[i] += starts[i - 1]
    for i in range(names.size):
        if names[i] >= 0:
            places[starts[names[i] + 1]] = i
            starts[names[i] + 1] += 1


@kernel_part
def _run_length(
    a: NDArray[np.uint32],
    i: int,
    b: NDArray[np.uint32],
    j: int,
    partners: NDArray[np.int32],
    claims: NDArray[np.int32],
) -> int:
    """Return how many characters from a[i] and b[j] on are equal and unclaimed."""
    longest = min(a.size - i, b.size - j)
    for length in range(longest):
        x, y = i + length, j + length
        if a[x] != b[y] or a[x] == 0 or partners[x] >= 0 or claims[y] >= 0:
            return length
    return longest


@kernel_part
def _first_from(places: NDArray[np.int32], least: int) -> int:
    """Return the first index of ascending places whose place is at least `least`."""
    start, stop = 0, places.size
    while start < stop:
        middle = (start + stop) // 2
        if places[middle] < least:
            start = middle + 1
        else:
            stop = middle
    return start


@kernel_part
def _find_run(
    a: NDArray[np.uint32],
    i: int,
    end: int,
    b: NDArray[np.uint32],
    places: NDArray[np.int32],
    reach: int,
    least: int,
    partners: NDArray[np.int32],
    claims: NDArray[np.int32],
) -> tuple[int, int]:
    """Return length and place in b of the run to claim at a[i], or a length below `least`.

    Args:
        a: Folded characters of the incoming text.
        i: Where the run begins in it.
        end: Where the last paired stretch before it ends.
        b: Folded characters of the original.
        places: Where the shingle at a[i] stands in it, ascending.
        reach: Where the last paired stretch ends in b.
        least: Characters of a run that may be claimed.
        partners: Position paired with each of a, or -1.
        claims: Position paired with each of b, or -1.
    """
    best_length, best_place = 0, 0
    nearest = _first_from(places, reach)
    for attempt in range(min(places.size, _MAX_PLACES)):
        place = int(places[(nearest + attempt) % places.size])
        length = _run_length(a, i, b, place, partners, claims)
        continues = i - end <= MAX_GAP and 0 <= place - reach <= MAX_GAP
        if continues and length >= least:
            return length, place
        if length > best_length:
            best_length, best_place = length, place
    return best_length, best_place


@kernel_part
def _claim_runs(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    names: NDArray[np.int32],
    starts: NDArray[np.int32],
    places: NDArray[np.int32],
    least: int,
    partners: NDArray[np.int32],
    claims: NDArray[np.int32],
) -> None:
    """Pair the characters of runs of at least `least`, from the start of a to its end.

    The time is bounded: a run that is claimed is passed over at once, one that is
    refused is shorter than `least`, and both are tried in _MAX_PLACES places.
    """
    i = end = reach = 0  # the last paired stretch ends at `end` in a and `reach` in b
    while i < a.size:
        if partners[i] >= 0:
            reach = partners[i] + 1
            i += 1
            end = i
            continue
        name = names[i]
        if name < 0:
            i += 1
            continue
        where = places[starts[name] : starts[name + 1]]
        length, place = _find_run(a, i, end, b, where, reach, least, partners, claims)
        if length < least:
            i += 1
            continue
        for offset in range(length):
            partners[i + offset] = place + offset
            claims[place + offset] = i + offset
        i += length
        end, reach = i, place + length


@kernel_part
def _num_paired(claims: NDArray[np.int32]) -> int:
    """Return how many positions of a stretch are paired."""
    count = 0
    for claim in claims:
        count += claim >= 0
    return count


@kernel
def _join_runs(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    partners: NDArray[np.int32],
    claims: NDArray[np.int32],
    passages: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> int:
    """Write the passages and count the differences in their gaps; return their number."""
    num = i = 0
    while i < a.size:
        if partners[i] < 0:
            i += 1
            continue
        start, place = i, int(partners[i])
        while i < a.size and partners[i] == place + (i - start):
            i += 1
        stop = place + (i - start)
        if num > 0:
            end, reach = int(passages[num - 1, 1]), int(passages[num - 1, 3])
            is_near = start - end <= MAX_GAP and 0 <= place - reach <= MAX_GAP
            if is_near and _num_paired(claims[reach:place]) == 0:
                _count_gap(a[end:start], b[reach:place], counts)
                passages[num - 1, 1], passages[num - 1, 3] = i, stop
                continue
        passages[num, 0], passages[num, 1] = start, i
        passages[num, 2], passages[num, 3] = place, stop
        num += 1
    return num


@kernel
def _without_breaks(codes: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the characters of a stretch that are no breaks."""
    kept = np.empty(codes.size, np.uint32)
    count = 0
    for code in codes:
        kept[count] = code
        count += code != 0
    return kept[:count]


@kernel
def _edit_costs(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> NDArray[np.int32]:
    """Return the edit distances of all prefixes; int32, shape (len(a) + 1, len(b) + 1)."""
    costs = np.empty((a.size + 1, b.size + 1), np.int32)
    for x in range(a.size + 1):
        costs[x, 0] = x
    for y in range(1, b.size + 1):
        costs[0, y] = y
        for x in range(1, a.size + 1):
            changed = costs[x - 1, y - 1] + (a[x - 1] != b[y - 1])
            costs[x, y] = min(changed, min(costs[x - 1, y], costs[x, y - 1]) + 1)
    return costs


@kernel
def _is_reordered(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> bool:
    """Return whether two stretches have the same characters, in another order."""
    if a.size != b.size:
        return False
    here, there = np.sort(a), np.sort(b)
    for i in range(a.size):  # noqa: SIM110  numba compiles no generator
        if here[i] != there[i]:
            return False
    return True


@kernel_part
def _count_place(width: int, original_width: int, counts: NDArray[np.int64]) -> None:
    """Count one place where the texts differ over so many characters of each."""
    if width == 0 and original_width == 0:
        return
    counts[_PLACES] += 1
    counts[_SINGLE] += max(width, original_width) <= MAX_SINGLE


@kernel
def _count_gap(
    stretch: NDArray[np.uint32], original: NDArray[np.uint32], counts: NDArray[np.int64]
) -> None:
    """Add the edits of a shortest script from `original` to `stretch`, at most MAX_GAP long.

    The script is read from its end. Edits with fewer than _MIN_EQUAL equal characters
    between them are one place: in 3月5日 → 4月6日 it is a date that differs, not two
    characters. Where neighbours changed places, every two of them are one.
    """
    a, b = _without_breaks(stretch), _without_breaks(original)
    costs = _edit_costs(a, b)
    x, y = a.size, b.size
    if x > MAX_SINGLE and _is_reordered(a, b):
        counts[_SUBSTITUTED] += costs[x, y]
        for _ in range(0, costs[x, y], 2):
            _count_place(2, 2, counts)
        return
    width = original_width = equal = 0  # of the place that is being read
    while x > 0 or y > 0:
        if x > 0 and y > 0 and a[x - 1] == b[y - 1]:
            x, y, equal = x - 1, y - 1, equal + 1
            continue
        if equal >= _MIN_EQUAL:
            _count_place(width, original_width, counts)
            width = original_width = 0
        elif width > 0 or original_width > 0:
            width, original_width = width + equal, original_width + equal
        equal = 0
        if x > 0 and y > 0 and costs[x, y] == costs[x - 1, y - 1] + 1:
            counts[_SUBSTITUTED] += 1
            x, y, width, original_width = x - 1, y - 1, width + 1, original_width + 1
        elif x > 0 and costs[x, y] == costs[x - 1, y] + 1:
            counts[_INSERTED] += 1
            x, width = x - 1, width + 1
        else:
            counts[_DROPPED] += 1
            y, original_width = y - 1, original_width + 1
    _count_place(width, original_width, counts)


@kernel
def _ranks_in_original(passages: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return the place of each passage, counted from 1, in the order of b.

    Args:
        passages: In the order of a; shape (num, 4).
        size: Characters of b.

    Returns:
        int64, shape (num + 2,), with 0 in front and num + 1 behind for the two ends
        of the text.
    """
    num = passages.shape[0]
    passage_at = np.zeros(size, np.int64)
    for passage in range(num):
        passage_at[passages[passage, 2]] = passage + 1
    ranks = np.zeros(num + 2, np.int64)
    rank = 0
    for follower in passage_at:
        if follower > 0:
            rank += 1
            ranks[follower] = rank
    ranks[num + 1] = num + 1
    return ranks


@kernel
def _count_outside(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    passages: NDArray[np.int64],
    ranks: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Count what no passage covers.

    What stands between two passages that are neighbours in both texts (or before the
    first, or behind the last) is one place, and a gap like those inside passages if
    it is short enough. The rest of either text is counted stretch by stretch.
    """
    num = passages.shape[0]
    ends = np.zeros(num + 2, np.int64)  # by rank: where a passage ends in b
    starts = np.zeros(num + 2, np.int64)  # by rank: where it begins
    starts[num + 1] = b.size
    for passage in range(num):
        starts[ranks[passage + 1]] = passages[passage, 2]
        ends[ranks[passage + 1]] = passages[passage, 3]
    is_counted = np.zeros(num + 1, np.bool_)
    end = 0
    for gap in range(num + 1):
        rank = ranks[gap]
        start = passages[gap, 0] if gap < num else a.size
        original = b[:0]
        if ranks[gap + 1] == rank + 1:
            original = b[ends[rank] : starts[rank + 1]]
            is_counted[rank] = True
        _count_stretches(a[end:start], original, counts)
        if gap < num:
            end = passages[gap, 1]
    for rank in range(num + 1):
        if not is_counted[rank]:
            _count_stretches(a[:0], b[ends[rank] : starts[rank + 1]], counts)


@kernel
def _count_stretches(
    stretch: NDArray[np.uint32], original: NDArray[np.uint32], counts: NDArray[np.int64]
) -> None:
    """Count two stretches that stand in one another's place."""
    if stretch.size <= MAX_GAP and original.size <= MAX_GAP:
        _count_gap(stretch, original, counts)
        return
    inserted, dropped = _without_breaks(stretch).size, _without_breaks(original).size
    counts[_INSERTED] += inserted
    counts[_DROPPED] += dropped
    _count_place(inserted, dropped, counts)


@kernel
def _count_moved(passages: NDArray[np.int64], ranks: NDArray[np.int64]) -> int:
    """Return the characters of the passages outside the heaviest chain in order.

    A chain is a choice of passages that ascend in both texts; its weight is their
    length in a. `tree` is a Fenwick tree of the heaviest chain that ends at or below
    a rank in b.
    """
    num = passages.shape[0]
    tree = np.zeros(num + 1, np.int64)
    total = heaviest = 0
    for passage in range(num):
        length = passages[passage, 1] - passages[passage, 0]
        rank, weight = ranks[passage + 1] - 1, 0
        while rank > 0:
            weight = max(weight, int(tree[rank]))
            rank -= rank & -rank
        weight += length
        rank = ranks[passage + 1]
        while rank <= num:
            tree[rank] = max(int(tree[rank]), weight)
            rank += rank & -rank
        total += length
        heaviest = max(heaviest, weight)
    return total - heaviest
