"""Bytes become text: every encoding of Chinese pages, declared rightly, wrongly or not at all."""

import codecs
import contextlib
import gzip
import random
import time
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.errors import UndecodableTextError
from dedup.text.decode import decode

SIMPLIFIED = (
    "中新网北京3月25日电 国家卫生健康委员会今日通报，全国新增确诊病例47例，均为境外输入病例。" * 4
)
TRADITIONAL = (
    "中央社臺北3月25日電 衛生福利部今天說明，國內新增確診個案19例，其中18例為境外移入個案。" * 4
)
HONG_KONG = "消防處表示，大埔宏福苑嘅火警已經升為五級，現場有長者受傷，着佢哋盡快離開𨋢槽附近。" * 4

READINGS = [
    (SIMPLIFIED, "utf-8"),
    (SIMPLIFIED, "gbk"),
    (SIMPLIFIED, "gb18030"),
    (TRADITIONAL, "gbk"),
    (TRADITIONAL, "big5"),
    (TRADITIONAL, "cp950"),
    (HONG_KONG, "big5hkscs"),
    (SIMPLIFIED, "utf-16-le"),
    (TRADITIONAL, "utf-16-be"),
]
COMMON_ENCODINGS = ["utf-8", "gb18030", "big5", "utf-16-le", "utf-16-be"]

# Prose: every third character or so is one of the most frequent of both scripts.
prose = st.lists(
    st.sampled_from("的一是不了在人有我他上大年生，。和中地到子也用水火山日月電话國网新聞报導"),
    min_size=30,
    max_size=200,
).map("".join)


@pytest.mark.parametrize(("text", "encoding"), READINGS)
class TestEveryEncoding:
    def test_undeclared(self, text, encoding):
        """Detection finds the encoding."""
        assert text == decode(text.encode(encoding))

    @pytest.mark.parametrize("declared", ["utf-8", "gb2312", "Big5", "iso-8859-1", "utf-16", "x"])
    def test_wrongly_declared(self, text, encoding, declared):
        """A declaration that does not fit is passed over."""
        assert text == decode(text.encode(encoding), charset=declared)

    def test_wrongly_declared_in_the_markup(self, text, encoding):
        """Neither is a page believed about itself."""
        page = f'<html><head><meta charset="big5"></head><body>{text}</body></html>'

        assert page == decode(page.encode(encoding))

    def test_after_a_page_of_script(self, text, encoding):
        """What comes before the first Chinese character does not matter."""
        page = "<script>" + "var item = 1; // &copy;\n" * 9_000 + "</script>" + text

        assert page == decode(page.encode(encoding))

    def test_single_damaged_byte(self, text, encoding):
        """One bad byte costs no more than a few characters."""
        data = bytearray(text.encode(encoding))
        data[len(data) // 2 & ~1] = 0xFF

        lost = sum(a != b for a, b in zip(text, decode(bytes(data)), strict=False))

        assert lost <= 3 or decode(bytes(data)).count("\N{REPLACEMENT CHARACTER}") <= 3

    def test_cut_off_in_the_middle_of_a_character(self, text, encoding):
        """A body that a crawler cut short is still text."""
        data = text.encode(encoding)[:-1]

        assert text[:-1] == decode(data)[: len(text) - 1]


class TestByteOrderMark:
    @pytest.mark.parametrize(
        ("mark", "encoding"),
        [
            (codecs.BOM_UTF8, "utf-8"),
            (codecs.BOM_UTF16_LE, "utf-16-le"),
            (codecs.BOM_UTF16_BE, "utf-16-be"),
            (codecs.BOM_UTF32_LE, "utf-32-le"),
            (codecs.BOM_UTF32_BE, "utf-32-be"),
            ("\ufeff".encode("gb18030"), "gb18030"),
        ],
    )
    @given(
        text=prose | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Co"]))
    )
    def test_is_believed_and_left_out(self, mark, encoding, text):
        """A mark settles the encoding of any text, whatever is declared."""
        assert text == decode(mark + text.encode(encoding), charset="big5")

    def test_does_not_make_binary_a_text(self):
        """Random bytes stay random behind a mark."""
        noise = random.Random(5).randbytes(5_000)
        for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF32_BE):
            with pytest.raises(UndecodableTextError):
                decode(mark + noise)


class TestUndamagedText:
    @given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"])))
    def test_utf_8_round_trip(self, text):
        """Any text in UTF-8 comes back, but for a byte order mark at its head."""
        assert text.removeprefix("\ufeff") == decode(text.encode())

    @pytest.mark.parametrize("encoding", COMMON_ENCODINGS)
    @given(text=prose)
    def test_declared_round_trip(self, encoding, text):
        """Chinese in any encoding comes back when it is declared."""
        data = text.encode(encoding, "ignore")

        assert data.decode(encoding) == decode(data, charset=encoding)

    @pytest.mark.parametrize("charset", ["gb2312", "GBK", "x-gbk", "cn-gb", '"gb18030"', "cp936"])
    def test_declared_short_text(self, charset):
        """Where detection would have little to go by, the declaration decides."""
        assert "雄安新区" == decode("雄安新区".encode("gbk"), charset=charset)

    def test_declared_in_the_markup(self):
        """So do all three ways of declaring it inside a page."""
        for declaration in (
            "<meta charset=big5>",
            '<META HTTP-EQUIV="Content-Type" content="text/html; charset=big5">',
            '<?xml version="1.0" encoding="Big5"?>',
        ):
            assert declaration + "號外" == decode((declaration + "號外").encode("big5"))

    def test_ascii_in_utf_16(self):
        """Zero bytes are no characters of an ASCII text."""
        assert "no Chinese here" == decode("no Chinese here".encode("utf-16-le"))

    def test_western_text(self):
        """Other encodings are left to the detector."""
        text = "« Déjà vu à l’été », a-t-il déclaré à la presse française. " * 3
        assert text == decode(text.encode("cp1252"))

    def test_lost_characters_that_are_written(self):
        """U+FFFD in the page itself is text like any other."""
        text = "\N{REPLACEMENT CHARACTER}的" * 50
        assert text == decode(text.encode())
        assert text.endswith(decode(text.encode()[1:]).lstrip("\N{REPLACEMENT CHARACTER}"))


class TestDamage:
    @pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
    @given(data=st.data())
    def test_one_byte_in_a_hundred(self, encoding, data):
        """A page with 1 % of bad bytes is read, each costing its surroundings alone."""
        page = bytearray(("<p>" + SIMPLIFIED[:60] + "</p>\n").encode(encoding) * 20)
        seed = data.draw(st.integers(0, 1 << 32))
        for place in random.Random(seed).sample(range(len(page)), len(page) // 150):
            page[place] = 0xFF

        assert decode(bytes(page)).count("国家卫生") >= 10


class TestBinary:
    @pytest.mark.parametrize(
        "data",
        [
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + zlib.compress(random.Random(1).randbytes(900)),
            gzip.compress(SIMPLIFIED.encode() * 9),
            b"PK\x03\x04" + random.Random(2).randbytes(3_000),
            bytes(range(256)) * 9,
            bytes(5_000),
        ],
        ids=["png", "gzip", "zip", "all bytes", "zeros"],
    )
    def test_is_refused(self, data):
        """What is no text is said to be none, whatever is declared."""
        for charset in (None, "gb2312", "utf-16"):
            with pytest.raises(UndecodableTextError):
                decode(data, charset=charset)

    @given(st.binary(), st.text() | st.sampled_from(["zlib", "rot13", "idna", "undefined", "\0"]))
    def test_nothing_else_is_raised(self, data, charset):
        """Any bytes under any declaration are text or undecodable."""
        with contextlib.suppress(UndecodableTextError):
            assert isinstance(decode(data, charset=charset), str)

    def test_time_is_bounded(self):
        """Detection looks at a sample: 8 MB of anything take about as long as decoding them."""
        for data in (random.Random(3).randbytes(8 << 20), SIMPLIFIED.encode("gbk") * 20_000):
            begun = time.process_time()
            with contextlib.suppress(UndecodableTextError):
                decode(data)
            assert time.process_time() - begun < 3
