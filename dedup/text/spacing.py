"""Blanks between the characters of words: `中 国 新 闻 网`.

Two forms occur. Where everything is set apart, original blanks and line breaks too,
every second character goes: a blank of the original is three now. Where blanks stand
between some Chinese characters only, they split words that a dictionary lists; the
blanks of tables, headings and lists of names hardly do.

A heading such as `目 录`, a name such as `张 三` and a line of verse stay.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from dedup.text.marks import Mark
from dedup.text.words import is_listed_pair

__all__ = ["find_spacing"]

_USUAL_BLANKS = " \t\N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"
_BLANK = f"[{_USUAL_BLANKS}\u2000-\u200a\u202f\u205f\u2800]"
_HAN = "[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_CHINESE = (
    "[\u2014\u2018-\u201d\u2026\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60"
    "\U00020000-\U0003ffff]"
)

_LINE = re.compile(r"[^\n]+")
_BLANKS = re.compile(_BLANK)
_FEWEST_APART = 6
_APART = re.compile(rf"{_HAN}(?:{_BLANK}.){{{_FEWEST_APART - 1},}}", re.DOTALL)
_LEAST_SHARE_OF_CHINESE = 0.5

_GAP = re.compile(rf"(?<={_CHINESE}){_BLANK}{{1,2}}(?={_CHINESE})")
_UNBROKEN = re.compile(rf"{_HAN}(?={_HAN})")
_BESIDE_WORD = re.compile(
    rf"(?<={_CHINESE}){_BLANK}(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%]){_BLANK}(?={_CHINESE})"
)
_WORD_EDGE = re.compile(rf"(?<={_CHINESE})(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?={_CHINESE})")
_FEWEST_SPLIT = 4
_LEAST_SHARE_SPLIT = 0.35
_MOST_UNBROKEN = 0.1
_LEAST_SHARE_OF_KIND = 0.7
# So many blanks inside words that a short line of single characters is no heading.
_MANY = 12


class _Line(NamedTuple):
    """A line with the blanks between its Chinese characters.

    Attributes:
        start: Of the line.
        end: Of the line.
        gaps: Blanks between Chinese characters.
        is_spread: Whether hardly any two Chinese characters touch.
        is_split: Whether the blanks stand inside words, or every character stands alone.
    """

    start: int
    end: int
    gaps: list[Mark]
    is_spread: bool
    is_split: bool


def find_spacing(text: str) -> list[Mark]:
    """Return the blanks of `text` that belong to no word boundary."""
    if text.isascii() or sum(map(text.count, _USUAL_BLANKS)) < _FEWEST_SPLIT:
        return []
    stretches = [match.span() for match in _APART.finditer(text) if _is_set_apart(match[0])]
    spans = [match.span() for match in _LINE.finditer(text)]
    if not stretches and not any(_read_line(text, *span).is_split for span in _blank(text, spans)):
        return []  # as most texts
    marks = [Mark(at, at + 1) for start, end in stretches for at in range(start + 1, end, 2)]
    apart = {at for start, end in stretches for at in range(start, end)}
    lines = [_read_line(text, *span) for span in spans]
    in_text = len(marks) + sum(len(line.gaps) for line in lines if line.is_split)
    for line in lines:
        if line.is_split or (line.is_spread and in_text > _MANY):
            gaps = line.gaps + _gaps_beside_words(text, line.start, line.end)
            marks += (gap for gap in gaps if gap.start not in apart)
    return sorted(marks)


def _blank(text: str, spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the lines with as many blanks as a line has that is split."""
    for start, end in spans:
        if len(_BLANKS.findall(text, start, end)) >= _FEWEST_SPLIT:
            yield start, end


def _is_set_apart(stretch: str) -> bool:
    """Whether a stretch with a blank at every second place is mostly Chinese."""
    num_chinese = len(re.findall(_CHINESE, stretch[::2]))
    return num_chinese >= _LEAST_SHARE_OF_CHINESE * len(stretch[::2])


def _read_line(text: str, start: int, end: int) -> _Line:
    gaps = _of_one_kind(text, [Mark(*m.span()) for m in _GAP.finditer(text, start, end)])
    if not gaps:
        return _Line(start, end, gaps, is_spread=False, is_split=False)
    num_unbroken = sum(1 for _ in _UNBROKEN.finditer(text, start, end))
    is_spread = num_unbroken <= _MOST_UNBROKEN * len(gaps)
    is_split = len(gaps) >= _FEWEST_SPLIT and (
        (is_spread and len(gaps) >= _FEWEST_APART) or _split_words(text, gaps)
    )
    return _Line(start, end, gaps, is_spread, is_split)


def _of_one_kind(text: str, gaps: list[Mark]) -> list[Mark]:
    """Return the gaps with the commonest blank: the others were there before, if they are few."""
    kinds = Counter(text[gap.start] for gap in gaps)
    commonest = max(kinds, key=kinds.__getitem__, default="")
    if kinds[commonest] < _LEAST_SHARE_OF_KIND * len(gaps):
        return gaps
    return [gap for gap in gaps if text[gap.start] == commonest]


def _split_words(text: str, gaps: list[Mark]) -> bool:
    """Whether so many blanks stand inside words that they were put there blindly."""
    num_split = sum(is_listed_pair(text[gap.start - 1], text[gap.end]) for gap in gaps)
    return num_split >= max(_FEWEST_SPLIT, _LEAST_SHARE_SPLIT * len(gaps))


def _gaps_beside_words(text: str, start: int, end: int) -> list[Mark]:
    """Return the blanks around words and numbers in ASCII, if there is one at every edge."""
    if _WORD_EDGE.search(text, start, end):
        return []
    return [Mark(*match.span()) for match in _BESIDE_WORD.finditer(text, start, end)]
