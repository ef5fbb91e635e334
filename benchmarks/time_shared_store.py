"""Time checks against a shared store of many articles, and tell what it takes on the disk.

    python benchmarks/time_shared_store.py CORPUS postgresql://… --articles 1000000

CORPUS is a directory of `news_*.jsonl.gz` files with a `text` in each line; the database is
filled first unless it has articles. Half of the articles that are checked are unknown, half
are copies that lost their last third. Times depend on what else the machine does: compare
within one run.
"""

import argparse
import json
import os
import resource
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import psycopg
from shared_store import Maker, fill
from speed.load import post, run_load

from dedup import Article, Deduplicator, IndexPlace

_BEYOND = 10**9  # numbers of articles that no fill has written
_CLIENTS = 8
_START_S = 600
_TABLES = ("articles", "clusters", "signatures", "normalized_texts", "log", "listings")
_POSTINGS = ("bands", "samples")  # each in partitions


def samples(maker: Maker, count: int) -> list[Article]:
    """Return articles of which every other one is a copy of a known one."""
    start = _BEYOND + secrets.randbelow(_BEYOND)
    mark = secrets.token_hex(4)
    made = []
    for place in range(count):
        text = maker.text(place // 2 if place % 2 else start + place)
        part = text[: len(text) * 2 // 3] if place % 2 else text
        made.append(Article(text=part, id=f"{mark}-{place}"))
    return made


def report(name: str, seconds: list[float]) -> None:
    """Print what half and 99 of a hundred requests stay below."""
    p50, p99 = np.percentile(np.array(seconds) * 1e3, [50, 99])
    print(f"{name:<42}{p50:8.2f} ms p50{p99:9.2f} ms p99", flush=True)


def time_each(check: Callable[[Article], object], articles: list[Article]) -> list[float]:
    """Return the seconds that each article takes."""
    seconds = []
    for article in articles:
        start = time.perf_counter()
        check(article)
        seconds.append(time.perf_counter() - start)
    return seconds


def most_memory() -> int:
    """Return the most bytes that this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def time_library(location: str, maker: Maker, count: int, index: IndexPlace) -> None:
    """Time checks in this process."""
    before, start = most_memory(), time.perf_counter()
    with Deduplicator.open(location, index=index) as dedup:
        known = dedup.stats().articles
        ready = time.perf_counter() - start
        print(f"ready after {ready:.1f} s, {ready / known * 1e6:.1f} µs an article")
        print(f"memory {(most_memory() - before) / known:.0f} bytes an article")
        time_each(dedup.prepare, samples(maker, 20))
        report("prepare alone", time_each(dedup.prepare, samples(maker, count)))
        for remember in (False, True):
            articles = samples(maker, count)
            check = time_each(partial(dedup.check, remember=remember), articles)
            report(f"check, remember {remember}, an unknown one", check[::2])
            report(f"check, remember {remember}, a copy", check[1::2])


def time_service(location: str, maker: Maker, count: int, index: IndexPlace) -> None:
    """Time checks over HTTP, one client and then several."""
    with serving(location, index) as port:
        for clients in (1, _CLIENTS):
            for remember in (False, True):
                bodies = [
                    {"id": one.id, "text": one.text, "remember": remember}
                    for one in samples(maker, count)
                ]
                requests = [post("/check", json.dumps(body).encode()) for body in bodies]
                load = run_load(port, requests, clients)
                assert not load.failures
                report(f"HTTP, remember {remember}, {clients} clients", load.latencies)
                print(f"{'':<42}{load.per_second:8.0f} a second")


@contextmanager
def serving(location: str, index: IndexPlace) -> Iterator[int]:
    """Serve a store with one worker, and tell the port when it is ready."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    command = [Path(sys.executable).with_name("dedup"), "serve", "--port", port]
    process = subprocess.Popen(
        [*map(str, command), "--store", location, "--workers", "1"],
        env={**os.environ, "DEDUP_INDEX": index},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        start = time.perf_counter()
        while not is_ready(port):
            if process.poll() is not None or time.perf_counter() - start > _START_S:
                msg = "the service did not start"
                raise RuntimeError(msg)
            time.sleep(0.1)
        print(f"service ready after {time.perf_counter() - start:.1f} s")
        yield port
    finally:
        process.terminate()
        process.wait()


def is_ready(port: int) -> bool:
    """Return whether the service answers that it is."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def print_sizes(location: str) -> None:
    """Print what the tables take on the disk, indexes and all."""
    with psycopg.connect(location) as connection:
        connection.execute("SET search_path = dedup")
        [count] = connection.execute("SELECT count(*) FROM clusters").fetchone() or [0]
        print(f"{count:,} articles")
        total = 0
        for table in _TABLES:
            rows, indexes = connection.execute(
                "SELECT pg_table_size(%s::regclass), pg_indexes_size(%s::regclass)", (table, table)
            ).fetchone() or (0, 0)
            total += rows + indexes
            print(f"{table:<18}{rows / count:8.0f} + {indexes / count:5.0f} bytes an article")
        for table in _POSTINGS:
            rows, indexes = connection.execute(
                "SELECT sum(pg_table_size(relid)), sum(pg_indexes_size(relid))"
                " FROM pg_partition_tree(%s::regclass) WHERE isleaf",
                (table,),
            ).fetchone() or (0, 0)
            total += rows + indexes
            print(f"{table:<18}{rows / count:8.0f} + {indexes / count:5.0f} bytes an article")
        print(f"{'in all':<18}{total / count:8.0f} bytes an article")


def is_empty(location: str) -> bool:
    """Return whether no article was written to a database."""
    with psycopg.connect(location) as connection:
        [table] = connection.execute("SELECT to_regclass('dedup.articles')").fetchone() or [None]
        return (
            table is None
            or not connection.execute("SELECT 1 FROM dedup.articles LIMIT 1").fetchone()
        )


def main() -> None:
    """Fill what is empty, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("location")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--checks", type=int, default=600, help="of each sort (default: 600)")
    parser.add_argument("--index", type=IndexPlace, default=IndexPlace.MEMORY)
    options = parser.parse_args()
    maker = Maker(options.corpus)
    if is_empty(options.location):
        fill(options.location, maker, options.articles)
    print_sizes(options.location)
    time_library(options.location, maker, options.checks, options.index)
    time_service(options.location, maker, options.checks, options.index)
    print_sizes(options.location)


if __name__ == "__main__":
    main()
