"""The first pass of a scan: what has to be known of articles before any two are compared."""

import pickle
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import xxhash
from numpy.typing import NDArray

from dedup.batch.packing import PackedDamage, pack_damage, unpack_damage
from dedup.batch.pieces import Piece
from dedup.batch.records import Record, Source, UnreadableSource
from dedup.config import Thresholds
from dedup.errors import DedupError
from dedup.models import Damage
from dedup.preparation import PreparedBatch, Preparer
from dedup.sketch.hashed_sets import HashedSets, hashed_sets
from dedup.sketch.keys import KeyBatch
from dedup.sketch.shingles import shingle_hashes
from dedup.text.folding import BREAK
from dedup.verdicts import is_lost

__all__ = ["Facts", "Outlines", "outline"]

_ANY_NUMBER = 0xFFFF


class Facts(NamedTuple):
    """What is told of articles in the end, if no others come near; in columns.

    Attributes:
        ids: As given, or made from the text; empty where refused for the lack of one.
        paths: The files that they are from.
        titles: As given, like those that follow.
        urls: Where they were found.
        published: When they were published.
        damages: Packed, by place; those with nothing to tell are left out.
        too_short: The places of articles of which only equal text is looked for.
        refused: Why an article was refused, by its place.
    """

    ids: Sequence[str]
    paths: Sequence[str]
    titles: Sequence[str | None]
    urls: Sequence[str | None]
    published: Sequence[datetime | None]
    damages: Mapping[int, PackedDamage]
    too_short: frozenset[int]
    refused: Mapping[int, DedupError]

    def source(self, place: int) -> Source:
        """Return where an article is from."""
        return Source(
            self.paths[place], self.titles[place], self.urls[place], self.published[place]
        )

    def damage(self, place: int) -> Damage:
        """Return what is wrong with a text."""
        return unpack_damage(self.damages.get(place))


class Outlines(NamedTuple):
    """The outlines of a piece's articles, in few large arrays that are soon handed over.

    Attributes:
        facts: `Facts`, pickled: the collection only keeps them.
        starts: Where the bytes of each article begin in the piece; int64, shape (n,).
        stops: Where they end; the same shape.
        hidden_slips: In how many places each may differ from another by single characters
            that its shingles do not show; uint16, shape (n,).
        id_hashes: xxh3-64 of each id; uint64, shape (n,).
        is_refused: Whether each was refused; bool, shape (n,).
        keys: As in `PreparedBatch`.
        shingles: Of what is compared.
        unreadable: What gave no article.
    """

    facts: bytes
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    hidden_slips: NDArray[np.uint16]
    id_hashes: NDArray[np.uint64]
    is_refused: NDArray[np.bool_]
    keys: KeyBatch
    shingles: HashedSets
    unreadable: Sequence[UnreadableSource]

    @property
    def num_articles(self) -> int:
        """How many articles there are."""
        return len(self.starts)


def outline(piece: Piece, preparer: Preparer, thresholds: Thresholds) -> Outlines:
    """Read the articles of a piece and prepare them."""
    records: list[Record] = []
    unreadable: list[UnreadableSource] = []
    for record in piece.records():
        if isinstance(record, UnreadableSource):
            unreadable.append(record)
        else:
            records.append(record)
    batch = preparer.prepare_batch([record.source.article for record in records])
    ids = [article.id or "" for article in batch.articles]
    is_refused = np.zeros(len(batch), np.bool_)
    is_refused[list(batch.refused)] = True
    compared = batch.normalized.compared
    hashes, bounds = shingle_hashes(compared.codes, compared.offsets, batch.shingle_length)
    damages = (pack_damage(one.damage) for one in batch.normalized.repaired)
    facts = Facts(
        ids=ids,
        paths=[record.source.path for record in records],
        titles=[article.title for article in batch.articles],
        urls=[article.url for article in batch.articles],
        published=[article.published_at for article in batch.articles],
        damages={place: packed for place, packed in enumerate(damages) if packed is not None},
        too_short=frozenset(np.flatnonzero(~batch.is_signed).tolist()),
        refused=batch.refused,
    )
    return Outlines(
        facts=pickle.dumps(facts, protocol=pickle.HIGHEST_PROTOCOL),
        starts=np.array([record.start for record in records], np.int64),
        stops=np.array([record.stop for record in records], np.int64),
        hidden_slips=_hidden_slips(batch, thresholds),
        id_hashes=np.array([_hash_of(one) for one in ids], np.uint64),
        is_refused=is_refused,
        keys=batch.keys,
        shingles=hashed_sets(hashes, bounds),
        unreadable=unreadable,
    )


def _hidden_slips(batch: PreparedBatch, thresholds: Thresholds) -> NDArray[np.uint16]:
    """Return how many slips there may be in each text at breaks, in a garbled one any number."""
    compared = batch.normalized.compared
    breaks = np.searchsorted(np.flatnonzero(compared.codes == BREAK), compared.offsets)
    hidden = np.minimum(np.diff(breaks), _ANY_NUMBER).astype(np.uint16)
    for place, repaired in enumerate(batch.normalized.repaired):
        num_chars = int(compared.offsets[place + 1] - compared.offsets[place])
        if repaired.damage.damaged or is_lost(int(hidden[place]), num_chars, thresholds):
            hidden[place] = _ANY_NUMBER
    return hidden


def _hash_of(article_id: str) -> int:
    return xxhash.xxh3_64_intdigest(article_id.encode(errors="surrogatepass"))
