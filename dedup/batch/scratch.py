"""A file for what a scan must keep and memory need not hold."""

import pickle
import tempfile
from array import array
from types import TracebackType
from typing import Any, Self

__all__ = ["Scratch"]


class Scratch:
    """Values on the disk, by the numbers in which they were put there.

    The file has no name and goes with the process. What is in it was pickled by this very
    process, so reading it runs nothing that anyone else wrote.
    """

    def __init__(self) -> None:
        """Open an empty file in the system's folder for temporary ones."""
        self._file = tempfile.TemporaryFile(prefix="dedup-")  # noqa: SIM115  closed by close()
        self._starts = array("q", [0])

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._starts) - 1

    def put(self, value: Any) -> int:
        """Append a value and return its number."""
        data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        self._file.seek(self._starts[-1])
        self._file.write(data)
        self._starts.append(self._starts[-1] + len(data))
        return len(self) - 1

    def get(self, number: int) -> Any:
        """Return the value of a number."""
        start, stop = self._starts[number : number + 2]
        self._file.seek(start)
        return pickle.loads(self._file.read(stop - start))  # noqa: S301  see above

    def close(self) -> None:
        """Free the disk."""
        self._file.close()

    def __enter__(self) -> Self:
        """Use as a context manager that closes at the end."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
