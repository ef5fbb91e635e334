"""Places that belong together in two texts: where lines of the original begin, in both.

A shared passage may be as long as the article. Whoever reads two texts side by side wants
to go from a paragraph of one to the same paragraph of the other.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dedup.models import Anchor
from dedup.sketch.alignment import AlignedPassage

__all__ = ["find_anchors"]

_LEAST_CHARS = 120
"""Characters of a line from which on its sentences have anchors of their own."""

_LINE_OR_SENTENCE_END = re.compile(r"\n+|[。！？!?]+[”’」』）)]?")


def find_anchors(
    original: str,
    passages: Sequence[AlignedPassage],
    partners: NDArray[np.int32],
    offsets: NDArray[np.int32],
    original_offsets: NDArray[np.int32],
) -> tuple[Anchor, ...]:
    """Return where lines, and sentences of long lines, begin inside of passages.

    Args:
        original: The original as received.
        passages: In folded positions.
        partners: Position in the original paired with each folded position of the
            incoming text, or -1; shape (n,).
        offsets: Where each folded character of the incoming text was received; shape (n,).
        original_offsets: The same of the original.
    """
    begins = np.array(_beginnings(original), np.int32)
    anchors: list[Anchor] = []
    for start, end, _, _ in passages:
        positions = start + np.flatnonzero(partners[start:end] >= 0)
        received = original_offsets[partners[positions]]
        inside = begins[(begins > received[0]) & (begins <= received[-1])]
        places = np.unique(np.searchsorted(received, inside))
        anchors += [
            Anchor(int(offsets[position]), int(place))
            for position, place in zip(positions[places], received[places], strict=True)
        ]
    return tuple(anchors)


def _beginnings(text: str) -> list[int]:
    """Return where lines begin, and sentences that are not near the last such place."""
    found: list[int] = []
    last = 0
    for match in _LINE_OR_SENTENCE_END.finditer(text):
        place = match.end()
        if match[0].startswith("\n") or place - last >= _LEAST_CHARS:
            found.append(place)
            last = place
    return found
