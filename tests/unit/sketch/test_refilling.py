"""Forms that are filled in anew, told from copies by the numbers in the same places."""

import numpy as np
import pytest

from dedup.sketch.alignment import align
from dedup.sketch.refilling import Refilling, compare_blanks, count_substitutions

FORM = (
    "本台消息据报道{}月{}日上午国务院总理在北京人民大会堂举行仪式欢迎{}首相{}对我国进行正式访问"
    "国务委员和有关部门负责人参加仪式出席活动的代表共有{}人参加了活动全程历时{}分钟随后双方举行会谈"
)
FORMER = FORM.format(9, 9, "西班牙", "桑切斯", 120, 45)


def codes_of(text: str) -> np.ndarray:
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def compare(incoming: str, original: str) -> Refilling:
    a, b = codes_of(incoming), codes_of(original)
    return compare_blanks(a, b, align(a, b, 5).partners)


def test_a_form_has_other_numbers() -> None:
    """Dates, amounts and names differ, and the sentences around them do not."""
    found = compare(FORM.format(11, 23, "挪威王国", "斯特勒尔", 87, 30), FORMER)

    assert (0, 4) == (found.kept, found.changed)
    assert found.substituted >= 2


def test_a_copy_keeps_its_numbers() -> None:
    """A copy with single wrong characters has the numbers of its original."""
    copy = FORMER.replace("国务院", "国务阮").replace("正式", "正试").replace("双方", "又方")

    assert Refilling(kept=4, changed=0, substituted=0) == compare(copy, FORMER)


def test_lost_characters_are_no_other_number() -> None:
    """Where a character was lost nobody knows whether a number was changed."""
    lost = FORMER.replace("9月9日", "\x009月\x00日").replace("120人", "\x0020人")

    found = compare(lost, FORMER)

    assert (0, 0) == (found.changed, found.substituted)


def test_numbers_of_its_own_do_not_count() -> None:
    """What a text has besides, before or behind the common wording, is no blank of it."""
    page = "2025年12月1日第7版" + FORMER + "点击1234次转发56次"

    assert Refilling(kept=4, changed=0, substituted=0) == compare(page, FORMER)


@pytest.mark.parametrize(
    ("number", "other"), [("10", "110"), ("2024", "2025"), ("7", "17"), ("98", "9")]
)
def test_a_number_that_is_part_of_another(number: str, other: str) -> None:
    """A number is changed if any of its digits is, or it has more or fewer of them."""
    form = "据介绍本次活动共有来自各地的{}名志愿者报名参加并得到了当地居民的好评"

    found = compare(form.format(number), form.format(other))
    assert (0, 1) == (found.kept, found.changed)


def test_nothing_in_common() -> None:
    """Texts without a common wording have no blanks."""
    assert Refilling(0, 0, 0) == compare("今天是2025年1月1日星期三", "一二三四五六七八九十")


def test_words_of_another_region() -> None:
    """A word that is replaced three times is one substitution."""
    text = (
        "据本台记者介绍网络安全宣传活动在当地举行今后网络管理将更加严格专家表示网络空间不是法外之地"
    )
    a, b = codes_of(text.replace("网络", "网路")), codes_of(text)

    assert (3, 1) == count_substitutions(a, b, align(a, b, 5).partners)
