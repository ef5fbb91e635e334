import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import ConfigError
from dedup.sketch.shingles import shingle_hashes

CODES = st.lists(st.integers(0, 0x10FFFF) | st.sampled_from([0, 1, 0x4E2D]), max_size=60)


def flat(texts: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The texts as one array and their offsets."""
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.intp)
    return np.array([code for text in texts for code in text], np.uint32), offsets


def expected_hashes(codes: list[int], k: int) -> list[int]:
    """What the xxhash package says of every shingle without a break."""
    array = np.array(codes, np.uint32)
    shingles = [array[i : i + k] for i in range(len(codes) - k + 1)]
    return [xxhash.xxh32_intdigest(s.tobytes()) for s in shingles if s.all()]


@given(st.lists(CODES, max_size=4), st.integers(1, 21))
def test_hashes_are_those_of_xxhash(texts: list[list[int]], k: int) -> None:
    """Every shingle hashes as the xxhash package hashes its bytes; breaks are not crossed."""
    hashes, offsets = shingle_hashes(*flat(texts), k)

    assert np.uint32 == hashes.dtype
    assert len(texts) + 1 == len(offsets)
    for text, start, stop in zip(texts, offsets, offsets[1:], strict=False):
        assert expected_hashes(text, k) == hashes[start:stop].tolist()


@pytest.mark.parametrize("k", [1, 4, 5, 8, 13])
def test_long_texts_are_hashed_in_blocks(k: int) -> None:
    """Texts of more than one block hash like short ones."""
    codes = [*range(1, 1400), 0, *range(3, 700)]

    assert expected_hashes(codes, k) == shingle_hashes(*flat([codes]), k)[0].tolist()


def test_length_below_one_is_refused() -> None:
    """There is no shingle of no characters."""
    with pytest.raises(ConfigError):
        shingle_hashes(*flat([[1, 2]]), 0)


def test_other_kinds_of_number_are_refused() -> None:
    """Codes that would have to be cast are refused, not hashed to something else."""
    with pytest.raises(TypeError):
        shingle_hashes(np.array([1.5]), np.array([0, 1], np.intp), 1)
