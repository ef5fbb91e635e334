"""From the text as received to the characters that are compared.

repair → fold. Repaired text keeps script and layout for people; folded text keeps
letters and digits alone, every variant of a character as one, for comparing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.models import RepairedText
from dedup.text.folding import FoldedText, Folder
from dedup.text.repair import origins, repair

__all__ = ["NormalizedText", "normalize"]


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A text ready to compare, and the way back to the text as received.

    Attributes:
        length: Code points of the text as received.
        repaired: The text that was folded.
        folded: The characters that are compared.
    """

    length: int
    repaired: RepairedText
    folded: FoldedText

    @property
    def codes(self) -> NDArray[np.uint32]:
        """Folded characters; 0 is a break that no shingle crosses; uint32, shape (n,)."""
        return self.folded.codes

    @property
    def num_chars(self) -> int:
        """Number of normalized characters, breaks not counted."""
        return int(np.count_nonzero(self.folded.codes))

    def as_text(self) -> str:
        """Return the folded characters as a string, NUL for a break."""
        return self.folded.codes.tobytes().decode("utf-32-le")

    def received_offsets(self) -> NDArray[np.int32]:
        """Return where each folded character stood in the text as received.

        Returns:
            int32, shape (n,), not decreasing.
        """
        if not self.repaired.steps:
            return self.folded.origins
        return origins(self.length, self.repaired.steps)[self.folded.origins]


def normalize(text: str, folder: Folder) -> NormalizedText:
    """Repair a text and fold it."""
    repaired = repair(text)
    return NormalizedText(len(text), repaired, folder.fold(repaired.text))
