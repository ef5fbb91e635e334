"""Measure what grows with the number of known articles: start, memory, disk and checks.

    python benchmarks/bench_scale.py CORPUS FOLDER [--known 10000 100000 1000000]
        [--requests 1000] [--rounds 3] [--figure FILE]

Articles are clauses of real ones (`*.jsonl.gz` files in CORPUS), put together anew: of 10,000,
a new one shares sampled shingles with as many as a real one does. They are written to a store
in FOLDER without being compared, as originals; a store that has some is filled up. After each
size a service is started on it and asked, in turns with an endpoint that does nothing, about
new articles that it is not to remember. See docs/performance.md.
"""

import argparse
import re
import statistics
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from random import Random
from typing import NamedTuple

import psutil  # type: ignore[import-untyped]
from bench_speed import DEDUP, EMPTY_SERVICE, NUM_CHARS, checked, requests_of, served
from speed.collection import make_articles, read_texts
from speed.load import run_load

from dedup import Article, DedupConfig, Verdict
from dedup.deduplicator import founded_cluster_id
from dedup.models import ArticleRecord
from dedup.preparation import PreparedArticle, Preparer, text_to_keep
from dedup.store.base import Finding, NewArticle
from dedup.store.opening import open_store

_CLAUSE = re.compile(r"[^，。！？；\n]{4,}[，。！？；]")
_WRITTEN_AT_ONCE = 512


class Measured(NamedTuple):
    """What a number of known articles costs.

    Attributes:
        known: The number.
        ready: Seconds from the start of a service to its first answer.
        ram: Bytes of memory an article.
        disk: Bytes of the store an article.
        rate: Checks a second, as shares of an empty endpoint's, one of each round.
    """

    known: int
    ready: float
    ram: float
    disk: float
    rate: Sequence[float]


def mixed(texts: Sequence[str], seed: int) -> Iterator[str]:
    """Yield articles of clauses of others, of the lengths of these."""
    generator = Random(seed)
    clauses = [clause for text in texts for clause in _CLAUSE.findall(text)]
    lengths = [max(150, min(len(text), 6_000)) for text in texts]
    while True:
        wanted = 1.25 * generator.choice(lengths)
        pieces: list[str] = []
        num_chars = 0
        while num_chars < wanted:
            pieces.append(generator.choice(clauses))
            num_chars += len(pieces[-1])
        yield "".join(pieces)


def fill(folder: Path, known: int, texts: Sequence[str]) -> None:
    """Write articles to a store until it has so many."""
    preparer = Preparer(DedupConfig())
    store = open_store(folder, scheme=preparer.scheme, durable=False)
    present = store.read().stats().articles
    articles = (
        Article(text=text, id=f"{present}-{number}")
        for number, text in enumerate(mixed(texts, present))
    )
    for _ in range(present, known, _WRITTEN_AT_ONCE):
        with store.write() as writer:
            for prepared in preparer.prepare_batch(list(islice(articles, _WRITTEN_AT_ONCE))):
                if isinstance(prepared, PreparedArticle):
                    writer.add(_as_original(prepared))
    store.close()


def _as_original(prepared: PreparedArticle) -> NewArticle:
    return NewArticle(
        record=ArticleRecord(
            id=prepared.id, title=None, url=None, published_at=None, first_seen=datetime.now(UTC)
        ),
        format=prepared.article.format,
        text=prepared.article.text,
        text_digest=prepared.text_digest,
        normalized=text_to_keep(prepared.normalized),
        normalized_digest=prepared.normalized_digest,
        signature=prepared.sketch,
        finding=Finding(
            verdict=Verdict.NEW,
            matches=(),
            damage=prepared.normalized.repaired.damage,
            too_short=prepared.too_short,
        ),
        cluster_id=founded_cluster_id(prepared.id),
    )


def measure(folder: Path, known: int, texts: Sequence[str], requests: int, rounds: int) -> Measured:
    """Start a service on a store and ask it."""
    disk = sum(file.stat().st_size for file in folder.iterdir()) / known
    begun = time.perf_counter()
    with served(*EMPTY_SERVICE) as empty, served(DEDUP, "serve", "--store", folder) as port:
        wait_until_ready(port)
        ready = time.perf_counter() - begun
        [service] = [
            process
            for process in psutil.Process().children()
            if any(one.laddr.port == port for one in process.net_connections())
        ]
        rates = []
        for turn in range(rounds):
            new = make_articles(texts, requests, length=NUM_CHARS, seed=known + turn)
            limit = checked(run_load(empty, requests_of(new, "e", remember=False)))
            rate = checked(run_load(port, requests_of(new, "n", remember=False)))
            rates.append(rate / limit)
        ram = service.memory_info().rss / known
    return Measured(known, ready, ram, disk, rates)


def wait_until_ready(port: int) -> None:
    """Return when a service answers that it is."""
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready"):
            return
        time.sleep(0.05)


def draw(rows: Sequence[Measured], path: Path) -> None:
    """Draw the shares and the bytes by the number of known articles."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, (rates, sizes) = plt.subplots(1, 2, figsize=(9, 3.2))
    known = [row.known for row in rows]
    rates.plot(known, [statistics.median(row.rate) for row in rows], marker="o")
    rates.set(title="checks of new articles", ylabel="share of the empty endpoint", ylim=(0, None))
    sizes.plot(known, [row.ram for row in rows], marker="o", label="memory of the service")
    sizes.plot(known, [row.disk for row in rows], marker="s", label="store on the disk")
    sizes.set(title="an article", ylabel="bytes", ylim=(1, None), yscale="log")
    sizes.legend()
    for axes in (rates, sizes):
        axes.set(xlabel="known articles", xscale="log")
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--known", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    texts = read_texts(arguments.corpus)
    rows = []
    print("| known | ready, s | memory, bytes an article | disk | share of the empty endpoint |")
    print("| --- | --- | --- | --- | --- |")
    for known in sorted(arguments.known):
        folder = arguments.folder / str(known)
        fill(folder, known, texts)
        row = measure(folder, known, texts, arguments.requests, arguments.rounds)
        rows.append(row)
        rate = f"{statistics.median(row.rate):.2f} [{min(row.rate):.2f}–{max(row.rate):.2f}]"
        print(f"| {known:,} | {row.ready:.1f} | {row.ram:,.0f} | {row.disk:,.0f} | {rate} |")
    if arguments.figure is not None:
        draw(rows, arguments.figure)


if __name__ == "__main__":
    main()
