"""Shifted stretches, made as the converters make them, and put right again."""

import pytest
from opencc import OpenCC

from dedup.text.code_points import code_points
from dedup.text.damage.gbk_shift import find_shifts, unshift_gbk
from dedup.text.damage.repair import repair
from dedup.text.damage.suspicion import false_signs
from dedup.text.gbk import LEADS, TRAILS, char_of, pair_of

SIMPLIFIED = [
    "他说：“这项工作已经全部完成。”记者在现场看到，工人们正在安装2台设备。",
    "企业负责人表示：“我们有信心。”当地政府的工作人员介绍，目前有3家企业。",
    "“今年的收成比去年好。”“大家的生活越来越好了。”村民们高兴地告诉记者5点钟。",
    "会议要求各部门落实责任。快递企业全面恢复生产，保障居民生活需要，共9家。",
]
TRADITIONAL = [OpenCC("s2t").convert(text) for text in SIMPLIFIED]


def decode_pairs(data: bytes, half: str) -> str:
    """Decode GBK as the converters do: user-defined rows kept, a lone lead byte as `half`."""
    chars = []
    at = 0
    while at < len(data):
        pair = data[at : at + 2]
        if data[at] < 0x80:
            chars.append(chr(data[at]))
            at += 1
        elif len(pair) == 2 and pair[0] in LEADS and pair[1] in TRAILS:
            chars.append(char_of(*pair))
            at += 2
        else:
            chars.append(half)
            at += 1
    return "".join(chars)


def straddles(text: str, sign: str) -> list[int]:
    """Return the offsets of characters whose trail and next lead byte are those of `sign`."""
    pairs = [pair_of(char) or 0 for char in text]
    wanted = pair_of(sign)
    return [
        at
        for at in range(len(text) - 1)
        if pairs[at] and pairs[at + 1] and (pairs[at] & 0xFF) << 8 | pairs[at + 1] >> 8 == wanted
    ]


def shift_at(text: str, at: int, half: str) -> str:
    """Cut the character at `at` in two, as a converter that sees a sign there does."""
    data = text[at:].encode("gb18030")
    return text[:at] + half + decode_pairs(data[1:], half)


@pytest.mark.parametrize("half", ["", "?"])
@pytest.mark.parametrize("text", SIMPLIFIED + TRADITIONAL)
@pytest.mark.parametrize("sign", "！？")
def test_shift_is_inverted(text: str, sign: str, half: str) -> None:
    """A stretch that was shifted comes back as it was, in its own script, up to its last character.

    That one's trail byte may be lost with nothing to tell it, and the lead byte of the first.
    """
    for at in straddles(text, sign):
        if text[at] != "。":
            continue
        shifted = shift_at(text, at, half)
        repaired = repair(shifted)

        assert repaired.damage.damaged
        lost = repaired.text.count("�")
        assert lost <= 2
        assert text[:at] == repaired.text[:at]
        assert repaired.text[at] in (text[at], "�")
        assert text[at + 1 : at + 8] == repaired.text[at + 1 : at + 8]


def test_every_generated_kind_occurs() -> None:
    """The texts above do contain straddling pairs, in both scripts."""
    for texts in (SIMPLIFIED, TRADITIONAL):
        assert any(text[at] == "。" for text in texts for at in straddles(text, "！"))


def test_private_use_pairs_are_recovered() -> None:
    """A private-use character stands for the two bytes it was read from."""
    assert 0xACD5 == pair_of("\ue0f0")
    assert 0xA38D == pair_of("\ue5d2")
    assert 0xF8A1 == pair_of("\ue234")


def test_pairs_are_a_bijection() -> None:
    """Every pair of bytes has one character, and that character has that pair."""
    for lead in LEADS:
        for trail in TRAILS:
            assert lead << 8 | trail == pair_of(char_of(lead, trail))


def test_dropped_private_use_character() -> None:
    """Two bytes missing inside a stretch cost two characters at most, and no alignment."""
    text = "他們是公司員工。復(fù)工(gōng)生產(chǎn),只入不出?！痹摴揪C合管理部,公司"
    edits = unshift_gbk(text, find_shifts(text))

    assert ["。”該公司綜"] == [edit.replacement for edit in edits]


def test_cut_quote_needs_an_open_quotation() -> None:
    """`！` at the end of a line is `。”` only where a quotation is left open."""
    shifted = "“復工哪行!敝靻⒊\ue0f0f,好"
    text = f"{shifted}\n“這家就脫貧了!\n真好!\n"
    edits = unshift_gbk(text, find_shifts(text))

    assert ["。”朱啟超說", "。”"] == [edit.replacement for edit in edits]


@pytest.mark.parametrize(
    "text", ["", "!", "！薄", "？！", "abc! def", "\ud800！\udfff", "！\U0001f600", "。" * 99]
)
def test_anything_can_be_searched(text: str) -> None:
    """No string upsets the search, and none of these is shifted."""
    assert [] == find_shifts(text)


def test_sieve_passes_over_clean_text() -> None:
    """Hardly any sign of a clean text is looked at closely."""
    assert 2 >= sum(len(false_signs(code_points(text))) for text in SIMPLIFIED + TRADITIONAL)


def test_text_made_of_shifts_is_left_alone() -> None:
    """As many as an article may have are put right at once; beyond that the time is bounded."""
    line = "“復工哪行！敝靻⒊\ue0f0f。"
    marks = find_shifts(line * 1_200)

    assert {"。”朱啟超說"} == {edit.replacement for edit in unshift_gbk(line * 1_200, marks)}
    assert 1_200 == len(marks)
    assert [] == find_shifts(line * 7_000)
