"""A complete index finds what one finds that articles are added to."""

import numpy as np
import pytest

from dedup.config import DedupConfig
from dedup.index import bulk, postings
from dedup.index.bulk import BulkIndex, entries_of
from dedup.index.candidates import CandidateIndex
from dedup.models import Article
from dedup.preparation import Preparer
from dedup.sketch.keys import KeyBatch


@pytest.fixture(autouse=True)
def one_seed(monkeypatch):
    """Keys that agree in half of their bits by chance do so in both."""
    monkeypatch.setattr(postings.secrets, "randbits", lambda _: int(bulk._SEED))


def made(rng, num_articles, num_keys):
    """Articles with keys of which some are common and some are rare."""
    lengths = rng.integers(0, num_keys, num_articles)
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.intp)

    def keys(dtype):
        return (rng.zipf(1.3, offsets[-1]) % 5_000).astype(dtype)

    return KeyBatch(
        keys(np.uint64), offsets, keys(np.uint32), offsets, keys(np.uint32), offsets
    )  # fmt: skip


def both(batches, *, limit):
    """Return what both indexes find for articles that are listed in these batches."""
    table, entries, num_pieces, first = CandidateIndex(), [], [np.zeros(1, np.intp)], 1
    for keys in batches:
        numbers = np.arange(first, first + keys.num_articles, dtype=np.uint32)
        table.add_batch(keys, numbers)
        entries.append(entries_of(keys, first))
        num_pieces.append(np.diff(keys.piece_offsets))
        first += keys.num_articles
    index = BulkIndex(np.concatenate(entries), np.concatenate(num_pieces).astype(np.uint16))
    for keys in batches:
        upto = np.full(keys.num_articles, first, np.int64)
        expected = [
            (place, number)
            for place, numbers in table.find_batch(keys, limit=limit, upto=upto)
            for number in numbers
        ]
        places, numbers = index.find_pairs(keys, limit=limit)
        yield expected, list(zip(places.tolist(), numbers.tolist(), strict=True))


def test_articles(seeds):
    """Seeds, parts of them, short and refused ones, as both find them."""
    texts = [*seeds.values(), "…", "短讯一则", seeds["004"][:900], seeds["002"][200:], seeds["001"]]
    preparer = Preparer(DedupConfig())
    batches = [
        preparer.prepare_batch([Article(text=text) for text in some]).keys
        for some in (texts[:4], texts[4:], texts[2:3])
    ]
    answers = list(both(batches, limit=3))

    assert [expected for expected, _ in answers] == [found for _, found in answers]
    assert any(expected for expected, _ in answers)


@pytest.mark.parametrize("most_postings", [20, 4096])
def test_full_buckets_and_long_look_ups(monkeypatch, most_postings):
    """Of a key that many have only the first articles count, of many keys the rarest."""
    for module in (bulk, postings):
        monkeypatch.setattr(module, "MAX_POSTINGS", most_postings)
    rng = np.random.default_rng(5)
    batches = [made(rng, 300, 40) for _ in range(4)]

    for expected, found in both(batches, limit=1_000):
        assert expected
        # Sums of rarities may be rounded another way, and equal ones change places.
        assert sorted(expected) == sorted(found)


def test_nothing():
    """An empty index finds nothing."""
    keys = made(np.random.default_rng(5), 3, 1)
    index = BulkIndex(np.empty(0, np.uint64), np.zeros(1, np.uint16))

    assert [0, 0] == list(map(len, index.find_pairs(keys, limit=3)))
