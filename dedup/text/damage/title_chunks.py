"""Title chunks: the title cut into pieces of a few characters, sprinkled over the body.

    张北复工复产动起来
    各企业张北复工陆续开工，工人分批复产动起返岗。

The title is the first line. Its words come again in the article, and titles are often made
of words of four characters. But words stand between words; pieces are dropped anywhere, so
half of them split what belongs together: the text around such a piece falls into likelier
words without it (`dedup.text.damage.shift_model`), or its neighbours stand side by side elsewhere
in the article. And every piece was dropped in about as often as the others.
"""

import re
from collections import Counter
from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from dedup.text.code_points import code_points
from dedup.text.damage.shift_model import log_of_words
from dedup.text.damage.title_pieces import (
    LONGEST_TITLE,
    could_have_pieces_of,
    forms_and_sizes,
    most_counted,
)
from dedup.text.marks import Mark, joined

__all__ = ["could_have_chunks_of", "find_chunks_of", "find_title_chunks"]

_LEFT_OUT = tuple(map(re.compile, (r"\s+", r"[^0-9A-Za-z\u4e00-\u9fff]+", r"[^\u4e00-\u9fff]+")))
_MOST_ROUNDS = 4

# Natural logarithm of how much likelier it is that a piece was dropped in than that the
# writer used its words there; fitted to 300 titles and articles.
_ODDS = 0.6
_ODDS_OF_WORDS = 0.65  # for each unit by which the words without the piece are likelier
_MOST_OF_WORDS = 8.0
_ODDS_OF_CLOSED_GAP = 1.8  # its neighbours stand side by side elsewhere
_ODDS_OF_JOINT = -2.4  # the piece stands beside such neighbours elsewhere, of three characters
_ODDS_OF_TITLE = -3.0  # a neighbour is that of the title
_ODDS_OF_EMPTY_GAP = -2.3  # without it two signs would stand together that else never do: `“”`
_CONTEXT = 6

_CERTAIN = 1.0  # half of the pieces dropped in reach this, and one in sixty of a title's words
_CERTAIN_OF_NO_WORDS = 0.5
_FEWEST_CERTAIN = 3
# Where no piece is missing, each that cuts a word was dropped in, whatever is beside it: of
# 15,500 clean articles none has more than two of these.
_FEWEST_OF_ALL = 4
_FEW_PLACES = 50  # beside which it is quicker to count what is asked for than all
_LEAST_SHARE_CERTAIN = 0.25
_LEAST_ODDS_OF_NO_WORDS = -6.5  # of a piece that cuts a word: no one writes it
_LEAST_ODDS = -3.5  # of a place among the likeliest of its piece, as many as others have
_LEAST_ODDS_OF_ONE_MORE = 0.0  # of the next place: the first pieces come once more than the last
_LEAST_LOG_OF_CUT_WORD = 3.0  # by which the title is likelier in one than cut around a piece
_USUAL_SHARE = 0.25  # of the pieces stand in no more places than they were dropped in

_Neighbours = dict[str, int]


def could_have_chunks_of(title: str, codes: NDArray[np.uint32]) -> bool:
    """Whether most pieces of a title that came apart from its text stand in it.

    Args:
        title: The title.
        codes: Code points of the text; uint32, shape (n,).
    """
    return could_have_pieces_of(code_points(_line_of(title)), codes)


def find_chunks_of(title: str, text: str, codes: NDArray[np.uint32]) -> list[Mark]:
    """Return the pieces of a title that came apart from its text.

    Args:
        title: The title.
        text: The text.
        codes: Its code points; uint32, shape (n,).
    """
    if not could_have_chunks_of(title, codes):
        return []
    line = _line_of(title)
    body = len(line) + 1
    return [
        mark._replace(start=mark.start - body, end=mark.end - body)
        for mark in find_title_chunks(f"{line}\n{text}")
    ]


def _line_of(title: str) -> str:
    return " ".join(title.split())


def find_title_chunks(text: str) -> list[Mark]:
    """Return the pieces of the title, which is the first line, in the body of `text`."""
    line, newline, _ = text.partition("\n")
    if not newline or len(line) > LONGEST_TITLE:
        return []
    body = len(line) + 1
    titles = (line.strip(), *(form.sub("", line) for form in _LEFT_OUT))
    best: list[Mark] = []
    for form, size in forms_and_sizes(code_points(line), code_points(text[body:])):
        title = titles[form]
        chunks = _chunks(title, size)
        if not _are_sprinkled(text, body, title, chunks):
            continue
        marks = _find_all(text, body, title, chunks)
        if _num_chars(marks) > _num_chars(best):
            best = marks
    return best


def _num_chars(marks: list[Mark]) -> int:
    return sum(mark.end - mark.start for mark in marks)


def _chunks(title: str, size: int) -> list[str]:
    """Return the pieces of a title, what is left at its end excepted, each once."""
    pieces = (title[at : at + size] for at in range(0, len(title) - size + 1, size))
    return list(dict.fromkeys(pieces))


def _are_sprinkled(text: str, body: int, title: str, chunks: list[str]) -> bool:
    """Whether many of the pieces in the body stand where no one would write them."""
    places = [_places_alone(text, body, title, chunk) for chunk in chunks]
    numbers = [len(found) for found in places]
    neighbours = _neighbours(text, body, sum(numbers))
    is_all = len(places) >= _FEWEST_OF_ALL and all(places)
    of_no_words = _LEAST_ODDS_OF_NO_WORDS if is_all else _CERTAIN_OF_NO_WORDS
    most = most_counted(numbers)
    num_certain = 0
    for chunk, found in zip(chunks, places, strict=True):
        certain = _CERTAIN if _is_made_of_words(title, chunk) else of_no_words
        odds = (_odds_of(text, mark, title, neighbours) for mark in found)
        num_certain += min(most, sum(each >= certain for each in odds))
    num_places = sum(min(number, most) for number in numbers)
    return num_certain >= max(_FEWEST_CERTAIN, _LEAST_SHARE_CERTAIN * num_places)


def _odds_of(text: str, mark: Mark, title: str, neighbours: _Neighbours) -> float:
    """Return how likely it is that a piece was dropped in, as a logarithm.

    Args:
        text: The text.
        mark: The piece.
        title: What it is a piece of.
        neighbours: How often each two and three characters stand side by side in the body.
    """
    start, end = mark
    left, piece = text[max(0, start - _CONTEXT) : start], text[start:end]
    right = text[end : end + _CONTEXT]
    without = _log_of_words(left + right)
    gain = without - (_log_of_words(left + piece + right) - _log_of_words(piece))
    odds = _ODDS + _ODDS_OF_WORDS * max(-_MOST_OF_WORDS, min(gain, _MOST_OF_WORDS))
    odds += _ODDS_OF_TITLE * (left[-1] + piece in title or piece + (right[:1] or "\n") in title)
    odds += _ODDS_OF_JOINT * _is_joint(left, piece, neighbours)
    if right:
        gap = left[-1] + right[0]
        odds += _ODDS_OF_JOINT * _is_joint(piece, right, neighbours)
        odds += _ODDS_OF_CLOSED_GAP * (neighbours[gap] > 0)
        is_between_signs = not (left[-1].isalnum() or right[0].isalnum())
        odds += _ODDS_OF_EMPTY_GAP * (is_between_signs and neighbours[gap] == 0)
    return odds


class _Counts(dict[str, int]):
    """How often stretches stand in a body, each counted when it is asked for."""

    def __init__(self, text: str, body: int) -> None:
        super().__init__()
        self._text, self._body = text, body

    def __missing__(self, stretch: str) -> int:
        self[stretch] = self._text.count(stretch, self._body)
        return self[stretch]


def _neighbours(text: str, body: int, num_places: int) -> _Neighbours:
    """Return how often each two and three characters stand side by side in a body."""
    if num_places <= _FEW_PLACES:
        return _Counts(text, body)
    starts = range(body, len(text) - 1)
    return Counter(text[start : start + size] for size in (2, 3) for start in starts)


def _is_joint(left: str, right: str, neighbours: _Neighbours) -> bool:
    """Whether three characters where two stretches meet stand together elsewhere, too."""
    return neighbours[left[-2:] + right[0]] > 1 or neighbours[left[-1] + right[:2]] > 1


@lru_cache(maxsize=256)
def _log_of_words(text: str) -> float:
    return log_of_words(code_points(text).astype("i4"))


def _find_all(text: str, body: int, title: str, chunks: list[str]) -> list[Mark]:
    """Return all pieces in the body, those that hold or cut others too."""
    kept = list(range(len(text)))
    rest = text
    places = [_places_alone(text, body, title, chunk) for chunk in chunks]
    are_words = [chunk in text[:body] and _is_made_of_words(title, chunk) for chunk in chunks]
    budgets = [_usual_number(places, are_words)] * len(chunks)
    for _ in range(_MOST_ROUNDS):
        neighbours = _neighbours(rest, body, sum(map(len, places)))
        chosen: list[Mark] = []
        for index, found in enumerate(places):
            odds = sorted((_odds_of(rest, mark, title, neighbours), mark) for mark in found)
            budget = budgets[index] if are_words[index] else None
            likeliest = _likeliest(odds[::-1], budget)
            budgets[index] = max(0, budgets[index] - len(likeliest))
            chosen += likeliest
        chosen += (
            mark
            for mark in _places_in_a_row(rest, body, title, chunks)
            if _odds_of(rest, mark, title, neighbours) >= _CERTAIN
        )
        if not chosen:
            break
        kept = _without(kept, _disjoint(sorted(chosen)))
        rest = "".join(text[at] for at in kept)
        places = [_places_alone(rest, body, title, chunk) for chunk in chunks]
    removed = set(range(len(text))).difference(kept)
    return joined(Mark(at, at + 1) for at in removed)


def _is_made_of_words(title: str, chunk: str) -> bool:
    """Whether a piece of the title begins and ends where words do: others are never written."""
    at = title.index(chunk)
    before, behind = title[max(0, at - _CONTEXT) : at], title[at + len(chunk) :][:_CONTEXT]
    apart = _log_of_words(before) + _log_of_words(chunk) + _log_of_words(behind)
    return _log_of_words(before + chunk + behind) - apart < _LEAST_LOG_OF_CUT_WORD


def _usual_number(places: list[list[Mark]], are_words: list[bool]) -> int:
    """Return how often each piece was dropped in, or once less.

    A piece that is a word too stands in more places.
    """
    counts = sorted(
        len(found) for found, is_word in zip(places, are_words, strict=True) if not is_word
    )
    if counts:
        return counts[(len(counts) - 1) // 2]
    counts = sorted(map(len, places))
    return counts[int(_USUAL_SHARE * len(counts))]


def _likeliest(ranked: list[tuple[float, Mark]], usual: int | None) -> list[Mark]:
    """Return the places where a piece was dropped in, given all with their odds, best first.

    Of a piece that is made of words, as many of the likeliest ones as other pieces have
    (`usual`), and of the rest the certain ones.
    """
    if usual is None:
        return [mark for odds, mark in ranked if odds >= _LEAST_ODDS_OF_NO_WORDS]
    rest = len(ranked) - usual - 1
    limits = [_LEAST_ODDS] * usual + [_LEAST_ODDS_OF_ONE_MORE] + [_CERTAIN] * max(0, rest)
    return [mark for (odds, mark), limit in zip(ranked, limits, strict=False) if odds >= limit]


def _without(offsets: list[int], marks: list[Mark]) -> list[int]:
    """Return a list without the stretches that are marked."""
    pieces = []
    done = 0
    for start, end in marks:
        pieces.append(offsets[done:start])
        done = end
    return list(chain(*pieces, offsets[done:]))


def _places_alone(text: str, body: int, title: str, chunk: str) -> list[Mark]:
    """Return where a piece stands in the body without what is beside it in the title.

    Or twice in a row: nobody writes that, whatever is beside them.
    """
    at = title.index(chunk)
    before, behind = title[max(at - 2, 0) : at], title[at + len(chunk) : at + len(chunk) + 2]
    is_unwritten = text.find(chunk, 0, body) < 0
    marks = []
    start = text.find(chunk, body)
    while start >= 0:
        end = start + len(chunk)
        is_before = before != "" and text.endswith(before, body, start)
        is_behind = behind != "" and text.startswith(behind, end)
        if is_unwritten or not (is_before or is_behind) or text.startswith(chunk, end):
            marks.append(Mark(start, end))
        start = text.find(chunk, end)
    return marks


def _places_in_a_row(text: str, body: int, title: str, chunks: list[str]) -> list[Mark]:
    """Return where pieces stand one behind the other as in the title, and nothing else of it."""
    marks = []
    for chunk in chunks:
        at = title.index(chunk)
        before = title[max(at - 2, 0) : at]
        start = text.find(chunk, body)
        while start >= 0:
            size, end = len(chunk), start + len(chunk)
            while text.startswith(title[at + size : at + size + len(chunk)] or "\n", end):
                size, end = size + len(chunk), end + len(chunk)
            behind = title[at + size :][:2]
            is_whole = size > len(chunk) and size < len(title) - len(title) % len(chunk)
            is_before = before != "" and text.endswith(before, body, start)
            if is_whole and not is_before and not (behind and text.startswith(behind, end)):
                marks.append(Mark(start, end))
            start = text.find(chunk, end)
    return marks


def _disjoint(marks: list[Mark]) -> list[Mark]:
    """Return marks without those that begin inside an earlier one."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept
