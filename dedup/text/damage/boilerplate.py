"""Boilerplate: what a page has around its article, in a page that was turned to plain text.

    首页 | 新闻 | 财经 …      责任编辑：张三      版权所有 京ICP备12004265号      3小时前

Navigation, breadcrumbs, lists of other articles, share bars, notices. It stays in the
repaired text and is left out when texts are compared. Losing article text is worse than
keeping a menu, so it is recognised by whole lines only, and in two ways: a line of which
nothing else can be made (`NOTICE_PAIRS` of `dedup.text.damage.triggers` call for it: keep them in
step), and a long block of short lines without a sentence among which
there are enough such lines. A list of names or places has none of them. Headlines with
the time they appeared and teasers that are cut off count as such lines: no article has
them, one after the other, in place of sentences.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points
from dedup.text.damage.triggers import NOTICE_PAIRS
from dedup.text.marks import Mark, joined
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
# What it consists of: most lines have another character soon, and need not be tried in all ways.
_OF_BESIDE = re.compile(r"[\W_0-9A-Za-z\d年月日星期周一二三四五六天今昨更新秒分钟小时个前刚]*")
# At the start of a short line.
_OPENING = re.compile(
    r"[\[【（(]?\s*(?:责任编辑|责编|编辑|值班编辑|本文来源|文章来源|信息来源|稿源|上一篇|下一篇|前一篇|后一篇"
    r"|当前位置|[您你](?:现)?在的?位置|[您你](?:现在)?所在的?位置|本页位置|分享到|分享至|扫码|扫一扫|字号|字体"
    r"|点击[数量率]|浏览[数量]|浏览次数|阅读[数量]|阅读次数|标签|关键[字词]|推荐阅读|相关阅读|延伸阅读|相关新闻)"
    r"\s*[:：】]"
    r"|[\[【（(]责(?:任编辑|编)|发布(?:时间|日期)\s*[:：]|【字体|【广告】|长按识别"
    r"|(?:来源|作者)\s*[:：].*(?:时间|日期|编辑|作者|\d\d:\d\d)"
    r"|首页\s*[>›»|｜·/]|点击(?:查看|阅读|进入|下载|关闭|播报)"
    r"|\[[^\[\]]{1,20}\]\(https?://[!-~]+\)$"
)
# Those of `NOTICE_PAIRS` that are nowhere else, and how many characters there are up to the last
# one of them: `【您现在所在的位置`.
_PAIRS_AT_START = ("编辑", "责编", "来源", "稿源", "作者", "阅读", "字号", "分享", "位置")
_LONGEST_START = 10
# Anywhere in one. Every alternative opens with a literal, so that they are skipped through.
_NOTICE = re.compile(
    r"ICP备|ICP证|公网安备|许可证[编证]?号?|Copyright|copyright|©|ll [Rr]ights [Rr]eserved"
    r"|版权所有|版权声明"
    r"|未经(?:书面)?授权|不得转载|违法和?不良信息举报|举报电话|举报邮箱|服务热线|客服(?:电话|热线)"
    r"|[>›»]\s*正文\s*$|扫(?:描|一扫)?.{0,6}二维码|扫码下载|下载.{0,8}(?:APP|App|客户端)|关注.{0,8}公众号"
    r"|本网站?(?:正)?使用\s*[Cc]ookie|加微信|点击查看|为推广内容"
)
# Anywhere in a paragraph of sentences: what a page says of itself to who reads it.
_SITE_NOTICE = re.compile(
    r"(?:本网?站|我们|继续(?:浏览|使用)|您|你).{0,30}[Cc]ookie"
    r"|(?:您|你)正?在?(?:使用|屏蔽|拦截).{0,6}广告|(?:关闭|停用|禁用|暂停)广告(?:拦截|屏蔽|过滤)"
    r"|(?:您|你)[^，。]{0,12}浏览器|最佳(?:浏览|阅读|瀏览)效果.{0,20}浏览器"
    r"|不构成任何.{0,6}(?:投资|买卖)"
)
# What each of them holds, by a character of it: a fast way to say that there is none.
_SITE_WORDS = (
    ("k", ("ookie",)),
    ("告", ("广告", "廣告")),
    ("器", ("浏览器", "瀏覽器")),
    ("构", ("不构成",)),
    ("構", ("不構成",)),
)
_LONGEST_SITE_NOTICE = 250

# A headline with its time or age behind it, or a teaser that is cut off.
_LISTED = re.compile(
    r"[(（]\s*(?:\d{1,2}:\d\d|\d{1,2}\s*(?:秒|分鐘|分钟|小時|小时|個小時|个小时|天|日)前)\s*[)）]"
    r"(?:\s*-\s*\d{8})?$|(?<![.…])(?:\.{3}|…)$"
)
_ENDS_LISTED = ")）.…0123456789"
_DIGITS_OF_DATE = 8

# A line is a sentence if it has a stop or such a clause, or is long.
_TWO_COMMAS = re.compile(r"[，,][^，,]{4,}[，,]")
_MOST_CHARS = 135
_MOST_BYTES = 135  # of UTF-8: 45 Han characters, or 135 letters
_FEWEST_LINES = 6
_LEAST_SHARE_TELLING = 0.2
_FEWEST_TELLING = 3
_LONGEST_HEADLINE = 2  # lines


class _Line(NamedTuple):
    """A short line: where it stands, and what it says in simplified script."""

    start: int
    end: int
    plain: str
    has_pair: bool  # of `NOTICE_PAIRS`

    @property
    def is_notice(self) -> bool:
        """Whether nothing else can be made of it."""
        return self.has_pair and (
            _OPENING.match(self.plain) is not None
            or _NOTICE.search(self.plain) is not None
            or _speaks_of_site(self.plain)
        )

    @property
    def is_telling(self) -> bool:
        """Whether it says that the lines around it are no article."""
        entry = self.plain.strip(_DECORATION).lower()
        return (
            entry in menu_entries()
            or _is_beside(self.plain)
            or _is_listed(self.plain)
            or self.is_notice
        )


def find_boilerplate(text: str, codes: NDArray[np.uint32] | None = None) -> list[Mark]:
    """Return the stretches of boilerplate, each of whole lines, ascending and disjoint.

    Args:
        text: The text.
        codes: Its code points, if they are at hand.
    """
    if codes is None:
        codes = code_points(text)
    marks: list[Mark] = []
    for lines in _runs_of_short_lines(text, codes):
        block = _block(lines)
        if block:
            marks.append(Mark(block[0].start, block[-1].end))
        else:
            marks += [Mark(line.start, line.end) for line in lines if line.is_notice]
    # A page that speaks of itself in whole paragraphs has other boilerplate too.
    return joined([*marks, *_site_notices(text)]) if marks else []


def _site_notices(text: str) -> Iterator[Mark]:
    """Yield the paragraphs in which a page speaks of itself."""
    if not _has_site_word(text):
        return
    start = 0
    for raw in text.split("\n"):
        if len(raw) <= _LONGEST_SITE_NOTICE and _has_site_word(raw):
            line = raw.strip()
            if _speaks_of_site(simplify(line)):
                begin = start + raw.index(line)
                yield Mark(begin, begin + len(line))
        start += len(raw) + 1


def _speaks_of_site(plain: str) -> bool:
    """Whether a page speaks of itself; looked for closely only where one of the words is."""
    return _has_site_word(plain) and _SITE_NOTICE.search(plain) is not None


def _has_site_word(text: str) -> bool:
    return any(char in text and any(map(text.__contains__, words)) for char, words in _SITE_WORDS)


def _runs_of_short_lines(text: str, codes: NDArray[np.uint32]) -> Iterator[list[_Line]]:
    """Yield lines without a sentence that follow one another, blank ones between left out.

    Of runs that are too short for a block, only lines that may be notices, one by one.
    """
    run: list[_Line] = []
    found = np.empty((codes.size // 2 + 1, 4), np.int64)
    lines = found[: _find_lines(codes, *_notice_bits(), found)]
    for start, end, opens_run, has_pair in lines.tolist():
        if run and opens_run:
            yield run
            run = []
        line = text[start:end]
        if not _is_sentence(line):
            run.append(_Line(start, end, simplify(line), bool(has_pair)))
        elif run:
            yield run
            run = []
    if run:
        yield run


@cache
def _notice_bits() -> tuple[NDArray[np.uint64], np.uint64]:
    """Return which of `NOTICE_PAIRS` each character opens and which it closes, a bit for each.

    Of either script; uint64, shape (2, 0x10000). And the bits of those pairs that are only at
    the start of notices: `【编辑:张三】` at the end of a paragraph is none.
    """
    at_start = sum(1 << NOTICE_PAIRS.index(pair) for pair in _PAIRS_AT_START)
    bits = np.zeros((2, _PLANE), np.uint64)
    usual = "".join(map(chr, range(0x20, 0xA000)))
    simplified = np.array([ord(char) for char in simplify(usual)])
    for number, pair in enumerate(NOTICE_PAIRS):
        for side, char in enumerate(pair):
            bits[side, 0x20 + np.flatnonzero(simplified == ord(char))] |= np.uint64(1 << number)
    bits.flags.writeable = False
    return bits, np.uint64(at_start)


_PLANE = 0x10000
_LINE_END, _COPYRIGHT = ord("\n"), ord("©")
_STOPS = (ord("。"), ord("；"))
_LONGEST_END = 3  # `。’”`
_COMMAS = (ord("，"), ord(","))
_FEWEST_BETWEEN_COMMAS = 4
_LISTED_ENDS = tuple(map(ord, _ENDS_LISTED))


@kernel_part
def _is_space(code: int) -> bool:
    """Whether `str.strip` takes a character away."""
    if code <= 0x20:
        return 0x09 <= code <= 0x0D or code >= 0x1C
    if code < 0x1680:
        return code in (0x85, 0xA0)
    return 0x2000 <= code <= 0x200A or code in (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@kernel_part
def _num_bytes(code: int) -> int:
    """Return how many bytes a character has in UTF-8."""
    return 1 + (code >= 0x80) + (code >= 0x800) + (code >= _PLANE)


@kernel_part
def _may_be_short(codes: NDArray[np.uint32], start: int, end: int) -> bool:
    """Whether a line may be no sentence, as `_is_sentence` has it; what is listed may."""
    if end - start > _MOST_CHARS:
        return False
    if codes[end - 1] in _LISTED_ENDS:
        return True
    # Most have their stop at the end.
    for at in range(max(start, end - _LONGEST_END), end):
        if codes[at] in _STOPS:
            return False
    num_bytes = 0
    last_comma = end
    for at in range(start, end):
        code = codes[at]
        if code in _STOPS:
            return False
        if code in _COMMAS:
            if at - last_comma > _FEWEST_BETWEEN_COMMAS:
                return False
            last_comma = at
        num_bytes += _num_bytes(code)
    return num_bytes <= _MOST_BYTES


@kernel_part
def _has_pair(
    codes: NDArray[np.uint32],
    start: int,
    end: int,
    bits: NDArray[np.uint64],
    at_start: np.uint64,
) -> bool:
    """Whether one of the pairs is in a line, without which it is no notice."""
    opened = np.uint64(0)
    num_chars = 0  # without blanks
    for at in range(start, end):
        code = codes[at]
        num_chars += not _is_space(code)
        if code >= _PLANE:
            opened = np.uint64(0)
            continue
        found = opened & bits[1, code]
        if num_chars > _LONGEST_START:
            found &= ~at_start
        if found or code == _COPYRIGHT:
            return True
        opened = bits[0, code]
    return False


@kernel
def _find_lines(
    codes: NDArray[np.uint32],
    bits: NDArray[np.uint64],
    at_start: np.uint64,
    found: NDArray[np.int64],
) -> int:
    """Write the lines that may be boilerplate, and return their number.

    Of each where it starts and ends without the blanks around it, whether a run begins with
    it, and whether it may be a notice. Of a run that is too short for a block all others are
    left out.
    """
    count = first = line_start = 0
    for line_end in range(codes.size + 1):
        if line_end < codes.size and codes[line_end] != _LINE_END:
            continue
        start, end = line_start, line_end
        line_start = line_end + 1
        while start < end and _is_space(codes[start]):
            start += 1
        while end > start and _is_space(codes[end - 1]):
            end -= 1
        is_blank = start == end
        is_short = not is_blank and _may_be_short(codes, start, end)
        if is_short:
            found[count, 0], found[count, 1] = start, end
            count += 1
        if (is_short or is_blank) and line_end < codes.size:
            continue
        lines, is_block = count, count - first >= _FEWEST_LINES
        count = first
        for place in range(first, lines):
            has_pair = _has_pair(codes, found[place, 0], found[place, 1], bits, at_start)
            if is_block or has_pair:
                found[count, 0], found[count, 1] = found[place, 0], found[place, 1]
                found[count, 2] = not is_block or place == first
                found[count, 3] = has_pair
                count += 1
        first = count
    return count


def _is_sentence(line: str) -> bool:
    if _is_listed(line):
        return False
    if "。" in line or "；" in line:
        return True
    if ("，" in line or "," in line) and _TWO_COMMAS.search(line):
        return True
    return len(line.encode("utf-8", "surrogatepass")) > _MOST_BYTES


def _is_beside(plain: str) -> bool:
    return _OF_BESIDE.fullmatch(plain) is not None and _BESIDE.fullmatch(plain) is not None


def _is_listed(line: str) -> bool:
    # Searching every line would cost more than all else.
    last = line[-1]
    if last in ")）":
        inside = line[:-1].rstrip()[-1:]
        may_be = inside == "前" or inside.isdecimal()
    elif last in ".…":
        may_be = line.endswith(("...", "…"))
    else:
        may_be = "-" in line and line[-_DIGITS_OF_DATE:].isdecimal()
    return may_be and _LISTED.search(line) is not None


def _block(lines: list[_Line]) -> list[_Line]:
    """Return the lines that are navigation or a list of other articles; none if they are not.

    The last ones, with nothing to tell, may be the headline of the article below.
    """
    if len(lines) < _FEWEST_LINES:
        return []
    telling = [place for place, line in enumerate(lines) if line.is_telling]
    if len(telling) < max(_FEWEST_TELLING, _LEAST_SHARE_TELLING * len(lines)):
        return []
    return lines[: max(telling[-1] + 1, len(lines) - _LONGEST_HEADLINE)]


@cache
def menu_entries() -> frozenset[str]:
    """Return the usual entries of menus: simplified, lower case, a line each in the file."""
    source = files("dedup.text") / "data" / "menu_entries.txt"
    return frozenset(source.read_text(encoding="utf-8").splitlines())
