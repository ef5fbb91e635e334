"""All kinds of damage, by name, and cases made of articles with them.

    from quality.damage import make_case
    case = make_case(article, "gbk_shift", Severity.USUAL, seed=1)

The same article, kind, severity and seed give the same case. Makers live in the modules
below; each is one pure function of a `Subject`, a `Severity` and a `random.Random`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from dedup import DamageKind, Verdict
from quality import bytewise, combos, edits, encodings, marks, shares, surroundings
from quality.corpus import CorpusArticle
from quality.kinds import KINDS, Kind, Recovery, Severity, Subject
from quality.tables import Tables, read_tables

__all__ = ["KINDS", "Case", "Surroundings", "cells", "make_case"]

MODULES = (bytewise, encodings, marks, surroundings, edits, shares, combos)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What makers may mix in; nothing by default.

    Attributes:
        companions: Other known articles.
        prose: Texts that nobody knows.
        tables: Words and characters.
    """

    companions: Sequence[CorpusArticle] = ()
    prose: Sequence[str] = ()
    tables: Tables | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A damaged copy, and what should be said of it.

    Attributes:
        kind: Name of the kind of damage.
        severity: How hard.
        article_id: The id of the clean article.
        clean: The clean article.
        text: The copy.
        undamaged: What a perfect repair would return, where there is one answer.
        unrecoverable: Characters whose bytes are gone; None where that is not known.
        recovery: What a perfect repair gives back.
        shows: Damage kinds that must be reported.
        verdicts: The right verdicts.
        sources: Ids of all known articles that it carries.
    """

    kind: str
    severity: Severity
    article_id: str
    clean: str
    text: str
    undamaged: str | None
    unrecoverable: int | None
    recovery: Recovery
    shows: frozenset[DamageKind]
    verdicts: frozenset[Verdict]
    sources: tuple[str, ...]


def make_case(
    article: CorpusArticle,
    kind: str,
    severity: Severity,
    *,
    seed: int = 0,
    around: Surroundings | None = None,
) -> Case | None:
    """Return the article damaged in one way, None where it offers no place for it.

    Raises:
        KeyError: There is no such kind, or it has no such severity.
    """
    entry = KINDS[kind]
    verdicts = entry.verdicts[severity]
    around = around or Surroundings()
    rng = Random(f"{seed}/{kind}/{severity}/{article.id}")
    subject = Subject(
        article.text,
        article.title,
        [other.text for other in around.companions],
        around.prose,
        around.tables or read_tables(),
    )
    made = entry.make(subject, severity, rng)
    if made is None:
        return None
    shows = entry.shows | made.shows
    undamaged, recovery = made.undamaged, entry.recovery
    if recovery is Recovery.NONE and entry.keeps_text:
        undamaged, recovery = made.text, Recovery.IDENTICAL
    sources = (article.id, *(around.companions[number].id for number in made.sources))
    return Case(
        kind=kind,
        severity=severity,
        article_id=article.id,
        clean=article.text,
        text=made.text,
        undamaged=undamaged,
        unrecoverable=made.unrecoverable,
        recovery=recovery,
        shows=shows,
        verdicts=verdicts,
        sources=sources,
    )


def cells(
    kinds: Iterable[str] | None = None, severities: Iterable[Severity] | None = None
) -> Iterator[tuple[Kind, Severity]]:
    """Yield every kind and severity that is there, of those asked for."""
    wanted = set(severities or Severity)
    for name in kinds or KINDS:
        entry = KINDS[name]
        for severity in entry.verdicts:
            if severity in wanted:
                yield entry, severity
