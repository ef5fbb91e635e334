"""Facts about the language model that chooses what a gap has lost."""

import numpy as np
import pytest

from dedup.text.damage.shift_model import choose, find_unlinked


def codes(text):
    return np.array([ord(char) for char in text], np.int32)


def test_words_decide():
    """复工 is a word, 福工 is none."""
    candidates = np.array([[ord("福"), 0], [ord("复"), 0]], np.int32)
    logs = choose(candidates, codes("企业"), codes("工"), codes("").astype(np.uint32))
    assert int(logs.argmax()) == 1


@pytest.mark.parametrize("place", ["before", "after", "both"])
def test_characters_beyond_the_basic_plane_are_alike(place):
    """No table knows them: an emoji counts as any other, and nothing is read beside the tables."""
    candidates = np.array([[ord("复"), 0], [ord("福"), ord("建")]], np.int32)

    def logs_beside(char):
        before = codes(f"企{char}业{char}" if place != "after" else "企业")
        after = codes(f"{char}工{char}作" if place != "before" else "工作")
        return choose(candidates, before, after, codes(f"复工{char}").astype(np.uint32))

    for char in ("𠀀", "\U0010ffff"):
        assert logs_beside(char).tolist() == logs_beside("😀").tolist()
    assert np.isfinite(logs_beside("😀")).all()


def test_what_makes_no_word_is_found():
    """In 企业靐复工 the rare character belongs to no word."""
    assert find_unlinked(codes("企业靐复工"), -8.0).tolist() == [2]
