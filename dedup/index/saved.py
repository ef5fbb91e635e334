"""An index in a file beside its store, so that the next to open the store need not make it.

Nothing is lost with the file, and nothing is believed that it does not prove: it says which
release and configuration made it, and up to where it has followed the log; digests cover
every byte. One that was cut off, or is of another store, is passed over.
"""

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.store.base import StoreReader

__all__ = ["LogMark", "SavedIndex", "chunks"]

_NAME = "index.saved"
_FORMAT = 1
_HEADER_BYTES = 1 << 14
_DIGEST_BYTES = 16  # of xxh3-128
_CHUNK_BYTES = 1 << 22
_FEW = 10
_ROOM = 2  # times the size of the file: the last of a disk is for articles
_ABANDONED_S = 600.0  # behind its last write, an unfinished file belongs to nobody


class LogMark(NamedTuple):
    """An entry of a log, told from those of any other store.

    Attributes:
        sequence: Its place.
        number: The article concerned.
        at: When it was made.
    """

    sequence: int
    number: int
    at: str

    @classmethod
    def newest(cls, reader: StoreReader) -> "LogMark | None":
        """Return the mark of the newest entry; None if there is none of late."""
        # An upgrade leaves an entry that is not told.
        return cls._last(reader, after=max(0, reader.sequence() - _FEW))

    def is_in(self, reader: StoreReader) -> bool:
        """Return whether the log has this very entry."""
        return self == self._last(reader, after=self.sequence - 1, limit=1)

    @classmethod
    def _last(cls, reader: StoreReader, *, after: int, limit: int = _FEW) -> "LogMark | None":
        entries = reader.log(after=after, limit=limit)
        if not entries:
            return None
        return cls(entries[-1].sequence, entries[-1].number, entries[-1].at.isoformat())


class SavedIndex:
    """The file of an index."""

    def __init__(self, folder: Path, made_with: str) -> None:
        """Save to this folder.

        Args:
            folder: That of the store.
            made_with: All that determines what is listed; a file made with something else
                is none.
        """
        self._path = folder / _NAME
        self._made_with = f"{_FORMAT} {sys.byteorder} {made_with}"

    def mark(self) -> LogMark | None:
        """Return up to where the saved index has followed the log; None without one."""
        with suppress(OSError), self._path.open("rb") as file:
            header = self._read_header(file)
            return None if header is None else LogMark(*header["mark"])
        return None

    def read(
        self, make_room: Callable[[Mapping[str, int]], Iterable[NDArray[np.generic]]]
    ) -> LogMark | None:
        """Read the saved index, and return its mark.

        Args:
            make_room: Given the figures that were saved, returns the arrays to fill.

        Returns:
            None if there is none, or not all is as it was saved; what was filled is worth
            nothing then.
        """
        with suppress(OSError), self._path.open("rb") as file:
            header = self._read_header(file)
            if header is None:
                return None
            digest = xxhash.xxh3_128()
            for array in make_room(header["figures"]):
                for chunk in chunks(array):
                    file.readinto(chunk.data.cast("B"))
                    digest.update(chunk.data)
            if file.read(_DIGEST_BYTES + 1) == digest.digest():
                return LogMark(*header["mark"])
        return None

    def write(
        self,
        mark: LogMark,
        figures: Mapping[str, int],
        pieces: Iterable[NDArray[np.generic]],
        *,
        num_bytes: int,
    ) -> bool:
        """Save an index in place of the one before.

        Args:
            mark: Up to where it has followed the log.
            figures: What else there is to know of it.
            pieces: Its arrays, or parts of them, in order. What they raise leaves the index
                that was saved before.
            num_bytes: Of all pieces.

        Returns:
            False if another process is saving one, and nothing was done.

        Raises:
            OSError: The file cannot be written, or would leave the store too little room.
        """
        if shutil.disk_usage(self._path.parent).free < _ROOM * num_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        unfinished = self._path.with_suffix(".unfinished")
        with suppress(FileNotFoundError):
            if time.time() - unfinished.stat().st_mtime > _ABANDONED_S:
                unfinished.unlink()
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return False
        try:
            with os.fdopen(descriptor, "wb") as file:
                self._write_header(file, mark, figures)
                digest = xxhash.xxh3_128()
                for piece in pieces:
                    digest.update(piece.data)
                    file.write(piece.data.cast("B"))
                file.write(digest.digest())
            unfinished.replace(self._path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        return True

    def _write_header(self, file: BinaryIO, mark: LogMark, figures: Mapping[str, int]) -> None:
        header = {"made_with": self._made_with, "mark": mark, "figures": figures}
        padded = json.dumps(header).encode().ljust(_HEADER_BYTES)
        file.write(xxhash.xxh3_128_digest(padded) + padded)

    def _read_header(self, file: BinaryIO) -> dict[str, Any] | None:
        digest, padded = file.read(_DIGEST_BYTES), file.read(_HEADER_BYTES)
        if digest != xxhash.xxh3_128_digest(padded):
            return None
        header: dict[str, Any] = json.loads(padded)
        return header if header["made_with"] == self._made_with else None


def chunks(array: NDArray[np.generic]) -> Iterator[NDArray[np.generic]]:
    """Yield an array in pieces of some megabytes, which are views."""
    items = _CHUNK_BYTES // array.itemsize
    for start in range(0, array.size, items):
        yield array[start : start + items]
