"""What the candidate index knows articles by: keys of wholes and of pieces."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ListedKeys", "Probe"]


class ListedKeys(NamedTuple):
    """What one article is listed under.

    Attributes:
        whole: uint64, shape (n,).
        pieces: uint32, shape (m,).
    """

    whole: NDArray[np.uint64]
    pieces: NDArray[np.uint32]


class Probe(NamedTuple):
    """What an incoming article is looked up by.

    Attributes:
        whole: uint64, shape (n,).
        pieces: More than it would be listed under; uint32, shape (m,).
        num_pieces: How many it would be listed under.
    """

    whole: NDArray[np.uint64]
    pieces: NDArray[np.uint32]
    num_pieces: int
