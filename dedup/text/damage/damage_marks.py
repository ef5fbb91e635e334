"""Where in a text as received its damage is, told from the steps that undid it.

A step's edits count in the text that the step before it left. Whoever shows a damaged text
to a person needs them in the text as it came.
"""

from collections.abc import Sequence
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from dedup.models import DamageMark, Step
from dedup.text.damage.repair import origins

__all__ = ["damage_marks"]


def damage_marks(length: int, steps: Sequence[Step]) -> list[DamageMark]:
    """Return what the steps replaced or removed, in offsets of the text as received.

    Args:
        length: Code points of the text as received.
        steps: The repairs that were applied to it.

    Returns:
        Ascending; a stretch that several steps touched has a mark of each.
    """
    offsets: NDArray[np.int32] = np.arange(length + 1, dtype=np.int32)
    marks: list[DamageMark] = []
    for step in steps:
        starts, ends, replacements = zip(*step.edits, strict=True)
        # An insertion marks the character that it stands before.
        lasts = np.maximum(starts, np.subtract(ends, 1))
        received_ends = np.minimum(offsets[lasts] + 1, length).tolist()
        received_starts = offsets[np.array(starts)].tolist()
        places = zip(received_starts, received_ends, replacements, strict=True)
        marks += (DamageMark(step.kind, *place) for place in places)
        offsets = offsets[origins(len(offsets) - 1, [step])]
    return sorted(marks, key=attrgetter("start", "end"))
