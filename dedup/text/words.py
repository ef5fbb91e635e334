"""How Chinese a string of characters is, judged by OpenCC's phrase dictionary.

The dictionary lists 49,000 words and phrases in both scripts. Here it serves as
a small language model: how often a character occurs in it says how common the
character is, and which characters stand side by side in it says what follows
what. It was not made for that and knows few names; so an unlisted pair says
almost nothing, a listed one a lot.

Nothing is read before the first call: a clean text hardly ever needs it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from operator import add

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.text.code_points import code_points

__all__ = [
    "USUAL_SIGNS",
    "are_listed",
    "char_odds",
    "is_common",
    "is_han",
    "is_listed_pair",
    "longest_phrase",
    "odds_of_han",
    "simplify",
    "sum_of_pair_odds",
    "traditional_only",
]


def _entries(dictionary: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the key and the values of each line of one of OpenCC's dictionaries."""
    source = files("opencc") / "dictionary" / f"{dictionary}.txt"
    for line in source.read_text(encoding="utf-8").splitlines():
        key, _, values = line.partition("\t")
        yield key, values.split(" ")


class _Simplifications(dict[int, int]):
    """The simplified character of each one; itself for those that were asked for and have none.

    `str.translate` takes a missing key for itself too, but raises and catches an error for it,
    which takes three times as long as a key.
    """

    def __missing__(self, code: int) -> int:
        if code <= _LAST_TO_KEEP:
            self[code] = code
        return code


_LAST_TO_KEEP = 0xFFFF


@cache
def _to_simplified() -> _Simplifications:
    return _Simplifications((ord(key), ord(values[0])) for key, values in _entries("TSCharacters"))


def simplify(text: str) -> str:
    """Return `text` with every traditional character simplified, one by one."""
    return text if text.isascii() else text.translate(_to_simplified())


@cache
def traditional_only() -> str:
    """Return the characters that simplified script writes otherwise, GB 2312's excepted.

    GB 2312 has some that are both: 乾, 瞭.
    """
    return "".join(
        chr(code)
        for code, simplified in _to_simplified().copy().items()
        if code != simplified and not chr(code).encode("gb2312", "ignore")
    )


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """What is kept of the phrases, all of it simplified.

    Attributes:
        counts: How many times each character occurs in them.
        pairs: Every two characters that stand side by side in one.
        phrases: Themselves.
    """

    counts: Counter[str]
    pairs: frozenset[str]
    phrases: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    phrases = [key for key, _ in _entries("STPhrases")]
    phrases += [value for _, values in _entries("TSPhrases") for value in values]
    lines = "\n".join(phrases)
    pairs = set(map(add, lines, lines[1:]))
    return _Lexicon(
        counts=Counter("".join(phrases)),
        pairs=frozenset(pair for pair in pairs if "\n" not in pair),
        phrases=frozenset(phrases),
    )


# Natural logarithm of how much likelier a Han character is in an article than in
# the same article read one byte off, by the bit length of its count in the
# phrases; measured over 400 simplified articles, traditional ones differ little.
_ODDS_BY_BIT_LENGTH = (-4.7, -3.3, -2.0, -0.8, 0.2, 0.9, 1.6, 2.6)
_ODDS_OF_LISTED_PAIR = 4.0  # 5.3 as measured; less, since names are seldom listed
_ODDS_OF_OTHER_PAIR = -0.4

USUAL_SIGNS = frozenset("\N{IDEOGRAPHIC SPACE}、。·—…‘’“”《》〈〉「」『』【】！（），：；？％○〇")
"""The signs of Chinese prose, all of two bytes in GBK."""

_SIGN_ODDS = 1.0
_ODD_SYMBOL_ODDS = -4.7  # box drawing, kana, Greek, private use: as rare as an unlisted character


_FIRST_HAN, _LAST_HAN = "\u4e00", "\u9fff"


def is_han(char: str) -> bool:
    """Whether a character is a unified ideograph of GBK's range."""
    return _FIRST_HAN <= char <= _LAST_HAN


@lru_cache(maxsize=1 << 16)
def char_odds(char: str) -> float:
    """Return how strongly one two-byte character speaks for text read at the right byte."""
    if char in USUAL_SIGNS:
        return _SIGN_ODDS
    if not is_han(char):
        return _ODD_SYMBOL_ODDS
    bits = _lexicon().counts[simplify(char)].bit_length()
    return _ODDS_BY_BIT_LENGTH[min(bits, len(_ODDS_BY_BIT_LENGTH) - 1)]


def odds_of_han(chars: str) -> list[float]:
    """Return what `char_odds` says of each of many Han characters."""
    counts = _lexicon().counts
    highest = len(_ODDS_BY_BIT_LENGTH) - 1
    return [
        _ODDS_BY_BIT_LENGTH[min(counts[char].bit_length(), highest)] for char in simplify(chars)
    ]


def is_listed_pair(first: str, second: str) -> bool:
    """Whether two characters stand side by side in a listed phrase."""
    return simplify(first + second) in _lexicon().pairs


def are_listed(firsts: NDArray[np.uint32], seconds: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return what `is_listed_pair` says of many pairs of characters at once.

    Args:
        firsts: The first characters; uint32, shape (n,).
        seconds: The second ones; uint32, shape (n,).

    Returns:
        bool, shape (n,); False where a character is beyond the basic plane.
    """
    result = np.empty(len(firsts), np.bool_)
    _look_up(firsts, seconds, *_listed_pairs(), result)
    return result


_FACTOR = 0x9E3779B1
_PLANE = 0x10000


@cache
def _listed_pairs() -> tuple[NDArray[np.uint16], NDArray[np.uint32]]:
    """Return the simplified character of each, and every two that stand side by side.

    Returns:
        By code point of the basic plane, 0 for what is beyond it; uint16. And a hash table of
        the pairs, `first << 16 | second`, 0 for none: each is in the slot that the upper bits
        of `pair * _FACTOR` name, or behind it without a free slot between; uint32.
    """
    simplified = np.arange(_PLANE, dtype=np.uint16)
    for code, other in _to_simplified().copy().items():
        if code < _PLANE:
            simplified[code] = other if other < _PLANE else 0
    codes = code_points("".join(_lexicon().pairs)).reshape(-1, 2)
    codes = codes[(codes < _PLANE).all(axis=1)]
    pairs = codes[:, 0] << np.uint32(16) | codes[:, 1]
    slots = np.zeros(1 << (2 * len(pairs)).bit_length(), np.uint32)
    wanted = (pairs * np.uint32(_FACTOR)).astype(np.uint64) * np.uint64(len(slots)) >> np.uint64(32)
    while len(pairs):
        is_free = slots[wanted] == 0
        slots[wanted[is_free]] = pairs[is_free]
        is_waiting = slots[wanted] != pairs  # another one was there, or came
        pairs = pairs[is_waiting]
        wanted = (wanted[is_waiting] + np.uint64(1)) % np.uint64(len(slots))
    return simplified, slots


@kernel
def _look_up(
    firsts: NDArray[np.uint32],
    seconds: NDArray[np.uint32],
    simplified: NDArray[np.uint16],
    slots: NDArray[np.uint32],
    result: NDArray[np.bool_],
) -> None:
    """Write whether each pair is in the hash table of `_listed_pairs`."""
    for at in range(firsts.size):
        result[at] = False
        if firsts[at] >= _PLANE or seconds[at] >= _PLANE:
            continue
        first, second = simplified[firsts[at]], simplified[seconds[at]]
        pair = np.uint32(first) << np.uint32(16) | np.uint32(second)
        mixed = np.uint64(np.uint32(pair * np.uint32(_FACTOR))) * np.uint64(slots.size)
        slot = np.int64(mixed >> np.uint64(32))
        while slots[slot] != 0 and slots[slot] != pair:
            slot = (slot + 1) & (slots.size - 1)
        result[at] = slots[slot] == pair and pair != 0


def sum_of_pair_odds(text: str) -> float:
    """Return how strongly all neighbours speak for a text read at the right byte."""
    codes = code_points(text)
    is_ideograph = (codes >= ord(_FIRST_HAN)) & (codes <= ord(_LAST_HAN))
    are_han = is_ideograph[:-1] & is_ideograph[1:]
    num_pairs = np.count_nonzero(are_han)
    num_listed = np.count_nonzero(are_han & are_listed(codes[:-1], codes[1:]))
    return num_listed * _ODDS_OF_LISTED_PAIR + (num_pairs - num_listed) * _ODDS_OF_OTHER_PAIR


_LONGEST_PHRASE = 4


def longest_phrase(before: str, middle: str, after: str) -> int:
    """Return the length of the longest listed phrase that covers all of `middle`.

    The phrase has at least one character of `before` or `after` too, and at most
    four in all; 0 means that there is none.

    >>> longest_phrase("王偉親自掛", "帥", ""), longest_phrase("王偉親自掛", "帳", "")
    (4, 2)
    """
    lexicon = _lexicon()
    before, middle, after = simplify(before[-3:]), simplify(middle), simplify(after[:3])
    beside = (before[-1:] + middle[:1], middle[-1:] + after[:1])
    if not any(pair in lexicon.pairs for pair in beside):
        return 0
    spare = _LONGEST_PHRASE - len(middle)
    candidates = (
        before[len(before) - left :] + middle + after[:right]
        for left in range(min(spare, len(before)) + 1)
        for right in range(min(spare - left, len(after)) + 1)
        if left + right
    )
    return max((len(phrase) for phrase in candidates if phrase in lexicon.phrases), default=0)


@lru_cache(maxsize=1 << 16)
def is_common(char: str) -> bool:
    """Whether a character is a usual sign, or in GB2312's first level once simplified.

    Needs the small table of characters only, not the phrases.
    """
    if char in USUAL_SIGNS:
        return True
    try:
        return b"\xb0" <= simplify(char).encode("gb2312")[:1] <= b"\xd7"
    except UnicodeEncodeError:
        return False
