"""Title chunks: the title cut into pieces of a few characters, sprinkled over the body.

    张北复工复产动起来
    各企业张北复工陆续开工，工人分批复产动起返岗。

The title is the first line. Its words come again in the article, and titles are often made
of words of four characters. But words stand between words; pieces are dropped anywhere, so
many of them split what belongs together: the characters around such a piece make up a
listed phrase, or stand side by side elsewhere in the article.
"""

import re
from itertools import chain, pairwise

from dedup.text.marks import Mark, joined
from dedup.text.words import is_han, is_listed_pair, pair_odds

__all__ = ["find_title_chunks"]

_NO_HAN = re.compile(r"[^\u4e00-\u9fff]+")
_SIZES = (4, 5, 6)  # the smallest one first
_LONGEST_TITLE = 80
_FEWEST_CHUNKS = 2
_FEW_CHUNKS = 2  # so few are all there by chance more easily
_LEAST_SHARE_FOUND = 0.8
_FEWEST_PLACES = 6
_FEWEST_BETWEEN_HAN = 3
_LEAST_SHARE_SPLITTING = 0.22
_LEAST_SHARE_SPLITTING_OF_FEW = 0.28
_MOST_SHARE_LISTED = 0.3
_ALLOWANCE = 0.4  # of places that show only when other pieces are gone
_SPLIT_GAIN = 6.0  # of a piece between characters that stand side by side elsewhere
_MOST_ROUNDS = 4


def find_title_chunks(text: str) -> list[Mark]:
    """Return the pieces of the title in the body of `text`."""
    line, newline, _ = text.partition("\n")
    if not newline or len(line) > _LONGEST_TITLE:
        return []
    body = len(line) + 1
    written = line.strip()
    titles = dict.fromkeys((written, _NO_HAN.sub("", written)))
    best: list[Mark] = []
    for title in titles:
        # Pieces of any size begin with these characters: most articles end here.
        if text.find(title[: _SIZES[0]], body) < 0:
            continue
        for size in _SIZES:
            chunks = _chunks(title, size)
            marks = _find_sprinkled(text, body, title, chunks)
            if len(marks) * size > sum(mark.end - mark.start for mark in best):
                best = _find_all(text, body, title, chunks)
    return best


def _chunks(title: str, size: int) -> list[str]:
    """Return the pieces of a title, what is left at its end excepted, each once."""
    pieces = (title[at : at + size] for at in range(0, len(title) - size + 1, size))
    return list(dict.fromkeys(pieces))


def _find_sprinkled(text: str, body: int, title: str, chunks: list[str]) -> list[Mark]:
    """Return where pieces stand alone in the body, if so many do by design only."""
    places: list[list[Mark]] = []
    for chunk in chunks:
        places.append(_places_alone(text, body, title, chunk))
        if places.count([]) > (1 - _LEAST_SHARE_FOUND) * len(chunks):
            return []
    # A word that is all over the article must not stand for the pieces beside it.
    usual = sorted(map(len, places))[(len(places) - 1) // 2] if places else 0
    if len(chunks) < _FEWEST_CHUNKS or (
        sum(min(len(found), 2 * usual) for found in places) < _FEWEST_PLACES
    ):
        return []
    marks = _disjoint(sorted(mark for found in places for mark in found))
    return marks if _split_words(text, body, marks, is_few=len(chunks) <= _FEW_CHUNKS) else []


def _split_words(text: str, body: int, marks: list[Mark], *, is_few: bool) -> bool:
    """Whether many of these stretches split words, and few make words with what is around."""
    pairs = _pairs_beside(text, body, marks)
    between = [mark for mark in marks if is_han(text[mark.start - 1]) and mark.end < len(text)]
    between = [mark for mark in between if is_han(text[mark.end])]
    if len(between) < _FEWEST_BETWEEN_HAN:
        return False
    around = [(text[start - 1], text[end]) for start, end in between]
    splitting = sum(pair in pairs or is_listed_pair(*pair) for pair in around)
    listed = sum(
        is_listed_pair(text[start - 1], text[start]) + is_listed_pair(text[end - 1], text[end])
        for start, end in between
    )
    least = _LEAST_SHARE_SPLITTING_OF_FEW if is_few else _LEAST_SHARE_SPLITTING
    return splitting >= least * len(between) and listed <= 2 * _MOST_SHARE_LISTED * len(between)


def _pairs_beside(text: str, body: int, marks: list[Mark]) -> set[tuple[str, str]]:
    """Return every two characters that stand side by side in what is not marked."""
    pairs: set[tuple[str, str]] = set()
    done = body
    for start, end in [*marks, Mark(len(text), len(text))]:
        pairs.update(pairwise(text[done:start]))
        done = end
    return pairs


def _find_all(text: str, body: int, title: str, chunks: list[str]) -> list[Mark]:
    """Return all pieces in the body, those that hold or cut others too."""
    kept = list(range(len(text)))
    rest = text
    # A piece that is a word too stands in more places than it was dropped in.
    places = [_places_alone(text, body, title, chunk) for chunk in chunks]
    usual = sorted(map(len, places))[len(places) // 4]
    budgets = [usual + round(_ALLOWANCE * usual) + 2] * len(chunks)
    for _ in range(_MOST_ROUNDS):
        everywhere = _disjoint(sorted(mark for found in places for mark in found))
        pairs = _pairs_beside(rest, body, everywhere)
        chosen: list[Mark] = []
        for index, found in enumerate(places):
            likeliest = _likeliest(rest, found, budgets[index], pairs)
            budgets[index] -= len(likeliest)
            chosen += likeliest
        if not chosen:
            break
        kept = _without(kept, _disjoint(sorted(chosen)))
        rest = "".join(text[at] for at in kept)
        places = [_places_alone(rest, body, title, chunk) for chunk in chunks]
    removed = set(range(len(text))).difference(kept)
    return joined(Mark(at, at + 1) for at in removed)


def _without(offsets: list[int], marks: list[Mark]) -> list[int]:
    """Return a list without the stretches that are marked."""
    pieces = []
    done = 0
    for start, end in marks:
        pieces.append(offsets[done:start])
        done = end
    return list(chain(*pieces, offsets[done:]))


def _likeliest(text: str, marks: list[Mark], most: int, pairs: set[tuple[str, str]]) -> list[Mark]:
    """Return those of a piece's places that the text is likeliest without, at most so many."""
    if len(marks) <= most:
        return marks

    def gain(mark: Mark) -> float:
        left, right = text[mark.start - 1], text[mark.end : mark.end + 1] or "\n"
        beside = pair_odds(left, text[mark.start]) + pair_odds(text[mark.end - 1], right)
        return (_SPLIT_GAIN if (left, right) in pairs else pair_odds(left, right)) - beside

    return sorted(sorted(marks, key=gain, reverse=True)[:most])


def _places_alone(text: str, body: int, title: str, chunk: str) -> list[Mark]:
    """Return where a piece stands in the body without what is beside it in the title."""
    at = title.index(chunk)
    before, behind = title[max(at - 2, 0) : at], title[at + len(chunk) : at + len(chunk) + 2]
    marks = []
    start = text.find(chunk, body)
    while start >= 0:
        end = start + len(chunk)
        is_before = before != "" and text.endswith(before, body, start)
        is_behind = behind != "" and text.startswith(behind, end)
        if not (is_before or is_behind):
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
