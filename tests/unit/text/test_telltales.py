"""The pairs by which the look knows obscene headers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.text.code_points import code_points
from dedup.text.damage import stuffing
from dedup.text.damage.suspicion import look_for_damage
from dedup.text.damage.triggers import Trigger

BODY = "张北县坚持疫情防控与复工复产两手抓，企业陆续恢复生产。"
KEYWORDS = st.from_regex(stuffing._OBSCENE)


def triggers_of(text: str) -> Trigger:
    return Trigger(look_for_damage(code_points(text)))


@settings(max_examples=500)
@given(st.lists(KEYWORDS, min_size=2, max_size=4))
def test_keywords_have_their_pairs(keywords: list[str]) -> None:
    """Whatever is a header of obscene keywords calls for its finder."""
    text = " ".join(keywords) + "\n" + BODY
    if stuffing.find_headers(text):
        assert Trigger.OBSCENE in triggers_of(text)


@pytest.mark.parametrize("line", ["久久热 丝袜", "久久热 絲襪"])
def test_pairs_count_in_either_script(line: str) -> None:
    """Pairs are listed simplified and found traditional."""
    assert Trigger.OBSCENE in triggers_of(f"{line}\n{BODY}")


@pytest.mark.parametrize(
    "line", ["张北县复工复产按下快进键", "国家统计局：2月份PMI回升", "习近平会见外宾"]
)
def test_titles_call_for_nothing(line: str) -> None:
    """A line without a full stop is no suspicion by itself."""
    assert Trigger.NONE == triggers_of(f"{line}\n{BODY}")
