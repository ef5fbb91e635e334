"""What the candidate index knows articles by: keys of wholes and of pieces."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["KeyBatch", "ListedKeys", "Probe"]

_Scalar = TypeVar("_Scalar", bound=np.generic)


class ListedKeys(NamedTuple):
    """What one article is listed under.

    Attributes:
        whole: uint64, shape (n,).
        pieces: uint32, shape (m,).
    """

    whole: NDArray[np.uint64]
    pieces: NDArray[np.uint32]


class Probe(NamedTuple):
    """What an incoming article is looked up by.

    Attributes:
        whole: uint64, shape (n,).
        pieces: More than it would be listed under; uint32, shape (m,).
        num_pieces: How many it would be listed under.
    """

    whole: NDArray[np.uint64]
    pieces: NDArray[np.uint32]
    num_pieces: int


class KeyBatch(NamedTuple):
    """What many articles are listed under and looked up by, in flat arrays.

    Each array has one of offsets behind it: article i has the stretch from offsets[i] to
    offsets[i + 1]. An article that was refused has no keys.

    Attributes:
        whole: uint64, shape (n,).
        whole_offsets: intp, shape (articles + 1,).
        pieces: What articles are listed under; uint32, shape (m,).
        piece_offsets: As `whole_offsets`.
        probed: What articles are looked up by beside their `whole`; uint32, shape (p,).
        probed_offsets: As `whole_offsets`.
    """

    whole: NDArray[np.uint64]
    whole_offsets: NDArray[np.intp]
    pieces: NDArray[np.uint32]
    piece_offsets: NDArray[np.intp]
    probed: NDArray[np.uint32]
    probed_offsets: NDArray[np.intp]

    @classmethod
    def joined(cls, articles: Sequence[tuple[ListedKeys, Probe]]) -> Self:
        """Return the keys of articles, of which there is at least one, behind one another."""
        return cls(
            *_joined([listed.whole for listed, _ in articles]),
            *_joined([listed.pieces for listed, _ in articles]),
            *_joined([probe.pieces for _, probe in articles]),
        )

    @property
    def num_articles(self) -> int:
        """The number of articles, refused ones included."""
        return len(self.whole_offsets) - 1

    def without_pieces(self) -> Self:
        """Return what it takes to look the articles up, and not to list them."""
        return self._replace(pieces=self.pieces[:0])

    def each(self) -> Iterator[tuple[ListedKeys, Probe]]:
        """Yield what each article is listed under and looked up by."""
        wholes = pairwise(self.whole_offsets.tolist())
        pieces = pairwise(self.piece_offsets.tolist())
        probed = pairwise(self.probed_offsets.tolist())
        for (start, stop), (first, last), (begin, end) in zip(wholes, pieces, probed, strict=True):
            whole = self.whole[start:stop]
            keys = ListedKeys(whole, self.pieces[first:last])
            yield keys, Probe(whole, self.probed[begin:end], last - first)


def _joined(arrays: Sequence[NDArray[_Scalar]]) -> tuple[NDArray[_Scalar], NDArray[np.intp]]:
    """Return arrays behind one another, and where each begins, and the end."""
    offsets = np.zeros(len(arrays) + 1, np.intp)
    np.cumsum([len(array) for array in arrays], out=offsets[1:])
    return np.concatenate(arrays), offsets
