"""Evidence on a terminal: stretches of two texts under one another, damage highlighted."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from dedup.models import DamageMark, Match

__all__ = ["print_evidence"]

_MOST_STRETCHES = 5
_LONGEST = 160  # characters shown of a stretch

_TAG = re.compile(r"</?[A-Za-z][^<>]*>")  # of pages, whose offsets count in the markup
_DAMAGE_STYLE = "bold red underline"
_ORIGINAL_STYLE = "dim"
# What a terminal must not be told by an article: control characters, and those that turn
# a line around. Lines are shown as one.
_CONTROLS = {
    code: f"<U+{code:04X}>"
    for span in ((0x00, 0x20), (0x7F, 0xA0), (0x200B, 0x2010), (0x202A, 0x202F), (0x2060, 0x2070))
    for code in range(*span)
} | {0xFEFF: "<U+FEFF>", 0xAD: "<U+00AD>", ord("\n"): " ", ord("\r"): " ", ord("\t"): " "}


class _Stretch(NamedTuple):
    """The same lines in both texts."""

    start: int
    end: int
    original_start: int
    original_end: int


def print_evidence(
    console: Console, match: Match, text: str, original: str, marks: Sequence[DamageMark]
) -> None:
    """Print some stretches that two texts share, the most damaged ones, in their order.

    Args:
        console: Where to print.
        match: With passages and anchors.
        text: The incoming text as received.
        original: The known text as received.
        marks: The damage of the incoming text, ascending.
    """
    stretches = list(_stretches(match))
    damage = [_inside(marks, stretch) for stretch in stretches]
    chosen = sorted(range(len(stretches)), key=lambda place: (-len(damage[place]), place))
    shown = sorted(chosen[:_MOST_STRETCHES])
    for place in shown:
        stretch = stretches[place]
        console.print(_line("    › ", text, stretch.start, stretch.end, damage[place]))
        start, end = stretch.original_start, stretch.original_end
        console.print(_line("      ", original, start, end, (), _ORIGINAL_STYLE))
    if len(stretches) > len(shown):
        console.print(f"    … and {len(stretches) - len(shown)} more shared stretches", style="dim")


def _stretches(match: Match) -> Iterator[_Stretch]:
    """Cut passages where lines of the original begin."""
    anchors = sorted(match.anchors or ())
    for passage in match.passages or ():
        begins = [(passage.start, passage.original_start)]
        begins += [anchor for anchor in anchors if passage.start < anchor.start < passage.end]
        begins.append((passage.end, passage.original_end))
        for (start, original_start), (end, original_end) in pairwise(begins):
            yield _Stretch(start, end, original_start, original_end)


def _inside(marks: Iterable[DamageMark], stretch: _Stretch) -> list[DamageMark]:
    return [mark for mark in marks if mark.start < stretch.end and mark.end > stretch.start]


def _line(
    lead: str, text: str, start: int, end: int, marks: Iterable[DamageMark], style: str = ""
) -> Text:
    """Return a stretch of a text as a line, cut where it is too long."""
    line = Text(lead, no_wrap=True, overflow="ellipsis")
    start += len(text[start:end]) - len(text[start:end].lstrip())
    end = start + len(text[start:end].rstrip())
    stop = min(end, start + _LONGEST)
    done = start
    for mark in marks:
        if mark.start >= stop:
            break
        line.append(_shown(text[done : mark.start]), style)
        line.append(_shown(text[max(done, mark.start) : min(mark.end, stop)]), _DAMAGE_STYLE)
        done = max(done, mark.end)
    line.append(_shown(text[done:stop]), style)
    if stop < end:
        line.append("…", style)
    return line


def _shown(text: str) -> str:
    return _TAG.sub("", text).translate(_CONTROLS)
