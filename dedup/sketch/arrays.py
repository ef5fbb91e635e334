"""The one form in which arrays go into kernels."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["kernel_input"]

T = TypeVar("T", bound=np.generic)


def kernel_input(array: NDArray[T], dtype: type[T]) -> NDArray[T]:
    """Return a contiguous, read-only view of an array; a copy only where it must be.

    numba compiles a kernel anew for every combination of dtype, layout and
    writability. Folded text comes read-only from `bytes` in one place and writable
    from arithmetic in another; in this form they share one compilation.

    Args:
        array: One- or two-dimensional, of the dtype or one that casts to it safely.
        dtype: What the kernel reads.

    Raises:
        TypeError: The array's dtype cannot hold the same values (signed codes, for
            example): a silent cast would change hashes.
    """
    flags = array.flags
    if array.dtype.type is dtype and flags.c_contiguous and not flags.writeable:
        return array
    view = np.ascontiguousarray(array.astype(dtype, casting="safe", copy=False)).view()
    view.flags.writeable = False
    return view
