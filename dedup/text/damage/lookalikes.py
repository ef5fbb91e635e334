"""Characters that only look like the usual ones: radicals, compatibility and enclosed forms.

Text copied out of a PDF has `⽂` (KANGXI RADICAL SCRIPT) for 文 and `⻅` for 见;
others put `𝐀`, `🄰` or a compatibility ideograph to defeat comparison. Readers see
no difference, programs do. What people write themselves stays: `①`, `㈠` in a list, `Ⅲ`,
`㎡`, `℃`, full-width letters, flags and other emoji, and the ideographs that Unicode lists among
the compatibility ones by mistake.
"""

import re
import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.models import Edit
from dedup.text.marks import Mark
from dedup.text.words import is_han

__all__ = ["could_have_lookalikes", "find_lookalikes", "replace_lookalikes"]

# EquivalentUnifiedIdeograph.txt of the Unicode Character Database, but for the radicals
# whose equivalent is an ideograph that nobody writes. NFKC knows only two of these.
_RADICALS_AND_STROKES = (
    "⺁厂 ⺂乛 ⺃乚 ⺄乙 ⺅亻 ⺆冂 ⺈刀 ⺉刂 ⺊卜 ⺋㔾 ⺌小 ⺍小 ⺎兀 ⺏尣 ⺐尢 ⺒巳 ⺓幺 "
    "⺔彑 ⺕彐 ⺖忄 ⺗心 ⺘扌 ⺙攵 ⺛旡 ⺜日 ⺝月 ⺞歺 ⺟母 ⺠民 ⺡氵 ⺢氺 ⺣灬 ⺤爫 ⺥爫 "
    "⺦丬 ⺧牛 ⺨犭 ⺩王 ⺫目 ⺬示 ⺭礻 ⺮竹 ⺯糹 ⺰纟 ⺱罓 ⺲罒 ⺳㓁 ⺴冗 ⺶羊 ⺹耂 ⺺肀 "
    "⺻聿 ⺼肉 ⺾艹 ⺿艹 ⻀艹 ⻁虎 ⻂衤 ⻃覀 ⻄西 ⻅见 ⻆角 ⻈讠 ⻉贝 ⻋车 ⻌辶 ⻍辶 ⻎辶 "
    "⻏邑 ⻐钅 ⻑長 ⻒镸 ⻓长 ⻔门 ⻖阝 ⻗雨 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻟飠 ⻠饣 ⻢马 "
    "⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻪黾 ⻫斉 ⻬齐 ⻭歯 ⻮齿 ⻯竜 ⻰龙 ⻱龜 ⻲亀 ⻳龟 "
    "㇐一 ㇑丨 ㇒丿 ㇓丿 ㇔丶 ㇖乛 ㇚亅 ㇏乀 ㇝乀 ㇟乚 ㇠乙"
)

# Where NFKC gives the usual form of what nobody types.
_COMPATIBILITY = (
    range(0x2E80, 0x2FE0),  # radicals, Kangxi radicals
    range(0xF900, 0xFB00),  # compatibility ideographs
    range(0x249C, 0x24EA),  # letters in brackets and circles
    range(0x3244, 0x3248),  # ideographs in circles
    range(0x3280, 0x32B1),
    range(0x1D400, 0x1D800),  # mathematical letters and digits
    range(0x1F110, 0x1F190),  # letters in brackets, squares and circles
    range(0x1F210, 0x1F260),  # ideographs in squares and brackets
    range(0x2F800, 0x2FA20),  # compatibility ideographs, supplement
)
# Of these blocks, what keyboards offer as emoji.
_EMOJI = frozenset("Ⓜ🈁🈂🈚🈯🈲🈳🈴🈵🈶🈷🈸🈹🈺🉐🉑")
_SEALS = "㊗㊙"  # emoji, too
# NFKC leaves these letters alone: white on black, and crossed ones.
_NEGATIVE_LETTERS = (0x1F150, 0x1F170)

# Ideographs in brackets, numbers too: in words they stand for themselves.
_BRACKETED = range(0x3220, 0x3244)
_NUMBERS = "㈠㈡㈢㈣㈤㈥㈦㈧㈨㈩"  # of items, but in words
_COMPANY = "㈱㈲"  # behind or in front of a name
_NEVER_ALONE = _SEALS + _NUMBERS + _COMPANY  # no lookalikes unless they stand in a word
_FEWEST = 4

# Digits in circles, in a number; behind another digit, or several in front of what is counted.
_DIGITS = "①②③④⑤⑥⑦⑧⑨"
_NUMBER = re.compile(rf"(?<![0-9.])[0-9.]*[{_DIGITS}][0-9.{_DIGITS}]*")
_IN_NUMBER = re.compile(
    rf"[.{_DIGITS}]*[0-9][0-9.]*[{_DIGITS}]|[{_DIGITS}0-9.]{{2,}}[年月日号时点分秒岁万亿千百元米人%％]"
)

# One character of any of the blocks above; what has no usual form is told apart later.
_LOOKALIKE = re.compile(
    "[\u249c-\u24e9\u2e80-\u2fdf\u31c0-\u31e3\u3220-\u3247\u3280-\u32b0\uf900-\ufaff"
    "\U0001d400-\U0001d7ff\U0001f110-\U0001f18f\U0001f210-\U0001f25f\U0002f800-\U0002fa1f]"
)


@cache
def _usual_forms() -> dict[str, str]:
    """Return what each of the characters stands for."""
    forms = {pair[0]: pair[1] for pair in _RADICALS_AND_STROKES.split(" ")}
    for code in (code for block in _COMPATIBILITY for code in block):
        usual = unicodedata.normalize("NFKC", chr(code))
        if usual != chr(code) and chr(code) not in _EMOJI:
            forms.setdefault(chr(code), usual)
    for code in _BRACKETED:
        forms[chr(code)] = unicodedata.normalize("NFKC", chr(code)).strip("()")
    forms |= {char: str(1 + place) for place, char in enumerate(_DIGITS)}
    for first in _NEGATIVE_LETTERS:
        forms |= {chr(first + offset): chr(ord("A") + offset) for offset in range(26)}
    return forms


def could_have_lookalikes(codes: NDArray[np.uint32]) -> bool:
    """Whether a text has any that is no number of an item, or several that may be in a number.

    `find_lookalikes` marks nothing in other texts: most that are called suspicious have lists.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    return _has_lookalikes(codes)


def find_lookalikes(text: str) -> list[Mark]:
    """Return each character that stands in place of a usual one."""
    if text.isascii():
        return []
    forms = _usual_forms()
    matches = [match for match in _LOOKALIKE.finditer(text) if match[0] in forms]
    are_words = _are_bracketed_words(text, matches)
    marks = [
        Mark(*match.span())
        for match in matches
        if match[0] not in _NEVER_ALONE
        or _is_in_word(text, match)
        or (are_words and match[0] in _NUMBERS + _COMPANY and not _opens_line(text, match))
    ]
    return sorted(marks + _digits(text))


def _digits(text: str) -> list[Mark]:
    """Return the digits in circles, if several are in numbers: the items of a list are not."""
    if not any(map(text.__contains__, _DIGITS)):
        return []
    numbers = list(_NUMBER.finditer(text))
    if sum(_IN_NUMBER.match(text, match.start()) is not None for match in numbers) < _FEWEST:
        return []
    return [
        Mark(at, at + 1)
        for match in numbers
        if match.end() > match.start() + 1 or not _opens_line(text, match)
        for at in range(*match.span())
        if text[at] in _DIGITS
    ]


def _are_bracketed_words(text: str, matches: list[re.Match[str]]) -> bool:
    """Whether so many ideographs in brackets are in words that all of them are."""
    bracketed = [match for match in matches if ord(match[0]) in _BRACKETED]
    return (
        len(bracketed) >= _FEWEST
        and sum(_is_in_word(text, match) for match in bracketed) >= _FEWEST
    )


def _opens_line(text: str, match: re.Match[str]) -> bool:
    return not text[max(0, match.start() - 1) : match.start()].strip()


def _is_in_word(text: str, match: re.Match[str]) -> bool:
    """Whether Han characters or digits stand on both sides, or what looks like them."""
    beside = text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    return len(beside) == 2 and all(
        is_han(_usual_forms().get(char, char)) or char.isdigit() for char in beside
    )


def replace_lookalikes(text: str, marks: list[Mark]) -> list[Edit]:
    """Put the usual character in place of each."""
    forms = _usual_forms()
    return [Edit(mark.start, mark.end, forms[text[mark.start]]) for mark in marks]


_FIRST_DIGIT, _LAST_DIGIT = ord(_DIGITS[0]), ord(_DIGITS[-1])
_SELDOM = tuple(map(ord, _NEVER_ALONE))
_STOP = ord(".")


@kernel_part
def _is_lookalike(code: int) -> bool:
    """Whether a character is of `_LOOKALIKE`."""
    if code < 0x10000:
        return (
            0x249C <= code <= 0x24E9
            or 0x2E80 <= code <= 0x2FDF
            or 0x31C0 <= code <= 0x31E3
            or 0x3220 <= code <= 0x3247
            or 0x3280 <= code <= 0x32B0
            or 0xF900 <= code <= 0xFAFF
        )
    return (
        0x1D400 <= code <= 0x1D7FF
        or 0x1F110 <= code <= 0x1F18F
        or 0x1F210 <= code <= 0x1F25F
        or 0x2F800 <= code <= 0x2FA1F
    )


@kernel_part
def _is_of_number(code: int) -> bool:
    """Whether a character is one of those that `_NUMBER` is made of."""
    return code == _STOP or 0x30 <= code <= 0x39 or _FIRST_DIGIT <= code <= _LAST_DIGIT


@kernel_part
def _may_be_of_word(code: int) -> bool:
    """Whether a character may be a digit or ideograph, or look like one."""
    return 0x30 <= code <= 0x39 or (code > 0x7F and not 0x3000 <= code <= 0x3003)


@kernel
def _has_lookalikes(codes: NDArray[np.uint32]) -> bool:
    """See `could_have_lookalikes`."""
    num_in_numbers = 0
    for at in range(codes.size):
        code = codes[at]
        if code < _FIRST_DIGIT or 0x4E00 <= code <= 0x9FFF:
            continue
        before = codes[at - 1] if at else 0
        behind = codes[at + 1] if at + 1 < codes.size else 0
        if code <= _LAST_DIGIT:
            num_in_numbers += _is_of_number(before) or _is_of_number(behind)
        elif _is_lookalike(code) and (
            code not in _SELDOM or (_may_be_of_word(before) and _may_be_of_word(behind))
        ):
            return True
    return num_in_numbers >= _FEWEST
