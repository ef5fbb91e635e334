"""What is true of every store file at every moment, whatever happened to the process."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import apsw
import xxhash
import zstandard

from dedup.store.encoding import decode_finding
from dedup.store.sqlite import DATABASE_NAME

# Each query returns the numbers of the rows that break the rule. Next to max(), SQLite
# takes the other columns from the row that has it.
INVARIANTS = {
    "an article has its signature": """
        SELECT number FROM articles WHERE number NOT IN (SELECT number FROM signatures)""",
    "a signature has its article": """
        SELECT number FROM signatures WHERE number NOT IN (SELECT number FROM articles)""",
    "an article is in a cluster": """
        SELECT number FROM articles WHERE cluster NOT IN (SELECT number FROM clusters)""",
    "a cluster's size is the number of its members": """
        SELECT number FROM clusters c
        WHERE size <> (SELECT count(*) FROM articles a WHERE a.cluster = c.number)""",
    "a cluster's original is one of its members": """
        SELECT c.number FROM clusters c LEFT JOIN articles a ON a.number = c.original
        WHERE a.cluster IS NOT c.number""",
    "originals, and they alone, are marked": """
        SELECT number FROM signatures
        WHERE is_original <> (number IN (SELECT original FROM clusters))""",
    "an article was added once": """
        SELECT number FROM articles LEFT JOIN (
            SELECT number, count(*) AS times FROM log WHERE operation = 'add' GROUP BY number
        ) USING (number) WHERE times IS NOT 1""",
    "an article is in the cluster that it was added to, or left for": """
        SELECT a.number FROM articles a JOIN clusters c ON c.number = a.cluster
        JOIN (
            SELECT number, cluster_id, max(sequence) FROM log
            WHERE operation IN ('add', 'leave') GROUP BY number
        ) last ON last.number = a.number
        WHERE last.cluster_id <> c.cluster_id""",
    "an added article is known or was removed": """
        SELECT number FROM log WHERE operation = 'add' AND
            (number IN (SELECT number FROM articles))
            = (number IN (SELECT number FROM log WHERE operation = 'remove'))""",
    "the member that last took the original's place has it": """
        SELECT c.number FROM clusters c
        JOIN (
            SELECT cluster_id, number, max(sequence) FROM log
            WHERE operation IN ('promote', 'hand_over', 'pin') GROUP BY cluster_id
        ) last USING (cluster_id)
        JOIN articles a ON a.number = last.number AND a.cluster = c.number
        WHERE last.number <> c.original""",
}


class Known(NamedTuple):
    """What may not change about an article once it was acknowledged."""

    text: str
    cluster_id: str


def violations(store: Path) -> list[str]:
    """Return which invariants a store breaks, and where; it may be in use."""
    with _open(store) as file:
        report = [line for (line,) in file.execute("PRAGMA integrity_check") if line != "ok"]
        for rule, sql in INVARIANTS.items():
            if numbers := [number for (number,) in file.execute(sql)]:
                report.append(f"not so: {rule}: {numbers}")
        return report + _damaged_rows(file)


def known_articles(store: Path) -> dict[str, Known]:
    """Return every article of a store by its id."""
    sql = "SELECT id, text, cluster_id FROM articles a JOIN clusters c ON c.number = a.cluster"
    decompress = zstandard.ZstdDecompressor().decompress
    with _open(store) as file:
        return {
            article_id: Known(decompress(frame).decode(), cluster_id)
            for article_id, frame, cluster_id in file.execute(sql)
        }


@contextmanager
def _open(store: Path) -> Iterator[apsw.Connection]:
    """Open the file for reading; all queries see the same state."""
    path, flags = str(store / DATABASE_NAME), apsw.SQLITE_OPEN_READONLY
    # The system's own file system, whichever faulty one is plugged in.
    with closing(apsw.Connection(path, flags, vfs="unix")) as file:
        file.set_busy_timeout(10_000)
        with file:
            yield file


def _damaged_rows(file: apsw.Connection) -> list[str]:
    rows = file.execute("SELECT id, text, text_digest, finding FROM articles")
    decompress = zstandard.ZstdDecompressor().decompress
    found = []
    for article_id, frame, digest, finding in rows:
        decode_finding(finding)
        if xxhash.xxh3_128_digest(decompress(frame)) != digest:
            found.append(f"the text of {article_id} is another one")
    return found
