"""Sampled shingles: what is listed, what is looked up, and that the two meet."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.sketch.sampling import LENGTH, sample

GENERATOR = np.random.default_rng(11)


def codes_of(length: int) -> np.ndarray:
    return GENERATOR.integers(1, 3000, length).astype(np.uint32)


def sample_one(codes: np.ndarray) -> tuple[set[int], set[int]]:
    """Return what one text is listed under, and what it is looked up by."""
    listed, probed = sample(codes, np.array([0, len(codes)], np.intp)).of(0)
    return set(listed.tolist()), set(probed.tolist())


@given(st.integers(0, 3000), st.integers(0, 5000), st.integers(300, 3000))
def test_a_common_stretch_is_found(before: int, after: int, length: int) -> None:
    """An article's fourteenth, wherever it stands in whatever text, leads to the article."""
    known = codes_of(length)
    window = min(max((length - LENGTH + 1) // 14, 16), 48)
    start = int(GENERATOR.integers(0, length - window - LENGTH + 1))
    stretch = known[start : start + window + LENGTH - 1]
    listed, _ = sample_one(known)
    _, probed = sample_one(stretch)

    assert listed & probed
    page = np.concatenate([codes_of(before), known, codes_of(after)])
    assert len(listed & sample_one(page)[1]) >= 0.5 * len(listed)


def test_what_is_listed_is_sparse() -> None:
    """A long article is listed under about two shingles in a window of 48."""
    listed, probed = sample_one(codes_of(50_000))

    assert 0.9 * 50_000 * 2 / 49 < len(listed) < 1.1 * 50_000 * 2 / 49
    assert 0.9 * 50_000 / 8 < len(probed) < 1.1 * 50_000 / 8


def test_half_of_what_is_listed_survives_heavy_damage() -> None:
    """With 6 % of the characters replaced, shingles are found at the rate that they survive."""
    known = codes_of(20_000)
    damaged = known.copy()
    replaced = GENERATOR.random(len(known)) < 0.06
    damaged[replaced] = codes_of(int(replaced.sum())) + 5000
    listed, _ = sample_one(known)
    _, probed = sample_one(damaged)

    assert len(listed & probed) / len(listed) > 0.94**LENGTH - 0.06


@given(st.lists(st.lists(st.integers(0, 3), max_size=60), max_size=5))
def test_many_are_sampled_like_each_alone(texts: list[list[int]]) -> None:
    """A batch changes nothing, and no shingle crosses a break or the border of a text."""
    arrays = [np.array(text, np.uint32) for text in texts]
    offsets = np.cumsum([0, *map(len, arrays)]).astype(np.intp)
    together = sample(np.concatenate([*arrays, np.empty(0, np.uint32)]), offsets)

    for place, codes in enumerate(arrays):
        listed, probed = together.of(place)
        assert (set(listed.tolist()), set(probed.tolist())) == sample_one(codes)
        runs = "".join(map(chr, codes)).split("\0")
        assert (len(listed) > 0) == any(len(run) >= LENGTH for run in runs)


def test_samples_are_pinned() -> None:
    """A change of these values needs an upgrade of every store."""
    codes = np.frombuffer("企业复工复产难度不小全国各地陆续开工".encode("utf-32-le"), np.uint32)
    listed, probed = sample(codes, np.array([0, len(codes)], np.intp)).of(0)

    assert GOLDEN_LISTED == listed.tolist()
    assert len(codes) - LENGTH + 1 == len(probed)


GOLDEN_LISTED = [3420411174]
