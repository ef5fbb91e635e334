"""What detections hand to repairs: where in a text something is wrong."""

from typing import NamedTuple

from dedup.models import Edit

__all__ = ["LOST", "Mark", "remove_marked"]

LOST = "\N{REPLACEMENT CHARACTER}"
"""Stands for one character that a repair knows was there but cannot name."""


class Mark(NamedTuple):
    """A damaged stretch, `text[start:end]`, counted in code points."""

    start: int
    end: int


def remove_marked(_text: str, marks: list[Mark]) -> list[Edit]:
    """Remove what is marked: the repair of all that should not be there at all."""
    return [Edit(mark.start, mark.end, "") for mark in marks]
