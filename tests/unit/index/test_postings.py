"""The posting table: a multimap that grows without a pause and forgets what is unlisted."""

from collections import Counter, defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.index.postings import BUCKET_CAPACITY, PostingTable

NO_KEYS = np.empty(0, np.uint64)
LISTED = np.ones(1 << 16, np.bool_)
rows = st.lists(st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=3), max_size=60)


def add(table, row, number, listed=LISTED):
    table.add(np.array(row, np.uint64), np.full(len(row), number, np.uint32), listed)


def tally(table, first, second=(), listed=LISTED):
    """Return what has how many keys of either sort, by number."""
    found = table.tally(np.array(first, np.uint64), np.array(second, np.uint64), listed)
    pairs = zip(found.first.tolist(), found.second.tolist(), strict=True)
    return dict(zip(found.numbers.tolist(), pairs, strict=True))


class TestPostingTable:
    @given(rows)
    def test_agrees_with_a_dictionary(self, rows):
        """Each number is found under each of its keys, once however often it was entered."""
        table = PostingTable()
        expected = defaultdict(set)
        for number, row in enumerate(rows, start=1):
            add(table, row, number)
            add(table, row, number)
            for key in row:
                expected[key].add(number)

        for key, numbers in expected.items():
            assert dict.fromkeys(numbers, (1, 0)) == tally(table, [key])
        keys = list(expected)
        counts = Counter(number for numbers in expected.values() for number in numbers)
        assert counts == {number: second for number, (_, second) in tally(table, [], keys).items()}

    def test_grows_without_losing_anything(self):
        """At every moment of a move from table to table, everything is findable."""
        generator = np.random.default_rng(7)
        keys = generator.integers(0, 2**64, size=(6_000, 40), dtype=np.uint64)
        table = PostingTable()
        for number, row in enumerate(keys, start=1):
            add(table, row, number)
            if number % 97 == 0:
                for known in (1, number // 2, number):
                    assert (40, 0) == tally(table, keys[known - 1])[known]
        assert keys.size - 2 <= len(table) <= keys.size  # some agree in all bits that are kept
        assert table.nbytes < 15 * keys.size

    def test_a_large_addition_grows_it_too(self):
        """A bulk of entries many times the size of the table is taken in at once."""
        keys = np.random.default_rng(8).integers(0, 2**64, size=400_000, dtype=np.uint64)
        numbers = np.repeat(np.arange(1, 10_001, dtype=np.uint32), 40)
        table = PostingTable()
        table.add(keys, numbers, LISTED)

        assert (0, 40) == tally(table, [], keys[-40:])[10_000]
        assert (0, 40) == tally(table, [], keys[:40])[1]

    def test_moving_drops_what_is_not_listed(self):
        """The room of discarded articles is used again when the table moves."""
        generator = np.random.default_rng(9)
        listed = np.zeros(1 << 16, np.bool_)
        table = PostingTable()
        for number in range(1, 20_001):
            listed[number] = True
            if number > 100:
                listed[number - 100] = False
                table.forget(40)
            add(table, generator.integers(0, 2**64, size=40, dtype=np.uint64), number, listed)

        assert table.nbytes < 1 << 20
        assert len(table) < 20_000 * 40 / 10

    def test_hot_bucket_is_capped(self):
        """A key that everyone has costs a bounded look-up."""
        table = PostingTable()
        for number in range(1, 2_001):
            add(table, [42], number)

        assert BUCKET_CAPACITY == len(tally(table, [42]))

    def test_rare_keys_are_read_first(self):
        """However many hot keys an article has, what its rare ones say is heard."""
        table = PostingTable()
        for number in range(1, BUCKET_CAPACITY + 1):
            add(table, range(1_000), number)
        add(table, [5_000], 60_000)

        assert (1, 0) == tally(table, [*range(1_000), 5_000])[60_000]

    def test_rarity(self):
        """Each key counts one part in as many articles as have it."""
        table = PostingTable()
        for number in (1, 2, 3, 4):
            add(table, [7, 100 + number], number)
        found = table.tally(np.array([7, 101], np.uint64), NO_KEYS, LISTED)

        assert {1: 1.25, 2: 0.25, 3: 0.25, 4: 0.25} == dict(
            zip(found.numbers.tolist(), found.rarity.tolist(), strict=True)
        )

    def test_unlisted_articles_are_passed_over(self):
        """An article that is not listed is not found, though its entries are there."""
        table = PostingTable()
        add(table, [1, 2], 5)

        assert {} == tally(table, [1, 2], listed=np.zeros(16, np.bool_))
