"""Invisible characters, escapes and stuffing: what is damage and what is not."""

import pytest

from dedup.text.damage.escapes import find_escapes, unescape_entities
from dedup.text.damage.invisible import find_invisible
from dedup.text.damage.repair import replay
from dedup.text.damage.stuffing import find_headers, find_stuffing
from dedup.text.marks import Mark


@pytest.mark.parametrize(
    "char", ["\N{ZERO WIDTH SPACE}", "\N{SOFT HYPHEN}", "\N{RIGHT-TO-LEFT MARK}"]
)
def test_invisible_beside_chinese(char: str) -> None:
    """A run of invisible characters next to a Chinese one is one mark."""
    assert [Mark(1, 3)] == find_invisible(f"中{char}{char}国")


@pytest.mark.parametrize(
    "text",
    [
        "co\N{SOFT HYPHEN}operate 合作",
        "می\N{ZERO WIDTH NON-JOINER}خواهم",
        "👨\N{ZERO WIDTH JOINER}👩",
        "ニュ\N{ZERO WIDTH SPACE}ース",
    ],
)
def test_invisible_in_other_scripts(text: str) -> None:
    """Invisible characters of other scripts and of emoji do honest work."""
    assert [] == find_invisible(text)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("&#20013;", "中"),
        ("&#x4E2D;", "中"),
        ("&amp;amp;#20013;", "中"),
        ("&ldquo;", "“"),
        ("中&amp;国", "中&国"),
        ("中&amp;lt国;", "中&lt国;"),
        ("中&lt;国", "中<国"),
        ("\\u4e2d", "中"),
        ("&nosuch;中", "&nosuch;中"),
        ("a &lt; b", "a &lt; b"),
        ("&#xD800;中", "\ufffd中"),
    ],
)
def test_escapes(text: str, meaning: str) -> None:
    """Entities of visible text become their characters; code and unknown names stay."""
    edits = unescape_entities(text, find_escapes(text))
    for edit in reversed(edits):
        text = text[: edit.start] + edit.replacement + text[edit.end :]

    assert meaning == text


def test_stuffing_with_bars() -> None:
    """A dozen short items between bars, a third of them places, are stuffing."""
    text = "正文。\n" + "吕梁市| 育儿| 武川县| " * 5
    marks = find_stuffing(text)

    assert [Mark(3, len(text))] == marks
    assert "正文。" == text[: marks[0].start]


@pytest.mark.parametrize(
    "text",
    [
        "受灾的有" + "吕梁市、" * 40 + "等地。",
        "首页|新闻|" * 10,
        "吕梁市|武川县|育儿",
        "|" * 50,
        "亚洲杯开幕，国产汽车热销。" * 9,
    ],
)
def test_other_lists_stay(text: str) -> None:
    """Lists in prose, navigation, short lists and tables are no stuffing."""
    assert [] == find_stuffing(text)


def test_obscene_headers() -> None:
    """Two obscene keywords in a first line make it stuffing; one in prose does not."""
    header = "国产精品久久 欧美日韩"

    assert [Mark(0, len(header) + 1)] == find_headers(f"{header}\n正文。")
    assert [] == find_headers("市民久久不愿离去。\n正文。")


def test_replay_of_nothing() -> None:
    """No steps leave a text as it is."""
    assert "中" == replay("中", ())
