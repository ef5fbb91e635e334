from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.index.candidates import CandidateIndex
from dedup.index.postings import BUCKET_CAPACITY, PostingTable

# Spread over the table, and no two with the same low half, which would be one tag.
few_keys = st.integers(0, 2**32 - 1).map(lambda number: number * 0x9E3779B97F4A7C15 % 2**64)
rows = st.lists(st.lists(few_keys, min_size=3, max_size=3), max_size=60)


def keys_of(row):
    return np.array([row], np.uint64)


class TestPostingTable:
    @given(rows)
    def test_agrees_with_a_dictionary(self, rows):
        """Each number is found under each of its keys, once for each."""
        table = PostingTable()
        expected = defaultdict(list)
        for number, row in enumerate(rows, start=1):
            table.add(keys_of(row), np.array([number], np.uint32))
            for key in row:
                expected[key].append(number)

        for key, numbers in expected.items():
            assert sorted(numbers) == sorted(table.find(np.array([key], np.uint64)).tolist())

    def test_grows_without_losing_anything(self):
        """Segment after segment, everything stays findable."""
        generator = np.random.default_rng(7)
        keys = generator.integers(0, 2**64, size=(20_000, 8), dtype=np.uint64)
        table = PostingTable()
        table.add(keys, np.arange(1, 20_001, dtype=np.uint32))

        for number in (1, 5_000, 12_345, 20_000):
            assert number in table.find(keys[number - 1])
        assert table.nbytes < 20_000 * 8 * 8 * 4

    def test_hot_bucket_is_capped(self):
        """A key that everyone has costs a bounded look-up."""
        table = PostingTable()
        keys = np.full((2_000, 1), 42, np.uint64)
        table.add(keys, np.arange(1, 2_001, dtype=np.uint32))

        assert BUCKET_CAPACITY == len(table.find(keys[0]))


class TestCandidateIndex:
    def index(self):
        index = CandidateIndex()
        for number, row in enumerate([[1, 2, 3], [1, 2, 4], [1, 5, 6]], start=1):
            index.add(keys_of(row), np.array([number], np.uint32))
        return index

    def find(self, index, *keys, **options):
        return index.find(np.array(keys, np.uint64), **{"limit": 10, **options})

    def test_most_shared_keys_come_first(self):
        """Candidates are ordered by the number of shared keys, then by age."""
        assert [1, 2, 3] == self.find(self.index(), 1, 2, 3)
        assert [2, 1, 3] == self.find(self.index(), 1, 2, 4)

    def test_limit(self):
        """No more candidates than asked for."""
        assert [1] == self.find(self.index(), 1, 2, 3, limit=1)

    def test_range_of_numbers(self):
        """Only articles after one number and up to another."""
        assert [2] == self.find(self.index(), 1, after=1, upto=2)

    def test_discarded_articles_are_not_found(self):
        """A discarded article is gone at once, and may be listed again."""
        index = self.index()
        index.discard(1)
        index.discard(1)

        assert [2, 3] == self.find(index, 1)
        assert 2 == len(index)
        index.add(keys_of([1, 2, 3]), np.array([1], np.uint32))
        assert [1, 2, 3] == self.find(index, 1, 2, 3)

    def test_unknown_keys(self):
        """Nothing is found under keys that nobody has."""
        assert [] == self.find(self.index(), 99)
