"""From comparisons and stored rows to answers: of an incoming article, and of a known one.

A known article's answer is brought up to date when it is asked for: its cluster may have
another original by now, and articles that it matched may be gone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from dedup.comparison import Comparer, Comparison
from dedup.models import Article, CheckResult, Match, Scores, Verdict
from dedup.preparation import PreparedArticle, Preparer
from dedup.store.base import StoredArticle, StoreReader
from dedup.verdicts import carries_whole, rank

__all__ = ["Answers", "Relation", "Standing", "best_first"]


@dataclass(frozen=True, slots=True)
class Relation:
    """A known article and what the incoming one is to it.

    Attributes:
        known: An original, or a copy that was found by prose of its own.
        verdict: Against it.
        scores: Against it.
        original: The one that answers for its cluster; usually the same.
    """

    known: StoredArticle
    verdict: Verdict
    scores: Scores
    original: StoredArticle

    @property
    def is_original(self) -> bool:
        """Whether the known article answers for its cluster."""
        return self.known.number == self.original.number

    def yields_to(self, prepared: PreparedArticle) -> bool:
        """Whether the known article is a damaged version of the incoming, sound one."""
        return (
            self.is_original
            and carries_whole(self.verdict)
            and self.known.finding.damage.damaged
            and not prepared.damaged
        )

    def as_match(self) -> Match:
        """Return the relation for an answer."""
        return Match(id=self.known.record.id, verdict=self.verdict, scores=self.scores)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a known article is within its cluster today.

    Attributes:
        verdict: Against the original, if it shares enough with that.
        scores: Against the same.
        is_by_own_prose: Whether both are against another copy, which has what they share
            and the original lacks.
    """

    verdict: Verdict
    scores: Scores
    is_by_own_prose: bool = False


def best_first(comparisons: Iterable[Comparison]) -> tuple[Comparison, ...]:
    """Return comparisons with the best match first, the older article on a tie."""
    return tuple(
        sorted(comparisons, key=lambda found: (*rank(found.verdict, found.scores), found.number))
    )


class Answers:
    """Builds answers over one preparer and comparer."""

    def __init__(self, preparer: Preparer, comparer: Comparer) -> None:
        """Answer with these."""
        self._preparer = preparer
        self._comparer = comparer

    def relate(
        self, prepared: PreparedArticle, comparisons: Sequence[Comparison], reader: StoreReader
    ) -> list[Relation]:
        """Return the known articles behind comparisons, in the same order."""
        if not comparisons:
            return []
        rows = reader.articles([comparison.number for comparison in comparisons])
        originals = {number: self.original_of(row, reader) for number, row in rows.items()}
        # A copy is a mirror of what it copies, and says nothing beside it.
        others = {number for number, original in originals.items() if original.number == number}
        comparisons = best_first(
            self._comparer.beside_others(prepared, comparisons, others, reader)
        )
        relations = [
            Relation(
                rows[comparison.number],
                comparison.verdict,
                comparison.scores,
                originals[comparison.number],
            )
            for comparison in comparisons
            if comparison.number in rows
        ]
        relations = _without_echoes(relations)
        separated = reader.separated_from(prepared.normalized_digest)
        relations = [
            relation for relation in relations if relation.known.cluster_id not in separated
        ]
        # Beside a damaged original a sound text looks garbled: the fault is not its own.
        return [
            replace(relation, verdict=Verdict.REPRINT) if relation.yields_to(prepared) else relation
            for relation in relations
        ]

    def fresh(
        self,
        prepared: PreparedArticle,
        relations: Sequence[Relation],
        *,
        cluster_id: str | None = None,
        promoted: bool = False,
    ) -> CheckResult:
        """Return the answer to an article that was not known.

        Args:
            prepared: The article.
            relations: To known articles, best first.
            cluster_id: Of a new original's own cluster; a copy's is its original's.
            promoted: Whether it takes the best match's place.
        """
        best = relations[0] if relations else None
        original = best.original if best and best.verdict.is_copy else None
        return CheckResult(
            id=prepared.id,
            verdict=best.verdict if best else Verdict.NEW,
            cluster_id=original.cluster_id if original else cluster_id,
            original=original.record if original else None,
            scores=best.scores if best else Scores(),
            matches=tuple(relation.as_match() for relation in relations),
            damage=prepared.normalized.repaired.damage,
            too_short=prepared.too_short,
            promoted=promoted,
            replaces=original.record.id if original and promoted else None,
        )

    def recorded(self, stored: StoredArticle, reader: StoreReader) -> CheckResult:
        """Return the answer that a known article got, brought up to date."""
        finding = stored.finding
        numbers = [match.number for match in finding.matches]
        original = self.original_of(stored, reader)
        rows = reader.articles(numbers) | {original.number: original}
        standing = self.standing(stored, original, reader)
        matches = [
            Match(id=rows[match.number].record.id, verdict=match.verdict, scores=match.scores)
            for match in finding.matches
            if match.number in rows and match.number != original.number
        ]
        is_original = original.number == stored.number
        promoted = is_original and finding.replaces is not None
        copied = None if is_original else original
        if copied is not None and not standing.is_by_own_prose:
            own = Match(id=copied.record.id, verdict=standing.verdict, scores=standing.scores)
            matches.insert(0, own)
        elif promoted:
            copied = rows.get(finding.matches[0].number)
        return CheckResult(
            id=stored.record.id,
            verdict=standing.verdict,
            cluster_id=stored.cluster_id,
            original=copied.record if copied else None,
            scores=standing.scores,
            matches=tuple(matches),
            damage=finding.damage,
            too_short=finding.too_short,
            promoted=promoted,
            replaces=finding.replaces if promoted else None,
        )

    def original_of(self, stored: StoredArticle, reader: StoreReader) -> StoredArticle:
        """Return the article that answers for the cluster of a known one."""
        cluster = reader.cluster(stored.cluster_id)
        if cluster is None or cluster.original == stored.number:
            return stored
        return reader.articles([cluster.original]).get(cluster.original, stored)

    def standing(
        self, stored: StoredArticle, original: StoredArticle, reader: StoreReader
    ) -> Standing:
        """Return what a known article is to its cluster's original as that is today."""
        finding = stored.finding
        best = finding.matches[0] if finding.matches else None
        if original.number == stored.number:
            if finding.verdict.is_copy and finding.replaces is None:
                return Standing(Verdict.NEW, Scores())  # a copy that came to be the original
            return Standing(finding.verdict, best.scores if best else Scores())
        if best is not None and best.number == original.number:
            return Standing(best.verdict, best.scores)
        text = reader.text(stored.number)
        if text is None:
            return Standing(finding.verdict, Scores())
        article = Article(text=text, id=stored.record.id, format=stored.format)
        prepared = self._preparer.prepare(article)
        comparisons = self._comparer.compare(prepared, [original.number], reader)
        relations = self.relate(prepared, comparisons, reader)
        if not relations:
            is_by_own_prose = best is not None and bool(reader.articles([best.number]))
            return Standing(
                finding.verdict,
                best.scores if best and is_by_own_prose else Scores(),
                is_by_own_prose=is_by_own_prose,
            )
        return Standing(relations[0].verdict, relations[0].scores)


def _without_echoes(relations: Sequence[Relation]) -> list[Relation]:
    """Leave out copies that were found, where an original says as much.

    A copy is listed for what it has besides its original. It is a match if the article is
    closer to it than to that original, and no copy of any.
    """
    originals = [relation for relation in relations if relation.is_original]
    if any(relation.verdict.is_copy for relation in originals):
        return originals
    tiers = {
        relation.known.number: rank(relation.verdict, relation.scores) for relation in originals
    }
    return [
        relation
        for relation in relations
        if relation.is_original
        or rank(relation.verdict, relation.scores)
        < tiers.get(relation.original.number, rank(Verdict.NEW, Scores()))
    ]
