"""Measure what grows with the number of articles: scans, starts, memory, disk and checks.

    python benchmarks/bench_scale.py CORPUS FOLDER [--articles 10000 100000 1000000]
        [--requests 1000] [--rounds 3] [--figure FILE]

Articles are clauses of real ones (`*.jsonl.gz` files in CORPUS), put together anew: of 10,000,
a new one shares sampled shingles with as many as a real one does. They are scanned, one in
twenty of them a copy; and written to a store in FOLDER without being compared, as originals,
where a store that has some is filled up. After each size a service is started on the store
and asked, in turns with an endpoint that does nothing, about new articles that it is not to
remember. See docs/performance.md.
"""

import argparse
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory, TemporaryFile
from typing import NamedTuple, TypeVar

import orjson
import psutil  # type: ignore[import-untyped]
from bench_speed import DEDUP, EMPTY_SERVICE, NUM_CHARS, checked, requests_of, served
from speed.collection import (
    Mixture,
    line_of,
    make_articles,
    read_texts,
    with_copies,
)
from speed.load import run_load

from dedup import Article, DedupConfig, Verdict
from dedup.batch.parallel import Workers
from dedup.clusters import founded_cluster_id
from dedup.models import ArticleRecord
from dedup.preparation import PreparedArticle, Preparer, text_to_keep
from dedup.store.base import Finding, NewArticle
from dedup.store.opening import open_store

_MADE_AT_ONCE = 500
_SAMPLED_EVERY_S = 0.2

_Result = TypeVar("_Result")


class Scanned(NamedTuple):
    """What a scan of a number of articles costs, and what it finds.

    Attributes:
        rate: Articles a second, start-up included.
        ram: Bytes of memory an article at the peak, all processes together.
        recall: Share of the copies that are told to be copies of their originals.
    """

    rate: float
    ram: float
    recall: float


class Served(NamedTuple):
    """What a service that knows a number of articles costs.

    Attributes:
        ready: Seconds from the start of a service to its first answer.
        ram: Bytes of memory an article.
        disk: Bytes of the store an article.
        rate: Checks a second, as shares of an empty endpoint's, one of each round.
    """

    ready: float
    ram: float
    disk: float
    rate: Sequence[float]


class _Maker:
    """Makes articles, a piece at a time, so that several processes can."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._mixture = Mixture(texts)
        self._preparer = Preparer(DedupConfig())

    def lines(self, piece: range) -> tuple[list[str], dict[str, str]]:
        """Return articles as lines of JSON, and of those that are copies the originals."""
        generator = Random(piece.start)
        articles = [
            one._replace(
                id=f"{piece.start:08}-{one.id}",
                copied=one.copied and f"{piece.start:08}-{one.copied}",
            )
            for one in islice(with_copies(self._mixture.articles(generator), generator), len(piece))
        ]
        copies = {one.id: one.copied for one in articles if one.copied is not None}
        return list(map(line_of, articles)), copies

    def originals(self, piece: range) -> list[NewArticle]:
        """Return articles to write to a store."""
        texts = islice(self._mixture.articles(Random(f"store {piece.start}")), len(piece))
        articles = [
            Article(text=text, id=f"{number}") for number, text in zip(piece, texts, strict=True)
        ]
        return [
            _as_original(prepared)
            for prepared in self._preparer.prepare_batch(articles)
            if isinstance(prepared, PreparedArticle)
        ]


def made(
    make: Callable[[_Maker, range], _Result], texts: Sequence[str], start: int, stop: int
) -> Iterator[_Result]:
    """Yield what is made of the articles from one number to another, on all cores."""
    pieces = (
        range(first, min(first + _MADE_AT_ONCE, stop))
        for first in range(start, stop, _MADE_AT_ONCE)
    )
    with Workers(partial(_Maker, texts), None) as workers:
        for _, result in workers.each(make, pieces):
            yield result


def measure_scan(count: int, texts: Sequence[str], folder: Path) -> Scanned:
    """Scan a collection, which is written to the folder for that time."""
    originals: dict[str, str] = {}
    with TemporaryDirectory(dir=folder) as collection, TemporaryFile() as output:
        with (Path(collection) / "articles.jsonl").open("w", encoding="utf-8") as file:
            for lines, copies in made(_Maker.lines, texts, 0, count):
                file.writelines(lines)
                originals |= copies
        begun = time.perf_counter()
        process = psutil.Popen([DEDUP, "scan", collection, "--json"], stdout=output)
        peak = 0
        while process.poll() is None:
            peak = max(peak, memory_of(process))
            time.sleep(_SAMPLED_EVERY_S)
        taken = time.perf_counter() - begun
        if process.returncode != 0:
            raise SystemExit(f"scanning {count:,} articles failed")
        output.seek(0)
        answers = map(orjson.loads, output)
        found = sum(originals.get(one["id"], "") == one["original"] for one in answers)
    return Scanned(count / taken, peak / count, found / len(originals))


def memory_of(process: psutil.Process) -> int:
    """Return the bytes that a process and its children have in memory, shared pages once."""
    total = 0
    for one in (process, *process.children()):
        with suppress(psutil.Error):  # it may have ended
            total += one.memory_full_info().pss
    return total


def fill(folder: Path, known: int, texts: Sequence[str]) -> None:
    """Write articles to a store until it has so many."""
    store = open_store(folder, scheme=Preparer(DedupConfig()).scheme, durable=False)
    for articles in made(_Maker.originals, texts, store.read().stats().articles, known):
        with store.write() as writer:
            for article in articles:
                writer.add(article)
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


def measure_service(
    folder: Path, known: int, texts: Sequence[str], requests: int, rounds: int
) -> Served:
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
    return Served(ready, ram, disk, rates)


def wait_until_ready(port: int) -> None:
    """Return when a service answers that it is."""
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready"):
            return
        time.sleep(0.05)


def draw(
    counts: Sequence[int], scans: Sequence[Scanned], services: Sequence[Served], path: Path
) -> None:
    """Draw articles a second and bytes an article by the number of articles."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    figure, (rates, shares, sizes) = plt.subplots(1, 3, figsize=(12, 3.2))
    rates.plot(counts, [one.rate for one in scans], marker="o")
    rates.set(title="dedup scan", ylabel="articles a second", ylim=(0, None))
    shares.plot(counts, [statistics.median(one.rate) for one in services], marker="o")
    shares.set(title="checks of new articles", ylabel="share of an empty endpoint", ylim=(0, None))
    sizes.plot(counts, [one.ram for one in scans], marker="o", label="memory of a scan")
    sizes.plot(counts, [one.ram for one in services], marker="s", label="memory of a service")
    sizes.plot(counts, [one.disk for one in services], marker="^", label="store on the disk")
    sizes.set(title="an article", ylabel="bytes", yscale="log")
    sizes.legend()
    for axes in (rates, shares, sizes):
        axes.set(xlabel="articles", xscale="log")
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None})


def main() -> None:
    """Measure each size and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--articles", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    texts = read_texts(arguments.corpus)
    counts = sorted(arguments.articles)
    scans: list[Scanned] = []
    services: list[Served] = []
    print("| articles | scan, articles/s | memory an article | copies found |", end="")
    print(" service ready, s | memory an article | disk | share of the empty endpoint |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for number in counts:
        scans.append(measure_scan(number, texts, arguments.folder))
        rate, ram, recall = scans[-1]
        print(f"| {number:,} | {rate:,.0f} | {ram:,.0f} | {recall:.4f} |", end="", flush=True)
        folder = arguments.folder / str(number)
        fill(folder, number, texts)
        services.append(
            measure_service(folder, number, texts, arguments.requests, arguments.rounds)
        )
        ready, ram, disk, rates = services[-1]
        share = f"{statistics.median(rates):.2f} [{min(rates):.2f}–{max(rates):.2f}]"
        print(f" {ready:.1f} | {ram:,.0f} | {disk:,.0f} | {share} |", flush=True)
    if arguments.figure is not None:
        draw(counts, scans, services, arguments.figure)


if __name__ == "__main__":
    main()
