"""Which signs of a text may be false ones: the fast look that comes before the close one.

Every line has signs, and hardly any of them opens a shifted stretch. Reading on
from each one byte off, with the words of a dictionary, would cost a clean
article a millisecond. This asks of a dozen characters behind each sign only
whether they are common, as they stand and one byte off, and passes over the
rest in a few microseconds. It lets through a little too much, on purpose.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.text.gbk import LEADS, TRAILS, char_of, pair_of
from dedup.text.words import is_common

__all__ = ["SIGNS", "suspicious_signs"]

SIGNS = {sign: pair for sign in "！？，；。" if (pair := pair_of(sign)) is not None}
"""The pair of every sign that may be false; `！？，；` are often folded to half width."""

_FULL_WIDTH_OFFSET = ord("！") - ord("!")
SIGNS |= {chr(ord(sign) - _FULL_WIDTH_OFFSET): SIGNS[sign] for sign in "！？，；"}


class _Tables(NamedTuple):
    """Lookup tables over the basic plane and over all pairs of bytes.

    They are signed throughout: numba adds signed and unsigned integers as floats.

    Attributes:
        sign_trails: Second byte of a sign that may be false, else 0; int32, by code point.
        pairs: Pair of a character, its code if ASCII, else 0; int32, by code point.
        common: Whether the pair is a common character or a usual sign; bool, by pair.
    """

    sign_trails: NDArray[np.int32]
    pairs: NDArray[np.int32]
    common: NDArray[np.bool_]


@cache
def _tables() -> _Tables:
    sign_trails = np.zeros(0x10000, np.int32)
    pairs = np.zeros(0x10000, np.int32)
    common = np.zeros(0x10000, np.bool_)
    for sign, pair in SIGNS.items():
        sign_trails[ord(sign)] = pair & 0xFF
    pairs[:0x80] = np.arange(0x80)
    for lead in LEADS:
        for trail in TRAILS:
            char = char_of(lead, trail)
            pairs[ord(char)] = lead << 8 | trail
            common[lead << 8 | trail] = is_common(char)
    return _Tables(sign_trails, pairs, common)


def suspicious_signs(text: str) -> list[int]:
    """Return where signs stand that may be halves of two characters, ascending."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    found = np.empty(codes.size, np.int64)
    tables = _tables()
    count = _sift(codes, tables.sign_trails, tables.pairs, tables.common, found)
    return [int(at) for at in found[:count]]


@kernel
def _sift(
    codes: NDArray[np.uint32],
    sign_trails: NDArray[np.int32],
    pairs: NDArray[np.int32],
    common: NDArray[np.bool_],
    found: NDArray[np.int64],
) -> int:
    """Write the offsets of suspicious signs to `found` and return their number."""
    count = 0
    for at in range(codes.size - 1):
        if codes[at] > 0xFFFF or sign_trails[codes[at]] == 0:
            continue
        if _may_be_shifted(codes, at + 1, int(sign_trails[codes[at]]), pairs, common):
            found[count] = at
            count += 1
    return count


# Kernels read these as constants when they are compiled.
_FURTHEST = 12
_RARE = 3  # a rare character counts against a reading as much as three common ones for it
_PLAIN_ENOUGH = 4
_LEAST_UNDECIDED = 3
_HALF_WIDTH_SIGNS = (0x21, 0x28, 0x29, 0x2C, 0x3A, 0x3B, 0x3F)


@kernel
def _may_be_shifted(
    codes: NDArray[np.uint32],
    start: int,
    lead: int,
    pairs: NDArray[np.int32],
    common: NDArray[np.bool_],
) -> bool:
    """Whether the characters from `start` on are common rather one byte off than as they stand."""
    balance = 0
    for at in range(start, min(codes.size, start + _FURTHEST)):
        pair = int(pairs[codes[at]]) if codes[at] <= 0xFFFF else 0
        if pair < 0x100:
            if _completes_a_char(codes, at, lead, pair, common):
                return True
            return balance > 0 or (balance == 0 and at - start >= _LEAST_UNDECIDED)
        balance += 1 if common[lead << 8 | pair >> 8] else -_RARE
        balance -= 1 if common[pair] else -_RARE
        if balance >= _PLAIN_ENOUGH:
            return True
        if balance <= -_PLAIN_ENOUGH:
            return False
        lead = pair & 0xFF
    return balance >= 0


@kernel
def _completes_a_char(
    codes: NDArray[np.uint32], at: int, lead: int, code: int, common: NDArray[np.bool_]
) -> bool:
    """Whether the ASCII character at `at` is the trail byte of a common character.

    Either it is a stray letter, or a sign at half width that stands for a pair.
    """
    if code in _HALF_WIDTH_SIGNS:
        return bool(common[lead << 8 | 0xA3])
    following = int(codes[at + 1]) if at + 1 < codes.size else 0
    in_a_word = 0x61 <= following | 0x20 <= 0x7A
    return 0x40 <= code <= 0x7E and not in_a_word and bool(common[lead << 8 | code])
