"""Hashes of character shingles: xxh32 of their UTF-32-LE bytes.

A shingle is k consecutive folded characters; one that would hold a break is none.
The hash is the standard XXH32 with seed 0, so that any implementation can
reproduce a signature from text:
`xxhash.xxh32_intdigest("新冠肺炎疫".encode("utf-32-le"))`.

References:
    Collet, *xxHash fast digest algorithm*, version 0.1.1, XXH32.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.errors import ConfigError
from dedup.kernels import kernel, kernel_part
from dedup.sketch.arrays import kernel_input

__all__ = ["shingle_hashes"]

_PRIME_1 = np.uint32(0x9E3779B1)
_PRIME_2 = np.uint32(0x85EBCA77)
_PRIME_3 = np.uint32(0xC2B2AE3D)
_PRIME_4 = np.uint32(0x27D4EB2F)
_PRIME_5 = np.uint32(0x165667B1)
_START_1 = np.uint32(0x24234428)  # _PRIME_1 + _PRIME_2 modulo 2**32
_START_4 = np.uint32(0x61C8864F)  # -_PRIME_1 modulo 2**32

_LANES_PER_STRIPE = 4
# Shingles hashed together: the accumulators of a block stay in the first-level cache.
_BLOCK = 512


def shingle_hashes(
    codes: NDArray[np.uint32], offsets: NDArray[np.intp], k: int
) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
    """Hash every shingle of every text, in order, repeated ones too.

    Args:
        codes: Folded characters of all texts, concatenated, 0 for a break; uint32,
            shape (total,).
        offsets: Text i has codes[offsets[i]:offsets[i + 1]]; intp, shape
            (n_texts + 1,), never falling.
        k: Characters in a shingle, at least 1.

    Returns:
        The hashes of all texts, concatenated, uint32, shape (total_shingles,); and
        their offsets in the same form as those given, intp, shape (n_texts + 1,). A
        text without k characters between breaks has none.

    Raises:
        ConfigError: k is below 1.
        TypeError: An array is of another kind of number.
    """
    if k < 1:
        msg = f"k must be at least 1, got {k}"
        raise ConfigError(msg)
    codes = kernel_input(codes, np.uint32)
    hashes = np.empty(codes.size, np.uint32)
    hash_offsets = np.zeros(offsets.size, np.intp)
    count = _hash_texts(codes, kernel_input(offsets, np.intp), k, hashes, hash_offsets)
    return hashes[:count], hash_offsets


@kernel_part
def _rotated(value: np.uint32, bits: int) -> np.uint32:
    """Return a 32-bit value rotated to the left."""
    return np.uint32((value << np.uint32(bits)) | (value >> np.uint32(32 - bits)))


@kernel_part
def _round(accumulator: np.uint32, lane: np.uint32) -> np.uint32:
    """Return an accumulator after it has taken in four bytes."""
    return np.uint32(_rotated(np.uint32(accumulator + lane * _PRIME_2), 13) * _PRIME_1)


@kernel_part
def _take_one_stripe(codes: NDArray[np.uint32], start: int, hashes: NDArray[np.uint32]) -> None:
    """Begin the hashes of shingles that have one stripe of four characters.

    The usual case, and several times as fast as with accumulators in memory.
    """
    firsts, seconds = codes[start:], codes[start + 1 :]
    thirds, fourths = codes[start + 2 :], codes[start + 3 :]
    for i in range(hashes.size):
        hashes[i] = (
            _rotated(_round(_START_1, firsts[i]), 1)
            + _rotated(_round(_PRIME_2, seconds[i]), 7)
            + _rotated(_round(np.uint32(0), thirds[i]), 12)
            + _rotated(_round(_START_4, fourths[i]), 18)
        )


@kernel_part
def _take_stripes(
    codes: NDArray[np.uint32],
    start: int,
    stop: int,
    accumulators: NDArray[np.uint32],
    hashes: NDArray[np.uint32],
) -> None:
    """Begin the hashes of shingles whose stripes are codes[start:stop] and those behind."""
    num = hashes.size
    accumulators[0, :num] = _START_1
    accumulators[1, :num] = _PRIME_2
    accumulators[2, :num] = 0
    accumulators[3, :num] = _START_4
    for lane in range(start, stop):
        # A row at a time: with all four the compiler gives up proving them apart.
        accumulator = accumulators[(lane - start) % _LANES_PER_STRIPE]
        for i in range(num):
            accumulator[i] = _round(accumulator[i], codes[lane + i])
    for i in range(num):
        hashes[i] = (
            _rotated(accumulators[0, i], 1)
            + _rotated(accumulators[1, i], 7)
            + _rotated(accumulators[2, i], 12)
            + _rotated(accumulators[3, i], 18)
        )


@kernel_part
def _hash_block(
    codes: NDArray[np.uint32],
    start: int,
    k: int,
    accumulators: NDArray[np.uint32],
    hashes: NDArray[np.uint32],
) -> None:
    """Hash the shingles that begin at `start` and after, as many as `hashes` holds.

    Loops run over the shingles inside and over the k characters outside, the other
    way round than in a hash of one string: so the compiler vectorizes them.

    Args:
        codes: Folded characters; no break in the stretch that is read.
        start: Position of the first shingle.
        k: Characters in a shingle.
        accumulators: Scratch space; uint32, shape (4, _BLOCK).
        hashes: Receives the hashes; uint32, at most _BLOCK.
    """
    num = hashes.size
    num_striped = k - k % _LANES_PER_STRIPE
    if num_striped == 0:
        hashes[:] = _PRIME_5
    elif num_striped == _LANES_PER_STRIPE:
        _take_one_stripe(codes, start, hashes)
    else:
        _take_stripes(codes, start, start + num_striped, accumulators, hashes)
    # numba adds uint64 and int64 as floats: the number of bytes must be unsigned.
    num_bytes = np.uint32(4 * k)
    for i in range(num):
        hashes[i] += num_bytes
    for lane in range(start + num_striped, start + k):
        for i in range(num):
            mixed = np.uint32(hashes[i] + codes[lane + i] * _PRIME_3)
            hashes[i] = _rotated(mixed, 17) * _PRIME_4
    for i in range(num):
        value = hashes[i]
        value = np.uint32((value ^ (value >> np.uint32(15))) * _PRIME_2)
        value = np.uint32((value ^ (value >> np.uint32(13))) * _PRIME_3)
        hashes[i] = value ^ (value >> np.uint32(16))


@kernel
def _hash_texts(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.intp],
    k: int,
    hashes: NDArray[np.uint32],
    hash_offsets: NDArray[np.intp],
) -> int:
    """Hash all texts into `hashes` and their bounds into `hash_offsets`; return the number."""
    accumulators = np.empty((_LANES_PER_STRIPE, _BLOCK), np.uint32)
    count = 0
    for text in range(offsets.size - 1):
        start, stop = offsets[text], offsets[text + 1]
        while start < stop:
            end = start
            while end < stop and codes[end] != 0:
                end += 1
            for first in range(start, end - k + 1, _BLOCK):
                num = min(_BLOCK, end - k + 1 - first)
                _hash_block(codes, first, k, accumulators, hashes[count : count + num])
                count += num
            start = end + 1
        hash_offsets[text + 1] = count
    return count
