"""What a scan keeps of the articles of a collection."""

import pickle
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from dedup.batch.outlines import Facts, Outlines
from dedup.batch.pieces import KeptArticle, Piece
from dedup.batch.scratch import Scratch
from dedup.index.bulk import BulkIndex, entries_of
from dedup.sketch.hashed_sets import HashedSets
from dedup.sketch.keys import KeyBatch

__all__ = ["Collection"]

_HASH_BYTES = 4
_MOST_PIECES = 0xFFFF


class _Taken(NamedTuple):
    """What is known of a piece that was taken in."""

    first: int  # the position of its first article
    encoding: str | None


class Collection:
    """The articles of a scan, on the disk.

    Articles go by their positions, in the order in which they came. In memory are some
    eighty bytes of each. Processes that are forked from this one may ask all
    questions; only `add` changes anything.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._resources = ExitStack()
        self._texts, self._shingles, self._keys, self._entries, self._facts = (
            self._resources.enter_context(closing(Scratch())) for _ in range(5)
        )
        self._pieces: list[_Taken] = []
        self._id_hashes = array("Q")
        self._hidden_slips = array("H")
        self._refused = bytearray()
        self._num_pieces = array("H", [0])  # by number: positions count from 0, numbers from 1
        self._facts_of = lru_cache(1)(self._read_facts)

    def __len__(self) -> int:
        """Return the number of articles, refused ones included."""
        return len(self._refused)

    def __enter__(self) -> Self:
        """Use as a context manager that frees the disk at the end."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Free the disk."""
        self._resources.close()

    @property
    def num_pieces(self) -> int:
        """How many pieces were taken in."""
        return len(self._pieces)

    def first_position(self, piece: int) -> int:
        """Return the position of the first article of a piece."""
        return self._pieces[piece].first

    def add(self, piece: Piece, outlines: Outlines) -> None:
        """Take in the articles of the next piece."""
        start = len(self)
        self._pieces.append(_Taken(start, piece.encoding))
        self._texts.extend(piece.data, outlines.starts, outlines.stops)
        ends = outlines.shingles.offsets * _HASH_BYTES
        self._shingles.extend(outlines.shingles.hashes.tobytes(), ends[:-1], ends[1:])
        self._hidden_slips.frombytes(outlines.hidden_slips.tobytes())
        self._id_hashes.frombytes(outlines.id_hashes.tobytes())
        self._refused += outlines.is_refused.tobytes()
        self._facts.append(outlines.facts)
        self._keys.append(pickle.dumps(outlines.keys.without_pieces()))
        self._entries.append(entries_of(outlines.keys, start + 1).tobytes())
        num_pieces = np.minimum(np.diff(outlines.keys.piece_offsets), _MOST_PIECES)
        self._num_pieces.frombytes(num_pieces.astype(np.uint16).tobytes())

    def is_refused(self, position: int) -> bool:
        """Return whether an article was refused."""
        return bool(self._refused[position])

    def size(self, position: int) -> int:
        """Return how many bytes an article is made of."""
        return self._texts.size(position)

    def kept(self, position: int, article_id: str) -> KeptArticle:
        """Return what the article of an id is made of."""
        encoding = self._pieces[self._piece_of(position)].encoding
        return KeptArticle(self._texts.get(position), encoding, article_id)

    def facts(self) -> Iterator[tuple[int, Facts]]:
        """Yield the position of the first article of each piece, and the facts of all its."""
        for number, taken in enumerate(self._pieces):
            yield taken.first, self._facts_of(number)

    def id(self, position: int) -> str:
        """Return the id of an article, soon found for one that is near the last."""
        piece = self._piece_of(position)
        return self._facts_of(piece).ids[position - self._pieces[piece].first]

    def namesakes(self) -> Iterator[tuple[int, int]]:
        """Yield pairs of articles of one id, those that were refused left out.

        Two ids may have one hash. It does no harm that their articles are taken for
        namesakes: what they are to one another is told from the ids themselves.
        """
        hashes = np.frombuffer(self._id_hashes, np.uint64)
        positions = np.flatnonzero(~np.frombuffer(self._refused, np.bool_))
        positions = positions[np.argsort(hashes[positions], kind="stable")]
        ordered = hashes[positions]
        is_same = np.flatnonzero(ordered[1:] == ordered[:-1])
        yield from zip(positions[is_same].tolist(), positions[is_same + 1].tolist(), strict=True)

    def make_index(self) -> BulkIndex:
        """Return an index in which all articles can be found, by their positions plus 1."""
        entries = self._entries.read_all().view(np.uint64)
        return BulkIndex(entries, np.array(self._num_pieces, np.uint16))

    def keys(self, piece: int) -> KeyBatch:
        """Return what the articles of a piece are looked up by."""
        keys: KeyBatch = pickle.loads(self._keys.get(piece))  # noqa: S301  pickled by `add`
        return keys

    def hidden_slips(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what is told in `Outlines` of each article; int64, same shape."""
        return np.frombuffer(self._hidden_slips, np.uint16)[positions].astype(np.int64)

    def shingle_bytes(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how much memory the shingles of each article take; int64, same shape."""
        return self._shingles.sizes(positions)

    def shingles(self, positions: Iterable[int]) -> HashedSets:
        """Return the shingles of articles."""
        sets = [self._shingles.get(position) for position in positions]
        ends = np.cumsum([0, *map(len, sets)], dtype=np.int64)
        return HashedSets(np.frombuffer(b"".join(sets), np.uint32), ends // _HASH_BYTES)

    def _piece_of(self, position: int) -> int:
        return bisect_right(self._pieces, position, key=lambda taken: taken.first) - 1

    def _read_facts(self, piece: int) -> Facts:
        facts: Facts = pickle.loads(self._facts.get(piece))  # noqa: S301  pickled by `outline`
        return facts
