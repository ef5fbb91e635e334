"""How plausible each character is in Chinese prose, as a table for kernels.

`dedup.text.words` judges Han characters and the signs between them, which is what
text one byte off consists of. Text in a wrong encoding holds anything, so the table
says something of every character: what articles contain now and then costs little,
what they never contain a lot.
"""

import unicodedata
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.text.words import USUAL_SIGNS, char_odds, odds_of_han

__all__ = ["odds_of_chars"]

_PLANE = 0x10000
_HAN = range(0x4E00, 0xA000)

# By general category, for what is neither Han nor a usual sign; measured by eye: of a
# thousand clean articles a few have Greek letters, one has box drawing, none has C1.
_ODDS_OF_CATEGORY = {"L": -2.0, "M": -3.0, "N": -1.0, "P": -1.0, "S": -2.0, "Z": -1.0}
_MOST_ODDS_OF_RARE = -2.0
_USUAL_IN_LATIN_1 = "°±×÷§©®"
_ODDS_OF_USUAL = -0.5
_ODDS_OF_OTHERS = -8.0  # control, private use, surrogate, unassigned
_ODDS_OF_RANGES = (
    ((0x00, 0x7F), 0.0),
    ((0xA1, 0xBF), -2.5),
    ((0xC0, 0x24F), -1.5),
    ((0x2500, 0x259F), -3.0),  # box drawing and blocks
    ((0x3041, 0x3096), 0.0),  # Japanese is no damage either
    ((0x30A1, 0x30FA), 0.0),
    ((0x3400, 0x4DBF), -5.0),
    ((0xAC00, 0xD7A3), 0.0),
    ((0xF900, 0xFAFF), -4.0),
    ((0xFF10, 0xFF5A), 0.0),
    ((0xFF61, 0xFF9F), -3.0),
    ((0xFFFD, 0xFFFD), -1.0),
    ((0xFFFF, 0xFFFF), -1.0),  # no character; stands for all beyond the plane
)


def _is_first_level(char: str) -> bool:
    """Whether a character is on the first level of GB 2312 or Big5: not 陞, though 升 is."""
    return (
        b"\xb0" <= char.encode("gb2312", "ignore")[:1] <= b"\xd7"
        or b"\xa4" <= char.encode("big5", "ignore")[:1] <= b"\xc6"
    )


@cache
def odds_of_chars() -> NDArray[np.float32]:
    """Return the log odds of every character of the basic plane; float32, (0x10000,).

    Above 0 speaks for Chinese prose, below 0 against it.
    """
    table = np.full(_PLANE, _ODDS_OF_OTHERS, np.float32)
    for code in range(0x80, _PLANE):
        category = unicodedata.category(chr(code))
        table[code] = _ODDS_OF_CATEGORY.get(category[0], _ODDS_OF_OTHERS)
    for (first, last), odds in _ODDS_OF_RANGES:
        table[first : last + 1] = odds
    han = "".join(map(chr, _HAN))
    for char, odds in zip(han, odds_of_han(han), strict=True):
        table[ord(char)] = odds if _is_first_level(char) else min(odds, _MOST_ODDS_OF_RARE)
    for char in _USUAL_IN_LATIN_1:
        table[ord(char)] = _ODDS_OF_USUAL
    for char in USUAL_SIGNS:
        table[ord(char)] = char_odds(char)
    table.flags.writeable = False
    return table
