"""Repeated bodies and title chunks: what is there by design, and what merely returns."""

import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from dedup.models import DamageKind
from dedup.text.code_points import code_points
from dedup.text.damage.doubled_units import could_have_doubled_units, find_doubled_units
from dedup.text.damage.repair import repair, replay
from dedup.text.damage.repeats import _find_distances, find_repeats
from dedup.text.damage.title_chunks import find_title_chunks
from dedup.text.damage.title_pieces import could_have_pieces_of

SENTENCES = [
    "连日来，河北省张北县牢固树立一盘棋思想，在全力抓好疫情防控工作的基础上稳定发展。",
    "企业陆续恢复生产，工人分批返岗，物流逐步畅通，商店也开了门。",
    "当地干部走进车间，帮助工厂解决缺少口罩和原料的难题。",
    "一位负责人说，订单排到了六月，现在最缺的是熟练工人。",
    "为此，县里开通专车，把外地员工接回来，免去他们的隔离费用。",
    "截至目前，全县规模以上企业全部开工，用电量恢复到去年同期水平。",
]
BODY = "\n".join(SENTENCES)
TITLE = "张北县两手抓复工复产动起来忙春耕"


@pytest.mark.parametrize("glue", ["\n", "\n\n", "\n张北企业复工\n"])
@pytest.mark.parametrize("times", [2, 3])
def test_body_printed_again(glue: str, times: int) -> None:
    """One copy is kept, whatever stands between the copies."""
    assert BODY == repair(glue.join([BODY] * times)).text


@pytest.mark.parametrize("scripts", [("t2s", "s2t"), ("s2t", "t2s")])
def test_body_printed_again_in_the_other_script(scripts: tuple[str, str]) -> None:
    """The first copy is kept, in whichever script it is."""
    first, second = (OpenCC(script).convert(BODY) for script in scripts)

    assert first == repair(f"{first}\n{second}").text


def test_paragraphs_printed_twice() -> None:
    """A body that repeats paragraph by paragraph is recognised."""
    halves = ["".join(SENTENCES[:3]), "".join(SENTENCES[3:])]
    text = "\n".join(half for half in halves for _ in range(2))

    assert "\n".join(halves) == repair(text).text


def test_sentences_printed_twice() -> None:
    """Where each sentence is printed twice in a row, the second one goes."""
    assert BODY == repair("\n".join(sentence * 2 for sentence in SENTENCES)).text


def test_paragraphs_each_printed_twice() -> None:
    """Short paragraphs too, and what stands between them stays."""
    paragraphs = [SENTENCES[0] + SENTENCES[1], "记者 张三", "".join(SENTENCES[2:])]
    text = "\n".join(paragraph for paragraph in paragraphs for _ in range(2))

    assert "\n".join(paragraphs) == repair(text).text


def test_quotation_closed_once() -> None:
    """A sign that only the second of two sentences has stays."""
    quoted = "他说：“县里答应开专车去接外地的员工。"
    text = "".join(sentence * 2 for sentence in (*SENTENCES, quoted)) + "”"

    assert repair(text).text.endswith(SENTENCES[-1] + quoted + "”")


def test_last_line_of_the_first_body() -> None:
    """A credit ends the first body, though the second one begins behind it."""
    body = BODY + "\n编辑丨张三【编辑:李四】"

    flat = body.replace("\n", "")

    assert body == repair(f"{body}\n{flat}").text
    assert body == repair(f"{body}\n{BODY}").text


@given(
    st.lists(st.lists(st.sampled_from(range(9)), min_size=1, max_size=5), min_size=1, max_size=6),
    st.sampled_from(["", "\n", "\n\n"]),
)
def test_nothing_said_once_is_removed(order: list[list[int]], glue: str) -> None:
    """Whatever is printed again, in whatever order: each sentence is still there."""
    said = [*SENTENCES, "第一批货昨晚已经发往港口。", "县医院派人上门检查。", "大家都很高兴。"]
    text = glue.join("".join(said[place] for place in paragraph) for paragraph in order)
    repaired = repair(text + glue + text[len(text) // 3 :]).text

    for sentence in re.findall(r"[^。\n]+。", text):
        assert sentence in repaired


def test_nearly_the_same_body() -> None:
    """A second copy with some other characters goes as well."""
    again = BODY.replace("陆续", "相继").replace("六月", "七月")

    assert BODY == repair(f"{BODY}\n{again}").text


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        BODY + "\n" + SENTENCES[0],
        f"{SENTENCES[0]}{SENTENCES[1][:20]}{BODY}",
        "\n".join(f"第{n}名，张三，成绩{n}分，来自第{n}中学，指导教师李四。" for n in range(40)),
    ],
)
def test_other_repetitions_stay(text: str) -> None:
    """A closing sentence, a teaser cut short and a form filled in anew are no repeated body."""
    assert [] == find_repeats(text)


def test_a_form_filled_in_for_others_stays() -> None:
    """Notices of one wording about two people say two things."""
    people = [
        (
            "邓国风",
            "大东港海关原党委书记、关长",
            "违规接受他人宴请，长期无偿借用管理服务对象车辆；",
        ),
        ("宫国政", "大窑湾海关原党委委员、副关长", "在组织函询时不如实说明问题；"),
    ]
    text = "\n".join(
        f"日前，市监察委员会对大连海关所属{post}{name}严重违纪违法问题进行了纪律审查和监察调查。\n"
        f"经查，{name}丧失理想信念，背离初心使命，无视中央八项规定精神，违规收受礼品礼金；{deed}违规从事营利"
        f"活动；利用职务便利为他人谋利，并非法收受财物。{name}严重违反党的组织纪律和廉洁纪律，构成严重职务"
        f"违法并涉嫌受贿犯罪，且在党的十八大后不收敛、不收手，性质严重，影响恶劣，应予严肃处理。依据《中国"
        f"共产党纪律处分条例》等有关规定，经研究决定，由大连海关党委给予{name}开除党籍、开除公职处分；收缴其"
        f"违纪违法所得。长海县监委将其涉嫌犯罪问题移送检察机关依法审查起诉，所涉财物一并移送。"
        for name, post, deed in people
    )
    assert text == repair(text).text


def sprinkled(chunks: list[str], count: int) -> str:
    generator = random.Random(2)
    text = BODY
    for turn in range(count):
        at = generator.randrange(len(text) + 1)
        text = text[:at] + chunks[turn % len(chunks)] + text[at:]
    return f"{TITLE}\n{text}"


@pytest.mark.parametrize("size", [4, 5])
def test_title_chunks(size: int) -> None:
    """Pieces of the title that split words are removed, and little else."""
    chunks = [TITLE[at : at + size] for at in range(0, len(TITLE) - size + 1, size)]
    repaired = repair(sprinkled(chunks, 18)).text

    assert abs(len(repaired) - len(f"{TITLE}\n{BODY}")) <= 2 * size


def test_chunks_of_a_title_that_came_apart() -> None:
    """They are found by the title that was given; without it nobody could know them."""
    chunks = [TITLE[at : at + 4] for at in range(0, len(TITLE) - 3, 4)]
    text = sprinkled(chunks, 18).removeprefix(f"{TITLE}\n")
    repaired = repair(text, title=TITLE)

    assert {DamageKind.TITLE_CHUNKS} == repaired.damage.kinds.keys()
    assert abs(len(repaired.text) - len(BODY)) <= 8
    assert replay(text, repaired.steps) == repaired.text
    assert text == repair(text).text == repair(text, title="另一个没有关系的标题").text
    assert BODY == repair(BODY, title=TITLE).text


@pytest.mark.parametrize(
    "text",
    [
        f"{TITLE}\n{BODY}",
        "洞察大势把握机遇\n" + "我们要洞察大势、把握机遇，直面挑战。" * 9,
        "\n".join([TITLE, *[f"{TITLE}，{sentence}" for sentence in SENTENCES * 2]]),
    ],
)
def test_words_of_the_title_stay(text: str) -> None:
    """An article says what its title says."""
    assert [] == find_title_chunks(text)


@given(st.text(st.sampled_from("张北县，。\n a\U00020000"), max_size=400))
def test_distances(text: str) -> None:
    """Each place tells how far before it the same ten characters stand first."""
    codes = code_points(text)
    distances = np.full(max(0, codes.size - 9), -1)
    if codes.size >= 10:
        _find_distances(codes, distances)

    assert [at - text.find(text[at : at + 10]) for at in range(len(text) - 9)] == distances.tolist()


@pytest.mark.parametrize("times", [4, 10, 50])
def test_one_sentence_again_and_again_is_no_body(times: int) -> None:
    """What is printed more than a few times was never a body."""
    assert [] == find_repeats(SENTENCES[1] * times)
    assert [] == find_repeats("\n".join(SENTENCES[:2] * max(times, 6)))


PIECES = st.lists(
    st.sampled_from(["复工", "复产", "。", "！", "”", "\n", "a1", "，", SENTENCES[0]])
)


@given(PIECES, PIECES)
def test_doubled_units_are_seen_before_they_are_read(some: list[str], others: list[str]) -> None:
    """Whatever has doubled lines or sentences passes the kernel that is asked first."""
    unit, rest = "".join(some), "".join(others)
    for text in (unit * 2 + rest, f"{rest}\n{unit}\n{unit}", f"{unit}{rest}。" * 4):
        assert could_have_doubled_units(code_points(text)) or not find_doubled_units(text)


@given(st.text("张北复工产1 ", min_size=4, max_size=14), PIECES, st.integers(4, 7))
def test_pieces_of_a_title_are_seen_before_they_are_read(
    title: str, words: list[str], size: int
) -> None:
    """Whatever has the pieces of a title all over it passes the kernel that is asked first."""
    pieces = [title[at : at + size] for at in range(0, len(title), size)]
    text = "".join(word + pieces[at % len(pieces)] for at, word in enumerate(words * 3))
    line = " ".join(title.split())
    could_find = could_have_pieces_of(code_points(line), code_points(text))
    assert could_find or not find_title_chunks(f"{line}\n{text}")
