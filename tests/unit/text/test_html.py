"""Pages become their main text, and every character of it knows where it stood."""

import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.text.html import extract, looks_like_html

PARAGRAPHS = [
    "中新网北京3月25日电，国家卫生健康委员会今日通报，全国新增确诊病例47例，均为境外输入病例。",
    "当日新增治愈出院病例491例，解除医学观察的密切接触者1309人，重症病例减少174例。",
    "截至3月24日24时，据31个省份报告，现有确诊病例4287例，累计治愈出院病例73650例。",
]
NAVIGATION = "".join(f'<li><a href="/{i}">频道{i}</a></li>' for i in range(9))
PAGE = f"""<!DOCTYPE html>
<html><head><title>标题 - 示例网</title><style>p {{ color: red }}</style>
<script>if (1 < 2) document.write("<p>脚本里的字</p>")</script></head>
<body><div class="nav"><ul>{NAVIGATION}</ul></div><!-- 注释里的字 -->
<div class="content"><p>{"</p><p>".join(PARAGRAPHS)}</p></div>
<template><p>模板里的字</p></template><noscript>请打开脚本</noscript>
<div class="footer">版权所有 示例网</div></body></html>"""

fragments = st.lists(
    st.sampled_from(
        [
            *("<", ">", "<p>", "</p>", "<div", "<!--", "-->", "<script>", "</script>", "</", "="),
            *("&amp;", "&#x4e2d;", "&#99999999999999;", "&", "<b>", "</a>", "<a href='", '"'),
            *("正文", "𠮷", "\n", " ", "\0", "\ud800", "<ruby>国<rt>guó", "<table><td>", "<pre>"),
        ]
    )
    | st.text(),
    max_size=60,
).map("".join)


def page_of(body):
    return PAGE.replace(PARAGRAPHS[0], body)


class TestMainText:
    def test_paragraphs_are_lines(self):
        """Of a page with navigation, footer and scripts the paragraphs are left."""
        assert "\n".join(PARAGRAPHS) == extract(PAGE).text

    def test_offsets(self):
        """Each character stands in the markup where its offset says."""
        text, offsets = extract(PAGE)

        assert np.int32 == offsets.dtype
        assert len(text) + 1 == len(offsets)
        assert len(PAGE) == offsets[-1]
        assert all(
            char == PAGE[offset]
            for char, offset in zip(text, offsets[:-1], strict=True)
            if char != "\n"
        )

    @pytest.mark.parametrize(
        ("written", "char"),
        [("&ldquo;", "“"), ("&#x56fd;", "国"), ("&#22269;", "国"), ("&amp;", "&")],
    )
    def test_entities(self, written, char):
        """A character reference is one character, which stands where it begins."""
        markup = page_of("会议由" + written * 3 + "主持，" + PARAGRAPHS[0])
        text, offsets = extract(markup)

        place = text.index("会议由") + 3
        assert char * 3 == text[place : place + 3]
        for i in range(3):
            assert markup.startswith(written, offsets[place + i])

    @pytest.mark.parametrize("element", ["b", "strong", "a", "font", "span class=x"])
    def test_single_characters_in_elements(self, element):
        """A character set off by an element of its own is not lost, as the library loses it."""
        first = PARAGRAPHS[0]
        marked = f"{first[:20]}<{element}>{first[20]}</{element.split()[0]}>{first[21:]}"

        assert "\n".join(PARAGRAPHS) == extract(page_of(marked)).text

    def test_readings(self):
        """What stands above the characters is no part of the text."""
        ruby = "".join(f"<ruby>{c}<rp>(</rp><rt>guó</rt><rp>)</rp></ruby>" for c in PARAGRAPHS[0])

        assert "\n".join(PARAGRAPHS) == extract(page_of(ruby)).text

    def test_source_newlines_are_blanks(self):
        """A newline of the markup ends no paragraph, but in `pre` it does."""
        wrapped = PARAGRAPHS[0][:20] + "\n   " + PARAGRAPHS[0][20:]

        assert PARAGRAPHS[0][:20] + " " + PARAGRAPHS[0][20:] in extract(page_of(wrapped)).text
        assert "甲\n乙" == extract("<pre>甲\n乙</pre>").text

    def test_links_in_prose_stay(self):
        """Lists of links are navigation, links among words are not."""
        linked = (
            PARAGRAPHS[0].replace("卫生", '<a href="/w">卫生</a>').replace("北京", "<a>北京</a>")
        )

        assert "\n".join(PARAGRAPHS) == extract(page_of(linked)).text

    def test_fallback(self):
        """Where there is nothing but navigation, all visible text is better than none."""
        assert "频道0\n频道1" in extract(f"<html><body><ul>{NAVIGATION}</ul></body></html>").text
        assert "正文" == extract("正文").text
        assert "" == extract("<script>正文</script><!-- 正文 -->").text

    def test_stray_quotation_mark(self):
        """A quotation mark too many in a tag swallows nothing behind it."""
        broken = PAGE.replace('<div class="content">', '<div class=content">')

        assert "\n".join(PARAGRAPHS) == extract(broken).text


class TestAnyString:
    @given(fragments)
    def test_never_raises(self, markup):
        """Any string has a text whose offsets rise and lie inside."""
        text, offsets = extract(markup)

        assert len(text) + 1 == len(offsets)
        assert offsets[-1] == len(markup)
        assert np.all(np.diff(offsets) >= 0)
        assert offsets[0] >= 0

    @given(st.text(st.characters(exclude_characters="<&", exclude_categories=["Cs", "Cc", "Zs"])))
    def test_plain_text_comes_back(self, text):
        """What has neither markup nor blanks is its own text."""
        assert text == extract(text).text

    @pytest.mark.parametrize(
        "markup",
        [
            "<div>" * 100_000 + PARAGRAPHS[0],
            "<b><p>" * 50_000 + PARAGRAPHS[0],
            "<a><b>" * 50_000 + "</a>" * 50_000,
            "<table>" * 50_000 + "<a>x" * 50_000,
            "<" * 5_000_000,
            "<a" * 2_500_000,
            "<!--" * 1_250_000,
            "<a '=\"" * 800_000,
            "<script>" * 600_000,
            "&#" * 2_000_000,
            "<p " + " ".join(f"a{i}=1" for i in range(300_000)) + ">",
        ],
        ids=lambda markup: markup[:12],
    )
    def test_time_is_bounded(self, markup):
        """Hostile pages take about as long as others of their size."""
        begun = time.process_time()
        extract(markup)

        assert time.process_time() - begun < 4  # a second on an idle machine

    def test_random_markup(self):
        """Neither do tags in any order do harm."""
        tags = [
            "<div>",
            "</div>",
            "<b>",
            "</b>",
            "<table>",
            "<td>",
            "<a>",
            "</p>",
            "正文",
            "<form>",
        ]
        markup = "".join(random.Random(1).choices(tags, k=20_000))

        assert "正文" in extract(markup).text


class TestLooksLikeHtml:
    @pytest.mark.parametrize(
        "text",
        [
            PAGE,
            "\ufeff \n<html><body>正文",
            '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "x"><html>',
            "<!-- 缓存 -->\n<!doctype html>",
            "<BODY bgcolor=white>正文",
            "<div class=a><p>正文</p></div>\n",
            "<p>第一段</p>\n<p>第二段</p>",
        ],
    )
    def test_pages(self, text):
        """Pages and pieces of them."""
        assert looks_like_html(text)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            PARAGRAPHS[0],
            "用 <b> 标记粗体，用 <p> 分段，<html> 是根元素。</p>",
            "<b>这一句是粗体</b>，其余是正文。",
            "<p> 标签用来分段。",
            "<《人民日报》评论员>",
            "1 < 2 </div>",
        ],
    )
    def test_articles_that_mention_tags(self, text):
        """Prose about markup is prose."""
        assert not looks_like_html(text)
