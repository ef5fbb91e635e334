import pickle
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import ConfigError
from dedup.models import Scores
from dedup.sketch import similarity
from dedup.sketch.similarity import ShingleSet, could_share, overlap

CODES = st.lists(st.sampled_from([0, 1, 2, 0x4E2D, 0x10FFFF]), max_size=60)


def array(codes: list[int]) -> np.ndarray:
    """Codes as the kernels take them."""
    return np.array(codes, np.uint32)


def shingles(codes: list[int], k: int) -> set[tuple[int, ...]]:
    """The set of shingles without a break."""
    parts = (tuple(codes[i : i + k]) for i in range(len(codes) - k + 1))
    return {part for part in parts if all(part)}


@given(CODES, CODES, st.integers(1, 7))
def test_overlap_is_that_of_sets(a: list[int], b: list[int], k: int) -> None:
    """The counts are those of Python's sets of the shingles, either way round."""
    one, other = shingles(a, k), shingles(b, k)

    assert (len(one & other), len(one), len(other)) == overlap(array(a), array(b), k)
    assert (len(one & other), len(other), len(one)) == overlap(array(b), array(a), k)


@given(CODES, CODES, st.integers(1, 7))
def test_places_are_first_places(a: list[int], b: list[int], k: int) -> None:
    """Each shingle of a text is found where another text has it first."""
    places = ShingleSet(array(a), k).places_in(ShingleSet(array(b), k)).tolist()

    assert len(a) == len(places)
    for i, place in enumerate(places):
        shingle = a[i : i + k]
        matches = [j for j in range(len(b) - k + 1) if b[j : j + k] == shingle]
        is_shingle = len(shingle) == k and all(shingle)
        assert place == (matches[0] if is_shingle and matches else -1)


@given(CODES, CODES, st.integers(1, 7), st.floats(0, 1))
def test_no_share_is_missed(a: list[int], b: list[int], k: int, least: float) -> None:
    """A text that has enough of another, or of which another has enough, could always share it."""
    one, other = shingles(a, k), shingles(b, k)
    fewest = min(len(one), len(other))
    if len(one & other) >= least * fewest:
        assert could_share(array(a), ShingleSet(array(b), k), least)


def test_strangers_do_not_share() -> None:
    """Of texts without a common shingle hardly any could share a quarter of them."""
    generator = np.random.default_rng(1)
    texts = [generator.integers(0x4E00, 0x9FFF, 2_000).astype(np.uint32) for _ in range(20)]
    known = [ShingleSet(text, 5) for text in texts]

    assert all(could_share(text, same, 1.0) for text, same in zip(texts, known, strict=True))
    assert not any(
        could_share(text, other, 0.25)
        for text, same in zip(texts, known, strict=True)
        for other in known
        if other is not same
    )


def test_overlap_fits_scores() -> None:
    """The three counts are those of `Scores`, in its order."""
    scores = Scores(*overlap(array([1, 2, 3, 4]), array([2, 3, 4, 5, 6]), 2))

    assert (2, 3, 4) == (scores.shared, scores.size, scores.original_size)


def test_characters_decide_and_not_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a hash that sees only the last character of a shingle the counts stay exact."""
    monkeypatch.setattr(similarity, "_MULTIPLIER", np.uint64(0))
    generator = np.random.default_rng(1)
    for _ in range(20):
        a, b = (generator.integers(0, 4, 50).tolist() for _ in range(2))
        one, other = shingles(a, 3), shingles(b, 3)

        assert (len(one & other), len(one), len(other)) == overlap(array(a), array(b), 3)


def test_hostile_text_takes_linear_time() -> None:
    """A million equal characters are one shingle, counted at once."""
    text = np.full(1_000_000, 0x4E00, np.uint32)
    overlap(text[:10], text[:10], 5)
    begun = time.perf_counter()

    assert (1, 1, 1) == overlap(text, text, 5)
    assert time.perf_counter() - begun < 1.0


def test_a_pickled_set_is_built_anew() -> None:
    """A set that went through pickle compares like the first."""
    shingle_set = ShingleSet(array([1, 2, 3, 4, 5]), 3)
    copy = pickle.loads(pickle.dumps(shingle_set))  # noqa: S301  (our own bytes)

    assert (3, 3, 3) == shingle_set.overlap(copy)
    assert shingle_set.nbytes == copy.nbytes > 0


def test_other_lengths_are_refused() -> None:
    """Shingles have at least one character, and sets of other lengths do not meet."""
    with pytest.raises(ConfigError):
        ShingleSet(array([1, 2]), 0)
    with pytest.raises(ConfigError):
        ShingleSet(array([1, 2]), 1).overlap(ShingleSet(array([1, 2]), 2))
