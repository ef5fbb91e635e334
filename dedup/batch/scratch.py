"""A file for what a scan must keep and memory need not hold."""

import os
import tempfile
from array import array

import numpy as np
from numpy.typing import NDArray

__all__ = ["Scratch"]

_READ_BYTES = 1 << 24


class Scratch:
    """Values on the disk, by the numbers in which they were put there.

    The file has no name and goes with the process: nobody else reads or writes it but
    processes that are forked from this one.
    """

    def __init__(self) -> None:
        """Open an empty file in the system's folder for temporary ones."""
        self._file = tempfile.TemporaryFile(prefix="dedup-", buffering=0)  # noqa: SIM115  closed by close()
        self._size = 0
        self._starts = array("q")
        self._stops = array("q")

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._starts)

    def append(self, value: bytes) -> None:
        """Append a value; it gets the number `len` of before."""
        self.extend(value, np.zeros(1, np.int64), np.full(1, len(value)))

    def extend(
        self,
        data: bytes,
        starts: NDArray[np.int64],
        stops: NDArray[np.int64],
    ) -> None:
        """Append values; the first gets the number `len` of before.

        Args:
            data: Bytes that all of them are parts of.
            starts: Where each begins in the data; int64.
            stops: Where each ends; int64, same shape.
        """
        self._starts.frombytes((starts + self._size).tobytes())
        self._stops.frombytes((stops + self._size).tobytes())
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]
        self._size += len(data)

    def get(self, number: int) -> bytes:
        """Return the value of a number."""
        start = self._starts[number]
        return os.pread(self._file.fileno(), self._stops[number] - start, start)

    def size(self, number: int) -> int:
        """Return the length of the value of a number."""
        return self._stops[number] - self._starts[number]

    def sizes(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the lengths of many values; int64, the shape of the numbers."""
        starts, stops = (np.frombuffer(ends, np.int64) for ends in (self._starts, self._stops))
        lengths: NDArray[np.int64] = stops[numbers] - starts[numbers]
        return lengths

    def read_all(self) -> NDArray[np.uint8]:
        """Return all values, one behind the other; uint8, shape (n,)."""
        data = np.empty(self._size, np.uint8)
        self._file.seek(0)
        read = 0
        while read < self._size:
            read += self._file.readinto(data[read : read + _READ_BYTES].data)
        return data

    def close(self) -> None:
        """Free the disk."""
        self._file.close()
