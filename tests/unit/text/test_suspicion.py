"""The look for damage: what calls the finders, and what does not."""

import json
from pathlib import Path

import pytest
from damaged_texts import TEXTS
from hypothesis import given

from dedup.text.code_points import code_points
from dedup.text.damage.repair import CATALOGUE
from dedup.text.damage.suspicion import look_for_damage
from dedup.text.damage.triggers import Trigger


def triggers_of(text: str) -> Trigger:
    return Trigger(look_for_damage(code_points(text)))


@pytest.mark.parametrize(
    ("text", "trigger"),
    [
        ("中\N{ZERO WIDTH SPACE}国", Trigger.INVISIBLE),
        ("中\x85\x86国", Trigger.CONTROL),
        ("靻⒊\ue0f0", Trigger.PRIVATE_USE),
        ("\ud800", Trigger.PRIVATE_USE),
        ("中�国", Trigger.REPLACEMENT),
        ("锟斤拷", Trigger.REPLACEMENT),
        ("中□国", Trigger.BOX),
        ("⼀人", Trigger.COMPATIBILITY),
        ("㊣", Trigger.ENCLOSED),
        ("Ａ", Trigger.FULL_WIDTH_ALNUM),
        ("𝐀", Trigger.FANCY_LETTER),
        ("ÖÐ¹ú", Trigger.LATIN),
        ("Привет", Trigger.OTHER_ALPHABET),
        ("すごい", Trigger.KANA),
        ("안녕", Trigger.HANGUL),
        ("好😀", Trigger.EMOJI),
        ("銆傗€", Trigger.MOJIBAKE_SIGN),
        ("網(wǎng)", Trigger.READING),
        ("網（ wang）", Trigger.READING),
        ("日?qǐng)?bào)", Trigger.SPLIT_READING),
        ("&ldquo;", Trigger.ENTITY),
        ("&#20013;", Trigger.ENTITY),
        ("\\u4e2d", Trigger.BACKSLASH_ESCAPE),
        ("%E4%B8%AD", Trigger.PERCENT_ESCAPE),
        ("。”", Trigger.NONE),
        ("哪行!敝靻⒊\ue0f0f,", Trigger.FALSE_SIGN),
        ("底?,F(xiàn)在", Trigger.FALSE_SIGN),
        ("中?国", Trigger.QUESTION),
        ("中??", Trigger.QUESTION),
        ("中 国 新 闻 网 站", Trigger.SPACED),
        ("中,,国", Trigger.DOUBLED_SIGN),
        ("中，。国", Trigger.DOUBLED_SIGN),
        ("a|" * 11, Trigger.BARS),
        ("<kbd id", Trigger.TAG),
        ("x0Ab3kLmQ9rStUvW", Trigger.LONG_ASCII),
        ("_x000D_", Trigger.UNDERSCORE),
        ("鎴戜滑鐨勫浗瀹", Trigger.MOJIBAKE),
        ("龘靐和龘靐", Trigger.RARE_HAN),
        ("首页\n" * 6, Trigger.SHORT_LINES),
        ("他对记者这样说。" * 4, Trigger.REPEATED),
        ("他说完了。\n责任编辑：张三\n", Trigger.BOILERPLATE),
        ("麻豆传媒 久久热\n正文。", Trigger.OBSCENE),
        ("张北复工复产\n各企业张北复工开工。", Trigger.TITLE),
        ("张北：“复工”\n各企业张北复工开工。", Trigger.TITLE),
    ],
)
def test_triggers(text: str, trigger: Trigger) -> None:
    """Each sign of damage sets its trigger."""
    assert trigger in triggers_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2月10日，记者从省政府新闻办获悉，全省已复工企业3.2万家。",
        "他说：“我们会努力的！”她问：“真的吗？”——2020年（上）……",
        "GDP增长6.1%，IT（信息技术）行业A股上涨，气温20°C。",
        "书记：张 三\n主任：李 四\n秘书：王 五\n委员：赵 六",
        "原文见https://example.org/2025/VIDEABCDEFGH250323x7.shtml",
    ],
)
def test_clean_text_sets_no_trigger(text: str) -> None:
    """Signs, numbers, short English words and brackets of clean text are no suspicion."""
    assert Trigger.NONE == triggers_of(text)


@given(TEXTS)
def test_no_finder_is_missed(text: str) -> None:
    """Whatever a finder marks, one of its triggers has seen, and the closer look as well."""
    triggers, codes = triggers_of(text), code_points(text)
    for entry in CATALOGUE:
        if entry.find(text):
            assert triggers & entry.triggers, entry.name
            assert entry.could_find is None or entry.could_find(codes), entry.name


CASES = Path(__file__).parents[2] / "cases"


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_closer_looks_miss_nothing(path: Path) -> None:
    """What finders mark in texts from the wild, closer looks have seen; of others they drop most.

    Each text is taken whole and from every line on, so that titles and sizes differ.
    """
    asked = dropped = 0
    for case in json.loads(path.read_text("utf-8")):
        lines = case["original"].split("\n")
        for text in ("\n".join(lines[first:]) for first in range(len(lines))):
            codes = code_points(text)
            triggers = look_for_damage(codes)
            for entry in CATALOGUE:
                if entry.could_find is None or not triggers & entry.triggers:
                    continue
                could_find = entry.could_find(codes)
                asked += 1
                dropped += not could_find
                assert could_find or not entry.find(text), (entry.name, case["label"])
    assert 0 < dropped < asked


@pytest.mark.parametrize(
    ("name", "text", "could_find"),
    [
        ("remove_jammers", "采用5G、4K、8K、A5、B6、C7技术，", False),
        ("remove_jammers", "他用了x7Kq2$n0{Zp#4这样的密码。", True),
        ("remove_jammers", "见https://example.org/2025/VIDEABCDEFGH250323x7.shtml。", True),
        ("remove_jammers", "<kbd>", True),
        ("remove_jammers", "a < b", False),
        ("remove_jammers", "真好😀。很好😀。太好😀！好😀！", False),
        ("remove_jammers", "真好😀很好😀太好😀好极了😀吧", True),
        ("remove_title_chunks", "张北复工复产动起来\n" + "各企业张北复工开工。" * 9, False),
        ("remove_title_chunks", "张北复工复产动起\n" + "张北复工，复产动起。" * 3, True),
        ("remove_title_chunks", "张北复工复产动起\n" + "张北复工复产动起。" * 6, False),
        ("replace_lookalikes", "①开工。②复产。③返岗。④防疫。㈠口罩。㈡用工。", False),
        ("replace_lookalikes", "共①②万、①③万、②④万、③⑤万人。", True),
        ("replace_lookalikes", "企业㈡次复工。", True),
        ("replace_lookalikes", "⼀人", True),
        ("unshift_gbk", "大家都说好！”他笑了。", False),
        ("unshift_gbk", "。朱启超说！敝靻⒊\ue0f0f，", True),
    ],
)
def test_closer_look(name: str, text: str, could_find: bool) -> None:
    """Natural words with the signs of damage are dropped, and damage never."""
    [entry] = [entry for entry in CATALOGUE if entry.name == name]
    assert entry.could_find is not None
    assert could_find == entry.could_find(code_points(text))
