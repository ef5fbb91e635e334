"""Measure the candidate index: bytes an article, time to index, time to look up.

    python benchmarks/time_index.py [--articles 1000000] [--stored 20000]

The signatures are random, which is what unrelated articles have: the table is as large,
and its probes as long, as with as many real originals. The limit beside it is one read of
a random cache line from a table of the same size, which no index can avoid for a key.
Last, a store of random texts is written, closed and opened: the time to ready.
"""

import argparse
import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from dedup import Article, DedupConfig, Deduplicator
from dedup.index.candidates import CandidateIndex
from dedup.sketch.banding import Banding

BATCH = 10_000
LOOKUPS = 20_000
SEED = 7


def keys_of(banding: Banding, generator: np.random.Generator, count: int) -> NDArray[np.uint64]:
    """Return the keys of so many unrelated articles; uint64, shape (count, keys)."""
    signatures = generator.integers(0, 2**32, size=(count, 128), dtype=np.uint32)
    digests = generator.integers(0, 2**64, size=(count, 1), dtype=np.uint64)
    return np.concatenate([banding.band_keys(signatures), digests], axis=1)


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
            dedup.scan(articles)
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
    sketch = DedupConfig().sketch
    banding = Banding(bands=sketch.bands, rows=sketch.rows)
    generator = np.random.default_rng(SEED)
    index = CandidateIndex()
    index.find(keys_of(banding, generator, 1)[0], limit=64)  # compiles the kernels
    seconds = 0.0
    for first in range(1, num_articles + 1, BATCH):
        count = min(BATCH, num_articles + 1 - first)
        keys = keys_of(banding, generator, count)
        numbers = np.arange(first, first + count, dtype=np.uint32)
        start = time.perf_counter()
        index.add(keys, numbers)
        seconds += time.perf_counter() - start
    keys = keys_of(banding, generator, LOOKUPS)
    start = time.perf_counter()
    for row in keys:
        index.find(row, limit=64)
    lookup = (time.perf_counter() - start) / LOOKUPS
    table = np.zeros(index.nbytes // 8, np.uint64)
    table += 1
    places = generator.integers(0, len(table), size=LOOKUPS * keys.shape[1])
    start = time.perf_counter()
    table[places].sum()
    limit = (time.perf_counter() - start) / LOOKUPS
    print(f"{num_articles:,} articles, {keys.shape[1]} keys each")
    print(f"reserved        {index.nbytes / num_articles:8.0f} bytes an article")
    print(f"index           {seconds / num_articles * 1e6:8.2f} µs an article")
    print(f"look up         {lookup * 1e6:8.2f} µs an article")
    print(f"read its keys   {limit * 1e6:8.2f} µs an article, from a table of the same size")
    print(f"look up / read  {lookup / limit:8.1f}")
    num_stored = arguments.stored
    print(f"open a store    {time_to_open(num_stored) / num_stored * 1e6:8.2f} µs an article")


if __name__ == "__main__":
    main()
