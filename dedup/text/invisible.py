"""Invisible characters inside Chinese words: zero-width, soft hyphens, direction marks.

They are put between characters to defeat comparison, or left by editors. In
other scripts they do honest work: soft hyphens in English, zero-width
non-joiners in Persian, direction marks in Hebrew, joiners in emoji. So only
those next to a character of Chinese text count. Variation selectors are left
alone: behind a Han character they choose a form of it.
"""

import re

from dedup.text.marks import Mark

__all__ = ["find_invisible"]

_INVISIBLE = (
    "\N{SOFT HYPHEN}"
    "\N{COMBINING GRAPHEME JOINER}"
    "\N{MONGOLIAN VOWEL SEPARATOR}"
    "\N{ZERO WIDTH SPACE}\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
    "\N{LEFT-TO-RIGHT MARK}\N{RIGHT-TO-LEFT MARK}\N{ARABIC LETTER MARK}"
    "\N{LEFT-TO-RIGHT EMBEDDING}\N{RIGHT-TO-LEFT EMBEDDING}\N{POP DIRECTIONAL FORMATTING}"
    "\N{LEFT-TO-RIGHT OVERRIDE}\N{RIGHT-TO-LEFT OVERRIDE}"
    "\N{WORD JOINER}\N{INVISIBLE SEPARATOR}\N{INVISIBLE TIMES}\N{FUNCTION APPLICATION}"
    "\N{LEFT-TO-RIGHT ISOLATE}\N{RIGHT-TO-LEFT ISOLATE}\N{FIRST STRONG ISOLATE}"
    "\N{POP DIRECTIONAL ISOLATE}"
    "\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}"
    "\N{ZERO WIDTH NO-BREAK SPACE}"
)

# Han characters, CJK punctuation and full-width forms; kana and Hangul are not
# among them, so Japanese and Korean text keeps what it has between those.
_CHINESE = "\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_INVISIBLE}]+")
_CHINESE_CHAR = re.compile(f"[{_CHINESE}]")


def find_invisible(text: str) -> list[Mark]:
    """Return each run of invisible characters with a Chinese character on either side."""
    # One `in` per character is six times as fast as the class on a clean text.
    if text.isascii() or not any(char in text for char in _INVISIBLE):
        return []
    return [
        Mark(*match.span())
        for match in _RUN.finditer(text)
        if _CHINESE_CHAR.fullmatch(text, match.start() - 1, match.start())
        or _CHINESE_CHAR.match(text, match.end())
    ]
