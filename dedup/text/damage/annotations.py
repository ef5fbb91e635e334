"""Pinyin annotations: readings in brackets behind characters, `網(wǎng)`.

Mirrors made by some converters carry the reading of the characters that they
converted, in brackets of any form, with tone marks, tone digits or neither, some with
a blank inside or in front, some repeated, some in Bopomofo: `會(huì )`, `網 [wǎng]`,
`國(guo)(guo)務院在(zai4)`, `網（ㄨㄤˇ）`.

Whether something in brackets is a reading takes evidence, because English words
spell syllables too: `安(an)`, `公司(long)`. A tone mark is enough behind a Han
character, and so is a syllable of Bopomofo. Without one the reading must be that of the
character in front, be repeated, or stand in a text full of readings that are certain; one
that opens with a capital, like a name, only the latter two.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.damage.shift_model import Model, model
from dedup.text.damage.triggers import Row
from dedup.text.marks import LOST, Mark, Marks
from dedup.text.pinyin import DIAERESIS, TONE, Readings, readings
from dedup.text.words import is_common, simplify

__all__ = ["find_annotations", "most_isolated"]

# So many certain readings that the text is annotated throughout; then an
# uncertain one is a reading too.
_MANY = 10

_MOST_ISOLATED = 4
_MOST_OF_USUAL = 2
_BOPOMOFO = re.compile("[\u3105-\u3129]")


def find_annotations(text: str) -> Marks:
    """Return the annotations of `text`, each with its brackets."""
    codes = code_points(text)
    found = np.empty((codes.size // _SHORTEST + 1, 3), np.int64)
    found = found[: _find(codes, readings(), model(), found)]
    is_certain: NDArray[np.bool_] = found[:, 2] != 0
    if np.count_nonzero(is_certain) < _MANY:
        found = found[is_certain]
    return Marks(found[:, :2].copy())  # not all that there was room for


def most_isolated(text: str, marks: Sequence[Mark]) -> int:
    """Return the most annotations that are no damage yet: four, or two of usual characters.

    People give the reading of a rare character; converters that of 產 and 發.
    """
    if len(marks) > _MOST_ISOLATED:
        return _MOST_ISOLATED
    in_front = [text[mark.start - 1 : mark.start] for mark in marks]
    if any(_BOPOMOFO.search(text, *mark) for mark in marks):
        return _MOST_ISOLATED  # lessons have them
    are_usual = all(simplify(char) != char and is_common(char) for char in in_front)
    return _MOST_OF_USUAL if are_usual else _MOST_ISOLATED


_SHORTEST = 3  # a bracket, a letter and a bracket
_MOST_LETTERS = 7
_MOST_PACKED = 6  # letters of the longest syllable
_LETTER_BITS = 5
_LETTER_U, _LETTER_U_UMLAUT = 21, 27
_OPENING = (ord("("), ord("（"))
_CLOSING = (ord(")"), ord("）"))
_OPENING_SQUARE = (ord("["), ord("［"), ord("【"), ord("〔"), ord("〖"))
_CLOSING_SQUARE = (ord("]"), ord("］"), ord("】"), ord("〕"), ord("〗"))
_BLANKS = (0x20, 0xA0, 0x3000)
_FIRST_HAN, _LAST_HAN = 0x4E00, 0x9FFF
_LOST_CODE = ord(LOST)
_PLANE = 0x10000
_NO_SYLLABLE = 0
_NAMELESS = -1  # a syllable in Bopomofo
_FIRST_BOPOMOFO, _LAST_BOPOMOFO = ord("ㄅ"), ord("ㄩ")
_TONES = (ord("ˉ"), ord("ˊ"), ord("ˇ"), ord("ˋ"), ord("˙"))
_FIRST_MEDIAL = ord("ㄧ")
_VOWELLESS = (ord("ㄓ"), ord("ㄔ"), ord("ㄕ"), ord("ㄖ"), ord("ㄗ"), ord("ㄘ"), ord("ㄙ"))
_PAIRS = int(Row.PAIRS)


@kernel_part
def _end_of_letters(codes: NDArray[np.uint32], start: int, r: Readings) -> int:
    """Return where up to seven letters of a reading from `start` on end; one may be capital."""
    at = start
    while at < min(codes.size, start + _MOST_LETTERS):
        if codes[at] >= r.letters.size or r.letters[codes[at]] == 0:
            break
        if at > start and _is_capital(codes[at]):
            break
        at += 1
    return at


@kernel_part
def _is_capital(code: int) -> bool:
    return 0x41 <= code <= 0x5A


@kernel_part
def _end_of_bopomofo(codes: NDArray[np.uint32], start: int) -> int:
    """Return where a syllable of Bopomofo from `start` on ends; `start` if there is none.

    It is an initial, a medial and a final, two of them optional, and a tone behind or in front.
    """
    at = start
    if codes[at] == _TONES[4]:
        at += 1
    first = at
    rank = 0
    while at < codes.size and _FIRST_BOPOMOFO <= codes[at] <= _LAST_BOPOMOFO:
        code = codes[at]
        here = 1 if code <= _VOWELLESS[6] else (2 if code >= _FIRST_MEDIAL else 3)
        if here <= rank:
            return start
        rank = here
        at += 1
    if at == first or (rank == 1 and codes[at - 1] not in _VOWELLESS):
        return start
    return at + 1 if at < codes.size and codes[at] in _TONES else at


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


@kernel_part
def _read_body(codes: NDArray[np.uint32], start: int, r: Readings) -> tuple[int, int]:
    """Return where a reading from `start` on ends, a tone digit behind it, and its syllable."""
    if start >= codes.size:
        return start, _NO_SYLLABLE
    end = _end_of_bopomofo(codes, start)
    if end > start:
        return end, _NAMELESS
    end = _end_of_letters(codes, start, r)
    syllable = _toneless(codes, start, end, r) if end > start else _NO_SYLLABLE
    if end == start + 1 and _is_capital(codes[start]):
        syllable = _NO_SYLLABLE  # as in a list: (A)
    if end > start and end < codes.size and 0x30 <= codes[end] <= 0x35:
        end += 1
    return end, syllable


@kernel_part
def _end_of_annotation(
    codes: NDArray[np.uint32], start: int, r: Readings
) -> tuple[int, int, int, int]:
    """Return where an annotation that opens at `start` ends, its reading, and its syllable.

    The end is `start` if there is none; the reading is given as its first and its end.
    """
    is_square = codes[start] in _OPENING_SQUARE
    if not is_square and codes[start] not in _OPENING:
        return start, 0, 0, _NO_SYLLABLE
    first = start + 1
    first += first < codes.size and codes[first] in _BLANKS
    last, syllable = _read_body(codes, first, r)
    end = last + (last < codes.size and codes[last] in _BLANKS)
    if syllable == _NO_SYLLABLE or end >= codes.size:
        return start, 0, 0, _NO_SYLLABLE
    is_closed = codes[end] in _CLOSING_SQUARE if is_square else codes[end] in _CLOSING
    return (end + 1 if is_closed else start), first, last, syllable


@kernel_part
def _end_of_own_reading(codes: NDArray[np.uint32], start: int, r: Readings) -> int:
    """Return where an annotation ends that is plainly the reading of the character in front.

    In round brackets, small letters, no blank and no tone digit, as nearly all are; `start` if
    it is anything else.
    """
    expected = _reading_of(codes, start - 1, r) if codes[start] in _OPENING else 0
    packed = 0
    at = start + 1
    while at < codes.size and packed < expected:
        letter = int(r.letters[codes[at]]) if codes[at] < r.letters.size else 0
        if letter in (0, DIAERESIS) or _is_capital(codes[at]):
            return start
        if letter != TONE:
            packed = packed << _LETTER_BITS | letter
        at += 1
    is_own = packed == expected and packed > 0 and at < codes.size
    return at + 1 if is_own and codes[at] in _CLOSING else start


@kernel_part
def _can_be_annotated(code: int) -> bool:
    return _FIRST_HAN <= code <= _LAST_HAN or code == _LOST_CODE


@kernel
def _find(codes: NDArray[np.uint32], r: Readings, m: Model, found: NDArray[np.int64]) -> int:
    """Write where annotations start and end and whether each is certain; return their number."""
    count = 0
    annotated_until = -1
    for start in range(codes.size):
        if _FIRST_HAN <= codes[start] <= _LAST_HAN or 0x61 <= codes[start] <= 0x7A:
            continue  # as nearly all are
        end = _end_of_own_reading(codes, start, r)
        if end > start:
            annotated_until = end
            found[count, 0], found[count, 1], found[count, 2] = start, end, True
            count += 1
            continue
        end, first, last, syllable = _end_of_annotation(codes, start, r)
        if end == start:
            continue
        front = start  # of what is removed: a blank in front belongs to it
        if start > 1 and codes[start - 1] in _BLANKS:
            is_open = _can_be_annotated(codes[start - 2]) or start - 1 == annotated_until
            front -= is_open
        in_front = codes[front - 1] if front > 0 else 0
        is_split = in_front < 0x80 and _is_behind_letter(codes, front, syllable, r, m)
        if not (is_split or front == annotated_until or _can_be_annotated(in_front)):
            continue
        size = end - start
        is_certain = is_split or syllable == _NAMELESS
        if not _is_capital(codes[first]):
            is_certain |= _reading_of(codes, front - 1, r) == syllable
        for at in range(first, last):
            is_certain |= codes[at] >= 0x80
        is_certain |= _is_same(codes, start, end, size) or _is_same(
            codes, start - size, start, size
        )
        if front < start and end + 1 < codes.size and codes[end] in _BLANKS:
            end += _can_be_annotated(codes[end + 1])
        annotated_until = end
        found[count, 0], found[count, 1], found[count, 2] = front, end, is_certain
        count += 1
    return count
