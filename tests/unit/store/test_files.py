"""Directories that are still there after a power cut."""

import os
from pathlib import Path

from dedup.store.files import make_directory


def test_every_new_entry_is_synced(tmp_path, monkeypatch):
    """Of each directory that is made, the one above is synced after it was made."""
    synced = []
    real = os.fsync

    def fsync(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((path, [entry.name for entry in path.iterdir()]))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    make_directory(tmp_path / "a" / "b")
    make_directory(tmp_path / "a" / "b")

    assert [(tmp_path, ["a"]), (tmp_path / "a", ["b"])] == synced
