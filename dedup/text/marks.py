"""What detections hand to repairs: where in a text something is wrong."""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dedup.models import Edit

__all__ = [
    "LOST",
    "Mark",
    "Marks",
    "Removals",
    "joined",
    "num_marked",
    "remove_marked",
    "widened_to_lines",
]

LOST = "\N{REPLACEMENT CHARACTER}"
"""Stands for one character that a repair knows was there but cannot name."""


class Mark(NamedTuple):
    """A damaged stretch, `text[start:end]`, counted in code points."""

    start: int
    end: int


_Item = TypeVar("_Item", Mark, Edit)


class _Stretches(Sequence[_Item]):
    """Stretches of a text in an array, made into tuples only when someone asks for them.

    A mirror has a thousand annotations. A tuple for the mark of each and another for its edit
    take longer than all else that is done to it, and hardly anyone looks at one.
    """

    def __init__(self, bounds: NDArray[np.int64]) -> None:
        """Keep where each starts and ends; int64, shape (n, 2), ascending and disjoint."""
        self.bounds = bounds

    @abstractmethod
    def _items(self, bounds: NDArray[np.int64]) -> list[_Item]:
        """Return the tuples of some stretches."""

    def __len__(self) -> int:
        return len(self.bounds)

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        if isinstance(index, slice):
            return type(self)(self.bounds[index])
        return self._items(self.bounds[np.newaxis, index])[0]

    def __iter__(self) -> Iterator[_Item]:
        return iter(self._items(self.bounds))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class Marks(_Stretches[Mark]):
    """Many marks."""

    def _items(self, bounds: NDArray[np.int64]) -> list[Mark]:
        return [Mark(start, end) for start, end in bounds.tolist()]


class Removals(_Stretches[Edit]):
    """Many edits that remove something."""

    def _items(self, bounds: NDArray[np.int64]) -> list[Edit]:
        return [Edit(start, end, "") for start, end in bounds.tolist()]


def num_marked(stretches: Sequence[Mark] | Sequence[Edit]) -> int:
    """Return how many characters are marked."""
    if isinstance(stretches, Marks | Removals):
        return int(np.diff(stretches.bounds).sum())
    return sum(stretch[1] - stretch[0] for stretch in stretches)


def remove_marked(_text: str, marks: Sequence[Mark]) -> Sequence[Edit]:
    """Remove what is marked: the repair of all that should not be there at all."""
    if isinstance(marks, Marks):
        return Removals(marks.bounds)
    return tuple(Edit(mark.start, mark.end, "") for mark in marks)


def joined(marks: Iterable[Mark]) -> list[Mark]:
    """Return marks in order, those that overlap or touch as one."""
    result: list[Mark] = []
    for mark in sorted(marks):
        if result and mark.start <= result[-1].end:
            result[-1] = Mark(result[-1].start, max(result[-1].end, mark.end))
        else:
            result.append(mark)
    return result


def widened_to_lines(text: str, marks: Iterable[Mark]) -> list[Mark]:
    """Return marks in order, disjoint; one that fills its lines takes a line end with it.

    Blanks beside it belong to it; what is left of the text has no empty line more.
    """
    widened: list[Mark] = []
    done = 0
    for mark in joined(marks):
        start, end = max(mark.start, done), mark.end
        left, right = start, end
        while left > done and text[left - 1] in _BLANKS:
            left -= 1
        while right < len(text) and text[right] in _BLANKS:
            right += 1
        opens_line = left == 0 or text[left - 1] == "\n"
        if opens_line and (right == len(text) or text[right] == "\n"):
            takes_line_end_behind = left == 0 or (left == done and widened[0].start == 0)
            start = max(left - 1, done)
            end = min(right + takes_line_end_behind, len(text))
        widened.append(Mark(start, end))
        done = end
    return widened


_BLANKS = " \t\r\u3000\xa0"
