import datasketch
import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import ConfigError
from dedup.sketch.minhash import EMPTY_SLOT, MinHasher, jaccard_estimate
from dedup.sketch.shingles import shingle_hashes

HASHER = MinHasher()
GOLDEN = ["928ba25efd1946b1", "1df875382849f33b", "a7c6bf24af0202b7"]
GOLDEN_SLOTS = [3558276213, 109530126, 2391600204, 2354913613]
TEXTS = st.lists(st.text("中国新闻网北京", max_size=30), max_size=4)


def sign(texts: list[str], k: int = 5, hasher: MinHasher = HASHER) -> np.ndarray:
    """Signatures of texts, by the kernels."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.intp)
    return hasher.sign(*shingle_hashes(codes, offsets, k))


def reference(text: str, k: int, num_perm: int = 128, seed: int = 1) -> datasketch.MinHash:
    """The MinHash of a text, by datasketch."""
    minhash = datasketch.MinHash(
        num_perm=num_perm, seed=seed, scheme="affine32", hashfunc=xxhash.xxh32_intdigest
    )
    for i in range(len(text) - k + 1):
        minhash.update(text[i : i + k].encode("utf-32-le"))
    return minhash


@given(TEXTS, st.integers(1, 9))
def test_signatures_are_those_of_datasketch(texts: list[str], k: int) -> None:
    """Every slot equals datasketch's, empty texts included."""
    assert [reference(text, k).hashvalues.tolist() for text in texts] == sign(texts, k).tolist()


@pytest.mark.parametrize(("num_perm", "seed"), [(1, 1), (37, 0), (200, 2**32 - 1)])
def test_other_numbers_and_seeds_are_those_of_datasketch(num_perm: int, seed: int) -> None:
    """The family follows the number of permutations and the seed."""
    text = "新冠肺炎疫情防控"

    assert (
        reference(text, 3, num_perm, seed).hashvalues.tolist()
        == sign([text], 3, MinHasher(num_perm, seed))[0].tolist()
    )


def test_signatures_are_pinned() -> None:
    """The bits of a few signatures: a change here needs an upgrade of every store."""
    signatures = sign(["企业复工复产难度不小", "the quick brown fox", "一二三四五"])

    assert (3, 128) == signatures.shape
    assert GOLDEN == [xxhash.xxh3_64_hexdigest(row.tobytes()) for row in signatures]
    assert [GOLDEN_SLOTS] == signatures[2:, :4].tolist()


def test_no_shingles_give_the_empty_signature() -> None:
    """A text shorter than a shingle has the sentinel in every slot."""
    assert {EMPTY_SLOT} == set(sign(["四个字的"], 5).ravel().tolist())


def test_datasketch_takes_a_signature_over() -> None:
    """A signature becomes a datasketch object that can be updated and compared."""
    text = "企业复工复产难度不小"
    taken = HASHER.to_datasketch(sign([text[:-1]])[0])
    taken.update(text[-5:].encode("utf-32-le"))

    assert 1.0 == taken.jaccard(reference(text, 5))


def test_estimate_is_within_five_standard_errors() -> None:
    """The share of equal slots estimates the Jaccard similarity."""
    generator = np.random.default_rng(3)
    hashes = generator.integers(0, 2**32, 3000, np.uint32)
    rows = HASHER.sign(np.concatenate([hashes[:2000], hashes[1000:]]), np.array([0, 2000, 4000]))

    assert abs(jaccard_estimate(*rows) - 1 / 3) < 5 * 0.5 / np.sqrt(128)
    assert 1.0 == jaccard_estimate(rows[0], rows[0])


def test_estimate_needs_equal_shapes() -> None:
    """Signatures of different numbers of slots cannot be compared."""
    with pytest.raises(ValueError, match="same number of slots"):
        jaccard_estimate(np.zeros(3, np.uint32), np.zeros(4, np.uint32))


@pytest.mark.parametrize(("num_perm", "seed"), [(0, 1), (128, -1), (128, 2**32)])
def test_values_outside_their_range_are_refused(num_perm: int, seed: int) -> None:
    """Numbers that datasketch would fail on are refused with a sentence."""
    with pytest.raises(ConfigError):
        MinHasher(num_perm, seed)
