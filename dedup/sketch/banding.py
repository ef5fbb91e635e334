"""Banded locality-sensitive hashing: which signatures meet as candidates.

A signature is cut into bands of a few slots; two articles become candidates when all
slots of at least one band are equal.

References:
    Leskovec, Rajaraman and Ullman, *Mining of Massive Datasets*, 3.4.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.errors import ConfigError
from dedup.kernels import kernel
from dedup.sketch.arrays import kernel_input

__all__ = ["Banding", "collision_probability"]

# The increment and multipliers of SplitMix64 (Steele, Lea and Flood 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def collision_probability(similarity: float, *, bands: int, rows: int) -> float:
    """Return the chance that two articles share at least one band.

    This is the S-curve of banded LSH, 1 - (1 - s**rows) ** bands. More bands make
    matching looser; more rows in a band make it stricter.

    Args:
        similarity: Jaccard similarity of the two shingle sets, in [0, 1].
        bands: Number of bands, at least 1.
        rows: Signature slots in a band, at least 1.

    Raises:
        ConfigError: An argument is outside its range.

    >>> [round(collision_probability(s, bands=42, rows=3), 2) for s in (0.3, 0.4, 0.5)]
    [0.68, 0.94, 1.0]
    >>> round(collision_probability(0.8, bands=16, rows=8), 3)
    0.947
    """
    _require_positive(bands=bands, rows=rows)
    if not 0.0 <= similarity <= 1.0:
        msg = f"similarity must be in [0, 1], got {similarity}"
        raise ConfigError(msg)
    return float(1.0 - (1.0 - similarity**rows) ** bands)


@dataclass(frozen=True, slots=True)
class Banding:
    """How signatures are cut; slots beyond bands * rows are not used.

    Attributes:
        bands: Number of bands, at least 1.
        rows: Slots in a band, at least 1.
    """

    bands: int = 42
    rows: int = 3

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        _require_positive(bands=self.bands, rows=self.rows)

    def band_keys(self, signatures: NDArray[np.uint32]) -> NDArray[np.uint64]:
        """Return one 64-bit key for every band of every signature.

        The key hashes the band's number along with its slots in their order, so that
        keys of different bands may share one table. Different bands of slots get
        equal keys with a chance of about 2**-64.

        Args:
            signatures: uint32, shape (n, num_perm) with num_perm >= bands * rows.
                Signatures of no shingles (every slot 2**32 - 1) all meet: leave them
                out.

        Returns:
            uint64, shape (n, bands).

        Raises:
            ConfigError: The signatures have too few slots.
            TypeError: They are of another kind of number.
        """
        if signatures.ndim != 2 or signatures.shape[1] < self.bands * self.rows:
            msg = (
                f"signatures must have at least {self.bands} * {self.rows} slots in each row, "
                f"got the shape {signatures.shape}"
            )
            raise ConfigError(msg)
        keys = np.empty((signatures.shape[0], self.bands), np.uint64)
        _hash_bands(kernel_input(signatures, np.uint32), self.rows, keys)
        return keys


def _require_positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            msg = f"{name} must be at least 1, got {value}"
            raise ConfigError(msg)


@kernel
def _hash_bands(signatures: NDArray[np.uint32], rows: int, keys: NDArray[np.uint64]) -> None:
    """Write the keys of all bands.

    Each slot goes through the full mix of SplitMix64, a bijection of 64 bits: bands
    that differ in one slot never get the same key, and no order or sum of slots is
    special.
    """
    for text in range(keys.shape[0]):
        for band in range(keys.shape[1]):
            key = np.uint64(band)
            for slot in range(band * rows, (band + 1) * rows):
                key = (key ^ np.uint64(signatures[text, slot])) + _GOLDEN
                key = (key ^ (key >> np.uint64(30))) * _MIX_1
                key = (key ^ (key >> np.uint64(27))) * _MIX_2
                key ^= key >> np.uint64(31)
            keys[text, band] = key
