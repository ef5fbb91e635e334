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
