"""Script: characters that only a text in traditional script has. Reported, and no damage."""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.text.damage.triggers import Row, Trigger, tables

__all__ = ["count_traditional"]


def count_traditional(codes: NDArray[np.uint32]) -> int:
    """Return how many characters of a text are traditional and nothing else.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    return _count(codes, tables())


_BITS, _TRADITIONAL = int(Row.BITS), int(Trigger.TRADITIONAL)


@kernel
def _count(codes: NDArray[np.uint32], tables: NDArray[np.int32]) -> int:
    """Count the characters of a text with the bit; see `count_traditional`."""
    count = 0
    for code in codes:
        count += tables[_BITS, code] & _TRADITIONAL != 0
    return count
