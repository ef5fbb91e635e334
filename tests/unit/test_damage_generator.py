"""The damage that quality is measured with: the same by seed, and true to the bytes seen."""

import re
from pathlib import Path
from random import Random

import pytest
from quality.bytewise import annotate, shift
from quality.corpus import CorpusArticle
from quality.damage import KINDS, Case, Surroundings, cells, make_case
from quality.encodings import misread
from quality.kinds import Kind, Recovery, Severity
from quality.script import convert

from dedup import Verdict

SEEDS = sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))


def seed(number: int) -> CorpusArticle:
    text = SEEDS[number].read_text(encoding="utf-8")
    return CorpusArticle(SEEDS[number].stem, "我们多跑腿复工就能快一点", text, "seeds")


ARTICLE = seed(4)
AROUND = Surroundings(companions=[seed(2)] * 8, prose=[seed(2).text] * 9)


def case(kind: Kind, severity: Severity, number: int = 0) -> Case | None:
    return make_case(ARTICLE, kind.name, severity, seed=number, around=AROUND)


@pytest.mark.parametrize(
    ("kind", "severity"),
    [pytest.param(*cell, id=f"{cell[0].name}-{cell[1]}") for cell in cells()],
)
def test_a_case_is_determined_by_its_seed_and_damages(kind, severity):
    made = case(kind, severity)
    assert made == case(kind, severity)
    if made is None:
        assert kind.name.startswith(("compilation", "gbk_shift")), "a place for all other damage"
        return
    assert made.text != ARTICLE.text
    assert made.verdicts
    assert ARTICLE.id in made.sources
    if kind.recovery is not Recovery.NONE:
        assert made.undamaged


def test_severities_grow():
    """More characters differ at a heavier severity, for the kinds that count them."""
    for name in ("dropped", "replaced_mixed", "lost_fffd"):
        counts = [case(KINDS[name], severity).unrecoverable for severity in KINDS[name].verdicts]
        assert counts == sorted(set(counts))


def test_readings_split_characters_where_bytes_match():
    """C8D5 88F3 A1B7 holds D588, 請; D3D6 945B D4DA holds D694."""
    assert annotate("日報》", "報請", "({0})") == ("日?qǐng)?bào)》", 2)
    assert annotate("又擺在", bytes.fromhex("D694").decode("gbk"), "({0})") == ("又?jǐn)[在", 1)


@pytest.mark.parametrize(
    ("clean", "damaged"),
    [
        ("。”朱啟超說，", "！敝靻⒊\ue0f0f，"),
        ("。現在", "，F在"),
        ("。快遞員", "？爝f員"),
        ("省（區、市", "。▍^、市"),
        ("跑。”陳忠逸，這", "跑！标愔乙，這"),
    ],
)
def test_signs_shift_text_by_one_byte(clean, damaged):
    """As in seeds/000, where half bytes are gone; the first match of each text is hit."""
    copy, lost = shift(clean, Random(0), share=1.0)
    assert copy == damaged
    assert lost


def test_half_bytes_may_stay_as_question_marks():
    """As in seeds/001."""
    assert shift("停”轉", Random(0), share=1.0, dangling="?")[0] == "?！鞭D"
    assert shift("温。”2月17日", Random(0), share=1.0, dangling="?")[0] == "温?！?月17日"
    assert shift("。康保縣", Random(0), share=1.0, dangling="?")[0] == "?？当？h"


def test_private_use_characters_may_be_dropped():
    damaged, _ = shift("。”朱啟超說", Random(0), share=1.0, keep_private=False)
    assert damaged == "！敝靻⒊f"


def test_encodings_are_misread_as_browsers_do():
    assert misread("中国", "utf-8", "cp1252") == "ä¸\xadå›½"
    assert misread("中国", "gb18030", "latin-1") == "ÖÐ¹ú"
    assert misread("。“", "utf-8", "gbk-careless") == "銆傗€?"


def test_articles_without_a_place_for_damage_are_left_out():
    """Text without a straddling pair cannot be shifted."""
    plain = CorpusArticle("a", "", "一二三", "none")
    assert make_case(plain, "gbk_shift", Severity.HEAVY) is None


def test_a_quarter_is_an_excerpt_of_that_size():
    made = make_case(ARTICLE, "excerpt_quarter", Severity.USUAL)
    size = sum(char.isalnum() for char in made.text)
    assert size == pytest.approx(sum(char.isalnum() for char in ARTICLE.text) / 4, abs=1)
    assert made.text in ARTICLE.text
    assert made.verdicts == {Verdict.EXCERPT}


def test_a_perfect_repair_of_script_is_the_copy_itself():
    made = make_case(ARTICLE, "traditional_s2t", Severity.USUAL)
    assert made.undamaged == made.text == convert(ARTICLE.text, "s2t")


def test_a_mirror_is_made_anew_from_its_original():
    """Annotating and shifting 004 as 000 was gives the very runs that 000 has."""
    private_use = re.compile("[\ue000-\uf8ff]")  # a cleaner dropped some of them
    mirror = seed(0).text.translate(str.maketrans("!?,", "！？，"))
    original = convert(ARTICLE.text, "s2t").replace("啓", "啟")  # the variant that 000 has
    annotated = "".join(sorted(set(re.findall(r"(\w)\(\w+\)", mirror))))
    copy, _ = shift(annotate(original, annotated, "({0})")[0], Random(0), share=1.0)
    mirror, copy = private_use.sub("", mirror), private_use.sub("", copy)
    for run in (
        "！敝靻⒊f",
        "！暗l(xiāng)",
        "！标愔乙，這",
        "！薄翱鐓^",
        "？顚彙⒃O",
        "！迸怂颊f",
        "！睆埑谡f",
    ):
        assert run in mirror
        assert run in copy
