"""Keyword stuffing: lists of place names and keywords for search engines, obscene headers.

    吕梁市| 来宾市| 宜都市| 育儿| 西城区| 武川县| 科技| 平南县| …

Navigation looks alike, `首页|新闻|财经|体育`, and stays: it has few entries, and
its places are written without 市 or 县. An article that lists places sets them
off by 、 and is not looked at.
"""

import re
from collections.abc import Iterator

from dedup.text.marks import Mark

__all__ = ["find_stuffing"]

_FEWEST_ITEMS = 12
_LONGEST_ITEM = 10
_SEPARATORS = "|｜"
_LIST = re.compile(
    rf"(?:[^{_SEPARATORS}\n]{{1,{_LONGEST_ITEM}}}[{_SEPARATORS}]){{{_FEWEST_ITEMS - 1},}}"
    rf"[^{_SEPARATORS}\n]{{0,{_LONGEST_ITEM}}}"
)
_PLACE = re.compile(r"[\u4e00-\u9fff]{1,7}[省市县縣区區州盟旗]")
_LEAST_SHARE_OF_PLACES = 1 / 3

# What the headers of hijacked pages are made of; each is rare in news, and two
# in one line without a full stop are not.
_OBSCENE = re.compile(
    r"91av|av线路|婷婷|激情五月|五月天|国产精品|國產精品|国产第一|无码|無碼|久久|一区二区|一區二區"
    r"|中文字幕|午夜福利|成人网站|成人網站|黄色网站|黃色網站|精品99|欧美日韩|歐美日韓|麻豆"
)
_FEWEST_OBSCENE = 2
_LONGEST_HEADER = 300
_HEADER_LINES = 3


def find_stuffing(text: str) -> list[Mark]:
    """Return the stuffed lists and headers of `text`."""
    return sorted([*_find_lists(text), *_find_obscene_headers(text)])


def _find_lists(text: str) -> Iterator[Mark]:
    """Yield long lists of short items between bars, a third of them places in 市, 县 and so on."""
    if text.count("|") + text.count("｜") < _FEWEST_ITEMS - 1:
        return
    for match in _LIST.finditer(text):
        items = [item.strip() for item in re.split(rf"[{_SEPARATORS}]", match[0])]
        places = sum(_PLACE.fullmatch(item) is not None for item in items)
        if places >= _LEAST_SHARE_OF_PLACES * len(items):
            yield Mark(*match.span())


def _find_obscene_headers(text: str) -> Iterator[Mark]:
    """Yield the first lines of `text` that are made of obscene keywords."""
    start = 0
    for line in text[: _LONGEST_HEADER * _HEADER_LINES].split("\n")[:_HEADER_LINES]:
        is_header = len(line) < _LONGEST_HEADER and "。" not in line
        if is_header and len(_OBSCENE.findall(line)) >= _FEWEST_OBSCENE:
            yield Mark(start, start + len(line))
        start += len(line) + 1
