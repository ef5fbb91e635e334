import difflib
import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import ConfigError
from dedup.models import Differences
from dedup.sketch.alignment import MAX_GAP, AlignedPassage, Alignment, align, align_sets
from dedup.sketch.similarity import ShingleSet

NO_PARTNERS = np.empty(0, np.int32)  # they are not compared
CODES = st.text("ab中\0", max_size=60)
LETTERS = "".join(map(chr, range(0x4E00, 0x4E00 + 500)))


def array(text: str) -> np.ndarray:
    """The code points of a text."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def aligned(a: str, b: str, k: int = 5) -> Alignment:
    """The alignment of two texts in which NUL is a break."""
    return align(array(a), array(b), k)


def random_text(length: int, seed: int = 1, letters: str = LETTERS) -> str:
    """A text in which long repeats are unlikely."""
    return "".join(random.Random(seed).choices(letters, k=length))


def num_characters(text: str) -> int:
    """The characters of a text without its breaks."""
    return len(text) - text.count("\0")


@given(CODES, CODES, st.integers(1, 6))
def test_passages_are_disjoint_and_equal_up_to_gaps(a: str, b: str, k: int) -> None:
    """Passages begin and end with runs, overlap nowhere, and ascend in the first text."""
    alignment = aligned(a, b, k)
    seen: list[bool] = [False] * len(b)
    last = 0
    for start, end, original_start, original_end in alignment.passages:
        assert last <= start < end <= len(a)
        assert 0 <= original_start < original_end <= len(b)
        assert not any(seen[original_start:original_end])
        assert a[start : start + k] == b[original_start : original_start + k]
        assert a[end - k : end] == b[original_end - k : original_end]
        seen[original_start:original_end] = [True] * (original_end - original_start)
        last = end


@given(CODES, CODES, st.integers(1, 6))
def test_counts_balance(a: str, b: str, k: int) -> None:
    """Without what was inserted and with what was dropped, the lengths are equal."""
    alignment = aligned(a, b, k)
    differences = alignment.differences

    assert num_characters(a) - differences.inserted == num_characters(b) - differences.dropped
    assert 0 <= alignment.single_character_differences <= alignment.places
    assert differences.substituted + differences.inserted + differences.dropped >= alignment.places


@given(st.text("ab中文", min_size=6, max_size=60))
def test_a_text_is_one_passage_with_itself(text: str) -> None:
    """A text shares all of itself with itself."""
    whole = AlignedPassage(0, len(text), 0, len(text))

    assert Alignment((whole,), Differences(), 0, 0, NO_PARTNERS, NO_PARTNERS) == aligned(text, text)


def test_single_wrong_lost_and_added_characters() -> None:
    """Each kind of single difference is counted as what it is, in one passage."""
    original = random_text(400)
    copy = original[:100] + "错" + original[101:200] + original[201:300] + "多" + original[300:]
    alignment = aligned(copy, original)

    assert Differences(substituted=1, dropped=1, inserted=1) == alignment.differences
    assert ((0, 400, 0, 400),) == alignment.passages
    assert (3, 3) == (alignment.places, alignment.single_character_differences)


def test_differences_at_the_ends() -> None:
    """A wrong first and a lost last character are differences like others."""
    original = random_text(100)
    alignment = aligned("错" + original[1:-1], original)

    assert Differences(substituted=1, dropped=1) == alignment.differences
    assert ((1, 99, 1, 99),) == alignment.passages
    assert 2 == alignment.single_character_differences


def test_noise_of_six_percent_is_all_single_characters() -> None:
    """Scattered wrong characters are found one by one, also where runs are shorter than k."""
    original = random_text(2700)
    generator = random.Random(2)
    wrong = sorted(generator.sample(range(2700), 162))
    copy = "".join("错" if i in wrong else c for i, c in enumerate(original))
    alignment = aligned(copy, original)

    assert Differences(substituted=162) == alignment.differences
    assert 1 == len(alignment.passages)
    assert alignment.single_character_differences > 0.8 * alignment.places


def test_neighbours_that_changed_places_are_one_place_each() -> None:
    """Also where several such pairs stand side by side, or with one character between."""
    original = random_text(100)
    a, b, c = original[20:22], original[22:24], original[25:27]
    swapped = a[::-1] + b[::-1] + original[24] + c[::-1]
    alignment = aligned(original[:20] + swapped + original[27:], original)

    assert (3, 3) == (alignment.places, alignment.single_character_differences)


def test_a_form_filled_in_anew_differs_in_few_long_places() -> None:
    """Other names and dates are no single characters."""
    parts = [random_text(60, seed) for seed in range(4)]
    fields = ["张建国二〇一九年三月", "原告李春梅", "人民币一百二十万元"]
    others = ["欧阳振华二〇二一年十", "被告赵志强", "港元八十七万五千整"]
    original = parts[0] + "".join(f + p for f, p in zip(fields, parts[1:], strict=True))
    copy = parts[0] + "".join(f + p for f, p in zip(others, parts[1:], strict=True))
    alignment = aligned(copy, original)

    assert 1 == len(alignment.passages)
    assert 3 <= alignment.places <= 5
    assert alignment.single_character_differences <= 2


def test_moved_paragraphs() -> None:
    """The lighter passage out of order is moved, the rest stays."""
    head, middle, tail = (random_text(length, length) for length in (300, 80, 200))
    alignment = aligned(head + tail + middle, head + middle + tail)

    assert Differences(moved=80) == alignment.differences
    assert [(0, 300), (300, 500), (500, 580)] == [p[:2] for p in alignment.passages]
    assert 0 == alignment.places


def test_a_wrapped_excerpt() -> None:
    """What stands around a shared passage is inserted and dropped, each one place."""
    shared, around, rest = random_text(200, 1), random_text(90, 2), random_text(70, 3)
    alignment = aligned(around + shared, shared + rest)

    assert Differences(inserted=90, dropped=70) == alignment.differences
    assert ((90, 290, 0, 200),) == alignment.passages
    assert 2 == alignment.places


def test_a_text_printed_twice_matches_once() -> None:
    """Each character of the original is in one passage at most."""
    text = random_text(200)

    assert Differences(inserted=200) == aligned(text + text, text).differences


def test_gaps_join_up_to_the_limit() -> None:
    """Runs over a gap of MAX_GAP are one passage, over a longer one two."""
    one, other = random_text(50, 1), random_text(50, 2)

    assert 1 == len(aligned(one + "隔" * MAX_GAP + other, one + other).passages)
    assert 2 == len(aligned(one + "隔" * (MAX_GAP + 1) + other, one + other).passages)


def test_breaks_are_no_characters() -> None:
    """A break beside a lost character is not counted, the character is."""
    original = random_text(100)
    alignment = aligned(original[:50] + "\0" + original[51:], original)

    assert Differences(dropped=1) == alignment.differences
    assert Differences() == aligned(original[:50] + "\0" + original[50:], original).differences


@given(st.integers(0, 2**32), st.sets(st.integers(0, 59), max_size=5))
def test_scattered_errors_are_counted_as_by_difflib(seed: int, positions: set[int]) -> None:
    """Where no character repeats, the differences are those of difflib's edit script."""
    text = "".join(random.Random(seed).sample(LETTERS, 60))
    copy = "".join("错" if i in positions else c for i, c in enumerate(text))
    opcodes = difflib.SequenceMatcher(None, text, copy, autojunk=False).get_opcodes()
    expected = sum(end - start for tag, start, end, _, _ in opcodes if tag == "replace")

    assert Differences(substituted=expected) == aligned(copy, text).differences


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x" * 300_000, "x" * 300_000),
        ("xy" * 150_000, "xyz" * 100_000),
        (("x" * 31 + "y") * 9_000, ("x" * 31 + "z") * 9_000),
        (random_text(300_000, 1, "ab"), random_text(300_000, 2, "ab")),
    ],
    ids=["equal", "period", "anchor", "two letters"],
)
def test_repetitive_text_takes_linear_time(a: str, b: str) -> None:
    """Texts of few different shingles are aligned in bounded time."""
    aligned("abcdef", "abcdef")
    begun = time.process_time()
    aligned(a, b)

    assert time.process_time() - begun < 2.0


def test_prepared_sets_align_like_texts() -> None:
    """Aligning prepared shingle sets is aligning their texts."""
    a, b = random_text(300, 1)[:200], random_text(300, 1)[100:]
    sets = ShingleSet(array(a), 5), ShingleSet(array(b), 5)

    assert aligned(a, b) == align_sets(*sets)


def test_empty_texts_share_nothing() -> None:
    """Nothing aligns with nothing, and all of a text differs from nothing."""
    assert Alignment((), Differences(), 0, 0, NO_PARTNERS, NO_PARTNERS) == aligned("", "")
    assert Alignment((), Differences(inserted=2), 1, 1, NO_PARTNERS, NO_PARTNERS) == aligned(
        "中国", ""
    )


def test_length_below_one_is_refused() -> None:
    """A run has at least one character."""
    with pytest.raises(ConfigError):
        aligned("a", "a", 0)
