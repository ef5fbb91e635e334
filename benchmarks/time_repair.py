"""Time the repairs over real articles: who is called for clean text, and what it costs.

    python benchmarks/time_repair.py DIRECTORY [--articles 500] [--damaged]

DIRECTORY holds `*.jsonl.gz` files of `{id, title, text}`, as `make bench-quality` reads them.
For every file: what `repair` takes an article, what the one look takes, and every finder with
the share of articles that call it, its time a call and an article. Times are of the
processor, in microseconds, the least of several runs of each article. With `--damaged`, the
same of articles damaged in each way that `bench_quality` knows, and the slowest of them.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from quality.corpus import CorpusArticle, read_articles
from quality.damage import cells, make_case
from quality.kinds import Severity

from dedup.models import Edit
from dedup.text.code_points import code_points
from dedup.text.damage import repair as repairing
from dedup.text.damage.repair import CATALOGUE, Repair, repair
from dedup.text.damage.suspicion import look_for_damage
from dedup.text.marks import Mark

RUNS = 3
T = TypeVar("T")


class Calls(NamedTuple):
    """The calls of one finder or edit: how many texts made one, and the seconds of all."""

    texts: set[int]
    seconds: list[float]


class Stopwatch:
    """What every function that is watched has taken, by name."""

    def __init__(self) -> None:
        self.calls: defaultdict[str, Calls] = defaultdict(lambda: Calls(set(), []))
        self.text = 0

    def watched(self, name: str, function: Callable[..., T]) -> Callable[..., T]:
        """Return a function that does the same and is timed."""

        def timed(*arguments: object) -> T:
            begun = time.thread_time()
            try:
                return function(*arguments)
            finally:
                calls = self.calls[name]
                calls.texts.add(self.text)
                calls.seconds.append(time.thread_time() - begun)

        return timed


@contextmanager
def watching(stopwatch: Stopwatch) -> Iterator[None]:
    """Time every entry of the catalogue, and the search for boilerplate."""

    def entry_of(entry: Repair) -> Repair:
        find: Callable[[str], Sequence[Mark]] = stopwatch.watched(entry.name, entry.find)
        edit: Callable[[str, Sequence[Mark]], Sequence[Edit]]
        edit = stopwatch.watched(entry.name + " (edits)", entry.edit)
        asked = entry.could_find and stopwatch.watched(entry.name + " (asked)", entry.could_find)
        return entry._replace(find=find, edit=edit, could_find=asked)

    functions = {
        name: getattr(repairing, name) for name in ("find_boilerplate", "count_traditional")
    }
    repairing.CATALOGUE = tuple(map(entry_of, CATALOGUE))
    for name, function in functions.items():
        setattr(repairing, name, stopwatch.watched(name, function))
    try:
        yield
    finally:
        repairing.CATALOGUE = CATALOGUE
        for name, function in functions.items():
            setattr(repairing, name, function)


def least_seconds(stages: Sequence[Callable[[], object]]) -> list[float]:
    """Return the least time of a few runs of each; in turns, so that nothing is remembered."""
    least = [float("inf")] * len(stages)
    for _ in range(RUNS):
        for number, stage in enumerate(stages):
            begun = time.thread_time()
            stage()
            least[number] = min(least[number], time.thread_time() - begun)
    return least


def print_finders(texts: list[str]) -> None:
    """Print what calls for what, and its time."""
    stopwatch = Stopwatch()
    with watching(stopwatch):
        for number, text in enumerate(texts):
            stopwatch.text = number
            repair(text)
    rows = sorted(stopwatch.calls.items(), key=lambda item: -sum(item[1].seconds))
    for name, calls in rows:
        total = sum(calls.seconds) * 1e6
        share = len(calls.texts) / len(texts)
        each = total / len(calls.seconds)
        print(f"    {name:<34}{share:>8.1%}{each:>10.1f}{total / len(texts):>10.2f}")


def print_texts(name: str, texts: list[str]) -> None:
    """Print what one collection takes."""
    codes = [code_points(text) for text in texts]
    look = sum(least_seconds([partial(look_for_damage, one) for one in codes]))
    took = least_seconds([partial(repair, *one) for one in zip(texts, codes, strict=True)])
    num_chars = sum(map(len, texts))
    share = sum(
        seconds > 2e-5 + 4e-9 * len(text) for seconds, text in zip(took, texts, strict=True)
    )
    print(
        f"{name}: {len(texts):,} articles of {num_chars / len(texts):,.0f} characters;"
        f" repair {sum(took) / len(texts) * 1e6:.1f} µs, of it the look"
        f" {look / len(texts) * 1e6:.1f}; most {max(took) * 1e6:,.0f};"
        f" {share / len(texts):.1%} take more than the look"
    )
    print_finders(texts)


def pick(articles: list[CorpusArticle], count: int) -> list[CorpusArticle]:
    """Return so many of them, the same ones each time."""
    return Random(0).sample(articles, min(count, len(articles)))


def print_damaged(articles: list[CorpusArticle]) -> None:
    """Print the mean and the most that a 2,700-character article takes, by kind of damage."""
    rows = []
    for kind, severity in cells(severities=(Severity.USUAL, Severity.HEAVY)):
        cases = (make_case(article, kind.name, severity) for article in articles)
        texts = [case.text for case in cases if case]
        if not texts:
            continue
        took = least_seconds([partial(repair, text) for text in texts])
        usual = [seconds / len(text) * 2_700 for seconds, text in zip(took, texts, strict=True)]
        rows.append((max(usual), sum(usual) / len(usual), kind.name, severity))
    for most, mean, name, severity in sorted(rows, reverse=True):
        print(f"    {name:<30}{severity:<10}{mean * 1e3:>9.2f}{most * 1e3:>9.2f} ms")


def files_of(folder: Path, names: Iterable[str]) -> list[Path]:
    """Return the collections of these names, all if none is given."""
    wanted = set(names)
    paths = sorted(folder.glob("*.jsonl.gz"))
    return [path for path in paths if not wanted or path.name.partition(".")[0] in wanted]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--collections", nargs="*", default=())
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--damaged", action="store_true")
    options = parser.parse_args()
    for path in files_of(options.folder, options.collections):
        articles = pick(read_articles(path, tuning=True), options.articles)
        if options.damaged:
            print(path.name.partition(".")[0])
            print_damaged([article for article in articles if len(article.text) >= 1_000])
        else:
            print_texts(path.name.partition(".")[0], [article.text for article in articles])


if __name__ == "__main__":
    main()
