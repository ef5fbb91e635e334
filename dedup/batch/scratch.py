"""A file for what a scan must keep and memory need not hold."""

import tempfile
from array import array
from collections.abc import Sequence

__all__ = ["Scratch"]


class Scratch:
    """Values on the disk, by the numbers in which they were put there.

    The file has no name and goes with the process: nobody else reads or writes it.
    """

    def __init__(self) -> None:
        """Open an empty file in the system's folder for temporary ones."""
        self._file = tempfile.TemporaryFile(prefix="dedup-")  # noqa: SIM115  closed by close()
        self._starts = array("q", [0])

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._starts) - 1

    def extend(self, values: Sequence[bytes]) -> None:
        """Append values; the first gets the number `len` of before."""
        self._file.seek(self._starts[-1])
        self._file.write(b"".join(values))
        for value in values:
            self._starts.append(self._starts[-1] + len(value))

    def get(self, number: int) -> bytes:
        """Return the value of a number."""
        start, stop = self._starts[number : number + 2]
        self._file.seek(start)
        return self._file.read(stop - start)

    def size(self, number: int) -> int:
        """Return the length of the value of a number."""
        return self._starts[number + 1] - self._starts[number]

    def close(self) -> None:
        """Free the disk."""
        self._file.close()
