"""A disk that fills up, fails and loses power, under the real files of a store.

It is SQLite's virtual file system: while a `FaultyDisk` is plugged in, every database
that is opened in this process lies on it. Reads and locks are those of the system.
"""

# ruff: noqa: N802  methods are named as SQLite names them

import gc
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import apsw

Fault = Callable[[str, str], None]

_SECTOR = 512  # what a disk writes as a whole
_LOGS = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL  # SQLite syncs their directory


def no_fault(operation: str, path: str) -> None:
    """Let everything pass."""


class FaultyDisk(apsw.VFS):
    """The default file system, with faults, and a memory of what was synced.

    Attributes:
        fault: Called before each "read", "write", "sync", "truncate" and "delete" with that
            and the file's path; what it raises is what SQLite gets.
        room: Bytes that can still be written; None for no limit.
    """

    def __init__(self) -> None:
        self.fault: Fault = no_fault
        self.room: int | None = None
        self.base = apsw.vfs_names()[0]
        self._files: dict[str, _File] = {}
        super().__init__("faulty", base=self.base, makedefault=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        # A store that could not be opened may have left a connection to this disk behind.
        gc.collect()
        self.unregister()

    def lose_power(self, *, after: int) -> None:
        """Let this many more operations pass, and none after them."""
        left = after

        def fault(operation: str, path: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise apsw.IOError("the power is off")

        self.fault = fault

    def leave(self, folder: Path, *, random: Random | None) -> None:
        """Write into an empty folder what a power cut leaves of all files.

        Args:
            folder: Where to.
            random: Picks what survives of all that was not synced; None for nothing.
        """
        for path, file in self._files.items():
            if file.is_listed or (random and random.random() < 0.5):
                (folder / Path(path).name).write_bytes(file.survivors(random))

    def xOpen(self, name, flags):
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path and (path not in self._files or self._files[path].is_deleted):
            exists = Path(path).exists()
            content = bytearray(Path(path).read_bytes()) if exists else bytearray()
            self._files[path] = _File(content, is_listed=exists)
        return _OpenFile(self, path, name, flags)

    def xDelete(self, filename, syncdir):
        # SQLite does not mind if a log cannot be deleted; APSW would let the error escape.
        with suppress(apsw.Error) if filename.endswith("-wal") else nullcontext():
            self.fault("delete", filename)
            super().xDelete(filename, syncdir)
            self._files[filename].is_deleted = True
            if syncdir:
                self.sync_directory()

    def file(self, path: str) -> "_File":
        return self._files[path]

    def forget_unsynced(self) -> None:
        """Drop what was not synced for good, as a kernel does after a failed sync."""
        for file in self._files.values():
            file.unsynced.clear()

    def sync_directory(self) -> None:
        """Make sure which files there are."""
        self._files = {path: file for path, file in self._files.items() if not file.is_deleted}
        for file in self._files.values():
            file.is_listed = True


class _OpenFile(apsw.VFSFile):
    def __init__(self, disk, path, name, flags):
        super().__init__(disk.base, name, flags)
        self._disk = disk
        self._path = path
        self._syncs_directory = bool(flags[0] & _LOGS)

    def xRead(self, amount, offset):
        self._disk.fault("read", self._path)
        return super().xRead(amount, offset)

    def xWrite(self, data, offset):
        self._disk.fault("write", self._path)
        room = self._disk.room
        if room is not None:
            self._disk.room = max(0, room - len(data))
            if room < len(data):
                self._pass_on(data[:room], offset)
                raise apsw.FullError("no room")
        self._pass_on(data, offset)

    def xTruncate(self, newsize):
        self._disk.fault("truncate", self._path)
        super().xTruncate(newsize)
        self._disk.file(self._path).unsynced.append((newsize, None))

    def xSync(self, flags):
        self._disk.fault("sync", self._path)
        super().xSync(flags)
        self._disk.file(self._path).sync()
        if self._syncs_directory:
            self._syncs_directory = False
            self._disk.sync_directory()

    def _pass_on(self, data, offset):
        super().xWrite(data, offset)
        self._disk.file(self._path).unsynced.append((offset, bytes(data)))


@dataclass
class _File:
    """What a disk knows of a file.

    Attributes:
        synced: What survives a power cut for sure.
        is_listed: Whether the directory's entry survives for sure.
        is_deleted: Whether the entry is gone unless the power goes first.
        unsynced: Writes since then, as (offset, data), and truncations, as (size, None).
    """

    synced: bytearray
    is_listed: bool
    is_deleted: bool = False
    unsynced: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        for offset, data in self.unsynced:
            _apply(self.synced, offset, data)
        self.unsynced.clear()

    def survivors(self, random: Random | None) -> bytes:
        """Return what is left after a power cut."""
        left = bytearray(self.synced)
        for offset, data in self.unsynced if random else ():
            for piece in _sectors(offset, data):
                if random.random() < 0.5:
                    _apply(left, *piece)
        return bytes(left)


def _sectors(offset: int, data: bytes | None) -> list[tuple[int, bytes | None]]:
    """Cut a write at the borders of sectors."""
    if data is None:
        return [(offset, None)]
    pieces = []
    start = 0
    while start < len(data):
        stop = min(len(data), start + _SECTOR - (offset + start) % _SECTOR)
        pieces.append((offset + start, data[start:stop]))
        start = stop
    return pieces


def _apply(content: bytearray, offset: int, data: bytes | None) -> None:
    if data is None:
        del content[offset:]
        return
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data
