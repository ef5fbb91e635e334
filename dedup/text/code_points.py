"""Text as an array of its code points: what kernels read instead of `str`."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["code_points"]


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the code points of a text, lone surrogates too; uint32, read-only."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
