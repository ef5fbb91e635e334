"""Blanks between the characters of words: `中 国 新 闻 网`.

Two forms occur. Where everything is set apart, original blanks and line breaks too,
every second character goes: a blank of the original is three now. Where blanks stand
between some Chinese characters only, they split words that a dictionary lists; the
blanks of tables, headings and lists of names hardly do.

A heading such as `目 录`, a name such as `张 三` and a line of verse stay.
"""

import re
from collections.abc import Iterator

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

_FEWEST_APART = 6
_APART = re.compile(rf"{_HAN}(?:{_BLANK}.){{{_FEWEST_APART - 1},}}", re.DOTALL)
_LEAST_SHARE_OF_CHINESE = 0.5

_GAP = re.compile(rf"(?<={_CHINESE}){_BLANK}{{1,2}}(?={_CHINESE})")
_BESIDE_WORD = re.compile(
    rf"(?<={_CHINESE}){_BLANK}(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%]){_BLANK}(?={_CHINESE})"
)
_WORD_EDGE = re.compile(rf"(?<={_CHINESE})(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?={_CHINESE})")
_FEWEST_SPLIT = 4
_LEAST_SHARE_SPLIT = 0.35


def find_spacing(text: str) -> list[Mark]:
    """Return the blanks of `text` that belong to no word boundary."""
    if text.isascii() or sum(map(text.count, _USUAL_BLANKS)) < _FEWEST_SPLIT:
        return []
    marks: list[Mark] = []
    done = 0
    for match in _APART.finditer(text):
        if _is_set_apart(match[0]):
            marks += _find_splits(text, done, match.start())
            marks += (Mark(at, at + 1) for at in range(match.start() + 1, match.end(), 2))
            done = match.end()
    return [*marks, *_find_splits(text, done, len(text))]


def _is_set_apart(stretch: str) -> bool:
    """Whether a stretch with a blank at every second place is mostly Chinese."""
    num_chinese = len(re.findall(_CHINESE, stretch[::2]))
    return num_chinese >= _LEAST_SHARE_OF_CHINESE * len(stretch[::2])


def _find_splits(text: str, start: int, end: int) -> Iterator[Mark]:
    """Yield the blanks between Chinese characters in every line whose words they split."""
    while start < end:
        line_end = text.find("\n", start, end)
        line_end = end if line_end < 0 else line_end
        gaps = [Mark(*match.span()) for match in _GAP.finditer(text, start, line_end)]
        if len(gaps) >= _FEWEST_SPLIT and _split_words(text, gaps):
            yield from sorted(gaps + _gaps_beside_words(text, start, line_end))
        start = line_end + 1


def _split_words(text: str, gaps: list[Mark]) -> bool:
    """Whether so many blanks stand inside words that they were put there blindly."""
    num_split = sum(is_listed_pair(text[gap.start - 1], text[gap.end]) for gap in gaps)
    return num_split >= max(_FEWEST_SPLIT, _LEAST_SHARE_SPLIT * len(gaps))


def _gaps_beside_words(text: str, start: int, end: int) -> list[Mark]:
    """Return the blanks around words and numbers in ASCII, if there is one at every edge."""
    if _WORD_EDGE.search(text, start, end):
        return []
    return [Mark(*match.span()) for match in _BESIDE_WORD.finditer(text, start, end)]
