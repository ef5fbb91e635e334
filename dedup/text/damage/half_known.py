"""Which character was it, of which one byte is left?

Big5 that was read as GBK loses a byte of every third character: `的` is AABA, a pair that
GBK has not. Readers put U+FFFD for the first byte, and the second goes on to tell which few
characters it can have been. Which of them it was, the characters around it say: all readings
of a stretch are weighed by how likely they are as words (`dedup.text.lexicon`), and where
nearly all that speaks for any speaks for one, that one is it.

References:
    Baum et al., "A maximization technique occurring in the statistical analysis of
    probabilistic functions of Markov chains", 1970 (forward and backward sums).
"""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.byte_tables import chars_of
from dedup.text.code_points import code_points
from dedup.text.lexicon import Lexicon, lexicon
from dedup.text.marks import LOST

__all__ = ["LEAD_LEFT", "TRAIL_LEFT", "restore"]

LEAD_LEFT, TRAIL_LEFT = 0x100, 0x200
"""With the byte that is left of a pair: the first or the second one."""

_MOST_CANDIDATES = 16
_SURE = 0.8  # share of the likelihood from which a reading is believed
_LOG_OF_RARE = -11.0
# Bytes are lost of pairs that the reader has not, or out of step with the pairs.
_LOG_OUT_OF_STEP = -2.5
_LOG_OUTSIDE_WORD = float(np.log(0.4))
_BASIC_PLANE = 0x10000
_NONE = -1
_FIRST_HAN = 0x4E00  # a sign makes no words, so that there is little to judge it by


def restore(text: str, left: NDArray[np.int32], written: str, read: str) -> str:
    """Return a text with the lost characters put in of which half tells enough.

    Args:
        text: As it was written, U+FFFD for a lost character.
        left: What is left of each character: 0, or a byte with `LEAD_LEFT` or `TRAIL_LEFT`;
            int32, shape (len(text),).
        written: The encoding that it was written in, `gbk` or `big5`.
        read: The codec that it was read with.
    """
    codes = code_points(text).astype(np.int32)
    halves, rows = np.unique(left, return_inverse=True)
    options = np.full((halves.size, _MOST_CANDIDATES), _NONE, np.int32)
    priors = np.zeros((halves.size, _MOST_CANDIDATES), np.float32)
    for row, half in enumerate(halves.tolist()):
        if half:
            chars, logs = _candidates(half, written, read)
            options[row, : chars.size], priors[row, : chars.size] = chars, logs
    _put_in(codes, left, rows.astype(np.int32), options, priors, lexicon())
    return codes.astype("<u4").tobytes().decode("utf-32-le", "replace")


@lru_cache(maxsize=1 << 12)
def _candidates(
    half: int, written: str, read: str
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the likeliest characters with this byte, and how likely that it is lost in them."""
    table = chars_of(written)
    assert table is not None
    byte = half & 0xFF
    others = np.arange(0x40, 0xFF)
    pairs = byte << 8 | others if half & LEAD_LEFT else others << 8 | byte
    chars = table[pairs]
    char_logs = lexicon().char_logs
    priors = np.where(_lost_pairs(read)[pairs], 0.0, _LOG_OUT_OF_STEP).astype(np.float32)
    is_usual = (chars > 0) & (chars < _BASIC_PLANE)
    is_usual &= char_logs[np.minimum(chars, _BASIC_PLANE - 1)] > _LOG_OF_RARE
    chars, priors = chars[is_usual], priors[is_usual]
    best = np.argsort(-(char_logs[chars] + priors), kind="stable")[:_MOST_CANDIDATES]
    return chars[best], priors[best]


@cache
def _lost_pairs(read: str) -> NDArray[np.bool_]:
    """Return for each pair of bytes whether a codec cannot read it; bool, shape (0x10000,)."""
    lost = np.zeros(0x10000, np.bool_)
    for pair in range(0x8000, 0x10000):
        lost[pair] = LOST in pair.to_bytes(2, "big").decode(read, "replace")
    lost.flags.writeable = False
    return lost


@kernel
def _put_in(
    codes: NDArray[np.int32],
    left: NDArray[np.int32],
    rows: NDArray[np.int32],
    options: NDArray[np.int32],
    priors: NDArray[np.float32],
    words: Lexicon,
) -> None:
    """Put in what is sure. Each run of half-known characters lies between two known ones."""
    stop = 0
    while stop < codes.size:
        start = stop
        while start < codes.size and left[start] == 0:
            start += 1
        stop = start
        while stop < codes.size and left[stop] != 0:
            stop += 1
        if start == stop:
            return
        size = stop - start + 2
        chars = np.full((size, options.shape[1]), _NONE, np.int32)
        logs = np.zeros((size, options.shape[1]))
        chars[0, 0] = codes[start - 1] if start > 0 else 0
        chars[size - 1, 0] = codes[stop] if stop < codes.size else 0
        for at in range(start, stop):
            chars[at - start + 1] = options[rows[at]]
            logs[at - start + 1] = priors[rows[at]]
        _choose(chars, logs, words, codes[start:stop])


@kernel
def _choose(
    chars: NDArray[np.int32], logs: NDArray[np.float64], words: Lexicon, codes: NDArray[np.int32]
) -> None:
    """Weigh all readings of a run; write those of its characters that are sure.

    Args:
        chars: What each character can be, `_NONE` behind the last; the first and the last row
            are of the known characters around; int32, shape (n + 2, most).
        logs: How likely each is in itself, as logarithms; float64, the same shape.
        words: What follows what.
        codes: Receives the characters; int32, shape (n,).
    """
    size, most = chars.shape
    forward = np.zeros((size, most))
    backward = np.zeros(most)
    # Of a short run, as nearly all are, what follows what is looked up once.
    kept = min(size, _LONGEST_KEPT)
    follows = np.empty((kept, most, most))
    forward[0, 0] = backward[0] = 1.0
    for at in range(1, size):
        _look_up(chars[at - 1], chars[at], logs[at], words, follows[at % kept])
        _step(chars[at - 1], chars[at], follows[at % kept], forward[at - 1], forward[at])
    for at in range(size - 2, 0, -1):
        if size > kept:
            _look_up(chars[at], chars[at + 1], logs[at + 1], words, follows[(at + 1) % kept])
        _step_back(chars[at], chars[at + 1], follows[(at + 1) % kept], backward)
        best = 0
        total = 0.0
        for i in range(most):
            weight = forward[at, i] * backward[i]
            total += weight
            best = i if weight > forward[at, best] * backward[best] else best
        is_sure = forward[at, best] * backward[best] >= _SURE * total > 0.0
        if is_sure and chars[at, best] >= _FIRST_HAN:
            codes[at - 1] = chars[at, best]


_LONGEST_KEPT = 64


# One function, as a call with all arrays of the lexicon takes as long as what it would do.
@kernel_part
def _look_up(
    lasts: NDArray[np.int32],
    chars: NDArray[np.int32],
    logs: NDArray[np.float64],
    words: Lexicon,
    follows: NDArray[np.float64],
) -> None:
    """Write how likely each option of a character is behind each one of the character in front."""
    for j in range(lasts.size):
        last = lasts[j]
        if last == _NONE:
            return
        first = words.ids[last] if last < _BASIC_PLANE else 0
        start, end = words.follower_starts[first], words.follower_starts[first + 1]
        for i in range(chars.size):
            code = chars[i]
            if code == _NONE:
                break
            second = words.ids[code] if code < _BASIC_PLANE else 0
            is_known = code < _BASIC_PLANE and last < _BASIC_PLANE
            log = float(words.char_logs[code]) if is_known else _LOG_OF_RARE
            if first != 0 and second != 0:
                log += _LOG_OUTSIDE_WORD
                low, high = start, end
                while low < high:
                    middle = (low + high) >> 1
                    if words.followers[middle] < second:
                        low = middle + 1
                    else:
                        high = middle
                if low < end and words.followers[low] == second:
                    log = max(log, float(words.follower_logs[low]))
            follows[j, i] = np.exp(log + logs[i])


@kernel_part
def _step(
    lasts: NDArray[np.int32],
    chars: NDArray[np.int32],
    follows: NDArray[np.float64],
    before: NDArray[np.float64],
    result: NDArray[np.float64],
) -> None:
    """Sum over all that can stand in front of each option; scaled, lest it vanish."""
    total = 0.0
    for j in range(lasts.size):
        if lasts[j] == _NONE:
            break
        for i in range(chars.size):
            if chars[i] == _NONE:
                break
            result[i] += before[j] * follows[j, i]
            total += before[j] * follows[j, i]
    if total > 0.0:
        for i in range(chars.size):
            result[i] /= total


@kernel_part
def _step_back(
    chars: NDArray[np.int32],
    nexts: NDArray[np.int32],
    follows: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> None:
    """Replace the weights of the options of a character by those of the one in front of it."""
    total = 0.0
    for j in range(chars.size):
        weight = 0.0
        for i in range(nexts.size):
            if chars[j] == _NONE or nexts[i] == _NONE:
                break
            weight += weights[i] * follows[j, i]
        follows[j, 0] = weight  # has been asked for
        total += weight
    for j in range(chars.size):
        weights[j] = follows[j, 0] / total if total > 0.0 else 0.0
