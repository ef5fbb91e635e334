"""Text read in a wrong encoding: every confusion, whole, in part, with bytes lost."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from dedup.models import DamageKind
from dedup.text.byte_tables import LOST_BYTE, NO_BYTES, big5_chars, bytes_of, gbk_chars
from dedup.text.damage.lost import find_debris, find_lost, find_residue
from dedup.text.damage.repair import repair
from dedup.text.damage.wrong_encoding import find_misread, read_anew
from dedup.text.marks import Mark

SENTENCES = (
    "中新网北京2月10日电，国家卫生健康委员会表示，各地要有序推进复工复产。",
    "记者在现场看到，员工们戴着口罩，分批进入车间，生产线已经全部恢复运转。",
    "“我们将继续加大支持力度，”公司负责人说，“帮助中小企业渡过难关。”",
    "据统计，全市已有85%的企业恢复生产，比上周提高了12个百分点。",
    "专家指出：疫情防控和经济发展，两手都要抓，两手都要硬；不能顾此失彼！",
    "《人民日报》发表评论员文章，强调要把落实工作抓实抓细，确保各项政策落地。",
)
TEXT = "\n".join(SENTENCES)
texts = st.lists(st.sampled_from(SENTENCES), min_size=1, unique=True).map("\n".join)


@pytest.fixture(scope="module")
def traditional():
    """The sentences in traditional script, as Big5 has them."""
    return OpenCC("s2tw").convert(TEXT).encode("big5", "ignore").decode("big5")


class TestLossless:
    """Where every byte survives, the text comes back character by character."""

    @pytest.mark.parametrize("written", ["utf-8", "gbk", "gb18030"])
    @given(text=texts)
    def test_latin_1(self, written, text):
        """UTF-8 and GBK read as Latin-1 come back identical."""
        repaired = repair(text.encode(written).decode("latin-1"))

        assert text == repaired.text
        assert repaired.damage.kinds[DamageKind.WRONG_ENCODING] >= 1

    @given(texts)
    def test_windows_1252_with_its_holes(self, text):
        """Read as Windows-1252, with control characters for the five bytes it lacks."""
        misread = "".join(
            bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in text.encode()
        )

        assert text == repair(misread).text

    def test_big5_as_latin_1(self, traditional):
        """Big5 is told from GBK by what comes out."""
        assert traditional == repair(traditional.encode("big5").decode("latin-1")).text

    def test_big5_as_gb18030(self, traditional):
        """Private-use characters tell the bytes of GBK's user-defined rows."""
        assert traditional == repair(traditional.encode("big5").decode("gb18030")).text

    @pytest.mark.parametrize("rounds", [2, 3])
    def test_several_times(self, rounds):
        """Text that went the wrong way several times comes back a turn at a time."""
        text = TEXT
        for _ in range(rounds):
            text = text.encode().decode("latin-1")

        assert TEXT == repair(text).text

    def test_gbk_as_latin_1_as_gbk(self):
        """A wrong turn of one kind after one of another."""
        once = SENTENCES[0].encode("gbk").decode("latin-1")

        assert SENTENCES[0] == repair(once.encode().decode("gb18030")).text

    def test_characters_of_four_bytes(self):
        """GB18030 has characters that GBK lacks."""
        text = "林秉\U0002cb4e在比赛后表示，希望大家继续努力，取得更好的成绩。"

        assert text == repair(text.encode("gb18030").decode("latin-1")).text

    def test_no_character_of_four_bytes_opens_with_80(self):
        """€ is that byte in GBK as Windows has it, and no lead byte."""
        text = "\u20ac1\x810\x879\x810"

        assert text == repair(text).text


class TestPartial:
    """Some paragraphs only."""

    @pytest.mark.parametrize(
        ("written", "read"), [("utf-8", "gb18030"), ("utf-8", "latin-1"), ("gbk", "latin-1")]
    )
    @pytest.mark.parametrize("hit", [0, 2, 5])
    def test_other_paragraphs_stay(self, written, read, hit):
        """The others come back as they are; the misread one without its last sign at worst."""
        lines = list(SENTENCES)
        lines[hit] = lines[hit].encode(written).decode(read, "replace")
        repaired = repair("\n".join(lines)).text.split("\n")

        assert [*SENTENCES[:hit], *SENTENCES[hit + 1 :]] == repaired[:hit] + repaired[hit + 1 :]
        assert not set(repaired[hit]) - set(SENTENCES[hit]) - {"�"}
        assert len(repaired[hit]) == len(SENTENCES[hit])

    def test_two_confusions(self):
        """Each stretch is read in its own way."""
        lines = [
            SENTENCES[0].encode("gbk").decode("latin-1"),
            SENTENCES[1],
            SENTENCES[2].encode().decode("latin-1"),
        ]

        assert "\n".join(SENTENCES[:3]) == repair("\n".join(lines)).text


class TestLossy:
    """Bytes are lost: what survives comes back, every other character is marked."""

    @pytest.mark.parametrize("errors", ["replace", "ignore"])
    @pytest.mark.parametrize("read", ["gbk", "gb18030"])
    def test_utf_8_as_gbk(self, errors, read):
        """A broken character is one U+FFFD; the number of characters is right."""
        repaired = repair(TEXT.encode().decode(read, errors)).text

        assert len(TEXT) == len(repaired)
        assert all(char in (there, "�") for there, char in zip(TEXT, repaired, strict=True))
        assert repaired.count("�") < 0.15 * len(TEXT)

    def test_question_marks(self):
        """Bytes may have become question marks."""
        misread = (
            TEXT.encode().decode("gb18030", "replace").replace("\N{REPLACEMENT CHARACTER}", "?")
        )
        repaired = repair(misread).text

        assert len(TEXT) == len(repaired)
        assert sum(a == b for a, b in zip(TEXT, repaired, strict=True)) > 0.9 * len(TEXT)

    @pytest.mark.parametrize(("written", "read"), [("big5", "gbk"), ("gbk", "big5")])
    def test_pairs_as_pairs(self, written, read, traditional):
        """Big5 and GBK for one another lose more, and what is left is right."""
        text = traditional if written == "big5" else TEXT
        repaired = repair(text.encode(written).decode(read, "replace"))
        wrong = set(repaired.text) - set(text) - {"�"}

        assert repaired.damage.kinds[DamageKind.WRONG_ENCODING] >= 1
        assert len(wrong) <= 3
        assert repaired.text.count("�") < 0.4 * len(text)

    def test_twice(self):
        """UTF-8 read as GB18030, saved, and read so again."""
        once = TEXT.encode().decode("gb18030", "replace")
        repaired = repair(once.encode().decode("gb18030", "replace")).text

        assert len(set(repaired) & set(TEXT)) > 0.8 * len(set(TEXT))
        assert not set(repaired) - set(TEXT) - {"�"}

    @pytest.mark.parametrize("read", ["big5", "shift_jis"])
    def test_utf_8_as_other_encodings(self, read):
        """Little is left, but what happened is said."""
        damage = repair(TEXT.encode().decode(read, "replace")).damage

        assert damage.kinds[DamageKind.WRONG_ENCODING] >= 1

    def test_gbk_as_utf_8(self):
        """Next to nothing is left to read, and nothing is guessed."""
        repaired = repair(TEXT.encode("gbk").decode("utf-8", "replace"))

        assert {DamageKind.WRONG_ENCODING, DamageKind.LOST_CHARACTERS} <= set(repaired.damage.kinds)
        assert len(set(repaired.text) - set(TEXT) - {"�"}) < 10

    def test_long_text_of_gbk_as_utf_8(self, seeds):
        """It is no UTF-8 read as Big5, which would be read again and again."""
        repaired = repair(seeds["004"].encode("gbk", "replace").decode("utf-8", "replace"))

        assert ["mark_debris"] == [step.repair for step in repaired.steps]
        assert repaired.text.count("�") > 0.9 * len(repaired.text)


class TestMarksOfLoss:
    @pytest.mark.parametrize(
        ("text", "marks"),
        [
            ("汉�字", [Mark(1, 2)]),
            ("国家?济发展", [Mark(2, 3)]),
            ("国家??济发展", [Mark(2, 4)]),
            ("你知道吗?我不知道", []),
            ("什么时候来?明天来", []),
            ("工□程师", [Mark(1, 2)]),
            ("□ 选项一 □选项二", []),
            ("。□选项", []),
        ],
    )
    def test_marks(self, text, marks):
        """A question mark or a box counts where nobody would write one."""
        assert marks == find_lost(text)

    def test_residue(self):
        """One character of GBK, and memory that a debugger filled."""
        assert [Mark(1, 4), Mark(5, 8)] == find_residue("中锟斤拷国烫烫烫")
        assert [] == find_residue("汤很烫，屯田")

    def test_debris(self):
        """U+FFFD among stray letters; U+FFFD alone may have stood for any character."""
        assert [Mark(1, 9)] == find_debris("。�й���Ӫ��\n")
        assert [] == find_debris("����������")

    def test_counted_once(self):
        """However many rounds the repair takes, a lost character is one."""
        text = "中�国�新�闻�网" + SENTENCES[0].encode("gbk").decode("latin-1")
        repaired = repair(text)

        assert repaired.text.count("�") == repaired.damage.kinds[DamageKind.LOST_CHARACTERS]

    def test_loss_counts_in_score(self):
        """A text with nothing to repair but much lost is damaged, and says how much."""
        repaired = repair("中�国�新�闻�网")

        assert (True, "中�国�新�闻�网") == (repaired.damage.damaged, repaired.text)
        assert pytest.approx(4 / 9) == repaired.damage.score


@pytest.mark.parametrize(
    "text",
    [
        "Le président français a été élu à Orléans, où l'été fut très ensoleillé. Ça va?",
        "Übergrößenträger fährt über Öl; Fußgängerübergänge, Äcker, Häuser.",
        "「すごい！」と彼は言った。東京へ行きますか。いただきますように、よろしくおねがいします。",
        "안녕하세요! 서울에 갑니다. 한국어로 된 문장입니다.",
        "Привет, мир! Это обычный русский текст без повреждений.",
        "窸窸窣窣，皑皑白雪，旮旯里嗷嗷待哺，秸秆秸秆秸秆，艘艘船舶。",
        "��25.0%�90��41.9%���36.0%��12.5%��7.3%����",
        "━━━━━━━━━━\n＊＊＊＊＊＊＊＊＊＊\n★★★★★★★★\n▼▼▼▼▼▼\n～～～～～～～～",
        "“锟斤拷”是怎么来的？“烫烫烫”又是什么？鎺ㄨ崘",
        "魑魅魍魉，饕餮貔貅，囹圄桎梏，踟蹰彳亍，龃龉龌龊，觊觎蹀躞。",
    ],
)
def test_sound_text_stays(text):
    """Other languages, rare characters and ornaments are as they were written."""
    assert [] == find_misread(text)


@given(st.text(alphabet=st.characters(codec=None), max_size=80), st.randoms(use_true_random=False))
def test_any_string(text, generator: random.Random):
    """Whatever stands there, marks are ascending and disjoint, and edits belong to them."""
    mixed = "".join(
        generator.choice((char, char.encode("utf-8", "ignore").decode("gb18030", "ignore")))
        for char in text + TEXT[:60]
    )
    marks = find_misread(mixed)
    bounds = [bound for mark in marks for bound in mark]

    assert sorted(bounds) == bounds
    assert marks == [Mark(edit.start, edit.end) for edit in read_anew(mixed, marks)]


class TestTables:
    @pytest.mark.parametrize("char", ["中", "€", "。", "\ue0e5"])
    def test_gb18030(self, char):
        """The table is the codec, as far as that goes."""
        entry = int(bytes_of("gb18030")[ord(char)])
        data = char.encode("gb18030")

        assert (len(data), int.from_bytes(data, "big")) == (entry >> 40, entry & 0xFFFFFFFF)

    def test_special_entries(self):
        """U+FFFD is a byte that was lost; what the encoding lacks has none."""
        assert LOST_BYTE == bytes_of("latin")[0xFFFD]
        assert NO_BYTES == bytes_of("latin")[ord("中")]
        assert 0x80 == bytes_of("gbk")[ord("€")] & 0xFF

    def test_pairs(self):
        """Every pair of GBK has a character; those of Big5 are the codec's."""
        assert ord("中") == gbk_chars()[0xD6D0]
        assert ord("中") == big5_chars()[0xA4A4]
        assert 0 == big5_chars()[0xA4FF]


class TestRandomCharacters:
    """Characters in no order are Chinese in no encoding, though a few of them happen to be."""

    @pytest.mark.parametrize("seed", range(40))
    def test_are_no_other_encoding(self, seed):
        rng = random.Random(seed)
        text = "".join(chr(rng.randrange(0x4E00, 0x9FA6)) for _ in range(600))

        assert [] == find_misread(text)

    def test_hide_no_misread_paragraph(self):
        """A misread paragraph among rare characters, as of a dictionary, is found still."""
        rng = random.Random(1)
        rare = "".join(chr(rng.randrange(0x4E00, 0x9FA6)) for _ in range(60))
        misread = TEXT.encode().decode("latin-1")

        [mark] = find_misread(f"{rare}\n{misread}\n{rare}")

        assert len(misread) - 2 <= mark.end - mark.start <= len(misread) + 2
