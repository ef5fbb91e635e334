"""The decorator that compiles the numeric kernels, and what they are compiled for."""

import platform
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
from filelock import FileLock
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    InTreeCacheLocator,
    UserProvidedCacheLocator,
)
from numba.core.runtime.nrt import rtsys

__all__ = ["kernel", "kernel_part"]

_Function = TypeVar("_Function", bound=Callable[..., object])

_V3_FEATURES = frozenset({"avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe"})


def kernel(function: _Function) -> _Function:
    """Compile a function over flat arrays to machine code that runs without the GIL.

    The machine code is kept beside the module, so that only the first process on a machine
    compiles, or the one that builds an image. Where that cannot be written and has no code,
    numba's own folders are tried, and at last every process compiles for itself. Errors of
    indexing are not checked: callers guarantee shapes and dtypes.
    """
    return _compiled(function)


def kernel_part(function: _Function) -> _Function:
    """Compile a function that kernels of its module call, and that makes no array.

    Else numba counts a reference more and one less to every array that it is passed, and
    does so with locked instructions: in a loop over characters that took six times as long
    as the work itself. A part that makes an array does not compile.
    """
    return _compiled(function, _nrt=False)


def _compiled(function: _Function, **options: Any) -> _Function:
    compiled: Any = numba.njit(nogil=True, **options)(function)
    with suppress(RuntimeError):  # there is no folder that it could keep code in
        compiled._cache = _SharedCache(function)  # type: ignore[no-untyped-call]  # noqa: SLF001
    return cast("_Function", compiled)


class _ShippedCode(InTreeCacheLocator):
    """Machine code beside a module that this user may read and not write, as in an image."""

    def ensure_cache_path(self) -> None:
        """Raise an OSError if there is none; numba asks whether it could write."""
        if not any(Path(self.get_cache_path()).glob("*.nbi")):  # type: ignore[no-untyped-call]
            raise FileNotFoundError


class _Places(CompileResultCacheImpl):
    _locator_classes: list[type[object]] = [  # noqa: RUF012  as the base class has it
        UserProvidedCacheLocator,
        InTreeCacheLocator,
        _ShippedCode,
        *CompileResultCacheImpl._locator_classes,  # noqa: SLF001
    ]


class _SharedCache(FunctionCache):
    """Machine code in files that several processes may add to at the same time.

    numba reads a function's index, takes the next free file name and writes index and
    code without a lock. Of two processes that compile one kernel for different dtypes at
    once, both take the same name: a later one then runs code made for other arguments.
    """

    _impl_class = _Places

    def load_overload(self, sig: object, target_context: Any) -> Any:
        """Load the machine code for one signature, without what only compiling needs.

        numba would first import and register all that it can compile, which takes a third of
        a second; where there is no code for a signature, its compiler does so itself.
        """
        rtsys.initialize(target_context)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(sig, target_context)  # type: ignore[no-untyped-call]

    def save_overload(self, sig: object, data: object) -> None:
        """Save the machine code for one signature while no other process does."""
        folder = Path(self.cache_path)
        # Code that cannot be saved can be run all the same.
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / "kernels.lock"):
                super().save_overload(sig, data)  # type: ignore[no-untyped-call]


def _aim_at_any_server() -> None:
    """Compile for any x86-64 server of the last ten years, or any 64-bit ARM one.

    numba compiles for the very CPU that it runs on, so that code cached in an image or a
    shared folder is compiled anew wherever the CPU differs. The code for all of them is
    as fast (docs/performance.md). NUMBA_CPU_NAME in the environment overrides this.
    """
    config: Any = numba.config
    if config.CPU_NAME is not None:
        return
    if platform.machine() == "x86_64":
        features = llvmlite.binding.get_host_cpu_features()
        if all(features.get(name) for name in _V3_FEATURES):
            config.CPU_NAME, config.CPU_FEATURES = "x86-64-v3", ""
    elif platform.machine() == "aarch64":
        config.CPU_NAME, config.CPU_FEATURES = "generic", ""


_aim_at_any_server()
