"""Script: characters that only a text in traditional script has. Reported, and no damage."""

import numpy as np
from numpy.typing import NDArray

from dedup.text.triggers import Row, Trigger, tables

__all__ = ["count_traditional"]


def count_traditional(codes: NDArray[np.uint32]) -> int:
    """Return how many characters of a text are traditional and nothing else.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    return int(np.count_nonzero(tables()[Row.BITS][codes] & int(Trigger.TRADITIONAL)))
