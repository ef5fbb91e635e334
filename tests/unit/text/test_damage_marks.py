"""Where damage is in the text as it came."""

from hypothesis import given
from hypothesis import strategies as st

from dedup import repair
from dedup.models import DamageKind, Edit, Step
from dedup.text.damage.damage_marks import damage_marks


def test_later_steps_count_from_the_text_as_received():
    """What a second step removes is told where it stood before the first one."""
    steps = [
        Step("one", DamageKind.INVISIBLE_CHARACTERS, (Edit(1, 3, ""),)),
        Step("two", DamageKind.PINYIN_ANNOTATION, (Edit(2, 4, "丙"),)),
    ]

    assert [
        (DamageKind.INVISIBLE_CHARACTERS, 1, 3, ""),
        (DamageKind.PINYIN_ANNOTATION, 4, 6, "丙"),
    ] == damage_marks(8, steps)


def test_insertion_marks_the_character_behind_it():
    """An edit that removes nothing is still to be seen."""
    steps = [Step("one", DamageKind.GBK_SHIFT, (Edit(2, 2, "。"),))]

    assert [(DamageKind.GBK_SHIFT, 2, 3, "。")] == damage_marks(5, steps)


def test_undamaged_text_has_none():
    """Nothing was done, so nothing is marked."""
    assert [] == damage_marks(100, repair("为有序落实分区分级精准防控策略").steps)


@given(st.text("中国(guó)ǎn？！薄敝靻f\u200b&amp;,。 ", max_size=80))
def test_marks_are_inside_and_ascend(text):
    """Whatever the text, marks ascend and stay inside of it."""
    marks = damage_marks(len(text), repair(text).steps)

    assert marks == sorted(marks, key=lambda mark: (mark.start, mark.end))
    assert all(0 <= mark.start <= mark.end <= len(text) for mark in marks)
