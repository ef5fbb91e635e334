"""Which listed articles are found for an incoming one, and in which order."""

import numpy as np

from dedup.config import DedupConfig
from dedup.index.candidates import CandidateIndex
from dedup.models import Article
from dedup.preparation import Preparer
from dedup.sketch.keys import ListedKeys, Probe

NOTHING = np.empty(0, np.uint32)


def listed(whole, pieces=()):
    return ListedKeys(np.array(whole, np.uint64), np.array(pieces, np.uint32))


def probe(whole, pieces=(), num_pieces=None):
    count = len(pieces) if num_pieces is None else num_pieces
    return Probe(np.array(whole, np.uint64), np.array(pieces, np.uint32), count)


def index_of(*keys):
    index = CandidateIndex()
    index.add(list(keys), list(range(1, len(keys) + 1)))
    return index


class TestWholes:
    INDEX = (listed([1, 2, 3]), listed([1, 2, 4]), listed([1, 5, 6]))

    def find(self, *whole, **options):
        return index_of(*self.INDEX).find(probe(whole), **{"limit": 10, **options})

    def test_most_shared_keys_come_first(self):
        """Candidates are ordered by what they share, then by age; one band is not enough."""
        assert [1, 2] == self.find(1, 2, 3)
        assert [2, 1] == self.find(1, 2, 4)
        assert [] == self.find(1, 8, 9)

    def test_limit(self):
        """No more candidates than asked for."""
        assert [1] == self.find(1, 2, 3, limit=1)

    def test_range_of_numbers(self):
        """Only articles after one number and up to another."""
        assert [2] == self.find(1, 2, 5, 6, after=1, upto=2)

    def test_only_a_digest(self):
        """An article too short for bands is found by the digest of its text alone."""
        assert [1] == index_of(listed([77])).find(probe([77]), limit=10)

    def test_one_heir_after_another_is_found(self):
        """Those that were discarded take no room from who comes after under the same keys."""
        index = CandidateIndex()
        for number in range(1, 500):
            index.discard(number - 1)
            index.add([listed([1, 2, 3])], [number])

            assert [number] == index.find(probe([1, 2, 3]), limit=10)

    def test_discarded_articles_are_not_found(self):
        """A discarded article is gone at once, and may be listed again."""
        index = index_of(*self.INDEX)
        index.discard(1)
        index.discard(1)

        assert [2] == index.find(probe([1, 2, 3]), limit=10)
        assert 2 == len(index)
        index.add([self.INDEX[0]], [1])
        assert [1, 2] == index.find(probe([1, 2, 3]), limit=10)


class TestPieces:
    def test_an_excerpt_finds_its_article(self):
        """A few pieces are most of a short text, and lead to a long article."""
        index = index_of(listed([1], range(100, 160)), listed([2], range(200, 260)))

        assert [2] == index.find(probe([9], [205, 206, 999], 3), limit=10)

    def test_a_page_finds_what_it_wraps(self):
        """The pieces of a short article are few among those of a long page."""
        index = index_of(listed([1], range(100, 104)), listed([2], range(200, 260)))

        assert [1] == index.find(probe([9], range(80, 180), 100), limit=10)

    def test_a_common_phrase_is_no_candidate(self):
        """One piece in sixty that many articles have says nothing."""
        keys = [listed([number], [5, *range(number * 1000, number * 1000 + 60)])
                for number in range(1, 9)]  # fmt: skip

        assert [] == index_of(*keys).find(probe([99], [5, *range(50, 110)], 61), limit=10)

    def test_pieces_and_wholes_are_different_keys(self):
        """A band whose key is a small number is not taken for a piece."""
        assert [] == index_of(listed([5, 6, 7])).find(probe([1], [5, 6, 7], 3), limit=10)

    def test_all_sources_of_a_compilation(self):
        """Each of eight articles is found, beside unrelated ones with a phrase in common."""
        sources = [listed([n], [*range(n * 1000, n * 1000 + 40), 77]) for n in range(1, 60)]
        pieces = [piece for n in range(1, 9) for piece in range(n * 1000, n * 1000 + 20)]

        found = index_of(*sources).find(probe([99], [*pieces, 77], 160), limit=64)
        assert set(range(1, 9)) == set(found)


class TestBatches:
    def test_a_batch_is_listed_and_found_like_each_article_alone(self, seeds):
        """Articles that were prepared together, refused and short ones among them."""
        texts = [
            *seeds.values(),
            "…",
            "短讯一则",
            "",
            seeds["004"][:900],
            seeds["002"][200:],
            *seeds.values(),
        ]
        batch = Preparer(DedupConfig()).prepare_batch([Article(text=text) for text in texts])
        alone, together = CandidateIndex(), CandidateIndex()
        sound = [place for place in range(len(texts)) if place not in batch.refused]
        listed, probes = zip(*batch.keys.each(), strict=True)
        alone.add([listed[place] for place in sound], [place + 1 for place in sound])
        together.add_batch(batch.keys, np.arange(1, len(texts) + 1, dtype=np.uint32))
        upto = np.arange(len(texts))

        expected = {
            place: found
            for place in sound
            if (found := alone.find(probes[place], limit=3, upto=place))
        }
        assert len(expected) > len(seeds)
        assert expected == dict(together.find_batch(batch.keys, limit=3, upto=upto))
        assert len(alone) == len(together) == len(sound)


class TestRoom:
    def test_articles_to_come(self):
        """An index that is told how many articles will come takes its memory once."""
        whole = np.random.default_rng(5).integers(0, 2**64, size=(4_000, 40), dtype=np.uint64)
        keys = [ListedKeys(row, NOTHING) for row in whole]
        index = CandidateIndex()
        index.add(keys[:100], range(1, 101), of=4_000)
        before = index.nbytes
        index.add(keys[100:], range(101, 4_001))

        assert before == index.nbytes
        assert before < 14 * whole.size
        assert [4_000] == index.find(probe(whole[-1]), limit=10)
