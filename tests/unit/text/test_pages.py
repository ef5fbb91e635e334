"""Repair of pages."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dedup import Article, TextFormat, repair, repair_article, replay

_TAGS = ["<p>", "</p>", "<br/>", "&amp;", "&lt;", "&#x4e2d;", "\n", " ", "<!--x-->", "<b>", "</b>"]
_MARKUP = st.lists(
    st.sampled_from([*_TAGS, "国务院", "a", "&", "<", "網(wǎng)", "\xa0"]), max_size=30
)


@given(_MARKUP.map("".join))
@example("<div><p>&amp;中</p>\n&nosuch;<p>文</p></div>")
@example("&NotEqualTilde;中")  # one reference, two characters
def test_steps_of_a_page_replay(markup):
    """The steps of a page lead from its markup to its repaired main text."""
    repaired = repair_article(Article(text=markup, format=TextFormat.HTML))

    assert repaired.text == replay(markup, repaired.steps)


def test_page_is_no_damage():
    """The markup of a page is neither damage nor part of what comes back."""
    page = "<html><body><p>中国经济发展前景广阔。</p><p>企业投资意愿增强。</p></body></html>"

    repaired = repair_article(Article(text=page))

    assert not repaired.damage.damaged
    assert repaired.text.split() == ["中国经济发展前景广阔。", "企业投资意愿增强。"]


@pytest.mark.parametrize("text", ["中國(guó)臺(tái)灣網(wǎng)移動(dòng)版", "用 <b> 标记粗体。"])
def test_text_is_no_page(text):
    """A text is repaired as ever."""
    assert repair_article(Article(text=text)) == repair(text)
