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

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
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
_IMPOSSIBLE = -1e30


def restore(text: str, left: NDArray[np.int32], written: NDArray[np.int32], read: str) -> str:
    """Return a text with the lost characters put in of which half tells enough.

    Args:
        text: As it was written, U+FFFD for a lost character.
        left: What is left of each character: 0, or a byte with `LEAD_LEFT` or `TRAIL_LEFT`;
            int32, shape (len(text),).
        written: The code point of every pair of bytes in the encoding that the text was
            written in, 0 for none; int32, shape (0x10000,).
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


def _candidates(
    half: int, written: NDArray[np.int32], read: str
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the likeliest characters with this byte, and how likely that it is lost in them."""
    byte = half & 0xFF
    others = np.arange(0x40, 0xFF)
    pairs = byte << 8 | others if half & LEAD_LEFT else others << 8 | byte
    chars = written[pairs]
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


@kernel_part
def _log_of(code: int, last: int, words: Lexicon) -> float:
    """Return how likely a character is behind another one, as a logarithm."""
    if code >= words.char_logs.size or last >= words.ids.size:
        return _LOG_OF_RARE
    log = float(words.char_logs[code])
    first, second = words.ids[last], words.ids[code]
    if first == 0 or second == 0:
        return log
    low, high = words.follower_starts[first], words.follower_starts[first + 1]
    end = high
    while low < high:
        middle = (low + high) >> 1
        if words.followers[middle] < second:
            low = middle + 1
        else:
            high = middle
    if low < end and words.followers[low] == second:
        return max(log + _LOG_OUTSIDE_WORD, float(words.follower_logs[low]))
    return log + _LOG_OUTSIDE_WORD


@kernel_part
def _log_sum(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    if a < b:
        a, b = b, a
    return a if b <= _IMPOSSIBLE else a + np.log1p(np.exp(b - a))


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
    forward = np.full((size, most), _IMPOSSIBLE)
    backward = np.full((size, most), _IMPOSSIBLE)
    forward[0, 0] = backward[size - 1, 0] = 0.0
    for at in range(1, size):
        _step(chars, logs, words, at, forward, backward, is_forward=True)
    for at in range(size - 2, 0, -1):
        _step(chars, logs, words, at, forward, backward, is_forward=False)
        best = 0
        total = _IMPOSSIBLE
        for i in range(most):
            weight = forward[at, i] + backward[at, i]
            total = _log_sum(total, weight)
            best = i if weight > forward[at, best] + backward[at, best] else best
        share = np.exp(forward[at, best] + backward[at, best] - total)
        if chars[at, best] >= _FIRST_HAN and share >= _SURE:
            codes[at - 1] = chars[at, best]


@kernel_part
def _step(
    chars: NDArray[np.int32],
    logs: NDArray[np.float64],
    words: Lexicon,
    at: int,
    forward: NDArray[np.float64],
    backward: NDArray[np.float64],
    is_forward: bool,
) -> None:
    """Sum over all that can stand in front of each option of a character, or behind it."""
    other = at - 1 if is_forward else at + 1
    for i in range(chars.shape[1]):
        for j in range(chars.shape[1]):
            if chars[at, i] == _NONE or chars[other, j] == _NONE:
                continue
            if is_forward:
                log = _log_of(chars[at, i], chars[other, j], words) + logs[at, i]
                forward[at, i] = _log_sum(forward[at, i], forward[other, j] + log)
            else:
                log = _log_of(chars[other, j], chars[at, i], words) + logs[other, j]
                backward[at, i] = _log_sum(backward[at, i], backward[other, j] + log)
