"""Pairs that were found and read, and what the reader says of them.

`judged.tsv` names pairs by the ids of the articles in the collections that this project was
measured on; it holds no text. A pair is

- `same`: one carries the other's text; an original is right;
- `update`: the same story, grown or partly rewritten; an original may be right;
- `event`: two articles on one event; an original is wrong;
- `form`: a formula filled in anew, or a ceremony of another year; an original is wrong;
- `page`: only what the site puts around its articles is shared; an original is wrong.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["count_judged", "judgement"]

UNREAD = "unread"


@cache
def _judged() -> Mapping[frozenset[str], str]:
    lines = Path(__file__).with_suffix(".tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("# "))
    return {frozenset((one, other)): word for one, other, word in rows}


def judgement(row: Mapping[str, Any]) -> str:
    """Return the reader's word on a listed pair, `unread` if it has none."""
    return _judged().get(frozenset((row["id"], row["original"])), UNREAD)


def count_judged(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many listed pairs have each word."""
    return dict(Counter(map(judgement, rows)))
