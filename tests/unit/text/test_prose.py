"""What is a sentence, and what stands around articles."""

import pytest

from dedup.text.prose import prose_mask, teaser_mask

SENTENCES = [
    "国务院总理10日上午在北京人民大会堂举行仪式，欢迎挪威首相对我国进行正式访问。",
    "“我们会尽最大努力恢复生产，让大家放心。”他说。",
    "記者從當地政府了解到，目前已有三百多家企業復工復產，員工到崗率超過七成！",
]
FURNITURE = [
    "首页 | 新闻 | 财经 | 体育 | 娱乐 | 科技 | 汽车 | 房产 | 教育 | 旅游 | 健康",
    "吕梁市| 来宾市| 宜都市| 育儿| 西城区| 武川县| 科技| 平南县| 绥德县| 上林县",
    "2025年12月01日 (一) 22°C 濕度 80% 繁 简 推薦 快訊 港澳 國際 兩岸 體育 專題",
    "加盟 奶茶 股票 开户 贷款 彩票 棋牌 捕鱼 下载 注册 登录 充值 优惠 返利 代理 推广",
    "多地出台措施稳就业",
    "责任编辑：张三",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences_are_prose(text: str) -> None:
    """Narrative, quotation and exclamation, in either script."""
    assert prose_mask(text).mean() > 0.6


@pytest.mark.parametrize("text", FURNITURE)
def test_what_stands_around_is_not(text: str) -> None:
    """Menus, keywords, mastheads and headlines."""
    assert not prose_mask(text).any()


def test_each_line_for_itself() -> None:
    """A menu above and a list below leave the sentences between them prose."""
    lines = [FURNITURE[0], SENTENCES[0], FURNITURE[1]]
    text = "\n".join(lines)
    mask = prose_mask(text)
    start = len(lines[0]) + 1
    stop = start + len(lines[1])

    assert mask[start:stop].all()
    assert not mask[:start].any()
    assert not mask[stop:].any()


def test_nothing() -> None:
    """An empty text has an empty mask."""
    assert 0 == prose_mask("").size


def test_headlines_with_their_ages() -> None:
    """A list of headlines is none, though an age behind each makes it read like a sentence."""
    headline = "天氣報告說大致多雲有一兩陣微雨而最高氣溫約二十二度，市民外出要帶傘以免受涼"
    ages = ("8分鐘前", "2小時前", "1天前")
    listed = "".join(f"{headline} ({age})" for age in ages)

    assert not prose_mask(listed).any()
    assert prose_mask(f"{headline} (8分鐘前){headline}").any()
    assert prose_mask(f"{SENTENCES[0]}\n{listed}")[: len(SENTENCES[0])].all()


def test_first_paragraphs_cut_off() -> None:
    """Three that end in dots in a row are a list of other articles; fewer may be the article's."""
    beginnings = [f"{SENTENCES[0][:-1]}，{SENTENCES[2][:end]}..." for end in (-3, -2, -4)]

    assert not prose_mask("\n".join(beginnings)).any()
    assert prose_mask("\n".join(beginnings[:2])).mean() > 0.9
    assert prose_mask("\n".join([*beginnings[:2], SENTENCES[0], *beginnings[:2]])).mean() > 0.9
    text = "\n".join([SENTENCES[0], *beginnings])
    assert prose_mask(text)[: len(SENTENCES[0])].all()


HEADLINE = "多地出台措施稳就业保民生"
CRY = "早餐这样吃，血糖会不会飙升？医师：快停手！"


def _teasers(text: str) -> list[str]:
    mask = teaser_mask(text, prose_mask(text))
    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    lines = [text[at:].partition("\n")[0] for at in starts if at < len(text) and mask[at]]
    return [line for line in lines if line]


def test_a_lone_paragraph_below_a_headline_is_a_teaser() -> None:
    """A list of other articles by headline and first paragraph, whatever ends a headline."""
    listed = [HEADLINE, SENTENCES[0], CRY, SENTENCES[1], "专栏", HEADLINE, SENTENCES[2]]

    assert [line for line in listed if line != "专栏"] == _teasers("\n\n".join(listed))


def test_a_headline_among_headlines_is_a_teaser() -> None:
    """Also if it reads like a sentence; and so is the one above it."""
    assert [HEADLINE, CRY] == _teasers(f"{HEADLINE}\n{CRY}\n{HEADLINE}")


@pytest.mark.parametrize(
    "lines",
    [
        [HEADLINE, SENTENCES[0], SENTENCES[1]],
        ["09:30", SENTENCES[0], "10:15", SENTENCES[1]],
        [HEADLINE, SENTENCES[0] * 8, HEADLINE],
        [SENTENCES[0], HEADLINE],
        [SENTENCES[0], CRY, SENTENCES[1], SENTENCES[0]],
        [SENTENCES[0]],
        [],
    ],
)
def test_articles_have_no_teasers(lines: list[str]) -> None:
    """Several paragraphs, the entries of a live blog, a long paragraph, one without headline."""
    assert [] == _teasers("\n".join(lines))


def test_a_list_of_other_articles_is_no_prose() -> None:
    """Below a heading that says so, paragraphs with ages are teasers of others."""
    listed = [SENTENCES[2], "7小时前", SENTENCES[1], "8小时前"]
    text = "\n".join([SENTENCES[0], "更多即时新闻", *listed])
    story = "\n".join([SENTENCES[0], "更多新闻", SENTENCES[1], SENTENCES[2]])

    assert not prose_mask(text)[len(SENTENCES[0]) :].any()
    assert prose_mask(story)[len(SENTENCES[0]) + 6 :].mean() > 0.6


def test_what_a_page_says_of_itself_is_no_prose() -> None:
    """A notice of cookies is a sentence, and none of the article."""
    assert not prose_mask("本服务采用cookies以保持其可靠性，促致个人化的内容和广告。").any()


@pytest.mark.parametrize(
    ("text", "is_prose"),
    [
        ("国家推动盐碱地综合利用，制定盐碱地综合利用相关规划，鼓励社会资本投入。", True),
        ("文科第一批录取分数线505分，理科第一批录取分数线412分。", True),
        ("吕梁市，来宾市，宜都市，育儿，西城区，武川县，科技，平南县，绥德县。", False),
        ("国家推动盐碱地综合利用，制定盐碱地综合利用相关规划，鼓励社会资本投入", False),
    ],
)
def test_clauses_without_small_words(text: str, is_prose: bool) -> None:
    """Laws and notices do without small words; what ends them is a full stop."""
    assert is_prose is bool(prose_mask(text).any())
