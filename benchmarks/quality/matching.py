"""The matching benchmark: is every copy found, and called what it is?"""

import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dedup import CheckResult, DedupError, Scores, Thresholds, Verdict
from dedup.preparation import PreparedArticle
from quality.baselines import Baselines
from quality.corpus import CorpusArticle
from quality.damage import Case, Surroundings, cells, make_case
from quality.kinds import Severity
from quality.known import KnownArticles
from quality.sampling import SketchTheory

__all__ = ["Matcher", "MatchingCell", "is_related"]

_EXAMPLES = 4
_PAIRS_A_CELL = 25  # for the statistics of estimates


@dataclass(slots=True)
class MatchingCell:
    """One kind at one severity.

    Attributes:
        kind: Its name.
        severity: Its severity.
        articles: Number of copies checked.
        recall: Share with the right known article among the matches.
        exhaustive: Share in which comparing with every known article finds it.
        original: Share with the right original, or none where none is due.
        verdict: Share with a right verdict.
        sources: Share of all known articles carried that are among the matches.
        strangers: Copies that were called a copy of another article.
        verdicts: Verdicts given, and how often.
        causes: What failed: `repair` left too little to compare, `candidates` did not
            find what comparison would, `verdict` was not right, or it is called a copy of a
            `stranger`.
        baselines: Recall of the packages as they come, on some of the articles.
        median_ms: Time of a check.
        containments: Containment and coverage in the right original, for curves.
        examples: Ids of articles that failed, and how.
    """

    kind: str
    severity: Severity
    articles: int
    recall: float
    exhaustive: float
    original: float
    verdict: float
    sources: float
    strangers: int
    verdicts: dict[str, int]
    causes: dict[str, int]
    median_ms: float
    baselines: dict[str, float] = field(default_factory=dict)
    containments: list[tuple[float, float]] = field(default_factory=list)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def is_related(scores: Scores, thresholds: Thresholds) -> bool:
    """Whether two texts share enough for any verdict but `new`."""
    share = max(scores.containment, scores.coverage)
    return share >= thresholds.copy or (
        share >= thresholds.partial and scores.shared >= thresholds.partial_chars
    )


class Matcher:
    """Checks damaged copies of known articles."""

    def __init__(
        self,
        known: KnownArticles,
        around: Surroundings,
        baselines: Baselines | None,
        *,
        baseline_articles: int,
    ) -> None:
        """Take the known articles; `baseline_articles` of a cell go to the packages too."""
        self._known = known
        self._around = around
        self._baselines = baselines
        self._baseline_articles = baseline_articles
        self._thresholds = Thresholds()
        self._prepared: dict[str, PreparedArticle] = {}
        self.theory = SketchTheory()

    def measure(
        self,
        articles: Sequence[CorpusArticle],
        *,
        kinds: Iterable[str] | None,
        severities: Iterable[Severity] | None,
        seed: int,
    ) -> Iterator[MatchingCell]:
        """Yield a cell for every kind and severity, as soon as it is measured."""
        for article in articles:
            self._prepared[article.id] = self._known.prepare(article.text)
        for entry, severity in cells(kinds, severities):
            made = (
                make_case(article, entry.name, severity, seed=seed, around=self._around)
                for article in articles
            )
            cases = [case for case in made if case is not None]
            if cases:
                yield self._measure_cell(cases)

    def _measure_cell(self, cases: Sequence[Case]) -> MatchingCell:
        counts: Counter[str] = Counter()
        verdicts: Counter[str] = Counter()
        causes: Counter[str] = Counter()
        times: list[float] = []
        containments: list[tuple[float, float]] = []
        examples: list[dict[str, Any]] = []
        carried = 0
        for number, case in enumerate(cases):
            start = time.perf_counter()
            try:
                answer = self._known.check(case.text)
            except DedupError as error:
                causes[type(error).__name__] += 1
                continue
            times.append(1_000 * (time.perf_counter() - start))
            scores = self._exact(case, statistics_too=number < _PAIRS_A_CELL)
            containments.append((round(scores.containment, 4), round(scores.coverage, 4)))
            found = {match.id for match in answer.matches}
            if answer.original:
                found.add(answer.original.id)
            related = is_related(scores, self._thresholds)
            cause = _cause(case, answer, found, related=related)
            verdicts[answer.verdict] += 1
            carried += len(case.sources)
            counts["sources"] += len(found & set(case.sources))
            counts["recall"] += case.article_id in found
            counts["exhaustive"] += related
            counts["original"] += _has_right_original(case, answer)
            counts["verdict"] += answer.verdict in case.verdicts
            if answer.original and answer.original.id not in case.sources:
                counts["strangers"] += 1
                cause = "stranger"
            if cause:
                causes[cause] += 1
                if len(examples) < _EXAMPLES:
                    examples.append(_example(case, answer, scores, cause))
        share = {name: count / len(cases) for name, count in counts.items()}
        return MatchingCell(
            cases[0].kind,
            cases[0].severity,
            len(cases),
            recall=share.get("recall", 0.0),
            exhaustive=share.get("exhaustive", 0.0),
            original=share.get("original", 0.0),
            verdict=share.get("verdict", 0.0),
            sources=counts["sources"] / max(carried, 1),
            strangers=counts["strangers"],
            verdicts=dict(verdicts),
            causes=dict(causes),
            median_ms=statistics.median(times) if times else 0.0,
            baselines=self._compare_baselines(cases),
            containments=containments,
            examples=examples,
        )

    def _exact(self, case: Case, *, statistics_too: bool) -> Scores:
        """Return the exact scores of a copy against its original, whatever the index finds."""
        copy, original = self._known.prepare(case.text), self._prepared[case.article_id]
        scores = Scores(*copy.shingles.overlap(original.shingles))
        if statistics_too:
            self.theory.add(copy, original, scores.jaccard)
        return scores

    def _compare_baselines(self, cases: Sequence[Case]) -> dict[str, float]:
        chosen = cases[: self._baseline_articles]
        if self._baselines is None or not chosen:
            return {}
        hits: Counter[str] = Counter()
        for case in chosen:
            for name, found in self._baselines.find(case.text).items():
                hits[name] += case.article_id in found
        return {name: hits[name] / len(chosen) for name in Baselines.names}


def _has_right_original(case: Case, answer: CheckResult) -> bool:
    if answer.original is None:
        return any(not verdict.is_copy for verdict in case.verdicts)
    return any(verdict.is_copy for verdict in case.verdicts) and answer.original.id in case.sources


def _cause(case: Case, answer: CheckResult, found: set[str], *, related: bool) -> str:
    """Return what failed, empty if nothing did."""
    if case.article_id not in found:
        if Verdict.NEW in case.verdicts and answer.original is None:
            return ""
        return "candidates" if related else "repair"
    return "" if answer.verdict in case.verdicts else "verdict"


def _example(case: Case, answer: CheckResult, scores: Scores, cause: str) -> dict[str, Any]:
    return {
        "id": case.article_id,
        "cause": cause,
        "verdict": answer.verdict,
        "expected": sorted(case.verdicts),
        "original": answer.original.id if answer.original else None,
        "containment": round(scores.containment, 3),
        "coverage": round(scores.coverage, 3),
        "damage": dict(answer.damage.kinds),
    }
