"""Sampled shingles: a few places of a text that any other text with the same stretch has too.

MinHash bands find texts that are alike as wholes. An excerpt, or a page around an article,
is unlike its original as a whole and shares long stretches with it; it is found by shingles
longer than those of the scores, a sample of which every known article is listed under.

Which shingles are listed is decided by winnowing: of every so many consecutive ones that
with the least rank. A text that shares a stretch of so many shingles with a known article
therefore has a listed one. Short articles are sampled more densely, so that the stretch is
a fourteenth of the article, but no shorter than 16 shingles and no longer than 48.

An incoming text looks up not its own sample but all shingles whose rank is low enough to be
listed anywhere: one that survived damage is found although the neighbours that decided for
it did not survive.

References:
    Schleimer, Wilkerson and Aiken, "Winnowing: local algorithms for document
    fingerprinting", SIGMOD 2003.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.sketch.arrays import kernel_input

__all__ = ["LENGTH", "SCHEME", "SampledShingles", "sample"]


LENGTH = 8
"""Characters in a sampled shingle."""

SCHEME = f"winnow{LENGTH}"
"""What determines a sample, for the scheme of a store."""

_WINDOWS = 14  # in a text that is not very short or long
_LEAST_WINDOW = 16  # shingles
_LARGEST_WINDOW = 48

_ALWAYS_PROBED = 128  # shingles of a short text are all looked up
_PROBED_SHARE = 1 / 8  # of a long one: 99.8 % of its windows have one of so low a rank
_BASE = np.uint64(0x9E3779B97F4A7C15)  # of the polynomial hash; odd
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)  # of SplitMix64 (Steele, Lea and Flood 2014)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_NAME = np.uint64(0xFFFFFFFF)
_HIGHEST = np.uint64(0xFFFFFFFFFFFFFFFF)


class SampledShingles(NamedTuple):
    """The sampled shingles of many texts, as 32-bit hashes.

    Attributes:
        listed: What known articles are listed under, in the order of each text; repeated
            shingles may be listed more than once; uint32, shape (n,).
        listed_offsets: Text i has listed[listed_offsets[i]:listed_offsets[i + 1]]; intp,
            shape (n_texts + 1,).
        probed: What incoming articles are looked up by; uint32, shape (m,).
        probed_offsets: As `listed_offsets`.
    """

    listed: NDArray[np.uint32]
    listed_offsets: NDArray[np.intp]
    probed: NDArray[np.uint32]
    probed_offsets: NDArray[np.intp]

    def of(self, text: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return what one text is listed under, and what it is looked up by."""
        return (
            self.listed[self.listed_offsets[text] : self.listed_offsets[text + 1]],
            self.probed[self.probed_offsets[text] : self.probed_offsets[text + 1]],
        )


def sample(codes: NDArray[np.uint32], offsets: NDArray[np.intp]) -> SampledShingles:
    """Choose the shingles that texts are listed under, and those that are looked up.

    Args:
        codes: Folded characters of all texts, concatenated, 0 for a break; uint32,
            shape (total,).
        offsets: Text i has codes[offsets[i]:offsets[i + 1]]; intp, shape
            (n_texts + 1,), never falling.

    Raises:
        TypeError: An array is of another kind of number.
    """
    codes = kernel_input(codes, np.uint32)
    listed = np.empty(codes.size, np.uint32)
    probed = np.empty(codes.size, np.uint32)
    listed_offsets = np.zeros(offsets.size, np.intp)
    probed_offsets = np.zeros(offsets.size, np.intp)
    _sample_texts(
        codes, kernel_input(offsets, np.intp), listed, listed_offsets, probed, probed_offsets
    )
    # Copies, so that what is kept of a text does not hold on to room for all its shingles.
    return SampledShingles(
        listed[: listed_offsets[-1]].copy(),
        listed_offsets,
        probed[: probed_offsets[-1]].copy(),
        probed_offsets,
    )


@kernel
def _sample_texts(
    codes: NDArray[np.uint32],
    offsets: NDArray[np.intp],
    listed: NDArray[np.uint32],
    listed_offsets: NDArray[np.intp],
    probed: NDArray[np.uint32],
    probed_offsets: NDArray[np.intp],
) -> None:
    """Sample every text into the arrays that `sample` returns."""
    longest = 0
    for text in range(offsets.size - 1):
        longest = max(longest, offsets[text + 1] - offsets[text])
    hashes = np.empty(longest, np.uint64)
    for text in range(offsets.size - 1):
        total = _hash_shingles(codes[offsets[text] : offsets[text + 1]], hashes)
        start = listed_offsets[text]
        listed_offsets[text + 1] = start + _winnow(hashes[:total], listed[start:])
        start = probed_offsets[text]
        probed_offsets[text + 1] = start + _choose_probes(hashes[:total], probed[start:])


@kernel_part
def _hash_shingles(codes: NDArray[np.uint32], hashes: NDArray[np.uint64]) -> int:
    """Hash every shingle; return their number.

    The upper half of a hash is the shingle's rank, the lower half names it.

    Args:
        codes: Folded characters, 0 for a break; uint32, shape (n,).
        hashes: Receives the hashes; uint64, shape (n,).
    """
    power = np.uint64(1)
    for _ in range(LENGTH):
        power *= _BASE
    value = np.uint64(0)
    length = count = 0
    for i in range(codes.size):
        if codes[i] == 0:
            length = 0
            value = np.uint64(0)
            continue
        value = value * _BASE + np.uint64(codes[i])
        if length == LENGTH:
            value -= np.uint64(codes[i - LENGTH]) * power
        else:
            length += 1
        if length == LENGTH:
            mixed = (value ^ (value >> np.uint64(30))) * _MIX_1
            mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
            hashes[count] = mixed ^ (mixed >> np.uint64(31))
            count += 1
    return count


@kernel_part
def _winnow(hashes: NDArray[np.uint64], listed: NDArray[np.uint32]) -> int:
    """Write the names of the least hash of every window, the last of equal ones.

    A text shorter than a window is one window. The least one of a window stays the least
    until it leaves, so the time is linear. Returns how many were written.
    """
    window = min(max(hashes.size // _WINDOWS, _LEAST_WINDOW), _LARGEST_WINDOW)
    least = _least_of(hashes, 0, min(window, hashes.size))
    count = 0
    if hashes.size > 0:
        listed[0] = np.uint32(hashes[least] & _NAME)
        count = 1
    for end in range(window, hashes.size):
        if hashes[end] <= hashes[least]:
            least = end
        elif least == end - window:
            least = _least_of(hashes, least + 1, end + 1)
        else:
            continue
        listed[count] = np.uint32(hashes[least] & _NAME)
        count += 1
    return count


@kernel_part
def _least_of(hashes: NDArray[np.uint64], start: int, stop: int) -> int:
    """Return the place of the least hash from `start` to `stop`, the last of equal ones."""
    least = start
    smallest = _HIGHEST
    for i in range(start, stop):
        if hashes[i] <= smallest:
            smallest = hashes[i]
            least = i
    return least


@kernel_part
def _choose_probes(hashes: NDArray[np.uint64], probed: NDArray[np.uint32]) -> int:
    """Write the names of the shingles to look up; return how many."""
    highest = _HIGHEST
    if hashes.size > _ALWAYS_PROBED:
        share = max(_ALWAYS_PROBED / hashes.size, _PROBED_SHARE)
        highest = np.uint64(share * 18446744073709549568.0)  # below 2**64 as a double
    count = 0
    for value in hashes:
        # Without a branch, that nobody could predict.
        probed[count] = np.uint32(value & _NAME)
        count += value <= highest
    return count
