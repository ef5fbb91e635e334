"""Which stretches of a text are prose: sentences, and not lists, labels or keywords.

A page around an article brings navigation, lists of headlines, keywords and a footer; a
digest brings sentences. Prose is told by what only sentences have: an end, clauses of
some length, and the small words that hold them together.
"""

import itertools
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.code_points import code_points

__all__ = ["prose_mask", "teaser_mask"]

_TABLE_SIZE = 0x40000  # planes 0 to 3; beyond them there are no letters

_LETTER, _BLANK, _SEPARATOR, _END, _CLOSING, _COMMA, _SMALL_WORD = (1 << bit for bit in range(7))
_SIGNS = {
    _SEPARATOR: "\n\r\t|｜>»•·◆■□★",  # of the items of menus and lists
    _END: "。！？!?；;…",
    _CLOSING: "”’」』）)",
    _COMMA: "，、,；;：:",
    _SMALL_WORD: (
        "的了在是和与與对對为為有不将將也就都而及被从從以并並由于於其这這我他她它们們但还還"
        "让讓把向给給着著过過到上中下里裡可能会會要说說表示等个個没沒因所使则則"
    ),
}
_STOP = ord("。")

# Above a list of other articles, and what stands in it, each alone on its line.
_LIST_HEADING = re.compile(
    r"^[ \t\u3000]*(?:更多|相關|相关|延伸|推薦|推荐|熱門|热门|最新|其他|其它|即時|即时)"
    r"\w{0,4}(?:新聞|新闻|報道|报道|報導|报导|閱讀|阅读|文章|推薦|推荐)[ \t\u3000]*:?[ \t\u3000]*$",
    re.MULTILINE,
)
_AGE = re.compile(r"^\s*\d{1,2}\s*(?:分鐘|分钟|小時|小时|天|日)前\s*$", re.MULTILINE)
_FEWEST_AGES = 2

# Headlines in a row, the age of each behind it, and first paragraphs that are cut off.
_AGE_BEHIND = re.compile(r"[（(]\d{1,2} ?(?:分鐘|分钟|小時|小时|天|日)前[）)]")
_CUT_OFF = re.compile(
    r"(?:^[^\n]{29,}[^。！？!?」”’.…\n](?:\.{3}|…{1,2})[ \t]*(?:\n+|\Z)){3,}", re.MULTILINE
)
_FEWEST_AGES_BEHIND = 3

_LEAST_LETTERS = 12  # of a sentence
_LEAST_UNENDED = 40  # of one whose end is missing: headlines have none and are shorter
_LETTERS_A_BLANK = 8  # fewer between blanks, and it is a list of words
_LETTERS_A_SMALL_WORD = 18  # a sentence of so many has one at least
# Laws and notices do without small words; their clauses are longer than words.
_LETTERS_A_CLAUSE = 7
_LONGEST_TEASER = 260
_SHORTEST_HEADLINE = 8  # letters; shorter ones are labels, a live blog's times
_LONGEST_HEADLINE = 60


def prose_mask(text: str) -> NDArray[np.bool_]:
    """Return for each character whether it is part of a sentence; bool, shape (len(text),).

    A list of other articles is none: with their ages below a heading that says so, with the
    age behind each headline, or of first paragraphs that all are cut off.
    """
    mask = np.zeros(len(text), np.bool_)
    _mark_sentences(code_points(text), _end_of_article(text), _properties(), mask)
    for start, end in _listed(text):
        mask[start:end] = False
    return mask


def _end_of_article(text: str) -> int:
    """Return where a list of other articles begins, the length of the text if there is none."""
    if "前" in text:
        for heading in _LIST_HEADING.finditer(text):
            ages = itertools.islice(_AGE.finditer(text, heading.end()), _FEWEST_AGES)
            if sum(1 for _ in ages) == _FEWEST_AGES:
                return heading.start()
    return len(text)


def _listed(text: str) -> Iterator[tuple[int, int]]:
    """Yield where other articles are listed, by headline and age, or by how they begin."""
    if "前)" in text or "前）" in text:
        ages = [age.span() for age in _AGE_BEHIND.finditer(text)]
        if len(ages) >= _FEWEST_AGES_BEHIND:
            for (_, before), (start, end) in itertools.pairwise([(0, 0), *ages]):
                line = text.rfind("\n", before, start) + 1
                yield max(before, line, start - _LONGEST_HEADLINE), end
    if "..." in text or "…" in text:
        for paragraphs in _CUT_OFF.finditer(text):
            yield paragraphs.span()


def teaser_mask(text: str, prose: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each character whether it is in a teaser; bool, shape (len(text),).

    A page lists other articles by headline, or by headline and first paragraph. So a short
    paragraph that stands alone, a headline above it and no prose below, may be such a teaser,
    and so may a headline among headlines that reads like a sentence, `早餐這樣吃？醫師：快停手！`.
    Where an article lies in one piece and all else is teasers, all else belongs to the page.

    Args:
        text: The text.
        prose: What `prose_mask` returns for it.
    """
    mask = np.zeros(len(text), np.bool_)
    lines = [_NO_LINE, *_lines(text, prose), _NO_LINE]
    for above, line, below in zip(lines, lines[1:], lines[2:], strict=False):
        if _is_teaser(above, line, below):
            mask[above.start : line.end] = True
    return mask


class _Line(NamedTuple):
    start: int
    end: int
    has_prose: bool
    is_headline: bool


_NO_LINE = _Line(0, 0, has_prose=False, is_headline=False)


def _lines(text: str, prose: NDArray[np.bool_]) -> Iterator[_Line]:
    """Yield the lines that are not blank."""
    start = 0
    for raw in text.split("\n"):
        end = start + len(raw)
        if raw and not raw.isspace():
            yield _Line(start, end, bool(prose[start:end].any()), _is_headline(raw))
        start = end + 1


def _is_teaser(above: _Line, line: _Line, below: _Line) -> bool:
    """Whether a line is a lone short paragraph, or a headline, with a headline above it."""
    is_short = line.end - line.start <= _LONGEST_TEASER
    is_last = below.is_headline or not below.has_prose
    return line.has_prose and above.is_headline and is_short and is_last


def _is_headline(line: str) -> bool:
    """Whether a line may be a headline: no label, and no sentence that ends like one."""
    is_short = len(line) <= _LONGEST_HEADLINE and "。" not in line
    return is_short and sum(map(str.isalnum, line)) >= _SHORTEST_HEADLINE


@cache
def _properties() -> NDArray[np.uint8]:
    """Return what each character is in a sentence; uint8, shape (_TABLE_SIZE,), read-only."""
    chars = list(map(chr, range(_TABLE_SIZE)))
    table = _LETTER * np.fromiter(map(str.isalnum, chars), np.uint8, _TABLE_SIZE)
    table |= _BLANK * np.fromiter(map(str.isspace, chars), np.uint8, _TABLE_SIZE)
    table[ord("_")] |= _LETTER
    for bit, signs in _SIGNS.items():
        table[[ord(sign) for sign in signs]] |= bit
    table.flags.writeable = False
    return table


@kernel
def _mark_sentences(
    codes: NDArray[np.uint32], stop: int, properties: NDArray[np.uint8], mask: NDArray[np.bool_]
) -> None:
    """Set the mask where a sentence is prose; a sentence ends at a separator at the latest."""
    start = 0
    while start < stop:
        letters = commas = small_words = words = 0
        before = _BLANK
        last_end = np.uint32(0)
        speaks_of_itself = False
        at = start
        while at < stop:
            code = codes[at]
            here = properties[code] if code < _TABLE_SIZE else 0
            if here & _SEPARATOR or (last_end and not here & (_END | _CLOSING)):
                break
            if last_end and here & _END and before & _CLOSING:
                break
            if here & _END:
                last_end = code
            letters += here & _LETTER != 0
            commas += here & _COMMA != 0
            small_words += here & _SMALL_WORD != 0
            words += here & _BLANK == 0 and before & _BLANK != 0
            speaks_of_itself |= at >= start + 4 and _ends_cookie(codes, at)
            before = here
            at += 1
        if not speaks_of_itself and _is_prose(letters, words, small_words, commas, int(last_end)):
            mask[start:at] = True
        start = at + (at == start)


_COOKIE = tuple(map(ord, "ookie"))


@kernel_part
def _ends_cookie(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether a page speaks of itself here."""
    for place in range(len(_COOKIE)):
        if codes[at - place] != _COOKIE[len(_COOKIE) - 1 - place]:
            return False
    return True


@kernel_part
def _is_prose(letters: int, words: int, small_words: int, commas: int, last_end: int) -> bool:
    """Whether a sentence is prose, by what it has and the sign at its end, if any."""
    if letters < (_LEAST_LETTERS if last_end else _LEAST_UNENDED):
        return False
    if letters < max(words, 1) * _LETTERS_A_BLANK:
        return False
    if small_words * _LETTERS_A_SMALL_WORD >= letters:
        return True
    # A full stop, and clauses before it that are no list of words.
    return last_end == _STOP and commas > 0 and letters >= (commas + 1) * _LETTERS_A_CLAUSE
