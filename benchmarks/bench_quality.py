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
from pathlib import Path
from random import Random
from typing import Any

from quality.corpus import CorpusArticle, read_articles
from quality.damage import KINDS, Surroundings
from quality.kinds import Severity
from quality.repairing import DamageCell, measure_clean, measure_damage, measure_excerpts
from quality.tables import read_tables

PARTS = ("damage", "clean")
CLEAN_COLLECTIONS = ("news_chinanews", "news_xwlb", "news_taiwan")
SUBJECT_COLLECTIONS = ("news_chinanews", "news_taiwan", "news_thucnews_sample")
LEAST_CHARS = 300  # of an article that is damaged; shorter ones are a matter of their own
EXCERPTS = "garbled_real_excerpts.jsonl.gz"


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
    parser.add_argument("--tables", type=Path, help="default: CORPUS/tables")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tuning", action="store_true", help="the half for tuning")
    parser.add_argument("--json", type=Path, help="write all results to this file")
    return parser.parse_args()


class Corpus:
    """The articles of a run."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.folder: Path = options.corpus
        self.tuning: bool = options.tuning
        self.rng = Random(options.seed)
        self.tables = read_tables(options.tables or self.folder / "tables")
        if not self.files():
            raise SystemExit(f"no *.jsonl.gz files in {self.folder}")

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


def print_damage_cell(cell: DamageCell) -> None:
    """Print a line of the damage table."""
    low = (
        cell.flagged < 0.99
        or cell.named < 0.99
        or (cell.identical is not None and cell.identical < 0.99)
        or (cell.returned is not None and cell.returned < 0.995)
    )
    print(
        f"{'<' if low else ' '} {cell.kind:34}{cell.severity:8}{cell.articles:5}"
        f"{cell.flagged:8.3f}{cell.named:8.3f}{_share(cell.identical)}{_share(cell.returned)}"
        f"{cell.marked:8.2f}{cell.wrong:7.2f}{cell.missing:7.2f}{cell.added:7.2f}"
        f"{cell.median_ms:8.2f}{cell.worst_ms:8.1f}",
        flush=True,
    )


def _share(value: float | None) -> str:
    return f"{value:8.4f}" if value is not None else "       -"


def run_damage(corpus: Corpus, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure detection and repair of every kind."""
    subjects = corpus.subjects()
    articles, rest = subjects[: options.articles], subjects[options.articles :]
    around = Surroundings(
        companions=rest[:400],
        prose=[article.text for article in rest[400:600]],
        tables=corpus.tables,
    )
    print(
        f"\n  {'damage':34}{'severity':8}{'n':>5} flagged   named identic.  return. "
        "marked‰ wrong‰  miss.‰ added‰  med.ms worst.ms"
    )
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
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"\n  {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
