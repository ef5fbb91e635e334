"""Sets of hashed shingles are the sets of Python, and share what those share."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.sketch.hashed_sets import common_to, hashed_sets
from dedup.sketch.shingles import shingle_hashes

K = 5
TEXTS = st.lists(
    st.lists(
        st.integers(1, 40).map(lambda one: one * 104_729_001 % 2**32) | st.integers(1, 2**32 - 1)
    ),
    min_size=1,
)


def flat(texts):
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.intp)
    return np.array([one for text in texts for one in text], np.uint32), offsets


def common_of(text, other):
    """What two texts of characters have in common."""
    codes, offsets = flat([list(map(ord, text)), list(map(ord, other))])
    sets = hashed_sets(*shingle_hashes(codes, offsets, K))
    one, another = np.array([0]), np.array([1])
    return tuple(
        int(value[0]) for value in common_to(sets, one, another, least=0.25, shingle_length=K)
    )


@given(TEXTS)
def test_sets(texts):
    """Each hash of a text is there once, in the order in which they come first."""
    sets = hashed_sets(*flat(texts))

    for number, text in enumerate(texts):
        stretch = slice(*sets.offsets[number : number + 2])
        assert list(dict.fromkeys(text)) == sets.hashes[stretch].tolist()


@given(TEXTS, st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_shares(texts, least):
    """What a pair shares is told if it is so much of the smaller set."""
    sets = [set(text) for text in texts]
    pairs = [(one, other) for one in range(len(texts)) for other in range(len(texts))]
    ones, others = np.array(pairs).T
    shared = [len(sets[one] & sets[other]) for one, other in pairs]
    wanted = [least * min(len(sets[one]), len(sets[other])) for one, other in pairs]
    expected = [num if num >= enough else 0 for num, enough in zip(shared, wanted, strict=True)]

    common = common_to(hashed_sets(*flat(texts)), ones, others, least=least, shingle_length=K)

    assert expected == common.shared.tolist()
    assert (common.carried >= common.shared).all()


def test_a_hash_of_zero():
    """Zero, which marks free places of a table, is taken for one."""
    assert [1, 7] == hashed_sets(*flat([[0, 7, 1, 0]])).hashes.tolist()


def test_slips_between_shared_stretches():
    """Single characters that differ are counted where they stand near; a clause alone is not."""
    text = "春天的公园里孩子们在放风筝老人在树下下棋聊天湖面上有几只小船慢慢划过远处传来钟声"
    garbled = text.replace("孩", "该").replace("棋", "其").replace("船", "般")
    clause = text[:12]
    other = "昨日市政府召开会议研究部署今年防汛工作要求各部门落实责任加强巡查确保安全度汛"
    size = len(text) - K + 1
    at_ends = 2  # where characters may be missing

    assert (size - 3 * K, size, 3 + at_ends) == common_of(garbled, text)
    assert (len(clause) - K + 1, len(clause) - K + 1, at_ends) == common_of(clause, text)
    assert (20, 20, 1) == common_of(text[:24] + other, other[::-1] + text[:24])
