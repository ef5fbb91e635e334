"""Sets of hashed shingles are the sets of Python, and share what those share."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.sketch.hashed_sets import hashed_sets, share_enough

TEXTS = st.lists(
    st.lists(
        st.integers(0, 40).map(lambda one: one * 104_729_001 % 2**32) | st.integers(0, 2**32 - 1)
    ),
    min_size=1,
)


def flat(texts):
    offsets = np.cumsum([0, *map(len, texts)]).astype(np.intp)
    return np.array([one for text in texts for one in text], np.uint32), offsets


@given(TEXTS)
def test_sets(texts):
    """Each hash of a text is there once, in ascending order."""
    sets = hashed_sets(*flat(texts))

    for number, text in enumerate(texts):
        stretch = slice(*sets.offsets[number : number + 2])
        assert sorted(set(text)) == sets.hashes[stretch].tolist()


@given(TEXTS, st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_shares(texts, least):
    """A pair shares enough if so much of the smaller set is in the other one."""
    sets = [set(text) for text in texts]
    pairs = [(one, other) for one in range(len(texts)) for other in range(len(texts))]
    ones, others = np.array(pairs).T
    expected = [
        len(sets[one] & sets[other]) >= least * min(len(sets[one]), len(sets[other]))
        if sets[one] and sets[other]
        else sets[one] == sets[other]
        for one, other in pairs
    ]

    assert expected == share_enough(hashed_sets(*flat(texts)), ones, others, least).tolist()
