"""What a kind of damage is: its name, how to make it, and what the service should say.

A maker is a pure function of a subject, a severity and a random generator. Register one
with `@kind(...)`; importing `quality.damage` registers all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from dedup import DamageKind, Verdict

if TYPE_CHECKING:
    from quality.tables import Tables

__all__ = [
    "ANY_RELATION",
    "COPIES",
    "GARBLED",
    "KINDS",
    "Damaged",
    "Kind",
    "Recovery",
    "Severity",
    "Subject",
    "Verdicts",
    "kind",
    "levels",
]


class Severity(StrEnum):
    """How hard an article is hit."""

    LIGHT = "light"
    USUAL = "usual"
    HEAVY = "heavy"
    EXTREME = "extreme"


class Recovery(StrEnum):
    """What a perfect repair of the text alone can give back."""

    IDENTICAL = "identical"  # `Damaged.undamaged`, character by character
    MARKED = "marked"  # that, with `�` where a character's bytes are gone
    NONE = "none"  # nothing to undo, or nothing that shows in the copy alone


@dataclass(frozen=True, slots=True)
class Subject:
    """The article to damage and what may be mixed into it.

    Attributes:
        text: The clean article.
        title: Its title, may be empty.
        companions: Other known articles, for compilations.
        prose: Texts that nobody knows, for prose of the copy's own.
        tables: Words and characters that are not in any package; may be empty tables.
    """

    text: str
    title: str
    companions: Sequence[str]
    prose: Sequence[str]
    tables: "Tables"


class Damaged(NamedTuple):
    """What a maker returns.

    Attributes:
        text: The copy.
        undamaged: What a perfect repair would return; None where there is no one answer.
        unrecoverable: Characters whose bytes are gone; None where that is not known.
        sources: Positions in `Subject.companions` of the articles that it also carries.
        shows: Damage kinds that must be reported, where the kind alone does not say.
    """

    text: str
    undamaged: str | None = None
    unrecoverable: int | None = 0
    sources: tuple[int, ...] = ()
    shows: frozenset[DamageKind] = frozenset()


Verdicts = Mapping[Severity, frozenset[Verdict]]
Maker = Callable[[Subject, Severity, Random], Damaged | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of damage.

    Attributes:
        name: Its name on the command line.
        make: Returns the damaged article, or None where the article offers no place for it.
        shows: The damage kinds that must be reported; empty where nothing shows.
        verdicts: The right verdicts for each severity that it has.
        recovery: What a perfect repair gives back.
        group: What it belongs with in a table.
    """

    name: str
    make: Maker
    shows: frozenset[DamageKind]
    verdicts: Verdicts
    recovery: Recovery = Recovery.NONE
    group: str = ""

    @property
    def keeps_text(self) -> bool:
        """Whether a copy of this kind shows no damage, so that repair must not touch it."""
        return not any(shown.is_damage for shown in self.shows) and self.name not in _REPAIRED


# Shows damage that depends on the case; markup, of which the main text is taken.
_REPAIRED = frozenset({"five_at_once", "page_html"})

KINDS: dict[str, Kind] = {}

GARBLED = frozenset({Verdict.GARBLED_MIRROR})
COPIES = frozenset({Verdict.EXACT, Verdict.REPRINT})
ANY_RELATION = frozenset(
    {Verdict.GARBLED_MIRROR, Verdict.REPRINT, Verdict.EXCERPT, Verdict.COMPILATION, Verdict.PARTIAL}
)


def levels(
    light: frozenset[Verdict],
    usual: frozenset[Verdict] | None = None,
    heavy: frozenset[Verdict] | None = None,
    *,
    extreme: bool = False,
) -> Verdicts:
    """Return the right verdicts by severity; what is not given is as one step lighter.

    At extreme severity finding the original is what counts, so any relation is right.
    """
    usual = usual or light
    table = {Severity.LIGHT: light, Severity.USUAL: usual, Severity.HEAVY: heavy or usual}
    if extreme:
        table[Severity.EXTREME] = ANY_RELATION
    return table


def kind(
    name: str,
    verdicts: Verdicts,
    *shows: DamageKind,
    recovery: Recovery = Recovery.NONE,
) -> Callable[[Maker], Maker]:
    """Register a maker under a name."""

    def register(make: Maker) -> Maker:
        if name in KINDS:
            raise ValueError(f"two kinds of damage are called {name}")
        group = make.__module__.rpartition(".")[2]
        KINDS[name] = Kind(name, make, frozenset(shows), verdicts, recovery, group)
        return make

    return register
