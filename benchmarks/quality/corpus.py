"""Articles from `*.jsonl.gz` files of `{id, title, text, label, source}`.

Half of them, by the SHA-1 of the id, is for tuning; the other half is held out for
measuring, and is what is read unless the tuning half is asked for.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["CorpusArticle", "is_held_out", "read_articles", "read_records"]


class CorpusArticle(NamedTuple):
    """One clean article."""

    id: str
    title: str
    text: str
    collection: str


def is_held_out(article_id: str) -> bool:
    """Whether an article must not be tuned on: the SHA-1 of its id is odd."""
    return hashlib.sha1(article_id.encode(), usedforsecurity=False).digest()[-1] % 2 == 1


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a gzipped file, one a line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_articles(path: Path, *, tuning: bool = False, least: int = 0) -> list[CorpusArticle]:
    """Return one half of the articles of a collection.

    Args:
        path: The file; its name without endings is the collection.
        tuning: The half to tune on instead of the held-out one.
        least: Leave out texts shorter than this.
    """
    collection = path.name.partition(".")[0]
    return [
        CorpusArticle(record["id"], record.get("title") or "", record["text"], collection)
        for record in read_records(path)
        if len(record["text"]) >= least and is_held_out(record["id"]) is not tuning
    ]
