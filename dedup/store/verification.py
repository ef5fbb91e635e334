"""Whether a store keeps its own rules.

A database checks its structure and knows nothing of our rules; docs/operations.md lists them.
Everything is read once and in order, a row at a time, so that a store of any size needs
the time of reading it and the memory of its largest article.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import xxhash

from dedup.errors import StoreCorruptError, StoreError
from dedup.models import TextFormat
from dedup.store.encoding import TextCodec, decode_finding
from dedup.store.maintenance import Sign, Signed, Violation

__all__ = ["READABLE", "Query", "violations"]

READABLE = "the database can be read to its end"

Query = Callable[[str], Iterator[Any]]
"""Yields the rows of a query; several may be read side by side."""

# Each query returns where its rule is broken.
_RULES = {
    "a signature belongs to an article": """
        SELECT number FROM signatures s
        WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.number = s.number)""",
    "a normalized text belongs to an article": """
        SELECT number FROM normalized_texts n
        WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.number = n.number)""",
    "an article that was seen again is known": """
        SELECT number FROM seen_again s
        WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.number = s.number)""",
    "articles and clusters are counted": """
        SELECT 'articles' FROM counts WHERE articles <> (SELECT count(*) FROM articles)
        UNION ALL
        SELECT 'clusters' FROM counts WHERE clusters <> (SELECT count(*) FROM clusters)""",
    "a cluster's size is the number of its members": """
        SELECT cluster_id FROM clusters c
        WHERE size <> (SELECT count(*) FROM articles a WHERE a.cluster = c.number)""",
    "a cluster's original is one of its members": """
        SELECT cluster_id FROM clusters c LEFT JOIN articles a ON a.number = c.original
        WHERE a.cluster IS DISTINCT FROM c.number""",
    "an article was added once": """
        SELECT number FROM log WHERE operation = 'add' GROUP BY number HAVING count(*) > 1""",
    "an added article is known or was removed, and not both": """
        SELECT number FROM log l WHERE operation = 'add' AND
            EXISTS (SELECT 1 FROM articles a WHERE a.number = l.number)
            = (number IN (SELECT number FROM log WHERE operation = 'remove'))""",
    "an article is in the cluster that it was added to, or left for": """
        SELECT a.id FROM (
            SELECT max(sequence) AS sequence FROM log
            WHERE operation IN ('add', 'leave') GROUP BY number
        ) newest
        JOIN log l ON l.sequence = newest.sequence
        JOIN articles a ON a.number = l.number
        JOIN clusters c ON c.number = a.cluster
        WHERE l.cluster_id <> c.cluster_id""",
    "the member that last took the original's place has it": """
        SELECT c.cluster_id FROM (
            SELECT max(sequence) AS sequence FROM log
            WHERE operation IN ('promote', 'hand_over', 'pin') GROUP BY cluster_id
        ) newest
        JOIN log l ON l.sequence = newest.sequence
        JOIN clusters c ON c.cluster_id = l.cluster_id
        JOIN articles a ON a.number = l.number AND a.cluster = c.number
        WHERE l.number <> c.original""",
}

_ARTICLES = """
    SELECT a.number, a.id, a.format, a.title, a.text, a.text_digest, a.finding,
        c.original, s.is_original, s.normalized_digest, s.signature, n.text
    FROM articles a LEFT JOIN clusters c ON c.number = a.cluster
    LEFT JOIN signatures s ON s.number = a.number
    LEFT JOIN normalized_texts n ON n.number = a.number
    ORDER BY a.number
"""


class _Row(NamedTuple):
    """A row of `_ARTICLES`; None where the row that it was joined with is missing."""

    number: int
    article_id: str
    format: str
    title: str | None
    text_frame: bytes
    text_digest: bytes
    finding: bytes
    original: int | None
    is_original: int | None
    normalized_digest: bytes | None
    signature: bytes | None
    normalized_frame: bytes | None


# What the decoders raise for bytes that they did not write.
_UNDECODABLE = (StoreCorruptError, ValueError, KeyError, TypeError)


def violations(query: Query, sign: Sign | None) -> Iterator[Violation]:
    """Yield every rule that a store breaks.

    Args:
        query: Asks one committed state of the store.
        sign: As in `MaintenanceReader.violations`.
    """
    try:
        for rule, sql in _RULES.items():
            for (where,) in query(sql):
                yield Violation(rule, str(where))
        yield from _articles(query, sign)
    except StoreError as error:
        # A damaged page ends the reading, and the command must still tell the rest.
        yield Violation(READABLE, str(error))


def _articles(query: Query, sign: Sign | None) -> Iterator[Violation]:
    codec = TextCodec()
    additions = _Additions(query)
    for row in map(_Row._make, query(_ARTICLES)):
        rules = [*_broken_by_place(row), *_broken_by_content(row, codec, sign)]
        if not additions.reach(row.number):
            rules.append("an article's addition is in the log")
        for rule in rules:
            yield Violation(rule, row.article_id)


class _Additions:
    """The additions in the log, walked beside the articles.

    Numbers are given, and additions logged, by one writer at a time: both ascend
    together, and a merge needs no index and no memory.
    """

    def __init__(self, query: Query) -> None:
        self._numbers = query("SELECT number FROM log WHERE operation = 'add' ORDER BY sequence")
        self._current = 0

    def reach(self, number: int) -> bool:
        """Return whether this article was added; ask in ascending order."""
        while self._current < number:
            row = next(self._numbers, None)
            if row is None:
                return False
            self._current = row[0]
        return self._current == number


def _broken_by_place(row: _Row) -> Iterator[str]:
    if row.original is None:
        yield "an article is in a cluster"
    if row.is_original is None:
        yield "an article has its signature"
    elif bool(row.is_original) != (row.original == row.number):
        yield "the original of its cluster, and no other member, is marked as one"


def _broken_by_content(row: _Row, codec: TextCodec, sign: Sign | None) -> Iterator[str]:
    normalized = None
    try:
        decode_finding(row.finding)
    except _UNDECODABLE:
        yield "a finding can be read"
    try:
        if row.normalized_frame is not None:
            normalized = codec.decode(row.normalized_frame)
    except _UNDECODABLE:
        yield "a normalized text can be read"
    try:
        text = codec.decode(row.text_frame)
    except _UNDECODABLE:
        yield "a text can be read"
        return
    if xxhash.xxh3_128_digest(text.encode()) != row.text_digest:
        yield "a text is the one that was received"
    elif sign is not None and row.is_original is not None:
        signed = sign(text, TextFormat(row.format), row.title)
        yield from _broken_by_scheme(row, normalized, signed)


def _broken_by_scheme(row: _Row, normalized: str | None, expected: Signed) -> Iterator[str]:
    if (row.normalized_digest, normalized) != (expected.normalized_digest, expected.normalized):
        yield "a normalized text follows from the text"
    # Which texts are too short to sign is a setting, and no part of the scheme: a store
    # may hold articles of several.
    if row.signature is None or expected.signature is None:
        return
    if row.signature != expected.signature.tobytes():
        yield "a signature follows from the text"
