"""What a match is beside the other matches."""

import pytest

from dedup import Article, DedupConfig, Scores, Thresholds, Verdict
from dedup.company import Comparison, beside_others
from dedup.preparation import Preparer

STORIES = [
    (
        "市环境监测中心昨日公布上月空气质量报告，全市平均浓度比去年同期下降百分之十一，"
        "优良天数达到二十六天，居民普遍感到天空比往年更蓝。"
    ),
    (
        "省图书馆新馆经过三年建设终于对读者开放，首日就有上万人前来参观，"
        "工作人员表示馆藏古籍将在秋天与公众见面，并且可以预约讲解。"
    ),
    (
        "受冷空气影响，山区昨夜迎来今年第一场雪，交通部门连夜清扫道路，"
        "提醒司机减速慢行，学校的课也推迟了一个小时才开始上。"
    ),
    (
        "两家造船企业昨天签订合作协议，将共同研制以氨为燃料的货轮，"
        "预计第一艘会在后年下水，届时排放可以减少七成以上。"
    ),
]
NOTICE = (
    "本社已经开通读者热线，欢迎各位把身边发生的事情告诉我们，经采用的线索都会有报酬。"
    "如果您认为本文的内容侵犯了您的权利，请在三十天以内与我们的法律顾问联系，我们会及时处理。"
    "与此同时，我们也希望读者对报道提出批评和建议，让报纸办得更好更贴近大家的生活。"
)
BRIEFS = (
    "黄海偏北风三级；东海晴到多云；南海小到中雨；渤海能见度五公里；台湾海峡阵风七级；"
    "北部湾轻浪；琼州海峡大雾；巴士海峡中浪；钓鱼岛海域阴天；西沙群岛雷阵雨；曾母暗沙气温三十度"
)


def verdicts_of(text: str, *known: str, verdict: Verdict = Verdict.REPRINT) -> list[Verdict]:
    """Return what a text is to each known one beside the others, if it is a copy by itself."""
    preparer = Preparer(DedupConfig())
    prepared = preparer.prepare(Article(text=text))
    shingles = {
        number: preparer.prepare(Article(text=one)).shingles for number, one in enumerate(known)
    }
    comparisons = [
        Comparison(number, verdict, Scores(*prepared.shingles.overlap(one)))
        for number, one in shingles.items()
    ]
    found = beside_others(prepared, comparisons, shingles.keys(), lambda _: shingles, Thresholds())
    return [one.verdict for one in found]


def pages(*stories: str) -> list[str]:
    """Return stories, the same notice below each."""
    return [f"{story}\n{NOTICE}" for story in stories]


def test_a_notice_below_every_article_makes_no_copies() -> None:
    """What two articles share and two others as well belongs to neither."""
    incoming, *known = pages(*STORIES)
    assert [Verdict.PARTIAL] * 3 == verdicts_of(incoming, *known)


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_to_say_so(count: int) -> None:
    """One article that shares it may be a third version of a story."""
    incoming, *known = pages(*STORIES)
    assert [Verdict.REPRINT] * count == verdicts_of(incoming, *known[:count])


def test_a_copy_among_pages_of_its_site() -> None:
    """A text that tells what a known article tells stays its copy, whatever the page shares."""
    first, *others = pages(*STORIES)
    copy = f"{STORIES[0][:40]}\n{NOTICE}\n{'转载请注明出处和作者，谢谢您的支持和理解。'}"
    assert Verdict.REPRINT == verdicts_of(copy, first, *others)[0]


def test_versions_of_a_story_stay_copies() -> None:
    """Of versions of one story the others have what a known one has besides: no page."""
    known = ["".join(STORIES[:3]), "".join(STORIES[:3]) + NOTICE[:40], NOTICE[40:] + STORIES[0]]
    incoming = "".join(STORIES[:2]) + STORIES[3]
    assert Verdict.REPRINT == verdicts_of(incoming, *known)[0]


def test_a_digest_of_two_known_articles() -> None:
    """Where what surrounds a known article is another one, the text is a digest."""
    text = f"{STORIES[0]}\n{BRIEFS}"
    assert Verdict.COMPILATION == verdicts_of(text, STORIES[0], BRIEFS)[0]
    assert Verdict.REPRINT == verdicts_of(text, STORIES[0], BRIEFS[:60])[0]


def test_the_page_around_two_known_articles() -> None:
    """Where a third article has what surrounds a known one, it is their site's, and no digest."""
    text = f"{STORIES[0]}\n{BRIEFS}"
    page = f"{STORIES[1]}\n{BRIEFS}"
    assert Verdict.REPRINT == verdicts_of(text, STORIES[0], BRIEFS, page)[0]


def test_alone_it_is_what_it_is() -> None:
    """A single comparison is not looked at again."""
    assert [Verdict.EXCERPT] == verdicts_of(NOTICE, NOTICE, verdict=Verdict.EXCERPT)


def test_equal_texts_stay_equal() -> None:
    """Whatever others share with it, the same text is the same."""
    known = pages(*STORIES)
    found = verdicts_of(known[0], *known, verdict=Verdict.EXACT)
    assert [Verdict.EXACT] * 4 == found
