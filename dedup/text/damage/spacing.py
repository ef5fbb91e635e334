"""Blanks between the characters of words: `中 国 新 闻 网`.

Two forms occur. Where everything is set apart, original blanks and line breaks too,
every second character goes: a blank of the original is three now. Where blanks stand
between some Chinese characters only, they split words that a dictionary lists; the
blanks of tables, headings and lists of names hardly do.

A heading such as `目 录`, a name such as `张 三` and a line of verse stay.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.marks import Mark
from dedup.text.words import are_listed

__all__ = ["find_spacing"]

_BLANKS = (
    " \t\N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800"
)
_BLANK = f"[{_BLANKS}]"
_HAN = "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_CHINESE = (
    "[\u2014\u2018-\u201d\u2026\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    "\U00020000-\U0003ffff]"
)

_LINE_END = ord("\n")
_FEWEST_APART = 6
# The same blank, or two or three of them, behind every character.
_APART = re.compile(
    rf"{_HAN}(?P<gap>(?P<blank>{_BLANK})(?P=blank){{0,2}})"
    rf".(?:(?P=gap).){{{_FEWEST_APART - 2},}}",
    re.DOTALL,
)
_LEAST_SHARE_OF_CHINESE = 0.5
_MOST_BLANKS = 0.34  # of them

_MOST_IN_GAP = 3  # blanks, all the same
_FEWEST_GAPS = 5  # as many call for a look, see `dedup.text.damage.suspicion`
_BESIDE_WORD = re.compile(
    rf"(?<={_CHINESE}){_BLANK}{{1,3}}(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%]){_BLANK}{{1,3}}(?={_CHINESE})"
)
_WORD_EDGE = re.compile(rf"(?<={_CHINESE})(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?={_CHINESE})")
_FEWEST_SPLIT = 4
_MOST_UNBROKEN = 0.1
_LEAST_SHARE_OF_KIND = 0.7
# Of the neighbours in prose, 0.36 are listed; of those that lists and headings set apart, a tenth.
_LEAST_SHARE_SPLIT = 0.22
_FEWEST_SPLIT_IN_TEXT = 6
# So many blanks inside words that a short line of single characters is no heading.
_MANY = 12


class _Line(NamedTuple):
    """A line with blanks between its Chinese characters.

    Attributes:
        start: Of the line.
        end: Of the line.
        gaps: Blanks between Chinese characters, each with its start and end; int64, (n, 2).
        num_split: How many of them stand inside words.
        is_spread: Whether hardly any two Chinese characters touch.
    """

    start: int
    end: int
    gaps: NDArray[np.int64]
    num_split: int
    is_spread: bool

    @property
    def is_split(self) -> bool:
        """Whether the blanks stand inside words, or every character stands alone."""
        return (self.is_spread and len(self.gaps) >= _FEWEST_APART) or _are_split(
            len(self.gaps), self.num_split, _FEWEST_SPLIT
        )

    @property
    def may_be_part(self) -> bool:
        """Whether it may have some in a text with split words: it is no list of names."""
        return len(self.gaps) < _FEWEST_SPLIT or self.num_split > 0


def find_spacing(text: str) -> list[Mark]:
    """Return the blanks of `text` that belong to no word boundary."""
    codes = code_points(text)
    gaps = np.empty((codes.size // 2 + 1, 3), np.int64)
    num_gaps, num_of_han, has_apart = _find_gaps(codes, _classes(), gaps)
    if num_of_han < _FEWEST_GAPS:
        return []
    if not (has_apart or _could_be_split(codes, gaps[:num_gaps])):
        return []
    marks: list[Mark] = []
    for match in _APART.finditer(text) if has_apart else ():
        marks += _blanks_apart(match, marks[-1].end if marks else 0)
    apart = {at for mark in marks for at in range(*mark)}
    lines = _read_lines(codes, _of_one_kind(gaps[:num_gaps]))
    num_gaps = sum(len(line.gaps) for line in lines)
    num_split = sum(line.num_split for line in lines)
    is_split = _are_split(num_gaps, num_split, _FEWEST_SPLIT_IN_TEXT)
    in_text = len(marks) + sum(len(line.gaps) for line in lines if line.is_split)
    for line in lines:
        is_spread = line.is_spread and in_text > _MANY
        if line.is_split or is_spread or (is_split and line.may_be_part):
            found = [Mark(*gap) for gap in line.gaps.tolist()]
            found += _gaps_beside_words(text, line.start, line.end)
            marks += (gap for gap in found if gap.start not in apart)
    return sorted(marks)


def _could_be_split(codes: NDArray[np.uint32], gaps: NDArray[np.int64]) -> bool:
    """Whether enough blanks, of whatever kind, stand inside words, or a line is spread."""
    num_split = np.count_nonzero(are_listed(codes[gaps[:, 0] - 1], codes[gaps[:, 1]]))
    return bool(num_split >= _FEWEST_SPLIT) or _has_spread_line(codes, _classes(), gaps)


def _are_split(num_gaps: int, num_split: int, fewest: int) -> bool:
    """Whether so many blanks stand inside words that they were put there blindly."""
    return num_gaps >= fewest and num_split >= max(fewest, _LEAST_SHARE_SPLIT * num_gaps)


def _blanks_apart(match: re.Match[str], done: int) -> Iterator[Mark]:
    """Yield the blanks of a stretch that sets all apart, if it is mostly Chinese.

    Args:
        match: Of `_APART`.
        done: Where the blanks of the stretch before it end.
    """
    text, gap = match.string, match["gap"]
    step = len(gap) + 1
    start, end = match.span()
    # Few blanks were there before; as many as characters are longer gaps.
    chars = match[0][::step]
    if len(re.findall(_CHINESE, chars)) < _LEAST_SHARE_OF_CHINESE * len(chars):
        return
    if chars.count(gap[0]) > _MOST_BLANKS * len(chars):
        return
    # What is in front of the first Han character may be set apart, too: `“ A I 技 术`.
    while start - step > done and text.startswith(gap, start - step + 1, start):
        if text[start - step].isspace():
            break
        start -= step
    for at in range(start + 1, end, step):
        yield Mark(at, at + step - 1)


def _of_one_kind(gaps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the gaps with the commonest blank: the others were there before, if they are few."""
    kinds, counts = np.unique(gaps[:, 2], return_counts=True)
    if counts.max() < _LEAST_SHARE_OF_KIND * len(gaps):
        return gaps
    is_usual: NDArray[np.bool_] = gaps[:, 2] == kinds[counts.argmax()]
    return gaps[is_usual]


def _read_lines(codes: NDArray[np.uint32], gaps: NDArray[np.int64]) -> list[_Line]:
    """Return each line that has blanks between Chinese characters."""
    are_split = are_listed(codes[gaps[:, 0] - 1], codes[gaps[:, 1]])
    found = np.empty((len(gaps), 5), np.int64)
    num_lines = _find_lines(codes, _classes(), gaps, are_split, found)
    lines = []
    first = 0
    for start, end, last, num_split, num_unbroken in found[:num_lines].tolist():
        is_spread = num_unbroken <= _MOST_UNBROKEN * (last - first)
        lines.append(_Line(start, end, gaps[first:last, :2], num_split, is_spread))
        first = last
    return lines


def _gaps_beside_words(text: str, start: int, end: int) -> list[Mark]:
    """Return the blanks around words and numbers in ASCII, if there is one at every edge."""
    if _WORD_EDGE.search(text, start, end):
        return []
    return [Mark(*match.span()) for match in _BESIDE_WORD.finditer(text, start, end)]


_IS_HAN, _IS_CHINESE, _IS_BLANK = 1, 2, 4
_ASTRAL = 0x10000
_FIRST_ASTRAL_HAN, _LAST_ASTRAL_HAN = 0x20000, 0x3FFFF


@cache
def _classes() -> NDArray[np.uint8]:
    """Return the classes of each character of the basic plane, as the patterns have them."""
    table = np.zeros(_ASTRAL, np.uint8)
    chars = "".join(map(chr, range(_ASTRAL)))
    for bit, pattern in ((_IS_HAN, _HAN), (_IS_CHINESE, _CHINESE), (_IS_BLANK, _BLANK)):
        table[[ord(char) for char in re.findall(pattern, chars)]] |= bit
    table.flags.writeable = False
    return table


@kernel_part
def _class_at(codes: NDArray[np.uint32], at: int, classes: NDArray[np.uint8]) -> int:
    if at >= codes.size:
        return 0
    code = codes[at]
    if code < _ASTRAL:
        return int(classes[code])
    return _IS_HAN | _IS_CHINESE if _FIRST_ASTRAL_HAN <= code <= _LAST_ASTRAL_HAN else 0


@kernel_part
def _is_apart(codes: NDArray[np.uint32], at: int, size: int) -> bool:
    """Whether `_APART` matches with the first of its gaps, of so many blanks, at `at`."""
    blank = codes[at]
    for _ in range(_FEWEST_APART - 1):
        for _ in range(size):
            if at >= codes.size or codes[at] != blank:
                return False
            at += 1
        at += 1  # any character
    return at <= codes.size


@kernel
def _find_gaps(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], gaps: NDArray[np.int64]
) -> tuple[int, int, bool]:
    """Write the blanks between Chinese characters, one to three equal ones, and their kind.

    Returns:
        The number of gaps, how many of them are between Han characters, and whether
        `_APART` is found.
    """
    count = num_of_han = 0
    has_apart = False
    at = 0
    while at < codes.size:
        here = _class_at(codes, at, classes)
        at += 1
        if here == 0 or _class_at(codes, at, classes) & _IS_BLANK == 0:
            continue
        start = at
        while at < codes.size and codes[at] == codes[start]:
            at += 1
        if here & _IS_HAN and not has_apart:
            for size in range(1, min(at - start, _MOST_IN_GAP) + 1):
                has_apart |= _is_apart(codes, start, size)
        following = _class_at(codes, at, classes)
        if here & following & _IS_CHINESE and at - start <= _MOST_IN_GAP:
            gaps[count, 0], gaps[count, 1] = start, at
            gaps[count, 2] = np.int64(codes[start]) * (_MOST_IN_GAP + 1) + at - start
            count += 1
            num_of_han += here & following & _IS_HAN
    return count, num_of_han, has_apart


@kernel
def _has_spread_line(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], gaps: NDArray[np.int64]
) -> bool:
    """Whether hardly any two Chinese characters touch in a line with enough gaps."""
    gap = first = num_unbroken = 0
    for at in range(codes.size + 1):
        if at < codes.size and codes[at] != _LINE_END:
            num_unbroken += (
                _class_at(codes, at, classes) & _class_at(codes, at + 1, classes) & _IS_HAN
            )
            gap += gap < gaps.shape[0] and gaps[gap, 0] == at
            continue
        if gap - first >= _FEWEST_APART and num_unbroken <= _MOST_UNBROKEN * (gap - first):
            return True
        first = gap
        num_unbroken = 0
    return False


@kernel
def _find_lines(
    codes: NDArray[np.uint32],
    classes: NDArray[np.uint8],
    gaps: NDArray[np.int64],
    are_split: NDArray[np.bool_],
    lines: NDArray[np.int64],
) -> int:
    """Write the lines that have gaps, and return their number.

    Of each where it starts and ends, where its gaps end among all, how many of them are inside
    words, and how many Han characters have another one behind them.
    """
    count = gap = first = start = num_split = num_unbroken = 0
    for at in range(codes.size + 1):
        if at < codes.size and codes[at] != _LINE_END:
            num_unbroken += (
                _class_at(codes, at, classes) & _class_at(codes, at + 1, classes) & _IS_HAN
            )
            if gap < gaps.shape[0] and gaps[gap, 0] == at:
                num_split += are_split[gap]
                gap += 1
            continue
        if gap > first:
            lines[count, 0], lines[count, 1], lines[count, 2] = start, at, gap
            lines[count, 3], lines[count, 4] = num_split, num_unbroken
            count += 1
        first, start = gap, at + 1
        num_split = num_unbroken = 0
    return count
