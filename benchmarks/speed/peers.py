"""Packages that find near-duplicates, each used as its own documentation shows."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import datasketch
import rensa
from opencc import OpenCC

from speed.collection import Made

__all__ = ["PACKAGES", "RENSA", "Peer"]

_K = 5
_NUM_PERM = 128
_THRESHOLD = 0.5
_RENSA_BANDS = 32


class Peer(NamedTuple):
    """A package, and how it finds the original of each article, those before it known."""

    name: str
    find: Callable[[Sequence[Made]], dict[str, str | None]]


def _with_packages(articles: Sequence[Made]) -> dict[str, str | None]:
    """Find with OpenCC's conversion and datasketch's index."""
    convert = OpenCC("t2s").convert
    index = datasketch.MinHashLSH(threshold=_THRESHOLD, num_perm=_NUM_PERM)
    originals: dict[str, str | None] = {}
    for one in articles:
        text = convert(one.text)
        minhash = datasketch.MinHash(num_perm=_NUM_PERM)
        minhash.update_batch([shingle.encode() for shingle in _shingles(text)])
        found = index.query(minhash)
        originals[one.id] = found[0] if found else None
        index.insert(one.id, minhash)
    return originals


def _with_rensa(articles: Sequence[Made]) -> dict[str, str | None]:
    """Find with rensa's index; it converts no script."""
    index = rensa.RMinHashLSH(_THRESHOLD, _NUM_PERM, _RENSA_BANDS)
    originals: dict[str, str | None] = {}
    for number, one in enumerate(articles):
        minhash = rensa.RMinHash(_NUM_PERM, 1)
        minhash.update(_shingles(one.text))
        found = index.query(minhash)
        originals[one.id] = articles[min(found)].id if found else None
        index.insert(number, minhash)
    return originals


def _shingles(text: str) -> list[str]:
    return [text[at : at + _K] for at in range(max(1, len(text) - _K + 1))]


PACKAGES = Peer("OpenCC t2s + datasketch, as they come", _with_packages)
RENSA = Peer("rensa, as it comes", _with_rensa)
