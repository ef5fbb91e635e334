"""Invisible characters inside Chinese words: zero-width, soft hyphens, direction marks.

They are put between characters to defeat comparison, or left by editors. In
other scripts they do honest work: soft hyphens in English, zero-width
non-joiners in Persian, direction marks in Hebrew, joiners, selectors and tags in
emoji. So only those next to a character of Chinese text count, and what may
belong to an emoji only behind such a character.
"""

import re

from dedup.text.marks import Mark

__all__ = ["find_invisible"]

# Default_Ignorable_Code_Point and the format characters of the Unicode Character
# Database, and the control characters that lay out nothing.
_EVERYWHERE = (
    "\x01-\x08\x0e-\x1b\x7f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
)
_JOINER_SELECTORS_TAGS = "\u200d\ufe00-\ufe0f\U000e0000-\U000e0fff"

# Han characters, CJK punctuation and full-width forms; kana and Hangul are not
# among them, so Japanese and Korean text keeps what it has between those.
_CHINESE = (
    "[\u3001-\u301f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\U00020000-\U0003ffff]"
)
_RUN = re.compile(rf"[{_EVERYWHERE}]+|(?<={_CHINESE})[{_EVERYWHERE}{_JOINER_SELECTORS_TAGS}]+")
_CHINESE_CHAR = re.compile(_CHINESE)


def find_invisible(text: str) -> list[Mark]:
    """Return each run of invisible characters with a Chinese character on either side."""
    if text.isascii():
        return []
    return [
        Mark(*match.span())
        for match in _RUN.finditer(text)
        if _CHINESE_CHAR.fullmatch(text, match.start() - 1, match.start())
        or _CHINESE_CHAR.match(text, match.end())
    ]
