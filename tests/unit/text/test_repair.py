"""Repairing whole texts: the cases, the seeds and the laws that hold for any string."""

import difflib
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damaged_texts import TEXTS
from hypothesis import given
from hypothesis import strategies as st

from dedup.models import DamageKind, Edit, Step
from dedup.text.damage.repair import CATALOGUE, ISOLATED_MARKS, origins, repair, replay
from dedup.text.pinyin import LETTERS
from dedup.text.words import simplify

CASES = Path(__file__).parents[2] / "cases"


def cases(name: str) -> list[Any]:
    rows = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return [pytest.param(row, id=row["label"]) for row in rows]


class TestCases:
    @pytest.mark.parametrize("case", cases("in_the_wild") + cases("synthetic"))
    def test_damage_is_undone(self, case: dict[str, Any]) -> None:
        """Damaged text comes back as it was written, and its kinds are counted."""
        repaired = repair(case["original"])

        assert case["fixed"] == repaired.text
        assert set(case["damage"]) <= set(repaired.damage.kinds)

    @pytest.mark.parametrize("case", cases("negative"))
    def test_lookalikes_stay(self, case: dict[str, Any]) -> None:
        """Text that merely looks damaged comes back identical."""
        repaired = repair(case["original"])

        assert case["original"] == case["fixed"] == repaired.text
        assert not repaired.damage.damaged
        assert () == repaired.steps

    @pytest.mark.xfail(strict=True, reason="known failure")
    @pytest.mark.parametrize("case", cases("known_failures"))
    def test_known_failures(self, case: dict[str, Any]) -> None:
        """What cannot be repaired yet is on record."""
        assert case["fixed"] == repair(case["original"]).text


def comparable(text: str) -> str:
    """Fold script, width and blanks away, as a comparison of punctuation needs it."""
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", simplify(text)))


def article(text: str) -> str:
    """Return what lies between the first headline of seed 004 and its last reporter's name."""
    folded = comparable(text)
    last = "窦瀚洋"
    return folded[folded.index("核心阅读") : folded.index(last) + len(last)]


class TestSeeds:
    def test_mirror_equals_its_original(self, seeds: dict[str, str]) -> None:
        """Seed 000, repaired, is seed 004 character for character, but for a dozen."""
        matcher = difflib.SequenceMatcher(
            None, article(repair(seeds["000"]).text), article(seeds["004"]), autojunk=False
        )

        assert matcher.ratio() >= 0.995

    @pytest.mark.parametrize("name", ["000", "001", "003"])
    def test_no_annotation_is_left(self, seeds: dict[str, str], name: str) -> None:
        """No reading in brackets survives repair."""
        assert not re.search(rf"[(（?][{LETTERS}]+ ?[)）]", repair(seeds[name]).text)

    @pytest.mark.parametrize("name", ["002", "004"])
    def test_clean_seeds_are_identical(self, seeds: dict[str, str], name: str) -> None:
        """The clean seeds are undamaged and unchanged."""
        repaired = repair(seeds[name])

        assert seeds[name] == repaired.text
        assert not repaired.damage.damaged
        assert 0.0 == repaired.damage.score

    def test_kinds_of_mirror(self, seeds: dict[str, str]) -> None:
        """Seed 000 has annotations, shifts and one stuffed list."""
        kinds = repair(seeds["000"]).damage.kinds

        assert kinds[DamageKind.PINYIN_ANNOTATION] > 350
        assert kinds[DamageKind.GBK_SHIFT] >= 12
        assert 1 == kinds[DamageKind.KEYWORD_STUFFING]

    @pytest.mark.parametrize(
        ("name", "restored"),
        [
            ("000", "。”朱啟超說,鎮雄是百萬人口大縣"),
            ("000", "。”李欣然和同事劉子龍迅速行動起來"),
            ("000", "。”“跨區上班通行證"),
            ("000", "。“但鄉親們沒把咱當外人"),
            ("000", "。”陳忠逸,這位"),
            ("000", "這家就脫貧了。”\n"),
            ("000", "　（本報記者徐元鋒"),
            ("000", "設立專人專款專崗"),
            ("000", "又擺在了他面前"),
            ("001", "。”該公司綜合管理部"),
            ("001", "。”中糧集團"),
            ("001", "摸底。現在已有68名"),
            ("001", "王偉親自掛帥,帶領"),
            ("001", "暫時不返廠。”\n"),
            ("001", "建立健全日報告制度"),
            ("003", "安全。”“阜新路街道積極指導"),
            ("003", "發展。”“阜新路街道黨工委"),
        ],
    )
    def test_shifted_runs_come_back(self, seeds: dict[str, str], name: str, restored: str) -> None:
        """Every stretch whose bytes survive is read at the right byte."""
        assert restored in repair(seeds[name]).text

    @pytest.mark.parametrize(
        ("name", "places"),
        [
            # Every byte survives, or words and names tell.
            ("000", []),
            # B1, half of ”, took the digit 2 of 2月17日 for its trail byte.
            # Between names and halves of a heading some blank had become a question mark.
            ("001", ["。”�月17日", "難點�協", "鄭世繁�馬", "峰�石", "夏�王"]),
            ("003", []),
        ],
    )
    def test_lost_characters_are_named(
        self, seeds: dict[str, str], name: str, places: list[str]
    ) -> None:
        """What is lost is �, here and nowhere else."""
        repaired = repair(seeds[name])

        assert all(place in repaired.text for place in places)
        assert len(places) == repaired.text.count("�")
        assert len(places) == repaired.damage.kinds.get(DamageKind.LOST_CHARACTERS, 0)


class TestLaws:
    @given(TEXTS)
    def test_steps_replay(self, text: str) -> None:
        """Replaying the steps on the input gives the repaired text."""
        repaired = repair(text)

        assert repaired.text == replay(text, repaired.steps)

    @given(TEXTS)
    def test_repair_is_idempotent(self, text: str) -> None:
        """A repaired text needs no further repair."""
        once = repair(text).text

        assert once == repair(once).text

    @given(TEXTS)
    def test_undamaged_text_is_identical(self, text: str) -> None:
        """Whatever is not damaged comes back as it is, without steps or score."""
        repaired = repair(text)

        assert 0.0 <= repaired.damage.score <= 1.0
        if not repaired.damage.damaged:
            assert text == repaired.text
            assert () == repaired.steps
            assert 0.0 == repaired.damage.score

    @given(TEXTS)
    def test_edits_ascend(self, text: str) -> None:
        """The edits of each step are ascending, disjoint and within the text they apply to."""
        for step in repair(text).steps:
            bounds = [bound for edit in step.edits for bound in edit[:2]]

            assert sorted(bounds) == bounds
            assert 0 <= bounds[0]
            text = replay(text, [step])

    @given(TEXTS)
    def test_origins_are_monotone(self, text: str) -> None:
        """Origins never decrease, and end where the text as received ends."""
        repaired = repair(text)
        offsets = origins(len(text), repaired.steps)

        assert np.int32 == offsets.dtype
        assert (len(repaired.text) + 1,) == offsets.shape
        assert (np.diff(offsets) >= 0).all()
        assert len(text) == offsets[-1]

    @given(st.text(alphabet="中國新聞，。", max_size=200))
    def test_unedited_characters_know_their_origin(self, text: str) -> None:
        """A character that no step touched comes from where that character stands."""
        received = "".join(f"{char}(guó)" for char in text)
        repaired = repair(received)
        offsets = origins(len(received), repaired.steps)

        assert repaired.text == "".join(received[at] for at in offsets[:-1])


def test_origins_without_steps_are_identity() -> None:
    """An unrepaired text maps to itself."""
    assert [0, 1, 2, 3] == origins(3, ()).tolist()


def test_origins_compose_through_steps() -> None:
    """Offsets of the second step count in what the first one left."""
    steps = [
        Step("first", DamageKind.JAMMER, (Edit(1, 3, ""),)),
        Step("second", DamageKind.JAMMER, (Edit(1, 2, "xyz"),)),
    ]

    assert "axyzef" == replay("abcdef", steps)
    assert [0, 3, 3, 3, 4, 5, 6] == origins(6, steps).tolist()


def test_catalogue_is_complete() -> None:
    """Every repair has a name of its own and a documented limit of isolated marks."""
    names = [entry.name for entry in CATALOGUE]

    assert len(names) == len(set(names))
    assert {entry.kind for entry in CATALOGUE} == set(ISOLATED_MARKS)


def test_isolated_marks_are_counted_and_kept() -> None:
    """A text within the limits is unchanged, but its marks are reported."""
    text = "重(chóng)庆的“重”读(dú)作此音。"
    repaired = repair(text)

    assert text == repaired.text
    assert {DamageKind.PINYIN_ANNOTATION: 2} == repaired.damage.kinds


def test_damage_of_one_kind_lets_all_repairs_apply() -> None:
    """In a damaged text the isolated marks of other kinds are repaired too."""
    text = "復(fù)工(gōng)復(fù)產(chǎn)動(dòng)中\N{ZERO WIDTH SPACE}國"

    assert "復工復產動中國" == repair(text).text
