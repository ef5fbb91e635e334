"""The damage benchmark: is damage seen, named and undone, and is clean text left alone?

Each article is checked against an empty store through the library, as a client would, so
that all that is done to a text counts: main text, repair, boilerplate.
"""

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from dedup import Article, CheckResult, DamageKind, Deduplicator, repair
from quality.alignment import Returned, compare, same_but_for_script
from quality.corpus import CorpusArticle, read_records
from quality.damage import Case, Surroundings, cells, make_case
from quality.kinds import Recovery, Severity

__all__ = ["DamageCell", "measure_clean", "measure_damage", "measure_excerpts"]

_EXAMPLES = 3

# What the labels of transcribed excerpts of real pages say, in our words.
_LABELS = {
    "pinyin": DamageKind.PINYIN_ANNOTATION,
    "seed 001": DamageKind.PINYIN_ANNOTATION,
    "gbk_shift": DamageKind.GBK_SHIFT,
    "doubled_comma": DamageKind.DOUBLED_PUNCTUATION,
    "nsfw": DamageKind.KEYWORD_STUFFING,
    "title chunks": DamageKind.TITLE_CHUNKS,
    "jammer": DamageKind.JAMMER,
    "_x000d_": DamageKind.JAMMER,
    "read as latin-1": DamageKind.WRONG_ENCODING,
    "latin-1/cp1252": DamageKind.WRONG_ENCODING,
    "u+fffd": DamageKind.LOST_CHARACTERS,
    "锟斤拷": DamageKind.LOST_CHARACTERS,
}


@dataclass(slots=True)
class DamageCell:
    """One kind at one severity.

    Attributes:
        kind: Its name.
        severity: Its severity.
        articles: Number of articles damaged.
        flagged: Share that was found damaged, or found sound where nothing is damaged.
        named: Share with all the right kinds named.
        identical: Share that came back identical up to script; None where not promised.
        returned: Share of the characters whose bytes survive that came back.
        marked: Characters that became `�`, of a thousand.
        wrong: Characters filled in wrongly, of a thousand.
        missing: Characters gone without a mark, of a thousand.
        added: Characters that were never there, of a thousand.
        median_ms: Time of a check.
        worst_ms: Longest time of a check.
        kinds: Kinds named, and in how many articles.
        examples: Ids of articles that failed, and how.
    """

    kind: str
    severity: Severity
    articles: int
    flagged: float
    named: float
    identical: float | None = None
    returned: float | None = None
    marked: float = 0.0
    wrong: float = 0.0
    missing: float = 0.0
    added: float = 0.0
    median_ms: float = 0.0
    worst_ms: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Checker:
    """Checks texts one at a time against an empty store."""

    def __init__(self) -> None:
        self._resources = ExitStack()
        folder = self._resources.enter_context(tempfile.TemporaryDirectory())
        self._dedup = self._resources.enter_context(Deduplicator.open(folder, durable=False))
        self.check("第一次调用的时间不算在内。", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._resources.close()

    def check(self, text: str, title: str) -> tuple[CheckResult, float]:
        """Return the answer with the repaired text, and the seconds it took."""
        start = time.perf_counter()
        answer = self._dedup.check(
            Article(text=text, title=title or None), remember=False, repaired=True
        )
        return answer, time.perf_counter() - start


def measure_damage(
    articles: Sequence[CorpusArticle],
    around: Surroundings,
    *,
    kinds: Iterable[str] | None,
    severities: Iterable[Severity] | None,
    seed: int,
) -> Iterable[DamageCell]:
    """Yield a cell for every kind and severity, as soon as it is measured."""
    with Checker() as checker:
        for entry, severity in cells(kinds, severities):
            made = (
                make_case(article, entry.name, severity, seed=seed, around=around)
                for article in articles
            )
            cases = [case for case in made if case is not None]
            if cases:
                yield _measure_cell(cases, checker)


def _measure_cell(cases: Sequence[Case], checker: Checker) -> DamageCell:
    first = cases[0]
    flagged = named = identical = surviving = 0
    totals: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    times: list[float] = []
    examples: list[dict[str, Any]] = []
    for case in cases:
        answer, seconds = checker.check(case.text, "")
        times.append(1_000 * seconds)
        seen.update(answer.damage.kinds)
        visible = any(kind.is_damage for kind in case.shows)
        is_flagged = answer.damage.damaged == visible
        is_named = case.shows <= set(answer.damage.kinds)
        flagged += is_flagged
        named += is_named
        failure: dict[str, Any] = {}
        if not (is_flagged and is_named):
            failure["damage"] = {"damaged": answer.damage.damaged, **answer.damage.kinds}
        if case.undamaged is not None and case.recovery is not Recovery.NONE:
            repaired = answer.repaired or ""
            # What shows no damage must come back as it is, to the last blank.
            same = (
                repaired == case.text
                if case.undamaged == case.text
                else same_but_for_script(repaired, case.undamaged)
            )
            identical += same
            back = compare(repaired, case.undamaged)
            surviving += back.total - (case.unrecoverable or 0)
            totals.update(_counts(back))
            if not same and (case.recovery is Recovery.IDENTICAL or back.wrong or back.missing):
                failure["repair"] = back.examples
        if failure and len(examples) < _EXAMPLES:
            examples.append({"id": case.article_id, **failure})
    cell = DamageCell(
        first.kind,
        first.severity,
        len(cases),
        flagged / len(cases),
        named / len(cases),
        median_ms=statistics.median(times),
        worst_ms=max(times),
        kinds=dict(seen),
        examples=examples,
    )
    if totals["total"]:
        if first.recovery is Recovery.IDENTICAL:
            cell.identical = identical / len(cases)
        cell.returned = min(1.0, totals["equal"] / max(surviving, 1))
        for name in ("marked", "wrong", "missing", "added"):
            setattr(cell, name, 1_000 * totals[name] / totals["total"])
    return cell


def _counts(back: Returned) -> dict[str, int]:
    names = ("total", "equal", "marked", "wrong", "missing", "added")
    return {name: getattr(back, name) for name in names}


def measure_clean(articles: Iterable[CorpusArticle]) -> dict[str, dict[str, Any]]:
    """Return, for each collection, how many clean articles there are and every flag.

    A changed text that is not flagged is listed too: undamaged text must come back identical.
    """
    result: dict[str, dict[str, Any]] = {}
    with Checker() as checker:
        for article in articles:
            entry = result.setdefault(
                article.collection, {"articles": 0, "flags": [], "changed": [], "ms": []}
            )
            entry["articles"] += 1
            answer, seconds = checker.check(article.text, article.title)
            entry["ms"].append(1_000 * seconds)
            if answer.damage.damaged:
                entry["flags"].append({"id": article.id, **_evidence(article.text, answer)})
            elif answer.repaired != article.text:
                entry["changed"].append({"id": article.id, **_evidence(article.text, answer)})
    for entry in result.values():
        times = entry.pop("ms")
        entry["median_ms"], entry["worst_ms"] = statistics.median(times), max(times)
    return result


def _evidence(text: str, answer: CheckResult) -> dict[str, Any]:
    back = compare(answer.repaired or "", text)
    return {"kinds": dict(answer.damage.kinds), "changes": back.examples[:3]}


def measure_excerpts(path: Path) -> list[dict[str, Any]]:
    """Return for each transcribed excerpt of a real page the kinds expected and named."""
    return [_excerpt_row(record) for record in read_records(path)]


def _excerpt_row(record: dict[str, Any]) -> dict[str, Any]:
    label = record["label"].lower()
    expected = {kind for word, kind in _LABELS.items() if word in label}
    # Of some excerpts nothing is left that an article could be checked by.
    damage = repair(record["text"]).damage
    named = set(damage.kinds)
    return {
        "id": record["id"],
        "label": record["label"],
        "expected": sorted(expected),
        "named": {str(kind): count for kind, count in damage.kinds.items()},
        "damaged": damage.damaged,
        "right": damage.damaged and bool(expected & named),
        "all": expected <= named,
    }
