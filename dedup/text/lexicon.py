"""The Chinese words that repairs know, as tables for kernels.

320,000 words of one to four characters, from jieba's dictionary and OpenCC's phrases
(tools/build_word_table.py). They are a small language model in two ways: which
character follows which inside words, for reading on over many characters; and which
words a stretch can be cut into, for choosing one missing character.

Nothing is read before the first call: a clean text hardly ever needs it.
"""

from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["SIMPLIFIED", "TRADITIONAL", "Lexicon", "lexicon"]

TRADITIONAL, SIMPLIFIED = 1, 2
"""Scripts that have a character for themselves."""

_LONGEST = 4
_BITS = 16

# Of two neighbours about so many are inside one word; the rest, at its border, tell
# nothing of each other.
_SHARE_INSIDE_WORDS = 0.6

# Natural logarithms of how often a character occurs in articles: measured for the signs,
# a guess for the rest. What no list knows is as rare as the rarest that is listed.
_LOG_OF_UNKNOWN_HAN = -12.0
_LOG_OF_OTHER = -12.0
_LOGS_OF_RANGES = (
    (0x0370, 0x0460, -10.0),  # Greek, Cyrillic
    (0x3040, 0x30FF, -8.0),  # kana
    (0xAC00, 0xD7AF, -7.0),  # Hangul
    (0xE000, 0xF8FF, -17.0),  # private use
    (0xFF01, 0xFF5E, -9.0),  # at full width
)
_LOGS_OF_SIGNS = {
    "，": -3.0,
    "。": -3.8,
    "、": -4.4,
    "“”": -5.0,
    "：（）《》": -5.8,
    "；！？—…": -7.0,
    "‘’「」【】": -6.5,
    "·％『』〈〉": -8.0,
    "■□◆◇●★▲△○": -9.0,
    "\N{IDEOGRAPHIC SPACE}": -4.5,
    "〇": -9.0,
}
_LOG_OF_ASCII_SIGN = -6.0
_LOG_OF_DIGIT = -4.0
_ODD_ASCII_SIGNS = "@[\\]^_`{|}~"
_LOG_OF_LETTER = -10.0


class Lexicon(NamedTuple):
    """Words and characters as numbers; all arrays are read-only.

    Attributes:
        ids: Number of a Han character, the same in both scripts, 0 for others; uint16,
            by code point of the basic plane.
        char_logs: Logarithm of how often a character occurs; float32, by code point of
            the basic plane.
        scripts: TRADITIONAL or SIMPLIFIED for a character of that script alone, else 0;
            uint8, by code point of the basic plane.
        follower_starts: `followers[follower_starts[i]:follower_starts[i + 1]]` are the
            characters that stand behind character i in some word; int32.
        followers: Their numbers, ascending for each; uint16.
        follower_logs: Logarithm of how likely each is there; float32.
        word_starts: The words that begin with character i, in the same way; int32.
        words: The numbers of their other characters in the upper bits first, 0 behind
            the last one; ascending for each first character; uint64.
        word_logs: Logarithm of how often each occurs; float32.
    """

    ids: NDArray[np.uint16]
    char_logs: NDArray[np.float32]
    scripts: NDArray[np.uint8]
    follower_starts: NDArray[np.int32]
    followers: NDArray[np.uint16]
    follower_logs: NDArray[np.float32]
    word_starts: NDArray[np.int32]
    words: NDArray[np.uint64]
    word_logs: NDArray[np.float32]


@cache
def lexicon() -> Lexicon:
    """Return the tables, read on the first call in a process."""
    resource = files("dedup.text") / "data" / "words.npz"
    with resource.open("rb") as file, np.load(file, allow_pickle=False) as data:
        chars, numbers, kinds = data["chars"], data["ids"], data["scripts"]
        words = data["words"]
        counts = np.exp(data["log_counts"] / 8)
    ids = np.zeros(0x10000, np.uint16)
    scripts = np.zeros(0x10000, np.uint8)
    ids[chars], scripts[chars] = numbers, kinds
    num_chars = int(numbers.max()) + 1
    char_counts = np.zeros(num_chars)
    for column in range(_LONGEST):
        char_counts += np.bincount(words[:, column], counts, num_chars)
    char_counts[0] = 0.0
    shares = char_counts / char_counts.sum()
    first = words[:, 0].astype(np.int64)
    wide = words.astype(np.uint64)
    rest = wide[:, 1] << np.uint64(2 * _BITS) | wide[:, 2] << np.uint64(_BITS) | wide[:, 3]
    result = Lexicon(
        ids,
        _char_logs(ids, shares),
        scripts,
        *_followers(words, counts, char_counts, shares),
        _starts(first, num_chars),
        rest,
        np.log(counts / counts.sum()).astype(np.float32),
    )
    for array in result:
        array.flags.writeable = False
    return result


def _char_logs(ids: NDArray[np.uint16], shares: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return how often each character of the basic plane occurs, as logarithms."""
    logs = np.full(0x10000, _LOG_OF_OTHER, np.float32)
    logs[:0x80] = _LOG_OF_ASCII_SIGN
    for letters in ((0x41, 0x5B), (0x61, 0x7B)):
        logs[slice(*letters)] = _LOG_OF_LETTER
    logs[0x30:0x3A] = _LOG_OF_DIGIT
    logs[[ord(sign) for sign in _ODD_ASCII_SIGNS]] = _LOG_OF_LETTER
    logs[0x3400:0xA000] = _LOG_OF_UNKNOWN_HAN
    for first, last, log in _LOGS_OF_RANGES:
        logs[first : last + 1] = log
    for signs, log in _LOGS_OF_SIGNS.items():
        logs[[ord(sign) for sign in signs]] = log
    is_known = ids > 0
    logs[is_known] = np.log(np.maximum(shares[ids[is_known]], np.exp(_LOG_OF_UNKNOWN_HAN)))
    return logs


def _followers(
    words: NDArray[np.uint16],
    counts: NDArray[np.float64],
    char_counts: NDArray[np.float64],
    shares: NDArray[np.float64],
) -> tuple[NDArray[np.int32], NDArray[np.uint16], NDArray[np.float32]]:
    """Return the characters behind each character, as three of `Lexicon`'s arrays."""
    keys = []
    weights = []
    for column in range(_LONGEST - 1):
        is_pair = words[:, column + 1] > 0
        pairs = words[is_pair]
        keys.append(pairs[:, column].astype(np.int64) << _BITS | pairs[:, column + 1])
        weights.append(counts[is_pair])
    distinct, index = np.unique(np.concatenate(keys), return_inverse=True)
    pair_counts = np.bincount(index, np.concatenate(weights))
    first, second = distinct >> _BITS, distinct & ((1 << _BITS) - 1)
    inside = _SHARE_INSIDE_WORDS * pair_counts / char_counts[first]
    logs = np.log(inside + (1 - _SHARE_INSIDE_WORDS) * shares[second])
    return (
        _starts(first, char_counts.size),
        second.astype(np.uint16),
        logs.astype(np.float32),
    )


def _starts(ascending: NDArray[np.int64], num: int) -> NDArray[np.int32]:
    """Return where the rows of each number below `num` begin, and the end."""
    return np.searchsorted(ascending, np.arange(num + 1)).astype(np.int32)
