"""The body printed more than once: whole, nearly whole, or paragraph by paragraph.

Articles repeat themselves: a summary in front, a refrain, a form. So it takes much of
the text, in long stretches. Stretches are found by what ten characters say, blanks and
signs aside, so that copies need not agree in layout or in every character.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.text.code_points import code_points
from dedup.text.damage.doubled_units import (
    could_have_doubled_units,
    find_doubled_units,
    without_unique,
)
from dedup.text.marks import Mark, joined
from dedup.text.words import simplify

__all__ = ["find_repeats"]

_LENGTH = 10  # characters that must agree
_LONGEST_GAP = 60  # characters between two of them that are one stretch
_MOST_DRIFT = 30  # characters more or fewer than in the copy before
_FEWEST_CHARS = 60  # of a stretch
_LEAST_SHARE = 0.42  # of the text
_MOST_SHARE = 0.78  # four copies, and a little
_LEAST_SHARE_OF_LARGEST = 0.2
_LEAST_SHARE_OF_PLACES = 0.15  # where ten characters come again; few do if some are lost
_LONGEST_SENTENCE = 200
_ENDS = "。！？”」）)】]"
_OPENING_CHARS = 20
_MOST_OPENINGS = 8  # of a body that comes back to its first words
_FEWEST_SENTENCES = 5
_FEWEST_LINES = 6
_PLAIN_LINE = 8
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def find_repeats(text: str) -> list[Mark]:
    """Return what is printed again, from its second time on, and nothing said only there."""
    marks = _find_repeats(simplify(text))  # a copy may be in the other script
    # One sentence again and again, as in a refrain or in a test, is no body.
    is_body = sum(mark.end - mark.start for mark in marks) <= _MOST_SHARE * len(text)
    return marks if is_body else []


def _find_repeats(text: str) -> list[Mark]:
    again = _printed_whole(text)
    if again is not None:
        return [again]
    all_codes = code_points(text)
    letters = np.empty(all_codes.size + 1, np.int64)
    letters = letters[: _find_letters(all_codes, letters)]
    if len(letters) < 2 * _FEWEST_CHARS:
        return []
    marks = find_doubled_units(text) if could_have_doubled_units(all_codes) else []
    marks = marks or _find_copies(text, all_codes, letters)
    if not marks:
        return []
    starts = {mark.start for mark in marks}
    return joined(
        Mark(_without_headline(text, *mark), mark.end) if mark.start in starts else mark
        for mark in without_unique(text, marks)
    )


def _find_copies(
    text: str, all_codes: NDArray[np.uint32], letters: NDArray[np.int64]
) -> list[Mark]:
    """Return the copies of the body, or of most of it."""
    copies = joined(
        mark
        for start, end in _repeated_stretches(all_codes[letters])
        if _is_copy(text, mark := _widened(text, letters, start, end))
    )
    # Beside a whole body, a paragraph that the article itself repeats is no copy.
    largest = max((mark.end - mark.start for mark in copies), default=0)
    copies = [m for m in copies if m.end - m.start >= _LEAST_SHARE_OF_LARGEST * largest]
    num_repeated = sum(mark.end - mark.start for mark in copies)
    return copies if num_repeated >= _LEAST_SHARE * len(text) else []


def _printed_whole(text: str) -> Mark | None:
    """Return all behind the first copy of a text that is one body again and again and no more.

    What the body repeats of itself does not matter then, nor whether it is prose.
    """
    whole = text.strip()
    opening = whole[:_OPENING_CHARS]
    period = 0
    for _ in range(_MOST_OPENINGS):
        period = whole.find(opening, period + 1)
        if period < 0:
            break
        copies = (len(whole) - 1) // period
        size = len(whole) - copies * period
        # A headline may stand between two copies.
        is_body = size >= max(_FEWEST_CHARS, period - _LONGEST_HEADLINE) and _has_parts(
            whole[:size]
        )
        is_headline = not _CREDIT.search(whole[size:period].strip())
        if whole.startswith(whole[period:]):
            # Several of what is no body, one behind the other, are none either.
            begin = text.index(whole[:1])
            copies_behind = Mark(begin + size, begin + len(whole))
            return copies_behind if is_body and is_headline else None
    return None


def _has_parts(body: str) -> bool:
    """Whether a body has sentences or lines that the look at the text has seen come again."""
    if body.count("。") >= _FEWEST_SENTENCES:
        return True
    lines = [line for line in body.split("\n") if "。" not in line]
    return sum(len(line) >= _PLAIN_LINE for line in lines) >= _FEWEST_LINES


def _is_copy(text: str, mark: Mark) -> bool:
    """Whether a repeated stretch opens like a body of its own, and is prose."""
    stretch = text[mark.start : mark.end]
    opens = stretch[0].isspace() or text[: mark.start].rstrip()[-1:] in _ENDS
    return opens and stretch.count("。") * _LONGEST_SENTENCE >= len(stretch)


@kernel
def _find_letters(codes: NDArray[np.uint32], found: NDArray[np.int64]) -> int:
    """Write where Han characters, ASCII letters and digits stand, and return their number."""
    count = 0
    for at in range(codes.size):
        code = codes[at]
        is_ascii = 0x61 <= code | 0x20 <= 0x7A or 0x30 <= code <= 0x39
        found[count] = at
        count += is_ascii or 0x3400 <= code <= 0x9FFF
    return count


def _repeated_stretches(codes: NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Return the long stretches that are copies of one earlier stretch each, ascending.

    A copy keeps its distance from what it is a copy of, and begins behind it. A form filled
    in anew repeats its phrases too, but jumps about among the earlier ones; and where each
    sentence is printed twice, what would be a copy of many lies between them.
    """
    stretches: list[tuple[int, int]] = []
    growing: list[tuple[int, int, int]] = []
    for start, end, distance in _runs(codes):
        # What of its own phrases an article repeats is in its copy also, and comes between.
        still = [one for one in growing if start - one[1] <= _LONGEST_GAP]
        stretches += [one[:2] for one in growing if start - one[1] > _LONGEST_GAP]
        for place, (first, _, other) in enumerate(still):
            if abs(distance - other) <= _MOST_DRIFT and end - distance < first + _LENGTH:
                still[place] = (first, min(end, first + distance), distance)
                break
        else:
            # What follows a copy may agree with what follows the first one, a copy as well.
            still.append((start, min(end, start + distance), distance))
        growing = still
    stretches += [one[:2] for one in growing]
    return sorted(one for one in stretches if one[1] - one[0] >= _FEWEST_CHARS)


def _runs(codes: NDArray[np.uint32]) -> Iterator[tuple[int, int, int]]:
    """Yield stretches that have been there before at one distance: start, end, distance."""
    distances = np.empty(codes.size - _LENGTH + 1, np.int64)
    _find_distances(codes, distances)
    again = np.flatnonzero(distances >= _LENGTH)
    if len(again) < _LEAST_SHARE_OF_PLACES * len(distances) or not len(again):
        return
    cuts = np.flatnonzero((np.diff(again) > 1) | (np.diff(distances[again]) != 0))
    if len(cuts) > len(codes) // _LENGTH:
        return  # a jumble of a few phrases
    starts, ends = again[np.append(0, cuts + 1)], again[np.append(cuts, -1)] + _LENGTH
    yield from zip(starts.tolist(), ends.tolist(), distances[starts].tolist(), strict=True)


_SHIFT = np.uint64(32)


@kernel
def _find_distances(codes: NDArray[np.uint32], distances: NDArray[np.int64]) -> None:
    """Write how far before each position its `_LENGTH` characters stand first; 0 if nowhere.

    Characters are told by a hash of 64 bits, in a table that is never more than half full.
    """
    num_slots = 1
    while num_slots < 2 * distances.size:
        num_slots *= 2
    firsts = np.full(num_slots, -1, np.int64)
    hashes = np.empty(distances.size, np.uint64)
    oldest = np.uint64(1)
    for _ in range(_LENGTH):
        oldest *= _FACTOR
    rolling = np.uint64(0)
    for at in range(codes.size):
        rolling = rolling * _FACTOR + np.uint64(codes[at])
        start = at - _LENGTH + 1
        if start < 0:
            continue
        if start > 0:
            rolling -= oldest * np.uint64(codes[start - 1])
        hashes[start] = rolling
        mixed = (rolling ^ rolling >> _SHIFT) * _FACTOR
        slot = np.int64(mixed >> _SHIFT) & (num_slots - 1)
        while firsts[slot] >= 0 and hashes[firsts[slot]] != rolling:
            slot = (slot + 1) & (num_slots - 1)
        if firsts[slot] < 0:
            firsts[slot] = start
        distances[start] = start - firsts[slot]


def _widened(text: str, letters: NDArray[np.int64], start: int, end: int) -> Mark:
    """Return the stretch between two letters with the signs and blanks around it."""
    begin = int(letters[start - 1]) + 1 if start else 0
    # What ends the sentence in front belongs to it; brackets and blanks open this one.
    while begin < letters[start] and not text[begin].isspace() and text[begin] not in _OPENING:
        begin += 1
    stop = int(letters[end]) if end < len(letters) else len(text)
    while stop > letters[end - 1] + 1 and stop < len(text) and text[stop - 1] in _OPENING_OR_BLANK:
        stop -= 1
    return Mark(begin, stop)


def _without_headline(text: str, begin: int, stop: int) -> int:
    """Return where a repeated stretch begins that may have a headline of its own.

    A short line in front of it that does not end this copy or the text: then it ends the
    copy before, as a line does that names who wrote it.
    """
    line_start = text.rfind("\n", 0, begin) + 1
    line = text[line_start:begin].strip()
    is_headline = 0 < len(line) <= _LONGEST_HEADLINE and "。" not in line
    if not is_headline or line_start == 0 or not text[begin : begin + 1].isspace():
        return begin
    is_last = any(text[begin:end].rstrip().endswith(line) for end in (stop, len(text)))
    return begin if is_last or _CREDIT.search(line) else line_start - 1


_CREDIT = re.compile(r"编辑|編輯|责任|責任|责编|来源|來源|供稿|记者|記者|作者|[】）)]$")
_LONGEST_HEADLINE = 60
_OPENING = "“‘「『《〈（(【[—"
_OPENING_OR_BLANK = _OPENING + " \t\n\r\u3000"
