"""What is looked up in the dictionary of phrases."""

from hypothesis import given
from hypothesis import strategies as st

from dedup.text.code_points import code_points
from dedup.text.words import are_listed, is_listed_pair

PAIRS = st.text(st.sampled_from("中國国新聞闻復复工業业a。\0\U00020000"), min_size=2, max_size=2)


@given(st.lists(PAIRS, max_size=20))
def test_pairs_looked_up_at_once(pairs: list[str]) -> None:
    """Many pairs at once are listed as each is alone, in either script."""
    codes = code_points("".join(pairs))

    assert [is_listed_pair(*pair) for pair in pairs] == are_listed(codes[::2], codes[1::2]).tolist()
