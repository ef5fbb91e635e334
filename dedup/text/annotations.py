"""Pinyin annotations: readings in brackets behind characters, `網(wǎng)`.

Mirrors made by some converters carry the reading of the characters that they
converted, in ASCII or full-width brackets, with or without tone marks, some with
a blank inside, some repeated: `會(huì )`, `國(guo)(guo)務院在(zai)`.

Whether something in brackets is a reading takes evidence, because English words
spell syllables too: `安(an)`, `公司(long)`. A tone mark is enough behind a Han
character. Without one the reading must be that of the character in front, be
repeated, or stand in a text full of readings that are certain.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.marks import LOST, Mark
from dedup.text.pinyin import DIAERESIS, TONE, Readings, readings
from dedup.text.shift_model import Model, model
from dedup.text.triggers import Row
from dedup.text.words import is_common, simplify

__all__ = ["find_annotations", "most_isolated"]

# So many certain readings that the text is annotated throughout; then an
# uncertain one is a reading too.
_MANY = 10

_MOST_ISOLATED = 4
_MOST_OF_USUAL = 2


def find_annotations(text: str) -> list[Mark]:
    """Return the annotations of `text`, each with its brackets."""
    codes = code_points(text)
    found = np.empty((codes.size // _SHORTEST + 1, 3), np.int64)
    found = found[: _find(codes, readings(), model(), found)]
    is_certain: NDArray[np.bool_] = found[:, 2] != 0
    if np.count_nonzero(is_certain) < _MANY:
        found = found[is_certain]
    return [Mark(start, end) for start, end, _ in found.tolist()]


def most_isolated(text: str, marks: list[Mark]) -> int:
    """Return the most annotations that are no damage yet: four, or two of usual characters.

    People give the reading of a rare character; converters that of 產 and 發.
    """
    if len(marks) > _MOST_ISOLATED:
        return _MOST_ISOLATED
    in_front = [text[mark.start - 1 : mark.start] for mark in marks]
    are_usual = all(simplify(char) != char and is_common(char) for char in in_front)
    return _MOST_OF_USUAL if are_usual else _MOST_ISOLATED


_SHORTEST = 3  # a bracket, a letter and a bracket
_MOST_LETTERS = 7
_MOST_PACKED = 6  # letters of the longest syllable
_LETTER_BITS = 5
_LETTER_U, _LETTER_U_UMLAUT = 21, 27
_OPENING = (ord("("), ord("（"))
_CLOSING = (ord(")"), ord("）"))
_BLANKS = (0x20, 0xA0, 0x3000)
_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FFF
_LOST_CODE = ord(LOST)
_PLANE = 0x10000
_NO_SYLLABLE = 0
_PAIRS = int(Row.PAIRS)


@kernel_part
def _end_of_letters(codes: NDArray[np.uint32], start: int, r: Readings) -> int:
    """Return where up to seven letters of a reading from `start` on end."""
    at = start
    while at < min(codes.size, start + _MOST_LETTERS):
        if codes[at] >= r.letters.size or r.letters[codes[at]] == 0:
            break
        at += 1
    return at


@kernel_part
def _toneless(codes: NDArray[np.uint32], start: int, end: int, r: Readings) -> int:
    """Return the syllable that some letters spell, as a number, or 0 if they spell none."""
    packed = 0
    for at in range(start, end):
        letter = int(r.letters[codes[at]])
        if letter == TONE:
            continue
        if letter == DIAERESIS:
            if packed & ((1 << _LETTER_BITS) - 1) != _LETTER_U:
                return _NO_SYLLABLE
            packed += _LETTER_U_UMLAUT - _LETTER_U
            continue
        packed = packed << _LETTER_BITS | letter
    if packed >> (_LETTER_BITS * _MOST_PACKED):
        return _NO_SYLLABLE
    low, high = 0, r.syllables.size
    while low < high:
        middle = (low + high) >> 1
        if r.syllables[middle] < packed:
            low = middle + 1
        else:
            high = middle
    is_syllable = low < r.syllables.size and r.syllables[low] == packed
    return packed if is_syllable else _NO_SYLLABLE


@kernel_part
def _reading_of(codes: NDArray[np.uint32], at: int, r: Readings) -> int:
    return int(r.of_chars[codes[at]]) if at >= 0 and codes[at] < _PLANE else 0


@kernel_part
def _is_behind_letter(
    codes: NDArray[np.uint32], at: int, reading: int, r: Readings, m: Model
) -> bool:
    """Whether the ASCII letter in front is half of an annotated character, its lead before it.

    公司WAP with 網, BE57, annotated at any offset is `公司W(wǎng)AP`: 司 is CBBE, W 57.
    """
    if at < 2 or not 0x61 <= codes[at - 1] | 0x20 <= 0x7A or codes[at - 2] >= _PLANE:
        return False
    pair = m.tables[_PAIRS, codes[at - 2]]
    lead = pair & 0xFF
    if pair < 0x100 or not 0x81 <= lead <= 0xFE:
        return False
    char = m.chars[lead << 8 | int(codes[at - 1])]
    return bool(char < _PLANE and r.of_chars[char] == reading)


@kernel_part
def _is_same(codes: NDArray[np.uint32], one: int, other: int, size: int) -> bool:
    """Whether the same characters stand in two places, of which the first is the earlier."""
    if one < 0 or other + size > codes.size:
        return False
    same = 0
    while same < size and codes[one + same] == codes[other + same]:
        same += 1
    return same == size


@kernel
def _find(codes: NDArray[np.uint32], r: Readings, m: Model, found: NDArray[np.int64]) -> int:
    """Write where annotations start and end and whether each is certain; return their number."""
    count = 0
    annotated_until = -1
    for start in range(codes.size):
        if codes[start] not in _OPENING:
            continue
        first = start + 1
        first += first < codes.size and codes[first] in _BLANKS
        last = _end_of_letters(codes, first, r)
        end = last + (last < codes.size and codes[last] in _BLANKS)
        if first == last or end >= codes.size or codes[end] not in _CLOSING:
            continue
        end += 1
        reading = _toneless(codes, first, last, r)
        if reading == _NO_SYLLABLE:
            continue
        in_front = codes[start - 1] if start > 0 else 0
        is_split = in_front < 0x80 and _is_behind_letter(codes, start, reading, r, m)
        can_be_annotated = _FIRST_HAN <= in_front <= _LAST_HAN or in_front == _LOST_CODE
        if not (is_split or start == annotated_until or can_be_annotated):
            continue
        annotated_until = end
        is_certain = is_split or _reading_of(codes, start - 1, r) == reading
        for at in range(first, last):
            is_certain |= codes[at] >= 0x80
        size = end - start
        is_certain |= _is_same(codes, start, end, size) or _is_same(
            codes, start - size, start, size
        )
        found[count, 0], found[count, 1], found[count, 2] = start, end, is_certain
        count += 1
    return count
