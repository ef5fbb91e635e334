"""Measure speed as ratios within one run: against packages as they come, and against limits.

    python benchmarks/bench_speed.py [--corpus DIRECTORY] [--articles 20000] [--rounds 3]
        [--readme README.md]

Articles are put together from those of a corpus (a directory of `*.jsonl.gz` files), or from
two of the seeds. What is compared takes turns in every round, so that a busy machine disturbs
both alike. A row is the median over the rounds, with the quartiles in brackets.
`--readme` writes the table between the markers in that file. See docs/performance.md.
"""

import argparse
import contextlib
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import orjson
from speed.collection import Made, make_articles, mirror, read_texts, write_collection
from speed.load import Load, post, run_load
from speed.peers import PACKAGES, RENSA

DEDUP = Path(sys.executable).with_name("dedup")
HERE = Path(__file__).parent
EMPTY_SERVICE = (
    sys.executable, "-m", "uvicorn", "speed.empty_service:app", "--app-dir", str(HERE),
    "--loop", "uvloop", "--http", "httptools", "--no-access-log",
)  # fmt: skip
BEGIN, END = "<!-- speed: written by make bench -->", "<!-- /speed -->"

SEED = 20_261_122
NUM_CHARS = 2_700
PACKAGE_ARTICLES = 200
KNOWN = 500


class Row(NamedTuple):
    """A line of the table: what was divided by what, in each round."""

    name: str
    against: str
    ratios: Sequence[float]
    note: str

    def cells(self) -> tuple[str, str, str, str]:
        """Return the line's texts."""
        low, middle, high = statistics.quantiles(self.ratios, n=4, method="inclusive")
        spread = f"{middle:.2f} [{low:.2f}–{high:.2f}]"
        return self.name, self.against, spread, self.note


def seconds_of(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def share_found(articles: Sequence[Made], originals: dict[str, str | None]) -> float:
    """Return the share of the copies that are told to be copies of their originals."""
    copies = [one for one in articles if one.copied is not None]
    return sum(originals.get(one.id) == one.copied for one in copies) / max(len(copies), 1)


def scan(folder: Path) -> dict[str, str | None]:
    """Return the original of each article, as `dedup scan` says."""
    lines = subprocess.run([DEDUP, "scan", folder, "--json"], stdout=subprocess.PIPE, check=True)
    answers = map(orjson.loads, lines.stdout.splitlines())
    return {answer["id"]: answer["original"] for answer in answers}


def decode(path: Path) -> None:
    """Read a file and decode its JSON, and do nothing with it."""
    with path.open("rb") as lines:
        for line in lines:
            orjson.loads(line)


def scan_rows(texts: Sequence[str], count: int, rounds: int) -> Iterator[Row]:
    """Yield what `dedup scan` is against packages and against reading the file."""
    articles = make_articles(texts, count, length=None, seed=SEED)
    peers = [(PACKAGES, articles[:PACKAGE_ARTICLES]), (RENSA, articles)]
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as all_of_them:
        write_collection(articles[:1], Path(one))
        path = write_collection(articles, Path(all_of_them))
        originals = scan(Path(all_of_them))
        for _ in range(rounds):
            start_up = seconds_of(lambda: scan(Path(one)))
            whole = seconds_of(lambda: scan(Path(all_of_them)))
            times.setdefault("start-up", []).append(start_up)
            times.setdefault("scan", []).append((whole - start_up) / count)
            times.setdefault("decode", []).append(seconds_of(lambda: decode(path)) / count)
            for peer, some in peers:
                taken = seconds_of(lambda peer=peer, some=some: peer.find(some))  # type: ignore[misc]
                times.setdefault(peer.name, []).append(taken / len(some))
    ours = times["scan"]
    rate = f"{1 / statistics.median(ours):,.0f} articles/s"
    recall = f"copies found: {share_found(articles, originals):.2f}"
    for peer, some in peers:
        theirs = f"{share_found(some, peer.find(some)):.2f}"
        ratios = [b / a for a, b in zip(ours, times[peer.name], strict=True)]
        yield Row("`dedup scan`", peer.name, ratios, f"{rate}; {recall}, by the other {theirs}")
    ratios = [a / b for a, b in zip(ours, times["decode"], strict=True)]
    yield Row("time of `dedup scan`", "reading and decoding the file", ratios, "")
    yield Row("start-up", "one second", times["start-up"], "with one article")


@contextlib.contextmanager
def served(*command: str | Path) -> Iterator[int]:
    """Run a service on a free port, which is yielded when it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(1_200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def requests_of(articles: Sequence[Made], prefix: str, *, remember: bool) -> list[bytes]:
    """Return checks of articles as they go over the wire."""
    return [
        post(
            "/check",
            orjson.dumps({"text": one.text, "id": f"{prefix}{one.id}", "remember": remember}),
        )
        for one in articles
    ]


def batch_of(articles: Sequence[Made], prefix: str) -> bytes:
    """Return one batch of checks as it goes over the wire."""
    lines = (
        json.dumps({"text": one.text, "id": f"{prefix}{one.id}"}, ensure_ascii=False)
        for one in articles
    )
    return post("/check/batch", "\n".join(lines).encode(), "application/x-ndjson")


def service_rows(texts: Sequence[str], count: int, rounds: int) -> Iterator[Row]:
    """Yield what `/check` is against an endpoint that does nothing."""
    generator = Random(SEED)
    rates: dict[str, list[float]] = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        served(*EMPTY_SERVICE) as empty,
        served(DEDUP, "serve", "--store", folder) as port,
    ):
        known = make_articles(texts, KNOWN, length=NUM_CHARS, seed=SEED)
        run_load(port, requests_of(known, "k", remember=True))
        mirrors = [
            Made(f"m{at}", mirror(generator.choice(known).text, generator), None)
            for at in range(count)
        ]
        for turn in range(rounds):
            new = make_articles(texts, count, length=NUM_CHARS, seed=turn)
            loads = {
                "empty": (empty, requests_of(new, "e", remember=False)),
                "new": (port, requests_of(new, "f", remember=False)),
                "mirrors": (port, requests_of(mirrors, "g", remember=False)),
                "remembered": (port, requests_of(new, f"t{turn}-", remember=True)),
            }
            for name, (where, requests) in loads.items():
                rates.setdefault(name, []).append(checked(run_load(where, requests)))
            batch = batch_of(new, f"b{turn}-")
            taken = seconds_of(lambda batch=batch: run_load(port, [batch], clients=1))  # type: ignore[misc]
            rates.setdefault("batch", []).append(count / taken)
    limit = "empty endpoint, requests/s"
    note = f"16 clients, one worker, {NUM_CHARS:,} characters, {KNOWN} known at first"
    for name, what in (
        ("new", "`/check`, not remembered"),
        ("mirrors", "`/check`, damaged mirrors, not remembered"),
        ("remembered", "`/check`, remembered durably"),
        ("batch", "`/check/batch`, remembered durably"),
    ):
        ratios = [a / b for a, b in zip(rates[name], rates["empty"], strict=True)]
        yield Row(what, limit, ratios, f"{statistics.median(rates[name]):,.0f}/s; {note}")
        note = ""


def checked(load: Load) -> float:
    """Return the rate of a load that went well."""
    if load.failures:
        message = f"{load.failures} requests failed"
        raise SystemExit(message)
    return load.per_second


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {time.strftime('%Y-%m-%d')}"
    lines = [
        f"| measured ({machine}) | against | ratio | |",
        "| --- | --- | --- | --- |",
        *(f"| {' | '.join(row.cells())} |" for row in rows),
    ]
    return "\n".join(lines)


def write_between_markers(path: Path, table: str) -> None:
    """Put the table where the file has its markers."""
    before, rest = path.read_text("utf-8").split(BEGIN)
    _, after = rest.split(END)
    path.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}", "utf-8")


def main() -> None:
    """Measure, print, and write the README's table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--readme", type=Path)
    arguments = parser.parse_args()
    texts = read_texts(arguments.corpus)
    rows = [
        *scan_rows(texts, arguments.articles, arguments.rounds),
        *service_rows(texts, arguments.requests, arguments.rounds),
    ]
    table = as_markdown(rows)
    print(table)
    if arguments.readme is not None:
        write_between_markers(arguments.readme, table)


if __name__ == "__main__":
    main()
