"""Keyword stuffing: lists of place names and keywords for search engines, obscene headers.

    吕梁市| 来宾市| 宜都市| 育儿| 西城区| 武川县| 科技| 平南县| …

A list is a dozen short items or more, whatever stands between them: in one line, or one
in each of many lines. It is stuffed if it is made of places and of keywords that stuffing
is made of. An article that lists places does so in sentences, with 、 between them, and
without `手游`. Navigation looks alike, `首页|新闻|财经|体育`, and stays: it has `首页`, and
its places are written without 市 or 县.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel
from dedup.text.code_points import code_points
from dedup.text.damage.boilerplate import menu_entries
from dedup.text.marks import Mark, widened_to_lines
from dedup.text.words import is_han, simplify

__all__ = ["find_headers", "find_stuffing"]

_FEWEST_ITEMS = 12
_FEWEST_SIGNS = _FEWEST_ITEMS // 2  # that prose has not, in a list within a sentence
_FEWEST_IN_COLUMN = 20
_LONGEST_ITEM = 10
_SEPARATOR = r"|｜丨,，、;；/_·•#+*>\s-"
_SEPARATORS = re.compile(f"[{_SEPARATOR}]*+")
_ITEM = re.compile(f"[^{_SEPARATOR}]+")
_OTHER_THAN_PROSE = re.compile(r"[|｜丨/_·•#+*>\s-]")
_STOPS = "。！？!?"
# No item holds one of these: what does is a sentence, or a line about something.
_NO_ITEM = re.compile(r"[：:“”\"《》（）()【】\[\]…]")

_PLACE = re.compile(
    r"[\u4e00-\u9fff]{1,7}(?:[省市县區区州盟旗乡镇村街路桥站湾山河]|社区|小区|新区|大学|中心)"
)
# With nothing between them, a keyword in front of some.
_SHORTEST_LONG_RUN = 40
_ENDS_OF_PLACES = "省市县縣區区州盟旗"
_UNSEPARATED_PLACE = re.compile(rf"[\u4e00-\u9fff]{{1,6}}?(?:自治)?[{_ENDS_OF_PLACES}]")
_FEWEST_UNSEPARATED = 12
_FEWEST_DIFFERENT = 8
_LEAST_SHARE_OF_PLACES = 1 / 3
_LEAST_SHARE_OF_KEYWORDS = 1 / 4
_FEWEST_PLACES_ALONE = 60
_FEWEST_REPEATED = 8
_LEAST_SHARE_REPEATING = 0.25
# What navigation has and stuffing has not.
_ANCHORS = frozenset(
    {"首页", "主页", "网站首页", "返回首页", "新闻", "登录", "登入", "注册", "搜索", "更多"}
    | {"关于我们", "联系我们", "网站地图", "版权声明", "免责声明"}
)

# What the headers of hijacked pages are made of; each is rare in news, and two
# in one line without a full stop are not.
_OBSCENE = re.compile(
    r"91av|av[线線]路|婷婷|激情五月|五月天|[国國][产產](?:精品|第一|自拍|[乱亂]|[亚亞]洲)|[无無][码碼]|久久"
    r"|[一二三][区區][一二三][区區]|中文字幕|午夜福利|福利在[线線]|成人(?:[网網]站|[视視][频頻]|av)|[黄黃]色[网網]站"
    r"|[黄黃]片|精品99|[国國][内內]精品|[欧歐]美日[韩韓]|[亚亞]洲[欧歐]美|日[韩韓][欧歐]美|麻豆|av在[线線]"
    r"|在[线線][观觀]看免[费費]|免[费費][观觀]看|高清不卡|色[综綜]合|色情|人妻|熟女|少[妇婦]|[丝絲][袜襪]"
    r"|[约約]炮|一本道|大香蕉|自拍偷拍|毛片|三[级級]片|巨乳|做[爱愛]|裸[体體]",
    re.IGNORECASE,
)
_FEWEST_OBSCENE = 2
_LONGEST_HEADER = 300
_HEADER_LINES = 3


class _List(NamedTuple):
    """Short items in a row, and where they stand."""

    start: int
    end: int
    items: list[str]
    in_prose_signs: bool = False  # between them are signs that prose has too
    is_column: bool = False  # each has a line of its own


def find_stuffing(text: str) -> list[Mark]:
    """Return the stuffed lists of `text`, ascending and disjoint."""
    codes = code_points(text)
    marks = [Mark(one.start, one.end) for one in _lists(text, codes) if _is_stuffed(text, one)]
    return widened_to_lines(text, [*marks, *_find_unseparated(text, codes)])


def _find_unseparated(text: str, codes: NDArray[np.uint32]) -> Iterator[Mark]:
    """Yield the places in a row that nothing separates: `吕梁市来宾市宜都市…`."""
    runs = np.empty((codes.size // _SHORTEST_LONG_RUN + 1, 2), np.int64)
    for start, end in runs[: _find_long_runs(codes, _classes(), runs)].tolist():
        row: list[re.Match[str]] = []
        # One pass: a pattern for whole rows would try every way to divide one that fails.
        for place in _UNSEPARATED_PLACE.finditer(text, start, end):
            if row and row[-1].end() != place.start():
                row = []
            row.append(place)
        is_long = len(row) >= _FEWEST_UNSEPARATED and row[-1].end() == end
        if is_long and len({place[0] for place in row}) >= _FEWEST_DIFFERENT:
            yield Mark(row[0].start(), end)


def find_headers(text: str) -> list[Mark]:
    """Return those of the first lines of `text` that are made of obscene keywords."""
    return widened_to_lines(text, _obscene_headers(text))


def _lists(text: str, codes: NDArray[np.uint32]) -> Iterator[_List]:
    """Yield the lists of `text`: within lines, then those of one item a line."""
    parts = np.empty((codes.size // _FEWEST_ITEMS + 1, 3), np.int64)
    for start, end, is_sentence in parts[: _find_parts(codes, _classes(), parts)].tolist():
        yield from _lists_between_stops(start, text[start:end], is_sentence=bool(is_sentence))
    columns = np.empty((codes.size // _FEWEST_IN_COLUMN + 1, 2), np.int64)
    for start, end in columns[: _find_columns(codes, _classes(), columns)].tolist():
        items = [item for line in text[start:end].split("\n") if (item := line.strip())]
        yield _List(start, end, items, is_column=True)


def _lists_between_stops(start: int, part: str, *, is_sentence: bool) -> Iterator[_List]:
    for is_item, group in groupby(_ITEM.finditer(part), key=lambda match: _is_item(match[0])):
        run = list(group)
        if not is_item or len(run) < _FEWEST_ITEMS:
            continue
        first, last = run[0].start(), run[-1].end()
        between = (part[a.end() : b.start()] for a, b in pairwise(run))
        others = sum(_OTHER_THAN_PROSE.search(signs) is not None for signs in between)
        if behind := _SEPARATORS.match(part, last):
            last = behind.end()
        in_prose_signs = 2 * others < len(run)
        is_alone = not is_sentence and last == len(part) and part[:first].rstrip()[-1:] in "]】"
        if is_alone or not in_prose_signs:
            yield _List(start + first, start + last, [item[0] for item in run], in_prose_signs)


def _is_item(word: str) -> bool:
    return 0 < len(word) <= _LONGEST_ITEM and _NO_ITEM.search(word) is None


# `检测点：朝阳区 | 海淀区 | …`: what the list is of, and its first item.
_INTRODUCTION = re.compile(
    r"[\u4e00-\u9fff][：:](?: *[\u4e00-\u9fff]{2,10}[ \t|｜丨/、,，·_-]+|\s*)\Z"
)
_LONGEST_INTRODUCTION = 24


def _is_introduced(text: str, one: _List) -> bool:
    """Whether what stands in front says what a list is of."""
    return (
        _INTRODUCTION.search(text, max(0, one.start - _LONGEST_INTRODUCTION), one.start) is not None
    )


def _is_stuffed(text: str, one: _List) -> bool:
    """Whether a list is of what stuffing is made of."""
    items = [simplify(item) for item in one.items]
    places = sum(_PLACE.fullmatch(item) is not None for item in items)
    keywords = sum(item in _keywords() for item in items)
    if any(item in _ANCHORS for item in items):
        return False
    if places >= _LEAST_SHARE_OF_PLACES * len(items):
        if not keywords and len(items) < _FEWEST_PLACES_ALONE and _is_introduced(text, one):
            return False
        is_sure = not (one.in_prose_signs or one.is_column)
        return is_sure or keywords > 0 or len(items) >= _FEWEST_PLACES_ALONE
    if one.is_column:
        return False  # a menu, as likely as not
    if keywords >= _LEAST_SHARE_OF_KEYWORDS * len(items):
        in_menu = sum(item in menu_entries() for item in items)
        return 2 * in_menu < len(items) and len(items) >= _FEWEST_IN_COLUMN
    return not one.in_prose_signs and _repeats_itself(items)


def _repeats_itself(items: list[str]) -> bool:
    """Whether many different words come again, as where a list was drawn at random."""
    again = sum(count > 1 for count in Counter(items).values())
    return (
        again >= _FEWEST_REPEATED
        and len(items) - len(set(items)) >= _LEAST_SHARE_REPEATING * len(items)
        and all(is_han(char) for item in items for char in item)
        and sum(map(len, items)) >= 2 * len(items)
    )


@cache
def _keywords() -> frozenset[str]:
    """Return keywords that stuffing is made of: simplified, a line each in the file."""
    source = files("dedup.text") / "data" / "stuffing_keywords.txt"
    return frozenset(source.read_text(encoding="utf-8").splitlines())


def _obscene_headers(text: str) -> Iterator[Mark]:
    """Yield the lines that are, wherever they end."""
    start = 0
    for line in text[: _LONGEST_HEADER * _HEADER_LINES].split("\n")[:_HEADER_LINES]:
        is_header = len(line) < _LONGEST_HEADER and "。" not in line
        if is_header and len(set(_OBSCENE.findall(line))) >= _FEWEST_OBSCENE:
            yield Mark(start, start + len(line))
        start += len(line) + 1


class _Class:
    """Bits of the table by character that the kernel looks up."""

    SEPARATOR, OTHER_THAN_PROSE, STOP, NO_ITEM, BLANK, HAN, END_OF_PLACE = (
        1 << n for n in range(7)
    )


@cache
def _classes() -> NDArray[np.uint8]:
    """Return the classes of each character of the basic plane, as the patterns have them."""
    table = np.zeros(0x10000, np.uint8)
    chars = "".join(map(chr, range(0x10000)))
    for bit, pattern in (
        (_Class.SEPARATOR, f"[{_SEPARATOR}]"),
        (_Class.OTHER_THAN_PROSE, _OTHER_THAN_PROSE),
        (_Class.STOP, f"[{_STOPS}]"),
        (_Class.NO_ITEM, _NO_ITEM),
        (_Class.BLANK, r"\s"),
        (_Class.HAN, "[\u4e00-\u9fff]"),
        (_Class.END_OF_PLACE, f"[{_ENDS_OF_PLACES}]"),
    ):
        table[[ord(char) for char in re.findall(pattern, chars)]] |= bit
    table.flags.writeable = False
    return table


_LINE_END = ord("\n")
_LAST_CODE = 0xFFFF  # no character; stands for all beyond the table
_SEPARATES, _ENDS_PART, _SPOILS_ITEM = _Class.SEPARATOR, _Class.STOP, _Class.NO_ITEM
_ODD, _IS_BLANK, _IS_HAN = _Class.OTHER_THAN_PROSE, _Class.BLANK, _Class.HAN
_ENDS_PLACE = _Class.END_OF_PLACE


@kernel
def _find_parts(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], found: NDArray[np.int64]
) -> int:
    """Write where parts are that have enough items in a row, and return their number.

    A part is what stands between two stops or line ends. Of each where it starts and ends, and
    whether a stop ends it: then it is a sentence, unless there are signs that prose has not.
    """
    count = start = length = items = longest = signs = 0
    is_item = True
    for at in range(codes.size + 1):
        code = codes[at] if at < codes.size else _LINE_END
        here = classes[min(code, _LAST_CODE)]
        if here & _SPOILS_ITEM:
            is_item = False
        if here & (_SEPARATES | _ENDS_PART) == 0:
            length += 1
            continue
        if length:
            items = items + 1 if is_item and length <= _LONGEST_ITEM else 0
            longest = max(longest, items)
            length = 0
            is_item = True
        is_line_end = code == _LINE_END
        if here & _ENDS_PART or is_line_end:
            if longest >= _FEWEST_ITEMS and (is_line_end or signs >= _FEWEST_SIGNS):
                found[count, 0], found[count, 1], found[count, 2] = start, at, not is_line_end
                count += 1
            start = at + 1
            items = longest = signs = 0
        else:
            signs += here & _ODD != 0
    return count


@kernel
def _find_columns(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], found: NDArray[np.int64]
) -> int:
    """Write where enough lines in a row are an item each, and return how many such columns are.

    Lines that are blank count for nothing.
    """
    count = num_lines = first = last = 0  # of the column: lines, its start and end
    start = size = blanks = 0  # of the line: start, characters between blanks, blanks behind
    is_item = True
    for at in range(codes.size + 1):
        here = classes[min(codes[at], _LAST_CODE)] if at < codes.size else _IS_BLANK
        if at < codes.size and codes[at] != _LINE_END:
            if here & _SPOILS_ITEM:
                is_item = False
            if here & _IS_BLANK:
                blanks += 1
            else:
                size += 1 + (blanks if size else 0)
                blanks = 0
            continue
        is_item = is_item and 0 < size <= _LONGEST_ITEM
        if is_item:
            first = start if num_lines == 0 else first
            last = at
            num_lines += 1
        if (size and not is_item) or at == codes.size:
            if num_lines >= _FEWEST_IN_COLUMN:
                found[count, 0], found[count, 1] = first, last
                count += 1
            num_lines = 0
        start = at + 1
        size = blanks = 0
        is_item = True
    return count


@kernel
def _find_long_runs(
    codes: NDArray[np.uint32], classes: NDArray[np.uint8], found: NDArray[np.int64]
) -> int:
    """Write where long runs of ideographs with enough places are, and return their number."""
    count = length = places = 0
    for at in range(codes.size + 1):
        here = classes[min(codes[at], _LAST_CODE)] if at < codes.size else 0
        if here & _IS_HAN:
            length += 1
            places += here & _ENDS_PLACE != 0
            continue
        if length >= _SHORTEST_LONG_RUN and places >= _FEWEST_UNSEPARATED:
            found[count, 0], found[count, 1] = at - length, at
            count += 1
        length = places = 0
    return count
