r"""Invisible characters inside Chinese words: zero-width, soft hyphens, direction marks.

They are put between characters to defeat comparison, or left by editors. In
other scripts they do honest work: soft hyphens in English, zero-width
non-joiners in Persian, direction marks in Hebrew, joiners, selectors and tags in
emoji. So only those next to a character of Chinese text count, and what may
belong to an emoji only behind such a character. Where there are many, the same
characters are between the letters and digits of that text, too.

Line breaks that few programs show, `\x0b` or U+2028, end lines in other texts. So they count
only inside a word, between two Han characters.

Direction overrides show a word in its usual order that is stored backwards. All of a text are
put in that order again if it is likelier so.
"""

import re
from collections import deque
from collections.abc import Iterator

from dedup.models import Edit
from dedup.text.code_points import code_points
from dedup.text.damage.shift_model import log_of_words
from dedup.text.marks import Mark

__all__ = ["find_invisible", "remove_invisible"]

# Default_Ignorable_Code_Point and the format characters of the Unicode Character
# Database, and the control characters that lay out nothing.
_EVERYWHERE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_JOINER_SELECTORS_TAGS = "\u200d\ufe00-\ufe0f\U000e0000-\U000e0fff"

# Han characters, CJK punctuation and full-width forms; kana and Hangul are not
# among them, so Japanese and Korean text keeps what it has between those.
_CHINESE = (
    "[\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]"
)
_HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
_LINE_BREAKS = "\x0b\x0c\x1c-\x1f\x85\u2028\u2029"
_BREAK_IN_WORD = re.compile(rf"(?<={_HAN})[{_LINE_BREAKS}]+(?={_HAN})")
_RUN = re.compile(rf"(?<={_CHINESE})[{_EVERYWHERE}{_JOINER_SELECTORS_TAGS}]+|[{_EVERYWHERE}]+")
_CHINESE_CHAR = re.compile(_CHINESE)
_FEWEST_TO_LOOK_FURTHER = 5
_IN_WORDS = "0-9A-Za-z“”‘’—…·%.,:;!?()"

_MAY_JOIN = re.compile(f"[{_JOINER_SELECTORS_TAGS}]")

_CONTEXT = 6
_OVERRIDDEN = re.compile("\u202e([^\n\u202a-\u202e\u2066-\u2069]{2,100})\u202c")


def find_invisible(text: str) -> list[Mark]:
    """Return each run of invisible characters with a Chinese character on either side."""
    if text.isascii():
        return []
    marks = [
        Mark(*match.span())
        for match in _RUN.finditer(text)
        if _CHINESE_CHAR.fullmatch(text, match.start() - 1, match.start())
        or _CHINESE_CHAR.match(text, match.end())
    ]
    marks += (Mark(*match.span()) for match in _BREAK_IN_WORD.finditer(text))
    marks.sort()
    return sorted([*marks, *_find_in_words(text, marks)])


def _find_in_words(text: str, found: list[Mark]) -> Iterator[Mark]:
    """Yield the characters that were found, also where they stand beside letters and digits."""
    if len(found) < _FEWEST_TO_LOOK_FURTHER:
        return
    chars = {char for mark in found for char in text[mark.start : mark.end]}
    usual = "".join(re.escape(char) for char in sorted(chars) if not _MAY_JOIN.match(char))
    if not usual:
        return
    starts = {mark.start for mark in found}
    for match in re.finditer(
        rf"(?<=[{_IN_WORDS}\n])[{usual}]+|\A[{usual}]+|[{usual}]+(?=[{_IN_WORDS}\n]|\Z)", text
    ):
        if match.start() not in starts:
            yield Mark(*match.span())


def remove_invisible(text: str, marks: list[Mark]) -> list[Edit]:
    """Remove what is marked, and write a word that is only shown in its order in that order."""
    edits: list[Edit] = []
    words = deque(_overridden_words(text))
    for mark in marks:
        while words and words[0].end() <= mark.start:
            words.popleft()
        if not words or mark.end <= words[0].start():
            edits.append(Edit(mark.start, mark.end, ""))
        elif not edits or edits[-1].start != words[0].start():
            edits.append(Edit(*words[0].span(), words[0][1][::-1]))
    return edits


def _overridden_words(text: str) -> list[re.Match[str]]:
    """Return the words that are stored backwards; none if their order is likelier as it is.

    One tool made all of them, and of a single word the neighbours tell less.
    """
    words = list(_OVERRIDDEN.finditer(text))
    gain = 0.0
    for match in words:
        start, end = match.span()
        before, behind = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
        gain += _log_of_words(before + match[1][::-1] + behind)
        gain -= _log_of_words(before + match[1] + behind)
    return words if gain > 0.0 else []


def _log_of_words(text: str) -> float:
    return log_of_words(code_points(text).astype("i4"))
