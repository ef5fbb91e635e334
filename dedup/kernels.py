"""The decorator that compiles the numeric kernels."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

__all__ = ["kernel"]

_Function = TypeVar("_Function", bound=Callable[..., object])


def kernel(function: _Function) -> _Function:
    """Compile a function over flat arrays to machine code that runs without the GIL.

    The machine code is kept beside the module (or in numba's cache folder where that
    cannot be written), so that only the first process on a machine compiles. Errors of
    indexing are not checked: callers guarantee shapes and dtypes.
    """
    compiled = numba.njit(nogil=True, cache=True)(function)
    return cast("_Function", compiled)
