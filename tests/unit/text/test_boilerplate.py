"""Boilerplate: recognised by whole lines, kept in the repaired text, left out of comparison."""

import numpy as np
import pytest

from dedup.models import DamageKind
from dedup.text.damage.boilerplate import find_boilerplate
from dedup.text.damage.repair import repair
from dedup.text.folding import BREAK, Folder
from dedup.text.normalization import NormalizedText, ReceivedText, normalize

BODY = "张北县坚持疫情防控与复工复产两手抓，企业陆续恢复生产，工人分批返岗，物流逐步畅通。"
NAVIGATION = "首页\n新闻\n国际\n县情概况\n财经\n登录\n关于我们"


def found(text: str) -> list[str]:
    return [text[mark.start : mark.end] for mark in find_boilerplate(text)]


def normalized(text: str) -> NormalizedText:
    return normalize([ReceivedText(text)], Folder.load())[0]


@pytest.mark.parametrize(
    "line",
    [
        "责任编辑：张三",
        "【責任編輯:楊永青】",
        "版权所有 京ICP备12004265号",
        "Copyright © 1997-2025 by example.com. all rights reserved",
        "上一篇：张北复工",
        "當前位置：首頁 > 新聞 > 正文",
        "扫描二维码关注我们",
        "我们注意到您正在屏蔽广告！",
    ],
)
def test_notice(line: str) -> None:
    """A line of which nothing else can be made is boilerplate wherever it stands."""
    text = f"{BODY}\n{line}\n{BODY}"

    assert [line] == found(text)
    assert 1 == repair(text).damage.kinds[DamageKind.BOILERPLATE]  # and called for


@pytest.mark.parametrize(
    "paragraph",
    [
        "关闭广告拦截器，继续支持伟大的新闻业。或者购买订阅以无限访问真实新闻。",
        "抱歉，我們並不支援你正使用的瀏覽器。",
        "本網站使用Cookies以便為你提供更優質的使用體驗。若您點選下方「我同意」，即表示您同意。",
    ],
)
def test_site_notice(paragraph: str) -> None:
    """Sentences in which a page speaks of itself go where there is other boilerplate."""
    assert [paragraph, "责任编辑：张三"] == found(f"{BODY}\n{paragraph}\n{BODY}\n责任编辑：张三")
    assert [] == found(f"{BODY}\n{paragraph}\n{BODY}")


def test_navigation_block() -> None:
    """A long run of short lines with usual menu entries goes as a whole."""
    assert [NAVIGATION] == found(f"{NAVIGATION}\n{BODY}")


@pytest.mark.parametrize(
    "headlines",
    [
        ["多地出台措施稳就业，企业陆续恢复生产，工人分批返岗复工 (16:54)"] * 7,
        ["多地出台措施稳就业 (7小时前)"] * 7,
        ["张北县坚持两手抓，企业陆续恢复生产，工人分批返岗，物流逐步畅通，今日..."] * 7,
    ],
)
def test_list_of_other_articles(headlines: list[str]) -> None:
    """Headlines with a time or an age behind them, and teasers that are cut off."""
    listing = "\n".join(headlines)

    assert [listing] == found(f"{BODY}\n{listing}\n{BODY}")


@pytest.mark.parametrize(
    "text",
    [
        BODY,
        "他停了停……\n“我说……”\n她没有回答……\n风还在吹……\n门开了……\n又关上……\n他走了……",
        "欧盟法院裁定，网站必须事先征得用户同意才能保存Cookie。",
        "谷歌表示，新版浏览器将默认拦截广告，多家广告公司提出抗议。",
        "新闻\n" + BODY,
        "张三\n李四\n王五\n赵六\n钱七\n孙八\n周九\n吴十",
        "床前明月光\n疑是地上霜\n举头望明月\n低头思故乡\n春眠不觉晓\n处处闻啼鸟\n夜来风雨声\n花落知多少",
        "会议由责任编辑张三主持，版权所有人发言。" + BODY,
    ],
)
def test_articles_stay(text: str) -> None:
    """Prose, names a line, poems and a single short line are no boilerplate."""
    assert [] == found(text)


def test_boilerplate_is_no_damage() -> None:
    """It is counted, kept and not called damage."""
    text = f"{NAVIGATION}\n{BODY}\n责任编辑：张三"
    repaired = repair(text)

    assert text == repaired.text
    assert {DamageKind.BOILERPLATE: 2} == repaired.damage.kinds
    assert not repaired.damage.damaged


def test_boilerplate_is_left_out_of_comparison() -> None:
    """A break stands for it in what is compared; the normalized text keeps it."""
    plain, wrapped = normalized(BODY), normalized(f"{NAVIGATION}\n{BODY}\n责任编辑：张三")

    assert [BREAK, *plain.codes.tolist(), BREAK] == wrapped.codes.tolist()
    assert str(wrapped.folded).startswith("首页")
    assert plain.num_chars == wrapped.num_chars
    assert not wrapped.is_folding_alone


def test_nothing_but_boilerplate_is_compared_whole() -> None:
    """Where nothing else is left, boilerplate is what the text says."""
    text = normalized(NAVIGATION)

    assert text.folded.codes.tolist() == text.codes.tolist()
    assert np.count_nonzero(text.codes) == text.num_chars > 0


def test_offsets_of_compared_characters() -> None:
    """What is compared still knows where it stood in the text as received."""
    received = f"{NAVIGATION}\n{BODY}"
    text = normalized(received)
    offsets = text.received_offsets(len(received))

    assert len(text.codes) == len(offsets)
    assert len(NAVIGATION) + 1 == offsets[1]
