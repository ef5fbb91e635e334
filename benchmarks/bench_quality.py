"""Measure the quality of detection, repair and matching over a corpus of real articles.

    python benchmarks/bench_quality.py CORPUS [--part damage] [--kinds gbk_shift invisible]
        [--severity usual] [--articles 50] [--known 2000] [--json result.json]

CORPUS is a directory of `*.jsonl.gz` files of `{id, title, text, label, source}`. Articles are
taken from the half that is held out from tuning; `--tuning` takes the other half. All damage
is made by a seeded generator (`quality/damage.py`), so that two runs measure the same.

The table marks cells below target with `<`; the JSON file holds everything, with failing
examples. See docs/benchmarks.md.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from quality.baselines import Baselines
from quality.corpus import CorpusArticle, read_articles
from quality.curves import draw_containments
from quality.damage import KINDS, Surroundings
from quality.kinds import Severity
from quality.known import KnownArticles
from quality.matching import Matcher
from quality.negatives import (
    check_pages,
    check_pairs,
    check_strangers,
    list_formulaic,
    list_same_event,
)
from quality.repairing import measure_clean, measure_damage, measure_excerpts
from quality.report import (
    counts_of,
    print_damage_cell,
    print_damage_header,
    print_judged,
    print_listing,
    print_matching_cell,
    print_matching_header,
    print_theory,
)
from quality.tables import read_tables

PARTS = ("damage", "clean", "matching", "negatives")
CLEAN_COLLECTIONS = ("news_chinanews", "news_xwlb", "news_taiwan")
SUBJECT_COLLECTIONS = ("news_chinanews", "news_taiwan", "news_thucnews_sample")
LEAST_CHARS = 300  # of an article that is damaged; shorter ones are a matter of their own
FORMULAIC_COLLECTIONS = ("news_hk_fire", "news_xwlb", "news_nankai", "templ_court_judgments")
MORE_COLLECTIONS = ("news_xwlb", "news_nankai", "news_hk_fire", "msgs_cofacts", "templ_cec_events")
EXCERPTS = "garbled_real_excerpts.jsonl.gz"
PAGES, PAGED_COLLECTION = "pages_hk_fire_rawtext.jsonl.gz", "news_hk_fire"
PAIRS = "pairs_natural_candidates.jsonl.gz"
SAME_EVENT = "related_pairs_semeval.jsonl.gz"
PROSE = 300  # articles kept unknown, for prose of a copy's own
COPY_THRESHOLD = 0.6  # where a copy begins, in the curves


def parse_arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help="directory of *.jsonl.gz files")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="names, or beginnings of names")
    parser.add_argument("--severity", nargs="+", choices=list(Severity), type=Severity)
    parser.add_argument("--articles", type=int, default=100, help="a cell (default: 100)")
    parser.add_argument("--known", type=int, default=5_000, help="known articles (default: 5000)")
    parser.add_argument(
        "--baseline-articles",
        type=int,
        default=0,
        help="of each cell, also for the packages as they come; slow (default: 0)",
    )
    parser.add_argument("--strangers", type=int, default=30_000, help="unrelated checks")
    parser.add_argument("--pairs", type=int, default=2_000, help="natural pairs at most")
    parser.add_argument("--curves", type=Path, help="draw containments to this SVG file")
    parser.add_argument(
        "--fill", type=int, default=0, help="more known articles, made up, for scale (default: 0)"
    )
    parser.add_argument("--tables", type=Path, help="default: CORPUS/tables")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tuning", action="store_true", help="the half for tuning")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    return parser.parse_args()


class Corpus:
    """The articles of a run, and what it has opened."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._opened = ExitStack()
        self.folder: Path = options.corpus
        self.tuning: bool = options.tuning
        self.rng = Random(options.seed)
        self.tables = read_tables(options.tables or self.folder / "tables")
        if not self.files():
            raise SystemExit(f"no *.jsonl.gz files in {self.folder}")

    def open_until_end(self, known: KnownArticles) -> KnownArticles:
        """Keep known articles until the run is over."""
        return self._opened.enter_context(known)

    def close(self) -> None:
        """Remove the stores that were opened."""
        self._opened.close()

    def files(self) -> list[Path]:
        """Return the collections that are there."""
        return sorted(self.folder.glob("*.jsonl.gz"))

    def collection(self, name: str, *, least: int = 0) -> list[CorpusArticle]:
        """Return a collection's articles in random order, nothing if it is not there."""
        path = self.folder / f"{name}.jsonl.gz"
        articles = read_articles(path, tuning=self.tuning, least=least) if path.exists() else []
        self.rng.shuffle(articles)
        return articles

    def subjects(self) -> list[CorpusArticle]:
        """Return articles to damage: long enough and varied, the collections mixed."""
        pools = [self.collection(name, least=LEAST_CHARS) for name in SUBJECT_COLLECTIONS]
        if not any(pools):  # another corpus: take whatever has texts
            names = [path.name.partition(".")[0] for path in self.files()]
            pools = [self.collection(name, least=LEAST_CHARS) for name in names]
        mixed = list(itertools.chain.from_iterable(pools))
        self.rng.shuffle(mixed)
        return mixed


def choose_kinds(names: Sequence[str] | None) -> list[str] | None:
    """Return the kinds whose names are or begin with those given."""
    if names is None:
        return None
    chosen = [kind for kind in KINDS if any(kind.startswith(name) for name in names)]
    if not chosen:
        raise SystemExit(f"no such kind; there are: {' '.join(KINDS)}")
    return chosen


def run_damage(corpus: Corpus, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure detection and repair of every kind."""
    subjects = corpus.subjects()
    articles, rest = subjects[: options.articles], subjects[options.articles :]
    around = Surroundings(
        companions=rest[:400],
        prose=[article.text for article in rest[400:600]],
        tables=corpus.tables,
    )
    print_damage_header()
    rows = []
    for cell in measure_damage(
        articles,
        around,
        kinds=choose_kinds(options.kinds),
        severities=options.severity,
        seed=options.seed,
    ):
        print_damage_cell(cell)
        rows.append(cell.as_json())
    return rows


def run_clean(corpus: Corpus) -> dict[str, Any]:
    """Measure false alarms on clean articles, and detection on excerpts of real pages."""
    articles = itertools.chain.from_iterable(map(corpus.collection, CLEAN_COLLECTIONS))
    clean = measure_clean(articles)
    print("\n  clean collection          n   flagged   changed  med.ms worst.ms")
    for name, entry in clean.items():
        share = len(entry["flags"]) / entry["articles"]
        print(
            f"{'<' if share > 0.001 else ' '} {name:20}{entry['articles']:7}"
            f"{len(entry['flags']):10}{len(entry['changed']):10}"
            f"{entry['median_ms']:8.2f}{entry['worst_ms']:8.1f}"
        )
        for flag in (*entry["flags"], *entry["changed"]):
            print(f"      {flag['id']} {flag['kinds']} {flag['changes']}")
    excerpts = corpus.folder / EXCERPTS
    rows = measure_excerpts(excerpts) if excerpts.exists() else []
    if rows:
        print(f"\n  real excerpts flagged rightly: {sum(row['right'] for row in rows)}/{len(rows)}")
        for row in rows:
            if not (row["right"] and row["all"]):
                print(f"      {row['id']} {row['label']!r}: {row['named']}")
    return {"clean": clean, "excerpts": rows}


def run_matching(corpus: Corpus, options: argparse.Namespace) -> dict[str, Any]:
    """Measure recall and verdicts of every kind, and the theory of the sketch."""
    subjects = corpus.subjects()
    prose, pool = subjects[:PROSE], subjects[PROSE:]
    others = [
        article for name in MORE_COLLECTIONS for article in corpus.collection(name, least=100)
    ]
    chosen = (pool + others)[: options.known]
    known = corpus.open_until_end(KnownArticles(chosen))
    known.fill(options.fill, chosen, corpus.tables.common, options.seed)
    suited = {article.id for article in pool}
    originals = [article for article in known.originals if article.id in suited]
    around = Surroundings(
        companions=originals[options.articles : options.articles + 400],
        prose=[article.text for article in prose],
        tables=corpus.tables,
    )
    baselines = Baselines(chosen) if options.baseline_articles else None
    matcher = Matcher(known, around, baselines, baseline_articles=options.baseline_articles)
    print(
        f"\n  {len(chosen)} known articles, {len(known.originals)} of them originals, "
        f"and {options.fill} made up"
    )
    print_matching_header(Baselines.names if baselines else ())
    rows = []
    for cell in matcher.measure(
        originals[: options.articles],
        kinds=choose_kinds(options.kinds),
        severities=options.severity,
        seed=options.seed,
    ):
        print_matching_cell(cell)
        rows.append(cell.as_json())
    theory = matcher.theory.report()
    print_theory(theory)
    return {"matching": rows, "theory": theory}


def run_negatives(corpus: Corpus, options: argparse.Namespace) -> dict[str, Any]:
    """Look for originals where there are none, and for pairs where there are some."""
    results: dict[str, Any] = {}
    subjects = corpus.subjects()
    half = max(1, min(options.known, len(subjects) // 2))
    known = corpus.open_until_end(KnownArticles(subjects[:half]))
    others = [a for name in MORE_COLLECTIONS for a in corpus.collection(name, least=100)]
    around = Surroundings(
        companions=subjects[half : half + 400],
        prose=[article.text for article in subjects[half : half + PROSE]],
        tables=corpus.tables,
    )
    strangers = check_strangers(
        known, subjects[half:] + others, around, checks=options.strangers, seed=options.seed
    )
    results["strangers"] = strangers
    print(
        f"\n  strangers: {strangers['checks']} checks against {half} known, "
        f"{len(strangers['false'])} with an original: {strangers['verdicts']}"
    )
    print_listing(strangers["false"])
    print("\n  natural relatives of known articles, those with an original")
    print_judged(strangers["relatives"])
    same_event = corpus.folder / SAME_EVENT
    if same_event.exists():
        found = results["same_event"] = list_same_event(same_event)
        print(
            f"\n  same event: {found['pairs']} pairs, {found['false']} copies in pairs graded >= 2"
        )
        print_judged(found["listed"])
    for name in FORMULAIC_COLLECTIONS:
        articles = corpus.collection(name)
        if articles:
            listed = results.setdefault("formulaic", {})[name] = list_formulaic(articles)
            print(f"\n  {name}: {listed['articles']} articles, {listed['verdicts']}")
            print_judged(listed["listed"])
    pages = corpus.folder / PAGES
    if pages.exists():
        around_articles = corpus.collection(PAGED_COLLECTION)
        found = results["pages"] = check_pages(pages, around_articles, tuning=corpus.tuning)
        print(f"\n  pages around known articles: {counts_of(found)}")
        print_listing(found["missed"][:10])
    pairs = corpus.folder / PAIRS
    if pairs.exists():
        every = [
            a
            for path in corpus.files()
            if path.name.startswith(("news_", "msgs_", "templ_"))
            for a in corpus.collection(path.name.partition(".")[0])
        ]
        found = results["pairs"] = check_pairs(
            pairs, every, tuning=corpus.tuning, limit=options.pairs
        )
        print(f"\n  natural pairs: {counts_of(found)}")
        print_listing(found["missed"][:10])
    return results


def curves(results: dict[str, Any]) -> dict[str, list[float]]:
    """Return what is to be drawn: the larger of containment and coverage, by class."""
    classes: dict[str, list[float]] = {}
    for row in results.get("matching", ()):
        name = row["kind"].split("_")[0]
        group = name if name in {"excerpt", "compilation"} else f"copies, {row['severity']}"
        classes.setdefault(group, []).extend(max(pair) for pair in row["containments"])
    if "strangers" in results:
        classes["strangers"] = results["strangers"]["nearest_containment"]
        classes["same event"] = results.get("same_event", {}).get("containments", [])
        for name, listing in results.get("formulaic", {}).items():
            classes[f"nearest in {name}"] = listing["nearest_containment"]
    return classes


def main() -> None:
    """Run the parts that were asked for."""
    options = parse_arguments()
    start = time.perf_counter()
    corpus = Corpus(options)
    results: dict[str, Any] = {"arguments": sys.argv[1:]}
    if "damage" in options.part:
        results["damage"] = run_damage(corpus, options)
    if "clean" in options.part:
        results.update(run_clean(corpus))
    if "matching" in options.part:
        results.update(run_matching(corpus, options))
    if "negatives" in options.part:
        results.update(run_negatives(corpus, options))
    corpus.close()
    if options.curves:
        draw_containments(curves(results), COPY_THRESHOLD, options.curves)
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"\n  {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
