"""What may be measured while articles are checked; the library itself measures for nobody."""

from enum import StrEnum

__all__ = ["Observer", "Stage"]


class Stage(StrEnum):
    """A part of the main path."""

    PREPARE = "prepare"
    FIND = "find"
    COMPARE = "compare"
    COMMIT = "commit"


class Observer:
    """Is told how the main path goes, from any thread; this one does nothing with it."""

    def took(self, stage: Stage, seconds: float) -> None:
        """Hear how long a stage took, for articles that came at once, often a single one."""

    def met(self, num_candidates: int) -> None:
        """Hear how many known articles one was compared with."""
