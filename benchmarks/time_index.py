"""Measure the candidate index: bytes an article, time to index, time to look up.

    python benchmarks/time_index.py [--articles 1000000] [--stored 20000]

The keys are random, which is what unrelated articles have: the table is as large, and its
probes as long, as with as many real originals. The limit beside it is one read of a random
cache line from a table of the same size, which no index can avoid for a key. Last, a store
of random texts is written, closed and opened: the time to ready.
"""

import argparse
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from dedup import Article, DedupConfig, Deduplicator, scan
from dedup.index.candidates import CandidateIndex
from dedup.sketch.keys import ListedKeys, Probe

BATCH = 10_000
LOOKUPS = 5_000
NUM_PIECES = 60  # of an article of 1,250 characters
NUM_PROBED = 155
SEED = 7
SKETCH = DedupConfig().sketch


def whole_of(generator: np.random.Generator, count: int) -> NDArray[np.uint64]:
    """Return the band and digest keys of unrelated articles; uint64, shape (count, keys)."""
    return generator.integers(0, 2**64, size=(count, SKETCH.bands + 1), dtype=np.uint64)


def pieces_of(generator: np.random.Generator, count: int, each: int) -> NDArray[np.uint32]:
    """Return sampled shingles of unrelated articles; uint32, shape (count, each)."""
    return generator.integers(0, 2**32, size=(count, each), dtype=np.uint32)


def time_to_open(num_articles: int) -> float:
    """Return the seconds that it takes to open a store of so many articles and index them."""
    generator = random.Random(SEED)
    characters = next((Path(__file__).parents[1] / "seeds").glob("004_*.txt")).read_text("utf-8")
    articles = [
        Article(text="".join(generator.choices(characters, k=300)), id=str(number))
        for number in range(num_articles)
    ]
    with TemporaryDirectory() as folder:
        with Deduplicator.open(folder, durable=False) as dedup:
            list(scan(dedup, articles))
        start = time.perf_counter()
        Deduplicator.open(folder).close()
        return time.perf_counter() - start


def main() -> None:
    """Fill an index, look up in it, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--stored", type=int, default=20_000)
    arguments = parser.parse_args()
    num_articles = arguments.articles
    generator = np.random.default_rng(SEED)
    index = CandidateIndex()
    probes = [
        Probe(whole, pieces, NUM_PIECES)
        for whole, pieces in zip(
            whole_of(generator, LOOKUPS), pieces_of(generator, LOOKUPS, NUM_PROBED), strict=True
        )
    ]
    index.find(probes[0], limit=64)  # compiles the kernels
    seconds = pause = 0.0
    for first in range(1, num_articles + 1, BATCH):
        count = min(BATCH, num_articles + 1 - first)
        rows = zip(whole_of(generator, count), pieces_of(generator, count, NUM_PIECES), strict=True)
        keys = [ListedKeys(whole, pieces) for whole, pieces in rows]
        numbers = list(range(first, first + count))
        start = time.perf_counter()
        index.add(keys[:1], numbers[:1])
        pause = max(pause, time.perf_counter() - start)
        index.add(keys[1:], numbers[1:])
        seconds += time.perf_counter() - start
    start = time.perf_counter()
    for probe in probes:
        index.find(probe, limit=64)
    lookup = (time.perf_counter() - start) / LOOKUPS
    table = np.zeros(index.nbytes // 8, np.uint64)
    table += 1
    places = generator.integers(0, len(table), size=LOOKUPS * (SKETCH.bands + 1 + NUM_PROBED))
    start = time.perf_counter()
    table[places].sum()
    limit = (time.perf_counter() - start) / LOOKUPS
    print(f"{num_articles:,} articles, {SKETCH.bands + 1} + {NUM_PIECES} keys each")
    print(f"longest wait    {pause * 1e3:8.2f} ms to add one article")
    print(f"in use          {index.nbytes / num_articles:8.0f} bytes an article")
    print(f"index           {seconds / num_articles * 1e6:8.2f} µs an article")
    print(f"look up         {lookup * 1e6:8.2f} µs an article")
    print(f"read its keys   {limit * 1e6:8.2f} µs an article, from a table of the same size")
    print(f"look up / read  {lookup / limit:8.1f}")
    num_stored = arguments.stored
    print(f"open a store    {time_to_open(num_stored) / num_stored * 1e6:8.2f} µs an article")


if __name__ == "__main__":
    main()
