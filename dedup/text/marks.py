"""What detections hand to repairs: where in a text something is wrong."""

from collections.abc import Iterable
from typing import NamedTuple

from dedup.models import Edit

__all__ = ["LOST", "Mark", "joined", "remove_marked", "widened_to_lines"]

LOST = "\N{REPLACEMENT CHARACTER}"
"""Stands for one character that a repair knows was there but cannot name."""


class Mark(NamedTuple):
    """A damaged stretch, `text[start:end]`, counted in code points."""

    start: int
    end: int


def remove_marked(_text: str, marks: list[Mark]) -> list[Edit]:
    """Remove what is marked: the repair of all that should not be there at all."""
    return [Edit(mark.start, mark.end, "") for mark in marks]


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
    done = 0  # up to here all is marked, or looked at
    for start, end in joined(marks):
        line_start = text.rfind("\n", 0, start) + 1
        line_end = text.find("\n", end)
        line_end = line_end if line_end >= 0 else len(text)
        mark = Mark(max(start, done), end)
        if not text[line_start:start].strip() and not text[end:line_end].strip():
            is_first = line_start <= done and (not widened or widened[0].start == 0)
            mark = Mark(max(line_start - 1, done), min(line_end + is_first, len(text)))
        widened.append(mark)
        done = mark.end
    return widened
