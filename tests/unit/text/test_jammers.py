"""Jammers: random strings, tags, spreadsheet escapes, emoji inside words."""

import random
import string
from itertools import pairwise

import pytest

from dedup.models import DamageKind, Step
from dedup.text.damage.jammers import find_jammers
from dedup.text.damage.repair import replay
from dedup.text.marks import Mark, remove_marked

PROSE = "张北县坚持疫情防控与复工复产两手抓，企业陆续恢复生产。"


def without_jammers(text: str) -> str:
    edits = tuple(remove_marked(text, find_jammers(text)))
    return replay(text, [Step("remove_jammers", DamageKind.JAMMER, edits)])


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"{PROSE}\nx7Kq2$ ]n0{{Zp#4 w\n{PROSE}", f"{PROSE}\n{PROSE}"),
        (f"{PROSE}_x000D_", PROSE),
        (f'<kbd id="s7isi"></kbd>\n{PROSE}', PROSE),
        (f"{PROSE}</p>\n[b]{PROSE}[/b]", f"{PROSE}\n{PROSE}"),
        ("张北💰县坚🔥持疫🎉情防👍控", "张北县坚持疫情防控"),
    ],
)
def test_jammers_go_with_their_lines(text: str, clean: str) -> None:
    """What is removed takes the line that it fills with it."""
    assert clean == without_jammers(text)


def test_random_strings_between_paragraphs() -> None:
    """Lines of random printable ASCII are recognised, nearly all of them."""
    generator = random.Random(4)
    printable = string.ascii_letters + string.digits + string.punctuation
    lines = ["".join(generator.choices(printable, k=40)) for _ in range(50)]
    text = "\n".join(line for jam in lines for line in (PROSE, jam))

    assert [PROSE] * 50 == [line for line in without_jammers(text).splitlines() if line]


@pytest.mark.parametrize(
    "text",
    [
        "酒精含量为214.5mg/100ml，驾驶A320neo，使用iPhone15ProMax和COVID-19检测盒。",
        "网址为https://www.example.com/a1B2c3?id=9xK&q=Zz8，邮箱为a.b-9@example.com。",
        "The quick brown fox jumps over the lazy dog; 3G, 4G and 5G differ. " * 3,
        "文件5853d3535af50.jpg和warehouse_im02.png。",
        "在HTML中，段落用<p>和</p>，换行用<br>。",
        "今天去了海边🌊！天气真好☀️\n晚上吃火锅😋 太开心了🎉",
        "認識你♥很開心♥\n星空裡♥萬顆星♥\n有一顆♥是我心♥",
    ],
)
def test_honest_ascii_and_emoji_stay(text: str) -> None:
    """Units, models, addresses, English, tutorials and real posts have no jammers."""
    assert [] == find_jammers(text)


def test_number_beside_a_jammer_stays() -> None:
    """A number at the end of a random run belongs to the prose beside it."""
    text = "全年增长3% 8 {0 l3 X) a4 @%q7\n中国" * 3

    assert "全年增长3% \n中国" * 3 == without_jammers(text)


def test_marks_are_disjoint() -> None:
    """Tags within random runs are one mark each, or part of one."""
    marks = find_jammers('<b>_x000D_<kbd id="ab12c"></kbd>' * 3 + PROSE)

    assert all(isinstance(mark, Mark) for mark in marks)
    assert sorted(marks) == marks
    assert all(a.end <= b.start for a, b in pairwise(marks))
