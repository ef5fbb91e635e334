"""Lines or sentences that are each printed twice in a row, and what is said only once.

    P1 P1 P2 P2 P3 P3        a page for telephones and one for desks, woven into each other

Where a body is printed as a whole again, `dedup.text.damage.repeats` finds it. Both may mark no
more than what the rest of the text says too: `without_unique` sees to that.
"""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.marks import Mark, joined

__all__ = ["could_have_doubled_units", "find_doubled_units", "without_unique"]

_NO_LETTER = re.compile(r"[^\u3400-\u9fffA-Za-z0-9]+")
_LINE = re.compile(r"[^\n]+")
_SENTENCE = re.compile(r"[^。！？!?\n]+(?:[。！？!?]+[”’」』）)\]】]*)?|[。！？!?]+")
_LEAST_SHARE = 0.42  # of the letters of a text: songs repeat single lines
_FEWEST_CHARS = 60
_FEWEST_DOUBLED = 2
_MOST_SENTENCES = 8  # that come again together
_LONGEST_SENTENCE = 200

_GRAM = 3
_LEAST_SHARE_KNOWN = 0.6  # of the trigrams of a sentence that is there elsewhere, nearly the same
_LONGEST_NEW = 7  # of them in a row; five other characters in a row break as many
_MOST_UNIQUE = 0.25  # of a copy
_CODE_BITS = 21


class _Unit:
    """A line or a sentence: where it stands, and its letters."""

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.letters = _NO_LETTER.sub("", match[0])


def could_have_doubled_units(codes: NDArray[np.uint32]) -> bool:
    """Whether so much of a text is in lines or sentences that were said shortly before.

    `find_doubled_units` marks nothing in others.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    return _are_enough_doubled(codes)


def find_doubled_units(text: str) -> list[Mark]:
    """Return the second of every two equal lines, or else sentences, in a row.

    Nothing, unless most of the text is printed so and is prose.
    """
    for pattern, most in ((_LINE, 1), (_SENTENCE, _MOST_SENTENCES)):
        units = [unit for match in pattern.finditer(text) if (unit := _Unit(match)).letters]
        doubled = list(_doubled(units, most))
        num_letters = sum(len(unit.letters) for unit in units)
        num_doubled = sum(len(unit.letters) for _, _, unit in doubled)
        if (
            num_doubled < max(_FEWEST_CHARS, _LEAST_SHARE * num_letters)
            or len({unit.letters for _, _, unit in doubled}) < _FEWEST_DOUBLED
        ):
            continue
        marks = [_all_but_closing(text, *three) for three in doubled]
        num_stops = sum(text.count("。", mark.start, mark.end) for mark in marks)
        if num_stops * _LONGEST_SENTENCE >= num_doubled:
            return joined(marks)
    return []


def _all_but_closing(text: str, first: _Unit, before: _Unit, second: _Unit) -> Mark:
    """Mark a unit and what parts it from the one before, without the `”` that only it has."""
    stands = text[first.start : first.end].strip()
    start = text.find(stands, second.start, second.end)
    return Mark(before.end, second.end if start < 0 else start + len(stands))


def _doubled(units: list[_Unit], most: int) -> Iterator[tuple[_Unit, _Unit, _Unit]]:
    """Yield each unit that, with up to `most` in all, says what was said directly in front.

    In front of it come the unit that it is equal to, and the one that it follows.
    """
    said = [unit.letters for unit in units]
    at = 1
    while at < len(units):
        for size in range(1, min(most, at) + 1):
            if said[at] == said[at - size] and said[at : at + size] == said[at - size : at]:
                for place in range(at, at + size):
                    yield units[place - size], units[place - 1], units[place]
                at += size
                break
        else:
            at += 1


def without_unique(text: str, marks: list[Mark]) -> list[Mark]:
    """Return what of `marks`, ascending and disjoint, the text says outside of them, too.

    Sentences that are there with a few other characters count; a headline of a copy, or a
    line that ends the first one only, is said nowhere else. What says much that is new is a
    form filled in for another man or place, and no copy.
    """
    kept = _Kept(text, marks)
    found: list[Mark] = []
    for mark in marks:
        sentences = _SENTENCE.finditer(text, mark.start, mark.end)
        unique = [one.span() for one in sentences if not kept.says(_NO_LETTER.sub("", one[0]))]
        num_unique = sum(end - start for start, end in unique)
        if num_unique <= _MOST_UNIQUE * (mark.end - mark.start):
            starts = [mark.start, *(end for _, end in unique)]
            ends = [*(start for start, _ in unique), mark.end]
            found += map(Mark, starts, ends)
    return [mark for mark in found if text[mark.start : mark.end].strip()]


class _Kept:
    """What a text says outside of marks."""

    def __init__(self, text: str, marks: list[Mark]) -> None:
        starts = [0, *(mark.end for mark in marks)]
        ends = [*(mark.start for mark in marks), len(text)]
        pieces = [text[start:end] for start, end in zip(starts, ends, strict=True)]
        self._sentences = {
            _NO_LETTER.sub("", match[0]) for piece in pieces for match in _SENTENCE.finditer(piece)
        }
        self._grams = np.unique(_grams(_NO_LETTER.sub("", "".join(pieces))))

    def says(self, sentence: str) -> bool:
        """Whether these letters are a sentence of it, or nearly all in it."""
        if not sentence or sentence in self._sentences:
            return True
        grams = _grams(sentence)
        if not (grams.size and self._grams.size):
            return False
        places = np.minimum(np.searchsorted(self._grams, grams), self._grams.size - 1)
        is_known = self._grams[places] == grams
        breaks = np.flatnonzero(np.concatenate(([True], is_known, [True])))
        longest_new = int(np.diff(breaks).max()) - 1
        is_said = np.count_nonzero(is_known) >= _LEAST_SHARE_KNOWN * grams.size
        return bool(is_said and longest_new <= _LONGEST_NEW)


def _grams(letters: str) -> NDArray[np.uint64]:
    """Return every three characters in a row as one number."""
    codes = code_points(letters).astype(np.uint64)
    if codes.size < _GRAM:
        return np.empty(0, np.uint64)
    bits = np.uint64(_CODE_BITS)
    return (codes[:-2] << bits << bits) | (codes[1:-1] << bits) | codes[2:]


_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_LINE_END = ord("\n")
_SENTENCE_ENDS = tuple(map(ord, "。！？!?\n"))


@kernel_part
def _is_letter(code: int) -> bool:
    """Whether a character is none of `_NO_LETTER`."""
    is_ascii = 0x61 <= code | 0x20 <= 0x7A or 0x30 <= code <= 0x39
    return 0x3400 <= code <= 0x9FFF or is_ascii


@kernel_part
def _num_again(said: np.uint64, size: int, latest: NDArray[np.uint64]) -> int:
    """Return the letters of a unit that one of the latest is equal to; keep it as the latest."""
    if size == 0:
        return 0
    is_again = False
    for place in range(latest.size - 1, -1, -1):
        is_again |= latest[place] == said
        if place:
            latest[place] = latest[place - 1]
    latest[0] = said
    return size if is_again else 0


@kernel
def _are_enough_doubled(codes: NDArray[np.uint32]) -> bool:
    """Whether enough letters are in units that one of the latest is equal to, by a hash."""
    lines, sentences = np.zeros(1, np.uint64), np.zeros(_MOST_SENTENCES, np.uint64)
    line = sentence = np.uint64(1)
    line_size = sentence_size = 0
    num_letters = in_lines = in_sentences = 0
    for at in range(codes.size + 1):
        code = codes[at] if at < codes.size else _LINE_END
        if _is_letter(code):
            num_letters += 1
            line_size += 1
            sentence_size += 1
            line = line * _FACTOR + np.uint64(code)
            sentence = sentence * _FACTOR + np.uint64(code)
        elif code in _SENTENCE_ENDS:
            in_sentences += _num_again(sentence, sentence_size, sentences)
            sentence = np.uint64(1)
            sentence_size = 0
            if code == _LINE_END:
                in_lines += _num_again(line, line_size, lines)
                line = np.uint64(1)
                line_size = 0
    most = max(in_lines, in_sentences)
    return most >= _FEWEST_CHARS and most >= _LEAST_SHARE * num_letters
