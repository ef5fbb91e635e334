"""Script, readings and width: conversions by well-known packages."""

from functools import cache

from opencc import OpenCC
from pypinyin import Style, pinyin

__all__ = ["HALF_WIDTH", "convert", "is_converted", "reading"]

HALF_WIDTH = str.maketrans("，！？；：（）", ",!?;:()")


@cache
def _converter(config: str) -> OpenCC:
    return OpenCC(config)


@cache
def _converted_char(char: str, config: str) -> str:
    return str(_converter(config).convert(char))


def convert(text: str, config: str) -> str:
    """Return the text converted by OpenCC: s2t, s2tw, s2twp, s2hk, t2s …."""
    return str(_converter(config).convert(text))


def is_converted(char: str) -> bool:
    """Whether a character is written otherwise in simplified script."""
    return char > "\x80" and _converted_char(char, "t2s") != char


@cache
def reading(char: str, *, tone: bool = True) -> str:
    """Return the usual reading of a character, `""` if it has none."""
    [[found]] = pinyin(char, style=Style.TONE if tone else Style.NORMAL, errors="ignore") or [[""]]
    return str(found)
