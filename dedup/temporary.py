"""Folders that are thrown away, those of processes that were killed as well."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

__all__ = ["temporary_folder"]

_PREFIX = "dedup-temporary-"
_LOCK_NAME = "lock"
_TOO_YOUNG_S = 60.0  # to be swept: whoever has just made it may not have locked it yet


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder that goes with the block or, after a kill, with the next one's start.

    It holds a lock file, locked as long as this process lives.
    """
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with FileLock(folder / _LOCK_NAME):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove what killed processes left."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is in use, another user's, or gone by now
            if time.time() - folder.stat().st_mtime > _TOO_YOUNG_S:
                with FileLock(folder / _LOCK_NAME, timeout=0):
                    shutil.rmtree(folder)
