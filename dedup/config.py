"""What can be chosen, with defaults, and the scheme id over all that changes signature bits.

The library never reads the environment; `app.settings` and `dedup.cli` do and pass
these classes in.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from dedup.errors import ConfigError

__all__ = ["DedupConfig", "IndexPlace", "SketchConfig", "Thresholds"]


class IndexPlace(StrEnum):
    """Where known articles are looked up that share keys with an incoming one.

    `MEMORY` is faster, and each worker has its own; `TABLES` are in a PostgreSQL store,
    shared by all, and as large as its disk.
    """

    MEMORY = "memory"
    TABLES = "tables"


@dataclass(frozen=True, slots=True, kw_only=True)
class SketchConfig:
    """How normalized text becomes a signature; a change needs `dedup store upgrade`.

    Attributes:
        shingle_length: Characters in a shingle (k), one k for all scores.
        num_perm: Slots of a signature.
        seed: Of datasketch's permutations.
        bands: Bands of the LSH index. 42 x 3 finds a pair of Jaccard 0.4 with
            probability 0.94 and one of 0.5 with 0.997; fewer, longer bands lose
            the damaged copies that the service is for.
        rows: Slots in a band; `bands * rows` must not exceed `num_perm`.
    """

    shingle_length: int = 5
    num_perm: int = 128
    seed: int = 1
    bands: int = 42
    rows: int = 3

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        _require_at_least("shingle_length", self.shingle_length, 1)
        _require_at_least("num_perm", self.num_perm, 1)
        _require_at_least("bands", self.bands, 1)
        _require_at_least("rows", self.rows, 1)
        if self.bands * self.rows > self.num_perm:
            msg = (
                f"bands * rows must be at most num_perm ({self.num_perm}), "
                f"got {self.bands} * {self.rows}"
            )
            raise ConfigError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Where one verdict ends and the next begins; docs/matching.md says why.

    Attributes:
        copy: Containment and coverage from which one text carries the other.
        partial: Containment or coverage from which a partial overlap is told.
        partial_chars: Shared characters that a partial overlap needs besides.
        garbled_rate: Places with a wrong or missing character, in each character of
            the text, from which a copy counts as garbled.
        garbled_places: Number of such places that it takes at least.
        garbled_share: Share of the differing shingles that such places must explain.
            Of articles with 3 to 12 % of their characters replaced, dropped or moved, 95 %
            reach 0.66; what differs in an updated story is whole names and clauses.
        garbled: Containment or coverage from which two texts are aligned, to see whether
            single characters are what keeps them apart: with 12 % of the characters
            replaced, 0.53 is left.
        refilled: Share of the numbers in a common wording that must have changed for it
            to be a form filled in anew. Of copies with 6 % of their characters replaced,
            95 % stay below 0.08; half of the forms are above 0.7.
        chars_a_blank: Characters of a form for each number or name, and for each other word
            beside these, that is filled in anew.
        wrapped: Containment from which a text is carried by another, when only what is
            prose counts as the other's own. Pages and stuffed texts reach 0.9, digests of
            two articles 0.63.
        shared_prose: Share of an incoming article's prose that a known one must have for
            what they share to be more than the furniture of their site.
        sure: Containment and coverage above which a text is not searched for prose.
        completeness: Share of a text that another must contain to be called a
            more complete version of it.
        added_share: Share of new text that a more complete version must add.
    """

    copy: float = 0.6
    partial: float = 0.3
    partial_chars: int = 150
    garbled_rate: float = 0.02
    garbled_places: int = 6
    garbled_share: float = 0.65
    garbled: float = 0.25
    refilled: float = 0.4
    chars_a_blank: int = 150
    wrapped: float = 0.7
    shared_prose: float = 0.4
    sure: float = 0.98
    completeness: float = 0.9
    added_share: float = 0.1

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        for name in (
            "copy",
            "partial",
            "garbled_rate",
            "garbled_share",
            "garbled",
            "refilled",
            "wrapped",
            "shared_prose",
            "sure",
            "completeness",
            "added_share",
        ):
            value = getattr(self, name)
            if not 0.0 < value <= 1.0:
                msg = f"{name} must be above 0 and at most 1, got {value}"
                raise ConfigError(msg)
        if self.partial > self.copy:
            msg = f"partial ({self.partial}) must not exceed copy ({self.copy})"
            raise ConfigError(msg)
        _require_at_least("partial_chars", self.partial_chars, 1)
        _require_at_least("garbled_places", self.garbled_places, 1)
        _require_at_least("chars_a_blank", self.chars_a_blank, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DedupConfig:
    """All choices of a `Deduplicator`.

    Attributes:
        min_chars: Normalized characters below which only equal text matches.
        max_candidates: Known articles compared exactly with one incoming article.
        max_chars: Longest incoming text, of a page its main text; None for no limit.
        sketch: How texts become signatures.
        thresholds: Where verdicts begin.
    """

    min_chars: int = 40
    max_candidates: int = 64
    max_chars: int | None = None
    sketch: SketchConfig = field(default_factory=SketchConfig)
    thresholds: Thresholds = field(default_factory=Thresholds)

    def __post_init__(self) -> None:
        """Refuse values outside their range."""
        _require_at_least("min_chars", self.min_chars, self.sketch.shingle_length)
        _require_at_least("max_candidates", self.max_candidates, 1)


def _require_at_least(name: str, value: int, least: int) -> None:
    if value < least:
        msg = f"{name} must be at least {least}, got {value}"
        raise ConfigError(msg)
