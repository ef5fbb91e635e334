"""Finding readings in brackets, and only those."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.text.damage.annotations import find_annotations
from dedup.text.damage.split_annotations import find_split_annotations, rejoin_split_characters
from dedup.text.pinyin import LETTERS, is_syllable, reading_of, readings, without_tone


def found(text: str) -> list[str]:
    return [text[mark.start : mark.end] for mark in find_annotations(text)]


@pytest.mark.parametrize(
    "annotation", ["(wǎng)", "（wǎng）", "(huì )", "(lǜ)", "(nu\u0308\u030c)", "(é)"]
)
def test_tone_mark_is_enough(annotation: str) -> None:
    """A toned syllable behind a Han character is a reading, composed or not."""
    assert [annotation] == found(f"網{annotation}站")


@given(
    st.text(
        st.sampled_from("網在W行(（ )）ａāǚuü\u0308\u0304vagnowzhi\ue0f0\U00020000"), max_size=60
    )
)
def test_as_the_pattern_has_it(text: str) -> None:
    """What is found are the syllables that the pattern for readings describes."""
    syllable = re.compile(rf"[(（][ \u3000\xa0]?([{LETTERS}]{{1,7}})[ \u3000\xa0]?[)）]")
    spelled = {
        match.span() for match in syllable.finditer(text) if is_syllable(without_tone(match[1]))
    }
    toned = {
        (start, end)
        for start, end in spelled
        if "\u4e00" <= text[start - 1 : start] <= "\u9fff"
        and not text[start + 1 : end - 1].isascii()
    }

    assert toned <= set(map(tuple, find_annotations(text))) <= spelled


def test_reading_of_its_character() -> None:
    """Without a tone mark, the reading of the character in front counts."""
    assert ["(zai)"] == found("在(zai)此")
    assert ["(lv)"] == found("考慮(lv)到")


def test_repeated_readings() -> None:
    """A repeated reading counts, even where it is not the first reading of its character."""
    assert ["(hang)", "(hang)"] == found("行(hang)(hang)業")


@pytest.mark.parametrize("text", ["公司(long)", "他們(an)", "a(wǎng)", "網(web)", "網(wǎngwang)"])
def test_words_are_no_readings(text: str) -> None:
    """English words, readings of nothing and non-syllables are left alone."""
    assert [] == found(text)


def test_uncertain_readings_in_annotated_text() -> None:
    """Among many certain readings, a toneless one of another reading counts as well."""
    assert 11 == len(found("國(guó)" * 10 + "行(hang)業"))


@pytest.mark.parametrize(
    ("char", "reading"), [("報", "bao"), ("绿", "lü"), ("女", "nü"), ("略", "lüe"), ("啊", "a")]
)
def test_readings_of_common_characters(char: str, reading: str) -> None:
    """GB2312's order gives the readings of both scripts."""
    assert reading == reading_of(char)


@pytest.mark.parametrize("char", ["犇", "a", "。", "\ud800", ""])
def test_other_characters_have_no_reading(char: str) -> None:
    """Rare characters, letters and signs have no reading here."""
    assert reading_of(char) is None


def test_inventory() -> None:
    """The inventory knows syllables with ü, and no English word that is none."""
    assert all(is_syllable(without_tone(s)) for s in ["lǜ", "nüè", "zhuàng", "ér"])
    assert not any(is_syllable(s) for s in ["web", "min.", "wv", "zh", ""])


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("《人民日?qǐng)?bào)》", "報"),
        ("難題又?jǐn)[在", "擺"),
        ("王偉親自?huà)鞄?,帶", "掛帥"),
    ],
)
def test_split_characters_are_rejoined(text: str, restored: str) -> None:
    """An annotation inside a character tells the byte that it cut off."""
    edits = rejoin_split_characters(text, find_split_annotations(text))

    assert [restored] == [edit.replacement for edit in edits]


@pytest.mark.parametrize(
    ("text", "restored"),
    [
        ("當?shù)(shù)厍鍧嵞茉囱b備產業", "當地清潔能源裝備產業"),
        ("爲當?shu)(shu)厍鍧嵞茉囱b備產業", "爲當地清潔能源裝備產業"),
        ("新暎╯hēng）r代中國特色", "新時代中國特色"),
        ("復興提供堅(jiān)?quán)娝枷氡ＷC和", "復興提供堅(jiān)強思想保證和"),
    ],
)
def test_styles_of_split_annotations(text: str, restored: str) -> None:
    """Readings repeated, without tones, at full width or behind another one tell as much."""
    (edit,) = rejoin_split_characters(text, find_split_annotations(text))

    assert restored == text[: edit.start] + edit.replacement + text[edit.end :]


def test_annotation_behind_a_letter() -> None:
    """A letter that is half of the annotated character is no reason against it."""
    assert ["(wǎng)"] == found("公司W(wǎng)AP網站")
    assert [] == found("公司X(wǎng)AP網站")


def test_question_is_no_split_annotation() -> None:
    """A question mark before a bracketed word without a tone mark is one."""
    assert [] == find_split_annotations("好吗?an)可以")


def test_readings_for_kernels() -> None:
    """The table of readings says what `reading_of` says of every ideograph."""
    table = readings().of_chars
    letters = " abcdefghijklmnopqrstuvwxyzü"
    for code in range(0x4E00, 0xA000):
        number, spelled = int(table[code]), ""
        while number:
            number, spelled = number >> 5, letters[number & 31] + spelled
        assert (reading_of(chr(code)) or "") == spelled
