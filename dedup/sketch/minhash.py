"""MinHash signatures, bit for bit those of datasketch's scheme "affine32".

For each shingle, h = fmix32(xxh32(shingle)); slot p of the signature is the minimum
of a_p * h + b_p modulo 2**32 over all shingles, with a_p odd. What is proven and what
is measured about this family is said in datasketch's minhash.py: with a_p odd the map
is a bijection, so a slot is the minimum of a permutation and adds no collisions; it
is 2-universal but not min-wise independent, so the accuracy of the estimate is
empirical (datasketch's benchmark/sketches, issue #212).

datasketch is the specification: the permutations are drawn as it draws them, and the
tests compare every bit.

References:
    Broder, "On the resemblance and containment of documents", 1997.
    Appleby, MurmurHash3, fmix32.
"""

from typing import TYPE_CHECKING

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.errors import ConfigError
from dedup.kernels import kernel
from dedup.sketch.arrays import kernel_input

if TYPE_CHECKING:
    import datasketch

__all__ = ["EMPTY_SLOT", "SCHEME", "MinHasher", "jaccard_estimate"]

SCHEME = "affine32"
"""datasketch's name for the family; signatures of different schemes must never meet."""

EMPTY_SLOT = 0xFFFFFFFF
"""Every slot of a signature of no shingles."""

_MIX_1 = np.uint32(0x85EBCA6B)
_MIX_2 = np.uint32(0xC2B2AE35)


class MinHasher:
    """Signs sets of shingle hashes. Immutable, so any number of threads may share it."""

    def __init__(self, num_perm: int = 128, seed: int = 1) -> None:
        """Take the permutations of datasketch for this number and seed.

        Raises:
            ConfigError: `num_perm` is below 1, or the seed not in [0, 2**32).
        """
        if num_perm < 1:
            msg = f"num_perm must be at least 1, got {num_perm}"
            raise ConfigError(msg)
        if not 0 <= seed < 1 << 32:
            msg = f"seed must be in [0, 2**32), got {seed}"
            raise ConfigError(msg)
        self.num_perm = num_perm
        self.seed = seed
        self._permutations = kernel_input(_permutations(num_perm, seed), np.uint32)

    def sign(self, hashes: NDArray[np.uint32], offsets: NDArray[np.intp]) -> NDArray[np.uint32]:
        """Return the signature of every text.

        Args:
            hashes: Shingle hashes of all texts, concatenated; uint32, shape
                (total_shingles,). Repeated ones change nothing.
            offsets: Text i has hashes[offsets[i]:offsets[i + 1]]; intp, shape
                (n_texts + 1,), never falling.

        Returns:
            uint32, shape (n_texts, num_perm). A text without shingles has EMPTY_SLOT
            everywhere, like datasketch: any two such texts look equal, so they must
            be kept out of every index.

        Raises:
            TypeError: An array is of another kind of number.
        """
        signatures = np.empty((offsets.size - 1, self.num_perm), np.uint32)
        _sign_texts(
            kernel_input(hashes, np.uint32),
            kernel_input(offsets, np.intp),
            self._permutations,
            signatures,
        )
        return signatures

    def to_datasketch(self, signature: NDArray[np.uint32]) -> "datasketch.MinHash":
        """Return a signature as an object of datasketch, which can be updated further.

        Args:
            signature: One row of what `sign` returns; uint32, shape (num_perm,).

        Raises:
            ValueError: The signature has another number of slots.
        """
        # Not imported above: it brings SciPy, which takes a third of a second.
        import datasketch

        return datasketch.MinHash(
            num_perm=self.num_perm,
            seed=self.seed,
            hashfunc=xxhash.xxh32_intdigest,
            hashvalues=signature,
            permutations=self._permutations,
            scheme=SCHEME,
        )


def jaccard_estimate(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> float:
    """Return the share of equal slots, an unbiased estimate of the Jaccard similarity.

    Its standard error is sqrt(J * (1 - J) / num_perm), at most 0.5 / sqrt(num_perm):
    0.044 for 128 slots. Two signatures of no shingles give 1.

    Args:
        one: A signature; uint32, shape (num_perm,).
        other: A signature of the same scheme, number and seed; uint32, same shape.

    Raises:
        ValueError: The shapes differ, or there are no slots.
    """
    if one.shape != other.shape or one.size == 0:
        msg = f"signatures must have the same number of slots, got {one.shape} and {other.shape}"
        raise ValueError(msg)
    return int(np.count_nonzero(one == other)) / one.size


def _permutations(num_perm: int, seed: int) -> NDArray[np.uint32]:
    """Return the permutations that datasketch draws for a number and a seed.

    Returns:
        Rows a, odd, and b; uint32, shape (2, num_perm).
    """
    generator = np.random.RandomState(seed)  # frozen by NumPy: its numbers never change
    factors = generator.randint(0, 1 << 31, num_perm, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    summands = generator.randint(0, 1 << 32, num_perm, dtype=np.uint32)
    return np.stack([factors, summands])


@kernel
def _sign_texts(
    hashes: NDArray[np.uint32],
    offsets: NDArray[np.intp],
    permutations: NDArray[np.uint32],
    signatures: NDArray[np.uint32],
) -> None:
    """Write the signature of every text.

    Permutations outside, shingles inside: the inner loop is a plain minimum over an
    array, which the compiler vectorizes; the mixed hashes stay in the cache.

    Args:
        hashes: As in `MinHasher.sign`.
        offsets: As in `MinHasher.sign`.
        permutations: Rows a and b; uint32, shape (2, num_perm).
        signatures: Receives the result; uint32, shape (n_texts, num_perm).
    """
    mixed = np.empty(hashes.size, np.uint32)
    for i in range(hashes.size):
        value = hashes[i]
        value = np.uint32((value ^ (value >> np.uint32(16))) * _MIX_1)
        value = np.uint32((value ^ (value >> np.uint32(13))) * _MIX_2)
        mixed[i] = value ^ (value >> np.uint32(16))
    for text in range(offsets.size - 1):
        row = mixed[offsets[text] : offsets[text + 1]]
        for slot in range(permutations.shape[1]):
            factor, summand = permutations[0, slot], permutations[1, slot]
            least = np.uint32(EMPTY_SLOT)
            for i in range(row.size):
                least = min(least, np.uint32(factor * row[i] + summand))
            signatures[text, slot] = least
