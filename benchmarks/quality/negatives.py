"""Articles that look alike and are none: strangers, same events, formulas; and true pairs."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from dedup import CheckResult, Scores, Thresholds, Verdict
from dedup.errors import DedupError
from quality.corpus import CorpusArticle, is_held_out, read_records
from quality.damage import Surroundings, cells, make_case
from quality.exhaustive import EveryArticle
from quality.kinds import Severity
from quality.known import KnownArticles
from quality.matching import is_related

__all__ = ["check_pages", "check_pairs", "check_strangers", "list_formulaic", "list_same_event"]

_GRADED_DIFFERENT = 2.0
_UNRELATED = 0.2  # share below which a text has no relative among the known ones
_SHOWN = 160  # characters of each text in a listing
_NOT_OF_ONE_ARTICLE = ("compilation", "prose_added", "updated")


def _pair(one: str, other: str, answer: CheckResult, texts: tuple[str, str]) -> dict[str, Any]:
    return {
        "id": one,
        "original": other,
        "verdict": answer.verdict,
        "containment": round(answer.scores.containment, 3),
        "coverage": round(answer.scores.coverage, 3),
        "texts": [" ".join(text.split())[:_SHOWN] for text in texts],
    }


def check_strangers(
    known: KnownArticles,
    strangers: Sequence[CorpusArticle],
    around: Surroundings,
    *,
    checks: int,
    seed: int,
) -> dict[str, Any]:
    """Check articles that are not known, as they are and damaged; list each that has an original.

    Natural relatives of known articles, by an exact count over all, are listed apart, to be
    read. Of the others every original is false.
    """
    texts = {article.id: article.text for article in known.originals}
    every = EveryArticle([known.prepare(text) for text in texts.values()])
    kinds = [
        (entry.name, severity)
        for entry, severity in cells()
        if not entry.name.startswith(_NOT_OF_ONE_ARTICLE) and severity is not Severity.EXTREME
    ]
    rng = Random(seed)
    unrelated, relatives, nearest_shares = [], [], []
    for article in strangers:
        nearest = every.nearest(known.prepare(article.text))
        share = max(nearest.containment, nearest.coverage)
        nearest_shares.append(round(share, 4))
        if share < _UNRELATED:
            unrelated.append(article)
            continue
        answer = known.check(article.text)
        if answer.original:
            other = answer.original.id
            relatives.append(_pair(article.id, other, answer, (article.text, texts[other])))
    done = 0
    false: list[dict[str, Any]] = []
    verdicts: Counter[str] = Counter()
    for turn in range(1 + checks // max(len(unrelated), 1)):
        for article in unrelated[: checks - done]:
            text = article.text
            if turn:
                name, severity = rng.choice(kinds)
                case = make_case(article, name, severity, seed=seed + turn, around=around)
                text = case.text if case else text
            answer = known.check(text)
            done += 1
            verdicts[str(answer.verdict)] += 1
            if answer.original:
                other = answer.original.id
                row = _pair(article.id, other, answer, (text, texts[other]))
                false.append({**row, "damage": f"{name}/{severity}" if turn else ""})
    return {
        "checks": done,
        "verdicts": dict(verdicts),
        "false": false,
        "relatives": relatives,
        "nearest_containment": nearest_shares,
    }


def _check_or_none(known: KnownArticles, text: str) -> CheckResult | None:
    try:
        return known.check(text)
    except DedupError:  # a text without a letter
        return None


def list_same_event(path: Path) -> dict[str, Any]:
    """Check each pair of articles on one event; list those found, with the graders' word.

    1 is very similar, 4 different; a copy found in a pair graded 2 or more is false.
    """
    pairs = list(read_records(path))
    first = [CorpusArticle(f"{pair['id']}/1", "", pair["text1"], path.name) for pair in pairs]
    with KnownArticles(first) as known:
        return _compare_events(pairs, known)


def _compare_events(pairs: Sequence[dict[str, Any]], known: KnownArticles) -> dict[str, Any]:
    listed, false = [], 0
    containments = []
    for pair in pairs:
        answer = _check_or_none(known, pair["text2"])
        if answer is None:
            continue
        one, other = known.prepare(pair["text1"]), known.prepare(pair["text2"])
        scores = Scores(*other.shingles.overlap(one.shingles))
        containments.append(round(scores.containment, 4))
        if answer.original:
            grade = float(pair["overall"])
            false += grade >= _GRADED_DIFFERENT
            texts = (pair["text2"], pair["text1"])
            row = _pair(f"{pair['id']}/2", answer.original.id, answer, texts)
            listed.append({**row, "grade": grade})
    return {"pairs": len(pairs), "false": false, "listed": listed, "containments": containments}


def list_formulaic(articles: Sequence[CorpusArticle]) -> dict[str, Any]:
    """Remember a whole collection of articles made by a formula; list the copies found.

    Copies with the same normalized text are counted and not listed.
    """
    with KnownArticles(articles) as known:
        return _list_copies(articles, known)


def _list_copies(articles: Sequence[CorpusArticle], known: KnownArticles) -> dict[str, Any]:
    texts = {article.id: article.text for article in articles}
    every = EveryArticle([known.prepare(article.text) for article in known.originals])
    listed = []
    verdicts = Counter(answer.verdict for answer in known.results.values())
    for name, answer in known.results.items():
        if answer.original and answer.verdict is not Verdict.EXACT:
            other = answer.original.id
            listed.append(_pair(name, other, answer, (texts[name], texts[other])))
    nearest = []
    for number, article in enumerate(known.originals[:500]):
        counts, size = every.shared(known.prepare(article.text))
        counts[number] = 0
        nearest.append(round(float(counts.max()) / max(size, 1), 4))
    return {
        "articles": len(articles),
        "verdicts": {str(verdict): count for verdict, count in verdicts.items()},
        "listed": listed,
        "nearest_containment": nearest,
    }


def check_pages(path: Path, articles: Sequence[CorpusArticle], *, tuning: bool) -> dict[str, Any]:
    """Check archived pages around known articles: the visible text with all that is around.

    Pages that do not carry the article's text (comparing says so) are counted apart.
    """
    with KnownArticles(articles) as known:
        return _check_known_pages(list(read_records(path)), articles, known, tuning=tuning)


def _check_known_pages(
    records: Sequence[dict[str, Any]],
    articles: Sequence[CorpusArticle],
    known: KnownArticles,
    *,
    tuning: bool,
) -> dict[str, Any]:
    by_id = {article.id: article for article in articles if article.id in known.results}
    thresholds = Thresholds()
    counts: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    missed = []
    for record in records:
        if record["id"] not in by_id or is_held_out(record["id"]) is tuning:
            continue
        page = known.prepare(record["text"])
        scores = Scores(*page.shingles.overlap(known.prepare(by_id[record["id"]].text).shingles))
        answer = known.check(record["text"])
        right = known.original_of(record["id"])
        found = {match.id for match in answer.matches}
        carries = scores.coverage >= thresholds.copy
        counts["pages"] += 1
        counts["carrying"] += carries
        if not carries:
            continue
        counts["found"] += right in found
        counts["as_original"] += bool(answer.original and answer.original.id == right)
        verdicts[answer.verdict] += 1
        if not (answer.original and answer.original.id == right):
            missed.append(
                {
                    "id": record["id"],
                    "verdict": answer.verdict,
                    "original": answer.original.id if answer.original else None,
                    "found": right in found,
                    "containment": round(scores.containment, 3),
                    "coverage": round(scores.coverage, 3),
                }
            )
    return {
        **counts,
        "verdicts": {str(name): count for name, count in verdicts.items()},
        "missed": missed,
    }


def check_pairs(
    path: Path, articles: Iterable[CorpusArticle], *, tuning: bool, limit: int
) -> dict[str, Any]:
    """Check natural pairs that share much by an exact count: is the other one found?

    Args:
        path: Pairs of ids `a`, `b`.
        articles: The collections that they come from.
        tuning: Which half; pairs with both in it are taken.
        limit: Pairs at most.
    """
    by_id = {article.id: article for article in articles}
    pairs = [
        (record["a"], record["b"])
        for record in read_records(path)
        if {record["a"], record["b"]} <= by_id.keys()
        and is_held_out(record["a"]) is not tuning
        and is_held_out(record["b"]) is not tuning
    ][:limit]
    with KnownArticles([by_id[name] for name in sorted({b for _, b in pairs})]) as known:
        return _check_natural_pairs(pairs, by_id, known)


def _check_natural_pairs(
    pairs: Sequence[tuple[str, str]], by_id: Mapping[str, CorpusArticle], known: KnownArticles
) -> dict[str, Any]:
    thresholds = Thresholds()
    counts: Counter[str] = Counter()
    missed = []
    for one, other in pairs:
        scores = Scores(
            *known.prepare(by_id[one].text).shingles.overlap(
                known.prepare(by_id[other].text).shingles
            )
        )
        if not is_related(scores, thresholds):
            continue
        answer = known.check(by_id[one].text)
        found = {match.id for match in answer.matches}
        # A cluster answers with its original.
        hit = bool({other, known.original_of(other)} & found)
        level = (
            "copies" if max(scores.containment, scores.coverage) >= thresholds.copy else "partial"
        )
        counts[level] += 1
        counts[f"{level}_found"] += hit
        if not hit:
            row = {
                "containment": round(scores.containment, 3),
                "coverage": round(scores.coverage, 3),
            }
            missed.append({"id": one, "other": other, **row})
    return {"pairs": len(pairs), **counts, "missed": missed}
