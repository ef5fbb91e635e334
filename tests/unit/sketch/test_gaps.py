"""What sets two texts apart: slips of a garbled copy, or the blanks of a form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.sketch.alignment import align, align_sets
from dedup.sketch.gaps import Carried, Gaps, count_substitutions, examine_gaps
from dedup.sketch.similarity import ShingleSet
from dedup.text.blanks import numerals, surnames

FORM = (
    "本台消息据报道{}月{}日上午国务院总理在北京人民大会堂举行仪式欢迎{}首相{}对我国进行正式访问"
    "国务委员和有关部门负责人参加仪式出席活动的代表共有{}人参加了活动全程历时{}分钟随后双方举行会谈"
)
FORMER = FORM.format(9, 9, "西班牙", "桑切斯", 120, 45)


def codes_of(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def examine(incoming: str, original: str) -> tuple[Gaps, Carried]:
    a, b = ShingleSet(codes_of(incoming), 5), ShingleSet(codes_of(original), 5)
    return examine_gaps(a, b, align_sets(a, b), numerals(), surnames())


class TestBlanks:
    def test_a_form_has_other_numbers(self):
        """Dates, amounts and words differ, and the sentences around them do not."""
        gaps, _ = examine(FORM.format(11, 23, "挪威王国", "斯特勒尔", 87, 30), FORMER)

        assert (3, 0, 1) == (gaps.numbers, gaps.kept, gaps.words)

    @pytest.mark.parametrize(
        ("number", "other"),
        [("10", "110"), ("2024", "2025"), ("7", "17"), ("98", "9"), ("三", "四"), ("3", "三")],
    )
    def test_a_number_that_is_part_of_another(self, number, other):
        """A number is another if any of its digits is, or it has more or fewer of them."""
        form = "据介绍本次活动共有来自各地的{}名志愿者报名参加并得到了当地居民的好评"

        assert 1 == examine(form.format(number), form.format(other))[0].numbers

    def test_another_name(self):
        """Two names are told by their surnames, also right behind the start of a text."""
        form = "原告{}诉被告天津市滨海新区管理委员会撤销行政决定一案本院受理后依法组成合议庭"

        gaps, _ = examine(form.format("侯红梅"), form.format("方有勋"))

        assert Gaps(slips=0, numbers=0, names=1, words=0, kept=0) == gaps

    def test_a_copy_keeps_its_numbers(self):
        """A copy with single wrong characters has the numbers of its original."""
        copy = FORMER.replace("国务院", "国务阮").replace("正式", "正试").replace("双方", "又方")

        assert Gaps(slips=3, numbers=0, names=0, words=0, kept=4) == examine(copy, FORMER)[0]

    def test_lost_characters_are_no_other_number(self):
        """Where a character was lost nobody knows whether a number was changed."""
        lost = FORMER.replace("9月9日", "\x009月\x00日").replace("120人", "\x0020人")

        gaps, _ = examine(lost, FORMER)

        assert (0, 0) == (gaps.numbers, gaps.words)

    def test_what_stands_around_is_no_blank(self):
        """What a text has besides, before or behind the common wording, is none of it."""
        page = "2025年12月1日第7版" + FORMER + "点击1234次转发56次"

        assert Gaps(slips=0, numbers=0, names=0, words=0, kept=4) == examine(page, FORMER)[0]

    def test_rare_characters(self):
        """Characters beyond the tables are neither numerals nor surnames."""
        gaps, _ = examine(FORMER.replace("西班牙", "𠀀𠀁𠀂"), FORMER)

        assert (0, 0, 1) == (gaps.numbers, gaps.names, gaps.words)


class TestCarried:
    def test_slips_aside_all_is_there(self):
        """A wrong, a missing, an additional and a lost character hide nothing."""
        copy = FORMER.replace("国务院", "国务阮").replace("我国进行", "我国行")
        copy = copy.replace("负责人", "负责的人").replace("出席活动", "出\x00活动")

        _, carried = examine(copy, FORMER)

        assert len(ShingleSet(codes_of(FORMER), 5)) == carried.original_shared

    def test_other_words_are_not_carried(self):
        """A clause in place of another one is no slip."""
        other = FORMER.replace("国务委员和有关部门负责人参加仪式", "欢迎仪式结束以后宾主步入大厅")

        shared = ShingleSet(codes_of(other), 5).overlap(ShingleSet(codes_of(FORMER), 5)).shared

        _, carried = examine(other, FORMER)
        assert (shared, shared) == (carried.shared, carried.original_shared)

    def test_most_of_a_text_is_lost(self):
        """Between lost characters the others stand in the same order."""
        lossy = "".join("\x00" if at % 9 > 5 else char for at, char in enumerate(FORMER))

        size = len(ShingleSet(codes_of(FORMER), 5))
        assert examine(lossy, FORMER)[1].original_shared >= 0.9 * size

    @given(st.text("国家主席习近平在京", max_size=80), st.text("国家主席习近平在京", max_size=80))
    def test_never_less_than_the_exact_count(self, one, other):
        """Slips add shingles; they take none away, and there are no more than there are."""
        a, b = ShingleSet(codes_of(one), 5), ShingleSet(codes_of(other), 5)
        overlap = a.overlap(b)

        _, carried = examine_gaps(a, b, align_sets(a, b), numerals(), surnames())

        assert overlap.shared <= carried.shared <= overlap.size
        assert overlap.shared <= carried.original_shared <= overlap.original_size

    @given(st.data())
    def test_a_replaced_character_hides_nothing(self, data):
        """Whichever character of a text is another, all shingles of the text are carried."""
        place = data.draw(
            st.integers(5, len(FORMER) - 6).filter(lambda at: not FORMER[at].isdigit())
        )
        copy = FORMER[:place] + "乄" + FORMER[place + 1 :]

        _, carried = examine(copy, FORMER)

        assert len(ShingleSet(codes_of(FORMER), 5)) == carried.original_shared


def test_words_of_another_region():
    """A word that is replaced three times is one substitution."""
    text = (
        "据本台记者介绍网络安全宣传活动在当地举行今后网络管理将更加严格专家表示网络空间不是法外之地"
    )
    a, b = codes_of(text.replace("网络", "网路")), codes_of(text)

    assert (3, 1) == count_substitutions(a, b, align(a, b, 5).partners)
