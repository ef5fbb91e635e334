"""Fill a shared store with made-up articles, in bulk, for measuring at scale.

Preparing an article costs more than writing it. Each one that is made is therefore written
several times, every time under an id and keys that no other has: to the index, which knows
articles by their keys, and to the disk they are different articles of the same text.
"""

import gzip
import itertools
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
import psycopg
import xxhash

from dedup import Article, DedupConfig, Verdict
from dedup.clusters import founded_cluster_id
from dedup.errors import DedupError
from dedup.preparation import PreparedArticle, Preparer, text_to_keep
from dedup.store.base import Finding
from dedup.store.encoding import TextCodec, encode_finding, to_microseconds
from dedup.store.opening import open_store
from dedup.store.postgres import SCHEMA

__all__ = ["Maker", "fill"]

_AT_ONCE = 128
_VERSIONS = 5  # written of each article that is made
_MEDIAN_CHARS, _SPREAD = 1_043, 0.6  # of a log-normal distribution with the mean 1,250
_SHORTEST_PIECE, _LONGEST_PIECE = 3, 16  # characters

_COLUMNS = {
    "articles": (
        "number id cluster text_digest title url first_seen format finding text",
        "int8 text int8 bytea text text int8 text bytea bytea",
    ),
    "clusters": ("number cluster_id original size", "int8 text int8 int8"),
    "signatures": ("number is_original normalized_digest signature", "int8 int2 bytea bytea"),
    "normalized_texts": ("number text", "int8 bytea"),
    "log": ("operation number cluster_id at", "text int8 text int8"),
}


class Maker:
    """Makes articles up of short pieces of real ones, so that no two are alike.

    About a third of the sampled shingles lie within a piece, and so are shared by as many
    articles as the pieces that overlap there; the others are an article's own.
    """

    def __init__(self, corpus: Path) -> None:
        """Read every text of a directory of `*.jsonl.gz` files."""
        texts = []
        for file in sorted(corpus.glob("news_*.jsonl.gz")):
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                texts += [json.loads(line)["text"] for line in lines]
        self._source = "".join(texts)

    def text(self, number: int) -> str:
        """Return the text of an article, the same for the same number."""
        rng = Random(number)
        length = max(60, int(_MEDIAN_CHARS * rng.lognormvariate(0, _SPREAD)))
        pieces = []
        while length > 0:
            size = rng.randint(_SHORTEST_PIECE, _LONGEST_PIECE)
            start = rng.randrange(len(self._source) - size)
            pieces.append(self._source[start : start + size])
            length -= size
        return "".join(pieces)

    def article(self, number: int) -> Article:
        """Return an article with everything that a crawler gives."""
        text = self.text(number)
        return Article(
            text=text,
            title=text[:20],
            url=f"https://news{number % 97}.example/2026/{number}.html",
        )


class _Part(NamedTuple):
    """What one process writes."""

    location: str
    maker: Maker
    config: DedupConfig
    first: int
    stop: int


def fill(location: str, maker: Maker, count: int, *, jobs: int = 2) -> None:
    """Write so many articles as the service would have, but by COPY.

    All are originals, which costs the most: of a copy neither index nor memory knows.
    """
    config = DedupConfig()
    open_store(location, scheme=Preparer(config).scheme).close()
    num_made = count // _VERSIONS
    bounds = [num_made * job // jobs for job in range(jobs + 1)]
    parts = [
        _Part(location, maker, config, start, stop) for start, stop in itertools.pairwise(bounds)
    ]
    workers = [
        multiprocessing.get_context("fork").Process(target=_fill_part, args=(part,))
        for part in parts
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        msg = "a worker failed"
        raise RuntimeError(msg)
    with psycopg.connect(location, autocommit=True) as connection:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{SCHEMA}.articles', 'number'), %s)".encode(),
            (num_made * _VERSIONS,),
        )
        connection.execute(
            f"UPDATE {SCHEMA}.counts SET (articles, clusters) = ROW (%s, %s)".encode(),
            (num_made * _VERSIONS, num_made * _VERSIONS),
        )
        connection.execute("VACUUM ANALYZE")


def _fill_part(part: _Part) -> None:
    preparer = Preparer(part.config)
    codec = TextCodec()
    with psycopg.connect(part.location, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(f"SET search_path = {SCHEMA}".encode())
        for start in range(part.first, part.stop, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, part.stop))
            prepared = preparer.prepare_many([part.maker.article(number) for number in numbers])
            rows: dict[str, list[Sequence[Any]]] = {table: [] for table in _COLUMNS}
            for number, one in zip(numbers, prepared, strict=True):
                assert not isinstance(one, DedupError)  # a made-up article is sound
                for table, row in _rows(number * _VERSIONS + 1, one, codec):
                    rows[table].append(row)
            with connection.transaction():
                for table, (columns, types) in _COLUMNS.items():
                    _copy(connection, table, columns.split(), types.split(), rows[table])


def _copy(
    connection: psycopg.Connection,
    table: str,
    columns: Sequence[str],
    types: Sequence[str],
    rows: Sequence[Sequence[Any]],
) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor().copy(statement.encode()) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _rows(
    first: int, prepared: PreparedArticle, codec: TextCodec
) -> Iterator[tuple[str, Sequence[Any]]]:
    """Yield the rows of an article's versions, numbered from `first`, each with its table."""
    article = prepared.article
    now = to_microseconds(datetime.now(UTC))
    finding = encode_finding(
        Finding(
            verdict=Verdict.NEW,
            matches=(),
            damage=prepared.normalized.repaired.damage,
            too_short=prepared.too_short,
            replaces=None,
        )
    )
    text = codec.encode(article.text)
    normalized = text_to_keep(prepared.normalized)
    kept = None if normalized is None else codec.encode(normalized)
    for version in range(_VERSIONS):
        number = first + version
        mark = xxhash.xxh3_128_digest(prepared.text_digest, seed=version)
        article_id = f"x{mark.hex()}"
        cluster_id = founded_cluster_id(article_id)
        yield (
            "articles",
            (
                number, article_id, number, mark, article.title, f"{article.url}?{version}",
                now, article.format.value, finding, text,
            ),
        )  # fmt: skip
        yield "clusters", (number, cluster_id, number, 1)
        sketch = None
        if prepared.sketch is not None:
            sketch = (prepared.sketch ^ np.uint32(version * 0x9E3779B9 % 2**32)).tobytes()
        yield "signatures", (number, 1, mark, sketch)
        if kept is not None:
            yield "normalized_texts", (number, kept)
        yield "log", ("add", number, cluster_id, now)
