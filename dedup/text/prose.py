"""Which stretches of a text are prose: sentences, and not lists, labels or keywords.

A page around an article brings navigation, lists of headlines, keywords and a footer; a
digest brings sentences. Prose is told by what only sentences have: an end, clauses of
some length, and the small words that hold them together.
"""

import itertools
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["prose_mask", "teaser_mask"]

# What separates the items of menus and lists from one another.
_SEGMENT = re.compile(r"[^\n\r\t|｜>»•·◆■□★]+")
_SENTENCE = re.compile(r"[^。！？!?；;…]*[。！？!?；;…]+[”’」』）)]*|[^。！？!?；;…]+")
_ENDS = re.compile(r"[。！？!?；;…][”’」』）)]*$")
_LETTER = re.compile(r"\w")
_BLANK = re.compile(r"\s+")
_STOP = re.compile(r"。[”’」』）)]*$")
_COMMA = re.compile(r"[，、,；;：:]")
_FUNCTION_WORDS = frozenset(
    "的了在是和与與对對为為有不将將也就都而及被从從以并並由于於其这這我他她它们們但还還"
    "让讓把向给給着著过過到上中下里裡可能会會要说說表示等个個没沒因所使则則"
)

# Above a list of other articles, and what stands in it, each alone on its line.
_LIST_HEADING = re.compile(
    r"^[ \t\u3000]*(?:更多|相關|相关|延伸|推薦|推荐|熱門|热门|最新|其他|其它|即時|即时)"
    r"\w{0,4}(?:新聞|新闻|報道|报道|報導|报导|閱讀|阅读|文章|推薦|推荐)[ \t\u3000]*:?[ \t\u3000]*$",
    re.MULTILINE,
)
_AGE = re.compile(r"^\s*\d{1,2}\s*(?:分鐘|分钟|小時|小时|天|日)前\s*$", re.MULTILINE)
_FEWEST_AGES = 2

_LEAST_LETTERS = 12  # of a sentence
_LEAST_UNENDED = 40  # of one whose end is missing: headlines have none and are shorter
_LETTERS_A_BLANK = 8  # fewer between blanks, and it is a list of words
_LETTERS_A_FUNCTION_WORD = 18  # a sentence of so many has one at least
_LETTERS_A_CLAUSE = (
    7  # laws and notices do without small words; their clauses are longer than words
)
_LONGEST_TEASER = 260
_SHORTEST_HEADLINE = 8  # letters; shorter ones are labels, a live blog's times


def prose_mask(text: str) -> NDArray[np.bool_]:
    """Return for each character whether it is part of a sentence; bool, shape (len(text),).

    A list of other articles with their ages, below a heading that says so, is none.
    """
    mask = np.zeros(len(text), np.bool_)
    for segment in _SEGMENT.finditer(text, 0, _end_of_article(text)):
        for sentence in _SENTENCE.finditer(text, segment.start(), segment.end()):
            if _is_prose(sentence.group()):
                mask[sentence.start() : sentence.end()] = True
    return mask


def _end_of_article(text: str) -> int:
    """Return where a list of other articles begins, the length of the text if there is none."""
    if "前" in text:
        for heading in _LIST_HEADING.finditer(text):
            ages = itertools.islice(_AGE.finditer(text, heading.end()), _FEWEST_AGES)
            if sum(1 for _ in ages) == _FEWEST_AGES:
                return heading.start()
    return len(text)


def teaser_mask(text: str, prose: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each character whether it is in a teaser; bool, shape (len(text),).

    A page lists other articles by headline and first paragraph. So a short paragraph that
    stands alone, a headline above it and no prose below, may be such a teaser; and where
    an article lies in one piece and all else is teasers, all else belongs to the page.

    Args:
        text: The text.
        prose: What `prose_mask` returns for it.
    """
    mask = np.zeros(len(text), np.bool_)
    above, start = _Line(0, 0, has_prose=False, is_headline=False), 0
    last: _Line | None = None
    for raw in text.split("\n"):
        end = start + len(raw)
        if raw and not raw.isspace():
            has_prose = bool(prose[start:end].any())
            line = _Line(start, end, has_prose, not has_prose and _is_headline(raw))
            if last and _is_teaser(above, last, line):
                mask[last.start : last.end] = True
            above, last = last or above, line
        start = end + 1
    if last and _is_teaser(above, last, None):
        mask[last.start : last.end] = True
    return mask


class _Line(NamedTuple):
    start: int
    end: int
    has_prose: bool
    is_headline: bool


def _is_teaser(above: _Line, line: _Line, below: _Line | None) -> bool:
    """Whether a line is a lone short paragraph with a headline above it."""
    is_short = line.end - line.start <= _LONGEST_TEASER
    is_last = below is None or not below.has_prose
    return line.has_prose and above.is_headline and is_short and is_last


def _is_headline(line: str) -> bool:
    return len(_LETTER.findall(line)) >= _SHORTEST_HEADLINE


def _is_prose(sentence: str) -> bool:
    if "ookie" in sentence:
        return False  # a page speaks of itself
    letters = len(_LETTER.findall(sentence))
    if letters < (_LEAST_LETTERS if _ENDS.search(sentence) else _LEAST_UNENDED):
        return False
    words = len(_BLANK.findall(sentence.strip())) + 1
    if letters < words * _LETTERS_A_BLANK:
        return False
    small = sum(character in _FUNCTION_WORDS for character in sentence)
    return small * _LETTERS_A_FUNCTION_WORD >= letters or _has_clauses(sentence, letters)


def _has_clauses(sentence: str, letters: int) -> bool:
    """Whether a sentence has a full stop, and clauses before it that are no list of words."""
    commas = len(_COMMA.findall(sentence))
    is_ended = _STOP.search(sentence) is not None
    return is_ended and commas > 0 and letters >= (commas + 1) * _LETTERS_A_CLAUSE
