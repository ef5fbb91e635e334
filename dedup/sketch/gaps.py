"""What stands between the stretches that two texts share: slips, or blanks filled in anew.

A copy that was garbled differs from its original by slips: single characters, everywhere.
A form that is filled in anew, last year's ceremony or another defendant's judgment, differs
by other numbers and names in the same places, and hardly anywhere else. An edited text
differs by other words, and by words that only one of the two has.

One wrong or lost character breaks every shingle over it; of a text of which 12 % of the
characters are wrong only half of the shingles are left, though all of it is there. So the
shingles over slips are found too.

Texts come as folded characters, in which every digit is one of 0 to 9.

References:
    Hirschberg, "A linear space algorithm for computing maximal common subsequences", 1975
    (of which only the row by row recurrence is needed here).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.sketch.alignment import MAX_GAP, MAX_SINGLE, Alignment
from dedup.sketch.arrays import kernel_input
from dedup.sketch.similarity import ShingleSet

__all__ = ["Carried", "Gaps", "count_substitutions", "examine_gaps"]

_ZERO, _NINE = 48, 57
_LONGEST_NAME = 4  # characters
_LONGEST_NUMBER = 12  # with the words beside it
_OTHER_WORDS = 3  # less than one in so many characters in common, and the words are others
_EQUAL_IN_SLIPS = 2  # one in so many characters is the same even where slips are dense

# Places in the array in which `_examine` returns its counts.
_SLIPS, _NUMBERS, _NAMES, _WORDS, _KEPT = range(5)
_NUM_COUNTS = 5
_BLANK, _SLIP, _OTHER = range(3)


class Gaps(NamedTuple):
    """How two texts differ between the stretches that they share.

    Attributes:
        slips: Single characters that differ or were lost, not counted in those below.
        numbers: Places where both texts have a number, but not the same.
        names: Places where both have a name, but not the same.
        words: Other places where two or more characters stand for two or more others.
        kept: Numbers that stand in the same place of both texts.
    """

    slips: int
    numbers: int
    names: int
    words: int
    kept: int


class Carried(NamedTuple):
    """How much of either text the other one carries, slips aside.

    Attributes:
        is_shared: Where in the incoming text shingles begin that the original carries;
            bool, shape (n,).
        shared: Distinct ones of them.
        original_shared: Distinct shingles of the original that the incoming text carries.
    """

    is_shared: NDArray[np.bool_]
    shared: int
    original_shared: int


def examine_gaps(
    incoming: ShingleSet,
    original: ShingleSet,
    alignment: Alignment,
    numerals: NDArray[np.bool_],
    surnames: NDArray[np.bool_],
) -> tuple[Gaps, Carried]:
    """Say how two texts differ, and what they share when slips do not count.

    Args:
        incoming: Of the incoming text.
        original: Of the known text.
        alignment: Of the two.
        numerals: Whether a folded character is a digit or a number's word; bool, shape
            (any,); characters beyond are none.
        surnames: Whether names begin with it.

    Raises:
        TypeError: An array is of another kind.
    """
    is_shared = alignment.located >= 0
    is_original_shared = original.places_in(incoming) >= 0
    counts = _examine(
        incoming.codes,
        original.codes,
        kernel_input(alignment.partners, np.int32),
        kernel_input(numerals, np.bool_),
        kernel_input(surnames, np.bool_),
        incoming.k,
        is_shared,
        is_original_shared,
    )
    carried = Carried(
        is_shared,
        _count_distinct(incoming, is_shared),
        _count_distinct(original, is_original_shared),
    )
    return Gaps(*counts.tolist()), carried


def count_substitutions(
    incoming: NDArray[np.uint32], original: NDArray[np.uint32], partners: NDArray[np.int32]
) -> tuple[int, int]:
    """Return in how many places one or two characters stand for others, and how many differ.

    What was converted to the words of another region has the same few substitutions again and
    again; what is garbled has ever new ones.

    Args:
        incoming: Folded characters; uint32, shape (n,).
        original: Of the known text; uint32, shape (m,).
        partners: As in `Alignment`; int32, shape (n,).
    """
    paired = np.flatnonzero(partners >= 0)
    widths = np.diff(paired) - 1
    original_widths = np.diff(partners[paired]) - 1
    is_short = (widths >= 1) & (widths <= MAX_SINGLE)
    is_short &= (original_widths >= 1) & (original_widths <= MAX_SINGLE)
    substitutions = [
        (
            incoming[left + 1 : right].tobytes(),
            original[partners[left] + 1 : partners[right]].tobytes(),
        )
        for left, right in zip(paired[:-1][is_short], paired[1:][is_short], strict=True)
    ]
    return len(substitutions), len(set(substitutions))


def _count_distinct(shingles: ShingleSet, chosen: NDArray[np.bool_]) -> int:
    """Return how many distinct shingles begin at chosen places."""
    places = np.arange(chosen.size, dtype=np.int32)
    return int(np.count_nonzero(chosen & (shingles.first_places == places)))


@kernel_part
def _is_listed(code: np.uint32, table: NDArray[np.bool_]) -> bool:
    return bool(code < table.size and table[code])


@kernel_part
def _is_digit(code: np.uint32) -> bool:
    return bool(_ZERO <= code <= _NINE)


@kernel_part
def _num_breaks(codes: NDArray[np.uint32]) -> int:
    count = 0
    for code in codes:
        count += code == 0
    return count


@kernel
def _num_common(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> int:
    """Return the length of a longest common subsequence, breaks left out."""
    row = np.zeros(b.size + 1, np.int32)
    for code in a:
        diagonal = 0
        for y in range(b.size):
            above = int(row[y + 1])
            if code == b[y] and code != 0:
                row[y + 1] = diagonal + 1
            else:
                row[y + 1] = max(above, int(row[y]))
            diagonal = above
    return int(row[b.size])


@kernel_part
def _read_numerals(
    codes: NDArray[np.uint32],
    start: int,
    stop: int,
    numerals: NDArray[np.bool_],
    read: NDArray[np.uint32],
) -> int:
    """Write the numbers in a stretch and at its ends, a 0 between two; return how many codes."""
    while start > 0 and _is_digit(codes[start - 1]):
        start -= 1
    while stop < codes.size and _is_digit(codes[stop]):
        stop += 1
    count = 0
    for i in range(start, stop):
        if count == read.size:
            break
        if _is_listed(codes[i], numerals):
            read[count] = codes[i]
            count += 1
        elif count > 0 and read[count - 1] != 0:
            read[count] = 0
            count += 1
    if count > 0 and read[count - 1] == 0:
        count -= 1
    return count


@kernel_part
def _has_numeral(codes: NDArray[np.uint32], numerals: NDArray[np.bool_]) -> bool:
    for code in codes:  # noqa: SIM110  numba compiles no generator
        if _is_listed(code, numerals):
            return True
    return False


@kernel
def _has_other_number(
    a: NDArray[np.uint32],
    start: int,
    stop: int,
    b: NDArray[np.uint32],
    first: int,
    end: int,
    numerals: NDArray[np.bool_],
) -> bool:
    """Return whether both texts have a number in a gap, and not the same.

    A gap without a numeral may stand within a number, if it is empty: 12 for 112.
    """
    if (start < stop and not _has_numeral(a[start:stop], numerals)) or (
        first < end and not _has_numeral(b[first:end], numerals)
    ):
        return False
    here, there = np.empty(2 * MAX_GAP, np.uint32), np.empty(2 * MAX_GAP, np.uint32)
    count = _read_numerals(a, start, stop, numerals, here)
    original_count = _read_numerals(b, first, end, numerals, there)
    if count == 0 or original_count == 0:
        return False
    if count != original_count:
        return True
    for i in range(count):  # noqa: SIM110  numba compiles no generator
        if here[i] != there[i]:
            return True
    return False


@kernel_part
def _is_other_name(
    a: NDArray[np.uint32], b: NDArray[np.uint32], surnames: NDArray[np.bool_]
) -> bool:
    """Return whether one name stands for another."""
    if min(a.size, b.size) < MAX_SINGLE or max(a.size, b.size) > _LONGEST_NAME:
        return False
    return _is_listed(a[0], surnames) and _is_listed(b[0], surnames)


@kernel
def _judge_lost(
    a: NDArray[np.uint32], b: NDArray[np.uint32], lost: int, counts: NDArray[np.int64]
) -> int:
    """Judge two stretches in which so many breaks stand where characters were.

    What is left beside lost characters stands in the other text, in this order.
    """
    common = _num_common(a, b)
    size, longest = min(a.size, b.size), max(a.size, b.size)
    if common + lost + 1 < size:
        return _OTHER
    counts[_SLIPS] += max(longest - common - lost, 1)
    return _SLIP


@kernel
def _judge_words(
    a: NDArray[np.uint32], b: NDArray[np.uint32], is_inside: bool, counts: NDArray[np.int64]
) -> int:
    """Judge two stretches without a break that are no other number and no other name."""
    common, longest = _num_common(a, b), max(a.size, b.size)
    is_other = min(a.size, b.size) >= MAX_SINGLE and common * _OTHER_WORDS <= longest
    counts[_WORDS] += is_other and is_inside
    if longest <= MAX_SINGLE or (longest - common) * _EQUAL_IN_SLIPS <= longest:
        counts[_SLIPS] += 0 if is_other else longest - common
        return _SLIP
    return _OTHER


@kernel
def _judge_gap(
    a: NDArray[np.uint32],
    start: int,
    stop: int,
    b: NDArray[np.uint32],
    first: int,
    end: int,
    is_inside: bool,
    numerals: NDArray[np.bool_],
    surnames: NDArray[np.bool_],
    counts: NDArray[np.int64],
) -> int:
    """Count what a gap between paired stretches is; return _BLANK, _SLIP or _OTHER.

    Where a text begins or ends there is much that no other has, a title or a date line; so
    only names and numbers alone count there.
    """
    while start < stop and first < end and a[start] == b[first]:
        start, first = start + 1, first + 1
    while start < stop and first < end and a[stop - 1] == b[end - 1]:
        stop, end = stop - 1, end - 1
    size, original_size = stop - start, end - first
    longest = max(size, original_size)
    if not is_inside and (min(size, original_size) == 0 or longest > _LONGEST_NAME):
        return _OTHER
    stretch, original = a[start:stop], b[first:end]
    lost = _num_breaks(stretch) + _num_breaks(original)
    if lost > 0:
        return _judge_lost(stretch, original, lost, counts)
    is_tight = (
        longest <= _LONGEST_NUMBER or _num_common(stretch, original) * _OTHER_WORDS >= longest
    )
    if is_tight and _has_other_number(a, start, stop, b, first, end, numerals):
        counts[_NUMBERS] += 1
        return _BLANK
    if _is_other_name(stretch, original, surnames):
        counts[_NAMES] += 1
        return _BLANK
    return _judge_words(stretch, original, is_inside, counts)


@kernel_part
def _count_kept(codes: NDArray[np.uint32], partners: NDArray[np.int32]) -> int:
    """Return how many numbers are paired from their first digit to their last."""
    count = 0
    start = 0
    while start < codes.size:
        stop = start
        is_paired = True
        while stop < codes.size and _is_digit(codes[stop]):
            is_paired &= partners[stop] >= 0
            stop += 1
        count += stop > start and is_paired
        start = stop + 1
    return count


@kernel
def _examine(
    a: NDArray[np.uint32],
    b: NDArray[np.uint32],
    partners: NDArray[np.int32],
    numerals: NDArray[np.bool_],
    surnames: NDArray[np.bool_],
    k: int,
    is_shared: NDArray[np.bool_],
    is_original_shared: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Count what stands in the gaps; mark the shingles of both texts that lie over slips."""
    counts = np.zeros(_NUM_COUNTS, np.int64)
    last, reach = -1, -1
    for i in range(a.size + 1):
        is_end = i == a.size
        if not is_end and partners[i] < 0:
            continue
        place = b.size if is_end else int(partners[i])
        start, first = last + 1, reach + 1
        width, original_width = i - start, place - first
        last, reach = i, place
        is_near = width <= MAX_GAP and 0 <= original_width <= MAX_GAP
        if not is_near or (width == 0 and original_width == 0):
            continue
        is_inside = start > 0 and not is_end
        kind = _judge_gap(a, start, i, b, first, place, is_inside, numerals, surnames, counts)
        if kind == _SLIP and is_inside:
            # Shingles that reach into the gap, and those that begin in it.
            is_shared[max(start - k + 1, 0) : i] = True
            is_original_shared[max(first - k + 1, 0) : place] = True
    counts[_KEPT] = _count_kept(a, partners)
    return counts
