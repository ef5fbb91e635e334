"""Boilerplate: what a page has around its article, in a page that was turned to plain text.

    首页 | 新闻 | 财经 …      责任编辑：张三      版权所有 京ICP备12004265号      3小时前

Navigation, breadcrumbs, lists of other articles, share bars, notices. It stays in the
repaired text and is left out when texts are compared. Losing article text is worse than
keeping a menu, so it is recognised by whole lines only, and in two ways: a line of which
nothing else can be made, and a long block of short lines without a sentence among which
there are enough such lines. A list of names or places has none of them.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

from dedup.text.marks import Mark
from dedup.text.words import simplify

__all__ = ["find_boilerplate", "menu_entries"]

# What may stand around an entry of a menu.
_DECORATION = " \t\u3000\xa0>›»·•|｜-[【（(#:：])】）&<"

# A time, an age, a rank, a lone sign or letter: what stands beside headlines in lists.
_BESIDE = re.compile(
    r"[|｜@]?\s*(?:(?:19|20)\d\d\s*[-./年]\s*)?(?:\d{1,2}\s*[-./月]\s*\d{1,2}\s*日?)?\s*(?:[(（]?(?:星期|周)?[一二三四五六日天][)）]?)?"
    r"\s*(?:HKT)?\s*(?:今[日天]|昨[日天])?\s*(?:\d{1,2}:\d\d(?::\d\d)?)?\s*(?:HKT|更新)?"
    r"|\d{1,2}\s*(?:秒|分钟|小时|个小时|天|日|周|个月)前|刚刚|(?:Top|TOP|No\.)?\s*\d{1,5}\s*[.、]?|[\W_]+|[A-Za-z]"
)
# Anywhere in a short line.
_NOTICE = re.compile(
    r"ICP备|ICP证|公网安备|许可证[编证]?号?|[Cc]opyright|©|版权所有|[Aa]ll [Rr]ights [Rr]eserved"
    r"|未经(?:书面)?授权|不得转载|违法和?不良信息举报|举报电话|举报邮箱|服务热线|客服(?:电话|热线)"
    r"|^[\[【（(]?\s*(?:责任编辑|责编|编辑|值班编辑|本文来源|文章来源|信息来源|稿源|上一篇|下一篇|前一篇|后一篇"
    r"|当前位置|[您你](?:现)?在的?位置|[您你](?:现在)?所在的?位置|本页位置|分享到|分享至|扫码|扫一扫|字号|字体|【字体"
    r"|点击[数量率]|浏览[数量]|浏览次数|阅读[数量]|阅读次数|标签|关键[字词])\s*[:：】]"
    r"|^发布(?:时间|日期)\s*[:：]|^(?:来源|作者)\s*[:：].*(?:时间|日期|编辑|作者|\d\d:\d\d)"
    r"|^首页\s*[>›»|｜·/]|[>›»]\s*正文\s*$"
    r"|扫(?:描|一扫)?.{0,6}二维码|下载.{0,8}(?:APP|App|客户端)|关注.{0,8}公众号|长按识别"
    r"|点击(?:查看|阅读|进入|下载|关闭|播报)|本网站?(?:正)?使用\s*[Cc]ookie"
)

# A line is a sentence if it has one of these, or is long.
_STOPS = re.compile(r"[。；]|[，,][^，,]{4,}[，,]")
_LONGEST_LINE = 135  # bytes of UTF-8: 45 Han characters, or 135 letters
_FEWEST_LINES = 6
_LEAST_SHARE_OF_ENTRIES = 0.2
_FEWEST_ENTRIES = 3
_LONGEST_HEADLINE = 2  # lines


class _Line(NamedTuple):
    start: int
    end: int
    is_sentence: bool
    is_entry: bool
    is_notice: bool

    @property
    def is_telling(self) -> bool:
        """Whether it says that the lines around it are no article."""
        return self.is_entry or self.is_notice


def find_boilerplate(text: str) -> list[Mark]:
    """Return the stretches of boilerplate, each of whole lines, ascending and disjoint."""
    marks: list[Mark] = []
    for is_sentence, group in groupby(_lines(text), key=lambda line: line.is_sentence):
        lines = list(group)
        if not is_sentence and _is_block(lines):
            lines = _without_headline(lines)
            marks.append(Mark(lines[0].start, lines[-1].end))
        else:
            marks += [Mark(line.start, line.end) for line in lines if line.is_notice]
    return marks


def _without_headline(lines: list[_Line]) -> list[_Line]:
    """Return a block without what may be the headline of the article below it."""
    num_plain = 0
    while num_plain < _LONGEST_HEADLINE and not lines[-1 - num_plain].is_telling:
        num_plain += 1
    return lines[: len(lines) - num_plain]


def _is_block(lines: list[_Line]) -> bool:
    """Whether a run of lines without a sentence is navigation or a list of other articles."""
    num_entries = sum(line.is_telling for line in lines)
    least = max(_FEWEST_ENTRIES, _LEAST_SHARE_OF_ENTRIES * len(lines))
    return len(lines) >= _FEWEST_LINES and num_entries >= least


def _is_entry(line: str) -> bool:
    """Whether a line, simplified, is an entry of a menu or stands beside one."""
    return line.strip(_DECORATION).lower() in menu_entries() or _BESIDE.fullmatch(line) is not None


@cache
def menu_entries() -> frozenset[str]:
    """Return the usual entries of menus: simplified, lower case, a line each in the file."""
    source = files("dedup.text") / "data" / "menu_entries.txt"
    return frozenset(source.read_text(encoding="utf-8").splitlines())


def _lines(text: str) -> Iterator[_Line]:
    """Yield what is told of each line that is not blank."""
    start = 0
    for raw in text.split("\n"):
        line = raw.strip()
        if line:
            at = start + raw.index(line)
            yield _line(at, line)
        start += len(raw) + 1


def _line(start: int, line: str) -> _Line:
    end = start + len(line)
    if len(line) > _LONGEST_LINE or len(line.encode("utf-8", "surrogatepass")) > _LONGEST_LINE:
        return _Line(start, end, is_sentence=True, is_entry=False, is_notice=False)
    is_sentence = _STOPS.search(line) is not None
    plain = simplify(line)
    return _Line(
        start,
        end,
        is_sentence,
        is_entry=not is_sentence and _is_entry(plain),
        is_notice=_NOTICE.search(plain) is not None,
    )
