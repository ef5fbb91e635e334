"""What makes a text suspicious: the signs of damage that one fast look can see.

Every finder of the catalogue names the triggers that call it (`dedup.text.damage.repair`);
a text with none of them is clean, and costs no more than the look. A trigger may let
through too much, since the finder looks closely, but must never miss what its finder
would mark. The fewer clean texts set it, the better.

To add a trigger that a single character sets, add a member to `Trigger` and a line to
`_SINGLE`; the look costs the same, however many there are. A trigger that depends on
neighbours gets a member here and its condition in the kernel of
`dedup.text.damage.suspicion`.
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum, IntFlag, auto
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.text.damage.telltales import OBSCENE, pair_slots
from dedup.text.gbk import LEADS, TRAILS, char_of, pair_of
from dedup.text.pinyin import LETTERS
from dedup.text.words import is_common, simplify, traditional_only

__all__ = ["NOTICE_GROUPS", "NOTICE_PAIRS", "SIGNS", "Property", "Row", "Trigger", "tables"]


class Trigger(IntFlag):
    """A sign of damage. The first ones are set by a single character."""

    NONE = 0
    INVISIBLE = auto()
    """A zero-width, direction or other format character, a soft hyphen, a rare line break."""
    CONTROL = auto()
    """A control character, but no tab or line end; C1 too, U+0085 excepted."""
    PRIVATE_USE = auto()
    """A private-use character, or a code point that is none (U+FFFE, surrogates)."""
    REPLACEMENT = auto()
    """U+FFFD, or what opens 锟斤拷, 烫烫烫, 屯屯屯, 葺葺葺."""
    BOX = auto()
    """A geometric shape that stands where a font lacks a character: `□ ■ ▯ ◆`."""
    COMPATIBILITY = auto()
    """A radical or stroke, a compatibility ideograph, an ideograph in a square."""
    ENCLOSED = auto()
    """A digit, letter or ideograph in a circle, a letter or ideograph in brackets: `① ㈠ ㊣ 🅐`."""
    FULL_WIDTH_ALNUM = auto()
    """A letter or digit at full width."""
    FANCY_LETTER = auto()
    """A mathematical letter or digit: `𝐀`."""
    LATIN = auto()
    """A letter or sign of Latin-1 but `· × ÷ ° ± § © ® £ ¥` and the toned vowels of pinyin."""
    OTHER_ALPHABET = auto()
    """A Greek, Cyrillic or other letter that decoders make of Chinese bytes."""
    KANA = auto()
    """A kana or Bopomofo letter."""
    HANGUL = auto()
    """A Hangul syllable or jamo."""
    EMOJI = auto()
    """An emoji or a pictographic symbol."""
    MOJIBAKE_SIGN = auto()
    """One of `€ 鈥 銆 锛 鐨 涓 …`: the commonest characters of UTF-8 read as GBK."""

    TRADITIONAL = auto()
    """A character that is written otherwise in simplified script, and not in GB 2312."""

    READING = 1 << 16
    """Up to seven letters in brackets, the first perhaps capital: `(guó)` `[Guo2 ]` `(ㄍㄨㄛˊ)`."""
    SPLIT_READING = 1 << 17
    """The same with a question mark for the opening bracket: `?qǐng)`."""
    ENTITY = 1 << 18
    """`&` in front of a letter or `#`; `quo;` and other ends of names of entities; `U+4`."""
    BACKSLASH_ESCAPE = 1 << 19
    r"""`\` in front of a letter or digit: `\u4e2d` `\xe4` `\344`."""
    PERCENT_ESCAPE = 1 << 20
    """`%` or `=` in front of a byte above ASCII, `%25`, `%u`."""
    FALSE_SIGN = 1 << 21
    """A sign that may be halves of two characters: what follows is likelier one byte off."""
    QUESTION = 1 << 22
    """`?` in front of a Han character, between one and a sign or digit, or doubled."""
    SPACED = 1 << 23
    """Five or more blanks, each alone or with one or two like it between two Han characters."""
    DOUBLED_SIGN = 1 << 24
    """Two signs that never stand together: `,,` `,。` `、，` `。。`."""
    BARS = 1 << 25
    """Eleven or more bars or other separators of lists: `| ｜ / · _`."""
    TAG = 1 << 26
    """`<` in front of a letter, `/` or `!`; `[` in front of a letter and `]`."""
    LONG_ASCII = 1 << 27
    """Sixteen or more ASCII letters and digits in a row, and not in an address."""
    UNDERSCORE = 1 << 28
    """`_` beside a letter: `_x000D_`."""
    MOJIBAKE = 1 << 29
    """Two or more characters beside one another whose bytes are as in UTF-8 read as GBK."""
    RARE_HAN = 1 << 30
    """Two or more places with two rare Han characters side by side."""
    SHORT_LINES = 1 << 31
    """Six or more lines of 1 to 15 characters."""
    REPEATED = 1 << 32
    """More than a fifth of the sentences end like an earlier one, or a third of the lines."""
    TITLE = 1 << 33
    """A first line whose first four characters, or ideographs, come again in the body."""
    LIST = 1 << 34
    """Twelve or more stretches of up to ten characters between signs or blanks, no sentence;
    or one of 60 or more, which may be names with nothing between them."""
    NOISE = 1 << 35
    """Six or more ASCII letters beside a digit or an odd sign, or capital behind a small one."""
    OBSCENE = 1 << 37
    """Two obscene pairs of characters in one of the first lines (`dedup.text.damage.telltales`)."""
    BOILERPLATE = 1 << 36
    """Two characters of a notice in a line without a full stop, or six such lines in a row."""


SIGNS = {sign: pair for sign in "！？，；。" if (pair := pair_of(sign)) is not None}
"""The pair of every sign that may be false; `！？，；` are often folded to half width."""

NOTICE_PAIRS = (
    "编辑", "责编", "来源", "稿源", "一篇", "位置", "分享", "扫码", "扫一",
    "字号", "字体", "点击", "浏览", "阅读", "标签", "键字", "键词", "关新",
    "布时", "布日", "广告", "长按", "作者", "首页", "](", "CP", "公网",
    "可证", "gh", "版权", "未经", "转载", "举报", "热线", "客服", "正文",
    "维码", "下载", "众号", "ki", "加微", "广内", "构成",
)  # fmt: skip
"""Two characters side by side that every notice of `boilerplate` has; simplified."""

NOTICE_GROUPS = 15

_FULL_WIDTH_OFFSET = ord("！") - ord("!")
SIGNS |= {chr(ord(sign) - _FULL_WIDTH_OFFSET): SIGNS[sign] for sign in "！？，；"}


class Property:
    """Bits beside the single triggers in the table: what the kernel asks of neighbours."""

    HAN = 1 << 16
    BLANK = 1 << 17
    LETTER = 1 << 18  # small, with or without a tone mark: what a reading is spelled with
    RARE = 1 << 19  # a Han character that few texts have
    UTF8_START = 1 << 20  # GBK pair with the first two bytes of a Han character in UTF-8
    UTF8_CROSSING = 1 << 21  # GBK pair with the last byte of one and the first of the next
    SIGN = 1 << 22  # comma, stop and the like
    CHECKED = 1 << 23  # the kernel has a condition for this character
    FOLLOWS = 1 << 24  # and up, one bit for each trail byte of a sign: may follow it if it is false


_MOST_TRAILS = 7

_Range = tuple[int, int]
# First and last code points. Later lines overrule nothing: all bits of a character count.
_SINGLE: dict[Trigger, list[_Range | str]] = {
    Trigger.INVISIBLE: [
        "\N{SOFT HYPHEN}\N{COMBINING GRAPHEME JOINER}\N{ARABIC LETTER MARK}",
        "\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}",
        "\N{HANGUL FILLER}\N{HALFWIDTH HANGUL FILLER}\N{ZERO WIDTH NO-BREAK SPACE}",
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0xFE00, 0xFE0F),
        (0xFFF0, 0xFFFB),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    ],
    Trigger.CONTROL: [(0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F), (0x7F, 0x84), (0x86, 0x9F)],
    Trigger.PRIVATE_USE: [(0xD800, 0xF8FF), "\ufffe\uffff", (0xF0000, 0x10FFFF)],
    Trigger.REPLACEMENT: ["\N{REPLACEMENT CHARACTER}锟烫屯葺"],
    Trigger.BOX: [(0x25A0, 0x25FF), "\N{GETA MARK}"],
    Trigger.COMPATIBILITY: [
        (0x2E80, 0x2FDF),
        (0x31C0, 0x31E3),
        (0xF900, 0xFAFF),
        (0x1F210, 0x1F25F),
        (0x2F800, 0x2FA1F),
    ],
    Trigger.ENCLOSED: [
        "①②③④⑤⑥⑦⑧⑨",
        *((0x249C, 0x24E9), (0x3220, 0x3247), (0x3280, 0x32B0), (0x1F110, 0x1F18F)),
    ],
    Trigger.FULL_WIDTH_ALNUM: [(0xFF10, 0xFF19), (0xFF21, 0xFF3A), (0xFF41, 0xFF5A)],
    Trigger.FANCY_LETTER: [(0x1D400, 0x1D7FF)],
    Trigger.LATIN: ["¡¢¤¦¨«¬¯´µ¶¸»¼½¾¿", (0xC0, 0xD6), (0xD8, 0xF6), (0xF8, 0x24F)],
    Trigger.OTHER_ALPHABET: [(0x250, 0x36F), (0x370, 0x1FFF)],
    Trigger.KANA: [(0x3040, 0x312F), (0x31F0, 0x31FF)],
    Trigger.HANGUL: [(0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF)],
    Trigger.EMOJI: [
        *((0x203B, 0x203B), (0x25B2, 0x25C9), (0x25CE, 0x25CF), (0x2600, 0x2775)),
        *((0x2794, 0x27BF), (0x2B00, 0x2BFF), (0x1F000, 0x1FAFF)),
    ],
    Trigger.MOJIBAKE_SIGN: ["€鈥銆锛鐨鏄鍦涓浗鍥"],
}
# Pinyin is no sign of a wrong encoding.
_NOT_LATIN = set(LETTERS)

_CHECKED = "(（［【〔〖?？&\\%=|｜/·_-<[!！,，;；。、.\n\r:：#+*>＆"
_SIGN_CHARS = ",，、。;；:：.!！?？"
_BLANKS = (
    " \t\N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800"
)
_HALF_WIDTH_SIGNS = "!(),:;?"
_LEADS_OF_SIGNS = (0xA1, 0xA3)  # one may be left of a pair that a cleaner dropped


class Row(IntEnum):
    """The rows of the tables.

    One array with several rows costs a kernel's caller less than several arrays.
    """

    BITS = 0
    """Single triggers and properties, by code point."""
    PAIRS = auto()
    """Pair of a character in GBK, its code if ASCII, else 0, by code point."""
    COMMON = auto()
    """Whether a pair is a common character or a usual sign, by pair."""
    FOLLOWERS = auto()
    """The bit asked of what follows a sign that may be false, else 0, by code point."""
    NOTICES = auto()
    """Which groups of `NOTICE_PAIRS` a character opens; shifted, which ones it closes."""
    OBSCENE = auto()
    """Pairs of characters of obscene keywords, in a hash table."""
    SIMPLIFIED = auto()
    """A character in simplified script, 0 if it is the same, by code point."""


@cache
def tables() -> NDArray[np.int32]:
    """Return what the kernel looks up; int32, shape (7, 0x110000), read-only.

    Built on the first call in a process. Pages of planes that nothing is said about are
    never touched and take no memory. Signed, since numba adds signed and unsigned
    integers as floats.
    """
    result = np.zeros((len(Row), 0x110000), np.int32)
    bits, pairs, common = result[Row.BITS], result[Row.PAIRS], result[Row.COMMON]
    _fill_pairs(pairs, common)
    for trigger, characters in _SINGLE.items():
        for first, last in _ranges(characters):
            bits[first : last + 1] |= int(trigger)
    bits[_codes(traditional_only())] |= int(Trigger.TRADITIONAL)
    result[Row.SIMPLIFIED][_codes(traditional_only())] = _codes(simplify(traditional_only()))
    bits[_codes(_NOT_LATIN)] &= ~int(Trigger.LATIN | Trigger.OTHER_ALPHABET)
    _set_properties(bits, pairs, common)
    trails = sorted({pair & 0xFF for pair in SIGNS.values()})
    assert len(trails) <= _MOST_TRAILS
    for index, trail in enumerate(trails):
        bits[:0x10000][_may_follow(trail, pairs, common)] |= Property.FOLLOWS << index
    for sign, pair in SIGNS.items():
        result[Row.FOLLOWERS, ord(sign)] = Property.FOLLOWS << trails.index(pair & 0xFF)
    _fill_notices(result[Row.NOTICES])
    slots = pair_slots(OBSCENE)
    result[Row.OBSCENE, : slots.size] = slots.view(np.int32)
    result.flags.writeable = False
    return result


def _fill_notices(notices: NDArray[np.int32]) -> None:
    """Set the groups of pairs; those that open alike share one, so that few others match."""
    usual = "".join(map(chr, range(0x20, 0xA000)))
    variants: dict[str, list[str]] = {}
    for char, simple in zip(usual, simplify(usual), strict=True):
        variants.setdefault(simple, []).append(char)
    openings = sorted({pair[0] for pair in NOTICE_PAIRS})
    for pair in NOTICE_PAIRS:
        group = openings.index(pair[0]) % NOTICE_GROUPS
        notices[_codes(variants[pair[0]])] |= 1 << group
        notices[_codes(variants[pair[1]])] |= 1 << group + NOTICE_GROUPS


def _fill_pairs(pairs: NDArray[np.int32], common: NDArray[np.int32]) -> None:
    pairs[:0x80] = np.arange(0x80)
    for lead in LEADS:
        for trail in TRAILS:
            char = char_of(lead, trail)
            pairs[ord(char)] = lead << 8 | trail
            common[lead << 8 | trail] = is_common(char)


def _set_properties(
    bits: NDArray[np.int32], pairs: NDArray[np.int32], common: NDArray[np.int32]
) -> None:
    """Set the bits that the kernel asks of neighbours."""
    basic, pairs = bits[:0x10000], pairs[:0x10000]
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)):
        bits[first : last + 1] |= Property.HAN
    is_han = np.zeros(0x10000, np.bool_)
    is_han[0x3400:0xA000] = True
    basic[is_han & (common[pairs] == 0)] |= Property.RARE
    leads, trails = pairs >> 8, pairs & 0xFF
    is_first = _is_first_of_utf8(leads) & _is_later_of_utf8(trails)
    basic[is_han & is_first] |= Property.UTF8_START
    basic[is_han & _is_later_of_utf8(leads) & _is_first_of_utf8(trails)] |= Property.UTF8_CROSSING
    bits[_codes(_BLANKS)] |= Property.BLANK
    bits[_codes(LETTERS.replace("a-z", "abcdefghijklmnopqrstuvwxyz"))] |= Property.LETTER
    bits[_codes(_SIGN_CHARS)] |= Property.SIGN
    bits[_codes(_CHECKED + _BLANKS)] |= Property.CHECKED
    basic[0x41:0x5B] |= Property.CHECKED
    basic[0x61:0x7B] |= Property.CHECKED
    basic[(basic & (Property.RARE | Property.UTF8_START)) != 0] |= Property.CHECKED


def _is_first_of_utf8(byte: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether a byte opens a Han character or a CJK sign in UTF-8."""
    return np.asarray(((byte >= 0xE2) & (byte <= 0xE9)) | (byte == 0xEF))


def _is_later_of_utf8(byte: NDArray[np.int32]) -> NDArray[np.bool_]:
    return np.asarray((byte >= 0x80) & (byte <= 0xBF))


def _may_follow(
    trail: int, pairs: NDArray[np.int32], common: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Whether each character can stand behind a false sign with this trail byte; bool.

    The first step of `dedup.text.damage.suspicion`'s closer look, taken for all characters.
    """
    pairs, is_common_pair = pairs[:0x10000], common != 0
    result: NDArray[np.bool_] = pairs >= 0x100
    if trail not in _LEADS_OF_SIGNS:
        result &= is_common_pair[trail << 8 | pairs >> 8] | ~is_common_pair[pairs]
    letters = np.arange(0x40, 0x7F)
    result[letters] = True  # of which character is asked where what is beside it is known
    result[_codes(_HALF_WIDTH_SIGNS)] = is_common_pair[trail << 8 | 0xA3]
    return result


def _ranges(characters: Iterable[_Range | str]) -> Iterator[_Range]:
    for item in characters:
        if isinstance(item, str):
            yield from ((ord(char), ord(char)) for char in item)
        else:
            yield item


def _codes(characters: Iterable[str]) -> list[int]:
    return [ord(char) for char in characters]
