"""Whether a text is a form filled in anew: the same sentences with other numbers.

A copy, however damaged, keeps the numbers of its original: dates, amounts, places in a
table. A form that is filled in anew, last year's ceremony or yesterday's weather, has
others in the same places. So numbers that both texts have in the same place are compared.

Texts come as folded characters, in which every digit is one of 0 to 9.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.sketch.alignment import MAX_GAP, MAX_SINGLE

__all__ = ["Refilling", "compare_blanks", "count_substitutions"]

_ZERO, _NINE = 48, 57


class Refilling(NamedTuple):
    """What two texts have in the same places of a common wording.

    Attributes:
        kept: Numbers of the incoming text that the original has in the same place.
        changed: Those where the original has another number.
        substituted: Places in which two or more characters stand for two or more others.
    """

    kept: int
    changed: int
    substituted: int


def compare_blanks(
    incoming: NDArray[np.uint32], original: NDArray[np.uint32], partners: NDArray[np.int32]
) -> Refilling:
    """Compare what stands in the same places of two texts.

    Args:
        incoming: Folded characters; uint32, shape (n,).
        original: Of the known text; uint32, shape (m,).
        partners: As in `Alignment`; int32, shape (n,).
    """
    before, after = np.empty(incoming.size, np.int32), np.empty(incoming.size, np.int32)
    _find_neighbours(partners, before, after)
    kept, changed = _compare_numbers(incoming, original, partners, before, after)
    return Refilling(kept, changed, _count_substituted(incoming, partners, before))


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


@kernel
def _is_digit(code: np.uint32) -> bool:
    return bool(_ZERO <= code <= _NINE)


@kernel
def _find_neighbours(
    partners: NDArray[np.int32], before: NDArray[np.int32], after: NDArray[np.int32]
) -> None:
    """Write for each position the paired ones next to it on both sides, -1 for none."""
    last = -1
    for i in range(partners.size):
        before[i] = last
        if partners[i] >= 0:
            last = i
    last = -1
    for i in range(partners.size - 1, -1, -1):
        after[i] = last
        if partners[i] >= 0:
            last = i


@kernel
def _has_break(codes: NDArray[np.uint32], start: int, stop: int) -> bool:
    """Return whether something was lost or left out: nobody knows what stood there."""
    for i in range(start, stop):  # noqa: SIM110  numba compiles no generator
        if codes[i] == 0:
            return True
    return False


@kernel
def _count_substituted(
    incoming: NDArray[np.uint32], partners: NDArray[np.int32], before: NDArray[np.int32]
) -> int:
    """Return in how many gaps two or more characters stand for two or more others."""
    count = 0
    for i in range(partners.size):
        if partners[i] >= 0 and before[i] >= 0:
            width, original_width = i - before[i], partners[i] - partners[before[i]]
            is_wide = 2 < width <= MAX_GAP + 1 and 2 < original_width <= MAX_GAP + 1
            count += is_wide and not _has_break(incoming, before[i] + 1, i)
    return count


@kernel
def _has_other_number(
    start: int,
    stop: int,
    is_paired: bool,
    incoming: NDArray[np.uint32],
    original: NDArray[np.uint32],
    partners: NDArray[np.int32],
    before: NDArray[np.int32],
    after: NDArray[np.int32],
) -> bool:
    """Return whether the original has another number where the incoming text has one."""
    left, right = before[start], after[stop - 1]
    if left < 0 or right < 0 or _has_break(incoming, left + 1, right):
        return False
    first, end = partners[left] + 1, partners[right]
    width, original_width = right - left - 1, end - first
    if width > 2 * MAX_GAP or not 0 <= original_width <= 2 * MAX_GAP:
        return False
    if is_paired and width == stop - start == original_width:
        return False
    # One that reaches into the gap counts too: 10 and 110 differ by what is beside it.
    for i in range(max(first - 1, 0), min(end + 1, original.size)):
        if _is_digit(original[i]):
            return True
    return False


@kernel
def _compare_numbers(
    incoming: NDArray[np.uint32],
    original: NDArray[np.uint32],
    partners: NDArray[np.int32],
    before: NDArray[np.int32],
    after: NDArray[np.int32],
) -> tuple[int, int]:
    """Return how many numbers are the same in the same place, and how many are not."""
    kept = changed = 0
    start = 0
    while start < incoming.size:
        stop = start
        is_paired = True
        while stop < incoming.size and _is_digit(incoming[stop]):
            is_paired &= partners[stop] >= 0
            stop += 1
        if stop > start:
            if _has_other_number(
                start, stop, is_paired, incoming, original, partners, before, after
            ):
                changed += 1
            else:
                kept += is_paired
        start = stop + 1
    return kept, changed
