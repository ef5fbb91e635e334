"""Folders that are thrown away."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dedup.temporary import temporary_folder

_HOLD = """
import sys
from dedup.temporary import temporary_folder
with temporary_folder() as folder:
    (folder / "large").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Nobody else's folders are touched."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr("dedup.temporary._TOO_YOUNG_S", -1.0)
    return tmp_path


def test_it_goes_with_the_block(place):
    """Whatever is in it, and whatever happened."""
    with pytest.raises(ZeroDivisionError), temporary_folder() as folder:
        (folder / "file").write_text("x")
        _ = 1 / 0
    assert [] == list(place.iterdir())


def test_a_killed_process_leaves_it_to_the_next(place):
    """What a living process has stays, what a killed one had goes."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        left = Path(other.stdout.readline().strip())
        with temporary_folder():
            assert (left / "large").exists()
        other.kill()
    assert (left / "large").exists()
    with temporary_folder() as folder:
        assert [folder] == list(place.iterdir())


def test_it_is_left_alone_while_it_is_made(place, monkeypatch):
    """One that nobody has locked yet may be somebody's who is about to."""
    young = place / "dedup-temporary-young"
    young.mkdir()
    monkeypatch.setattr("dedup.temporary._TOO_YOUNG_S", 60.0)
    with temporary_folder():
        assert young.exists()
    monkeypatch.setattr("dedup.temporary._TOO_YOUNG_S", -1.0)
    with temporary_folder():
        assert not young.exists()
