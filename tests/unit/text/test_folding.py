import json
import os
import re
import runpy
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from dedup.text.folding import BREAK, Folder
from dedup.text.variants import (
    CHINESE_DICTIONARIES,
    chinese_pairs,
    japanese_pairs,
    read_dictionary,
    variant_classes,
)

ROOT = Path(__file__).parents[3]
FOLDER = Folder.load()
CONVERSIONS = ("t2s", "s2t", "s2tw", "s2hk", "hk2s", "tw2s", "t2tw", "t2hk")
ANY_TEXT = st.text(st.characters(exclude_categories=()))
SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=4)


def fold(text: str) -> str:
    """The folded text."""
    return str(FOLDER.fold(text))


@pytest.fixture(scope="module")
def words() -> list[str]:
    """Every eighth of the keys and values of the installed dictionaries."""
    content = "".join(map(read_dictionary, CHINESE_DICTIONARIES))
    return sorted(set(content.split()))[::8]


@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_folding_undoes_every_conversion_of_opencc(conversion: str, words: list[str]) -> None:
    """A word and what OpenCC makes of it fold alike, for the words OpenCC knows."""
    convert = OpenCC(conversion).convert

    assert list(map(fold, words)) == [fold(convert(word)) for word in words]


@pytest.mark.needs_data
def test_opencc_test_cases_fold_alike() -> None:
    """Nearly all of OpenCC's own test cases fold alike before and after conversion.

    They belong to a newer release than the installed dictionaries, so some differ.
    """
    folder = os.environ.get("DEDUP_TEST_TABLES")
    if not folder:
        pytest.skip("DEDUP_TEST_TABLES names no folder with opencc/testcases.json")
    content = (Path(folder) / "opencc" / "testcases.json").read_text(encoding="utf-8")
    cases = json.loads(re.sub(r",(\s*[}\]])", r"\1", content))["cases"]
    pairs = [
        (case["input"], expected)
        for case in cases
        for conversion, expected in case["expected"].items()
        if conversion in CONVERSIONS
    ]

    assert sum(fold(text) == fold(expected) for text, expected in pairs) >= 0.9 * len(pairs)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡｂＣ１２", "abc12"),
        ("café CAFE\N{COMBINING ACUTE ACCENT}", "cafecafe"),
        ("Straße ﬁn", "strassefin"),
        ("①❶⓫㈱㎏Ⅳ½", "1111株kgiv12"),
        ("⼀⻅⽐豈", "一见比岂"),
        ("がか\N{COMBINING KATAKANA-HIRAGANA VOICED SOUND MARK}ｶﾞ", "かかカ"),
        ("ﾡￂ한", "가한"),
        ("人々〻〆", "人々〻〆"),
        ("。，！🙂©★—…  \t\n", ""),
        ("\N{ZERO WIDTH SPACE}\N{SOFT HYPHEN}\ue0f0\U000f0000\ud800\U000e0041", ""),
        ("ˇˊˋ", ""),
        ("二〇二〇", "二〇二〇"),
        ("裏裡里 着著 乾幹干", "里里里着着干干干"),
    ],
)
def test_folds_to(text: str, folded: str) -> None:
    """Each kind of form becomes the usual one, or nothing."""
    assert folded == fold(text)


@pytest.mark.parametrize(
    ("one", "other"), [("资讯", "信息"), ("沪", "滤"), ("缺", "欠"), ("辨", "辩")]
)
def test_words_and_characters_of_their_own_stay_apart(one: str, other: str) -> None:
    """Regional words are not folded, nor characters that only Japanese joins."""
    assert fold(one) != fold(other)


@given(ANY_TEXT)
def test_folding_is_idempotent(text: str) -> None:
    """Folding the folded text again changes nothing."""
    assert fold(text) == fold(fold(text))


@given(st.text())
def test_normalization_form_does_not_show(text: str) -> None:
    """A text folds like each of its Unicode normalization forms."""
    assert {fold(text)} == {
        fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD", "NFKC", "NFKD")
    }


def test_all_hangul_syllables_compose() -> None:
    """Every precomposed syllable stays, and its jamo compose to it."""
    syllables = "".join(map(chr, range(0xAC00, 0xD7A4)))

    assert syllables == fold(syllables) == fold(unicodedata.normalize("NFD", syllables))


@given(ANY_TEXT)
def test_origins_tell_where_each_code_comes_from(text: str) -> None:
    """Origins never fall, and the character at each folds to the code, if it stands alone."""
    folded = FOLDER.fold(text)

    assert np.all(np.diff(folded.origins) >= 0)
    for code, origin in zip(folded.codes.tolist(), folded.origins.tolist(), strict=True):
        if not 0xAC00 <= code < 0xD7A4:  # a syllable may be of several jamo
            assert code in FOLDER.fold(text[origin]).codes


@pytest.mark.parametrize(
    ("text", "excluded", "codes", "origins"),
    [
        ("中�国", [], "中\0国", [0, 1, 2]),
        ("中�，�国", [], "中\0国", [0, 1, 4]),
        ("中(zhong)国", [(1, 8)], "中\0国", [0, 1, 8]),
        ("中(zhong)�国", [(1, 8)], "中\0国", [0, 1, 9]),
        ("中文国", [(2, 9), (0, 1)], "\0文\0", [0, 1, 2]),
        ("中文国", [(0, 2), (1, 3)], "\0", [0]),
        ("中文国", [(1, 1), (-4, 0), (7, 9)], "中文国", [0, 1, 2]),
        ("ᄀ�ᅡ", [], "ᄀ\0ᅡ", [0, 1, 2]),
    ],
)
def test_breaks(text: str, excluded: list[tuple[int, int]], codes: str, origins: list[int]) -> None:
    """One break stands for each lost or excluded stretch, however they meet."""
    folded = FOLDER.fold(text, excluded)

    assert codes == "".join(map(chr, folded.codes))
    assert origins == folded.origins.tolist()
    assert np.uint32 == folded.codes.dtype
    assert np.int32 == folded.origins.dtype


@given(st.lists(st.tuples(ANY_TEXT, SPANS), max_size=4))
def test_a_batch_is_its_texts_one_by_one(parts: list[tuple[str, list[tuple[int, int]]]]) -> None:
    """A batch folds every text as `fold` does."""
    batch = FOLDER.fold_batch([text for text, _ in parts], [spans for _, spans in parts])

    assert len(parts) == len(batch)
    for i, (text, spans) in enumerate(parts):
        one = FOLDER.fold(text, spans)
        assert one.codes.tolist() == batch[i].codes.tolist()
        assert one.origins.tolist() == batch[i].origins.tolist()


def test_batch_refuses_another_number_of_exclusions() -> None:
    """Exclusions must be given for every text or for none."""
    with pytest.raises(ValueError, match="one entry for each text"):
        FOLDER.fold_batch(["中", "文"], [[]])


def test_batch_has_no_text_beyond_its_end() -> None:
    """An index outside the batch raises, so that a loop over it ends."""
    with pytest.raises(IndexError):
        FOLDER.fold_batch(["中"])[1]


def test_expansions_may_outgrow_the_text() -> None:
    """A text of ligatures folds to many times its length."""
    ligature = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"

    assert fold(ligature) * 1000 == fold(ligature * 1000)


def test_every_code_point_folds_to_letters_and_numbers() -> None:
    """What any code point folds to is a letter or number, and folds to itself."""
    batch = FOLDER.fold("".join(map(chr, range(sys.maxunicode + 1))))
    kept = set(str(batch)) - {"\N{REPLACEMENT CHARACTER}"}

    assert {"L", "N"} >= {unicodedata.category(c)[0] for c in kept}
    assert BREAK == batch.codes[batch.origins == 0xFFFD]


def test_base_table_is_what_the_tool_makes() -> None:
    """The shipped table is that of tools/build_fold_table.py, for its Unicode version."""
    tool = runpy.run_path(str(ROOT / "tools" / "build_fold_table.py"))
    with np.load(tool["DEFAULT_OUTPUT"], allow_pickle=False) as shipped:
        if str(shipped["unicode_version"]) != unicodedata.unidata_version:
            pytest.skip(f"this Python has Unicode {unicodedata.unidata_version}")
        built = tool["build"]()

        assert sorted(built) == sorted(shipped)
        for name, array in built.items():
            assert np.array_equal(array, shipped[name])


def test_page_of_classes_is_up_to_date() -> None:
    """docs/folding.md lists the classes that are folded now."""
    tool = runpy.run_path(str(ROOT / "tools" / "list_folded_classes.py"))

    assert tool["DEFAULT_OUTPUT"].read_text(encoding="utf-8") == tool["page"]()


def test_no_class_of_variants_is_large() -> None:
    """Chains of pairs do not run together: no class has more than seven members."""
    classes = variant_classes(chinese_pairs(), japanese_pairs())

    assert max(map(len, classes.values())) <= 7
    assert len(classes) > 3900
    assert set("乾干幹榦") == set(map(chr, classes[ord("干")]))


def test_digest_names_the_table() -> None:
    """The digest is 32 hexadecimal digits, equal for equal tables only."""
    table, expansions = np.zeros(0x40000, np.uint32), np.zeros(1, np.uint32)
    other = table.copy()
    other[ord("a")] = ord("a")

    assert re.fullmatch("[0-9a-f]{32}", FOLDER.digest)
    assert Folder(table, expansions).digest == Folder(table.copy(), expansions).digest
    assert Folder(table, expansions).digest != Folder(other, expansions).digest
