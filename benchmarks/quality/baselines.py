"""What one would build first, as it comes: the packages that the service is compared with."""

import unicodedata
from collections.abc import Sequence

import datasketch
import rensa

from quality.corpus import CorpusArticle
from quality.script import convert

__all__ = ["Baselines"]

_K = 5
_NUM_PERM = 128
_THRESHOLD = 0.5
_RENSA_BANDS = 32


class Baselines:
    """OpenCC t2s, NFKC and character 5-shingles, in datasketch's LSH and in rensa's."""

    names = ("datasketch", "rensa")

    def __init__(self, known: Sequence[CorpusArticle]) -> None:
        """Index the known articles in both."""
        self._datasketch = datasketch.MinHashLSH(threshold=_THRESHOLD, num_perm=_NUM_PERM)
        self._rensa = rensa.RMinHashLSH(_THRESHOLD, _NUM_PERM, _RENSA_BANDS)
        self._ids = [article.id for article in known]
        for number, article in enumerate(known):
            shingles = _shingles(article.text)
            self._datasketch.insert(article.id, _minhash(shingles))
            self._rensa.insert(number, _rminhash(shingles))

    def find(self, text: str) -> dict[str, set[str]]:
        """Return the ids that each finds for a text."""
        shingles = _shingles(text)
        return {
            "datasketch": set(self._datasketch.query(_minhash(shingles))),
            "rensa": {self._ids[number] for number in self._rensa.query(_rminhash(shingles))},
        }


def _shingles(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", convert(text, "t2s"))
    return [folded[at : at + _K] for at in range(max(1, len(folded) - _K + 1))]


def _minhash(shingles: Sequence[str]) -> datasketch.MinHash:
    minhash = datasketch.MinHash(num_perm=_NUM_PERM)
    minhash.update_batch([shingle.encode() for shingle in shingles])
    return minhash


def _rminhash(shingles: Sequence[str]) -> rensa.RMinHash:
    minhash = rensa.RMinHash(_NUM_PERM, 1)
    minhash.update(list(shingles))
    return minhash
