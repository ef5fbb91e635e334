"""Blanks between the characters of words: `中 国 新 闻 网`.

Two forms occur. Where everything is set apart, original blanks and line breaks too,
every second character goes: a blank of the original is three now. Where blanks stand
between some Chinese characters only, they split words that a dictionary lists; the
blanks of tables, headings and lists of names hardly do.

A heading such as `目 录`, a name such as `张 三` and a line of verse stay.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple

from dedup.text.marks import Mark
from dedup.text.words import is_listed_pair

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

_LINE = re.compile(r"[^\n]+")
_FEWEST_APART = 6
# The same blank, or two or three of them, behind every character.
_APART = re.compile(
    rf"{_HAN}(?P<gap>(?P<blank>{_BLANK})(?P=blank){{0,2}})"
    rf".(?:(?P=gap).){{{_FEWEST_APART - 2},}}",
    re.DOTALL,
)
_LEAST_SHARE_OF_CHINESE = 0.5
_MOST_BLANKS = 0.34  # of them

_GAP = re.compile(rf"(?<={_CHINESE})({_BLANK})\1{{0,2}}(?={_CHINESE})")
_GAP_OF_HAN = re.compile(rf"(?<={_HAN})({_BLANK})\1{{0,2}}(?={_HAN})")
_FEWEST_GAPS = 5  # as many call for a look, see `dedup.text.suspicion`
_UNBROKEN = re.compile(rf"{_HAN}(?={_HAN})")
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
    """A line with the blanks between its Chinese characters.

    Attributes:
        start: Of the line.
        end: Of the line.
        gaps: Blanks between Chinese characters.
        num_split: How many of them stand inside words.
        is_spread: Whether hardly any two Chinese characters touch.
        is_split: Whether the blanks stand inside words, or every character stands alone.
    """

    start: int
    end: int
    gaps: list[Mark]
    num_split: int
    is_spread: bool
    is_split: bool


def find_spacing(text: str) -> list[Mark]:
    """Return the blanks of `text` that belong to no word boundary."""
    if text.isascii() or sum(map(text.count, _BLANKS)) < _FEWEST_SPLIT:
        return []
    if sum(1 for _ in _GAP_OF_HAN.finditer(text)) < _FEWEST_GAPS:
        return []
    gaps = _find_gaps(text)
    is_split = _split_words(text, gaps, _FEWEST_SPLIT_IN_TEXT)
    marks: list[Mark] = []
    for match in _APART.finditer(text):
        marks += _blanks_apart(match, marks[-1].end if marks else 0)
    if not (marks or is_split or len(gaps) >= _FEWEST_SPLIT):
        return []
    apart = {at for mark in marks for at in range(*mark)}
    lines = list(_read_lines(text, gaps))
    in_text = len(marks) + sum(len(line.gaps) for line in lines if line.is_split)
    for line in lines:
        if line.is_split or (line.is_spread and in_text > _MANY) or (is_split and _is_part(line)):
            found = line.gaps + _gaps_beside_words(text, line.start, line.end)
            marks += (gap for gap in found if gap.start not in apart)
    return sorted(marks)


def _find_gaps(text: str) -> list[Mark]:
    """Return the blanks between Chinese characters, of the kind that is usual in the text."""
    return _of_one_kind(text, [Mark(*match.span()) for match in _GAP.finditer(text)])


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


def _read_lines(text: str, gaps: list[Mark]) -> Iterator[_Line]:
    """Yield each line that has blanks between Chinese characters."""
    rest = deque(gaps)
    for match in _LINE.finditer(text):
        start, end = match.span()
        here = []
        while rest and rest[0].start < end:
            here.append(rest.popleft())
        if here:
            yield _read_line(text, start, end, here)


def _read_line(text: str, start: int, end: int, gaps: list[Mark]) -> _Line:
    num_unbroken = sum(1 for _ in _UNBROKEN.finditer(text, start, end))
    is_spread = num_unbroken <= _MOST_UNBROKEN * len(gaps)
    is_split = len(gaps) >= _FEWEST_SPLIT and (
        (is_spread and len(gaps) >= _FEWEST_APART) or _split_words(text, gaps, _FEWEST_SPLIT)
    )
    return _Line(start, end, gaps, _num_split(text, gaps), is_spread, is_split)


def _of_one_kind(text: str, gaps: list[Mark]) -> list[Mark]:
    """Return the gaps with the commonest blank: the others were there before, if they are few."""
    kinds = Counter(text[gap.start : gap.end] for gap in gaps)
    commonest = max(kinds, key=kinds.__getitem__, default="")
    if kinds[commonest] < _LEAST_SHARE_OF_KIND * len(gaps):
        return gaps
    return [gap for gap in gaps if text[gap.start : gap.end] == commonest]


def _num_split(text: str, gaps: list[Mark]) -> int:
    """Return how many gaps stand between two characters of a listed word."""
    return sum(is_listed_pair(text[gap.start - 1], text[gap.end]) for gap in gaps)


def _split_words(text: str, gaps: list[Mark], fewest: int) -> bool:
    """Whether so many blanks stand inside words that they were put there blindly."""
    if len(gaps) < fewest:
        return False
    return _num_split(text, gaps) >= max(fewest, _LEAST_SHARE_SPLIT * len(gaps))


def _is_part(line: _Line) -> bool:
    """Whether a line of a text with split words may have some: it is no list of names."""
    return len(line.gaps) < _FEWEST_SPLIT or line.num_split > 0


def _gaps_beside_words(text: str, start: int, end: int) -> list[Mark]:
    """Return the blanks around words and numbers in ASCII, if there is one at every edge."""
    if _WORD_EDGE.search(text, start, end):
        return []
    return [Mark(*match.span()) for match in _BESIDE_WORD.finditer(text, start, end)]
