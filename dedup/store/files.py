"""Files and directories that are still there after a power cut."""

import os
from pathlib import Path

__all__ = ["make_directory", "sync"]


def make_directory(path: Path) -> None:
    """Make a directory and those above it, each on the disk when this returns.

    Raises:
        OSError: One of them cannot be made.
    """
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(exist_ok=True)
        sync(directory.parent)


def sync(path: Path) -> None:
    """Wait until a file's content, or a directory's entries, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
