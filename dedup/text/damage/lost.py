"""Marks that stand where a character was: `�`, `?`, `□`, `锟斤拷`, `烫烫烫`.

U+FFFD says so itself. The others have honest uses, and count only where those are
ruled out: `?` between two Chinese characters in a clause that asks nothing, `□`, `〓` and
`■` inside a word and not in front of an item. In a text with several of these, all that
is no bullet counts, and `?` unless the clause surely asks.

GBK read as UTF-8 leaves runs of U+FFFD with stray letters between, the bytes that
happened to be valid: `�й�`; nothing can be read from them.

Each becomes one `�` for each character that was there: two bytes of GBK are one.
"""

import re
from collections.abc import Iterator

import numpy as np

from dedup.models import Edit
from dedup.text.code_points import code_points
from dedup.text.marks import LOST, Mark

__all__ = ["find_debris", "find_lost", "find_residue", "mark_debris", "mark_lost", "mark_residue"]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
# U+FFFD twice in UTF-8, read as GBK: what one character of GBK becomes when it is read
# as UTF-8, saved, and read as GBK. And memory that a debugger filled with CC, CD or DD.
_RESIDUE = re.compile(r"锟斤拷|烫{3,}|屯{3,}|葺{3,}")
_RESIDUES = ("锟斤拷", "烫烫烫", "屯屯屯", "葺葺葺")  # far faster to look for than the pattern
# Among other such text the three bytes of each U+FFFD fall in different pairs.
_KUNJIN = "锟斤拷"
_AMONG_KUNJIN = re.compile(rf"[{_HAN}\uff01-\uff5e\ue000-\uf8ff]+")

# U+FFFD with what bytes of GBK or Big5 happen to be in UTF-8 between: letters of other
# alphabets, two bytes each, and characters of planes that nobody uses.
_DEBRIS = re.compile("[�\u0080-\u07ff\U00040000-\U0010ffff]{8,}")
_FEWEST_IN_DEBRIS = 5
_LEAST_SHARE_IN_DEBRIS = 0.5
# In a word or in front of a sign; a box behind a sign or a digit may be a bullet.
_IN_WORD = rf"(?<=[{_HAN}])MARK(?=[{_HAN}0-9，。、；：])"
_BOXES = "□▯〓■"
_BOX = re.compile(
    _IN_WORD.replace("MARK", "(?:[□▯]{1,3}|〓)") + f"|(?<=[{_HAN}])■(?=[{_HAN}])",
)
# In a text with several, all but bullets, which open a line.
_INNER_BOXES = re.compile(rf"(?<![\s{_BOXES}])(?!\A)[{_BOXES}]+")
_OPENING_BOX = re.compile(rf"^[{_BOXES}]+(?=[{_HAN}，、])", re.MULTILINE)
_LEAST_INNER = 4  # to one that opens a line
_BEFORE = "，。、；：“‘（《【0-9"
# In front of a comma it asks nothing.
_QUESTION = re.compile(
    rf"(?<=[{_HAN}])(?P<certain>\?{{1,2}})(?=[，。、；])|"
    + _IN_WORD.replace("MARK", r"\?{1,2}")
    + rf"|(?<=[{_BEFORE}])\?{{1,2}}(?=[{_HAN}])"
)
# Where signs are at full width, `?` is none of them.
_SIGN = "，。、；：！？“”‘’（）《》【】…—"
_QUESTION_AMONG_OTHERS = re.compile(
    rf"(?<=[{_HAN}0-9])(?P<certain>\?+)(?=[，。、；])"
    rf"|(?<=[{_HAN}{_SIGN}])\?+(?![?/a-zA-Z])|(?<![?/a-z])\?+(?=[{_HAN}{_SIGN}])"
)
_HALF_WIDTH_COMMA = re.compile(rf"(?<=[{_HAN}]),")
_LEAST_WIDE_COMMAS = 4  # to one at half width
_MOST_ALONE = 3

# What asks is in the clause in front; a clause is never longer than this.
_LONGEST_CLAUSE = 24
_CLAUSE = re.compile(r"[^，。！？；：、,!?;:\n�]*\Z")
_ASKING = re.compile("[吗嗎呢么麼吧啊呀何谁誰哪几幾多怎什啥甚否孰岂豈焉不没沒]")
_SURELY_ASKING = re.compile(
    r"[吗嗎呢谁誰怎孰岂豈焉]|[什怎多甚][么麼]|[如为為](?=何)|(?<!任)何|哪(?!怕)|[是能可会會应應]否"
    r"|(.)[不没沒]\1|有[没沒]有|多少|第[几幾]|[吧啊呀么麼]\Z"
)


def find_residue(text: str) -> list[Mark]:
    """Return what decoders and debuggers left in place of characters."""
    # Run by run: a pattern with the residue in its middle is tried from every character of a run.
    runs = _AMONG_KUNJIN.finditer(text) if _KUNJIN in text else ()
    marks = [
        Mark(*run.span()) for run in runs if _KUNJIN in run[0] and _bytes_lost(run[0]) is not None
    ]
    done = {at for mark in marks for at in range(*mark)}
    if any(map(text.__contains__, _RESIDUES)):
        marks += (Mark(*m.span()) for m in _RESIDUE.finditer(text) if m.start() not in done)
    return sorted(marks)


def mark_residue(text: str, marks: list[Mark]) -> list[Edit]:
    """Put one `�` in place of every two bytes of GBK."""
    edits = []
    for start, end in marks:
        num_bytes = _bytes_lost(text[start:end]) or 2
        edits.append(Edit(start, end, LOST * ((num_bytes + 1) // 2)))
    return edits


def _bytes_lost(stretch: str) -> int | None:
    """Return how many bytes were read as UTF-8 once, None if the stretch has sound text.

    >>> _bytes_lost("锟斤拷锟叫癸拷"), _bytes_lost("国锟斤拷")
    (6, None)
    """
    try:
        seen = stretch.encode("gb18030").decode()
    except UnicodeError:
        return None
    return _num_bytes(seen)


def _num_bytes(text: str) -> int:
    """Return how many bytes were read as UTF-8, one for each U+FFFD."""
    return len(text.encode()) - (len(LOST.encode()) - 1) * text.count(LOST)


def find_debris(text: str) -> list[Mark]:
    """Return the stretches of GBK or Big5 that were read as UTF-8, as far as they show."""
    if text.count(LOST) < _FEWEST_IN_DEBRIS:
        return []
    return [
        Mark(*match.span())
        for match in _DEBRIS.finditer(text)
        if len(match[0]) > match[0].count(LOST) >= _FEWEST_IN_DEBRIS
        if match[0].count(LOST) >= _LEAST_SHARE_IN_DEBRIS * len(match[0])
    ]


def mark_debris(text: str, marks: list[Mark]) -> list[Edit]:
    """Put one `�` in place of every two bytes."""
    edits = []
    for start, end in marks:
        edits.append(Edit(start, end, LOST * ((_num_bytes(text[start:end]) + 1) // 2)))
    return edits


def find_lost(text: str) -> list[Mark]:
    """Return each mark of a lost character."""
    is_lost = code_points(text) == ord(LOST)
    marks = [Mark(at, at + 1) for at in np.flatnonzero(is_lost).tolist()]
    # Patterns that look behind are tried at every character.
    has_box = any(map(text.__contains__, _BOXES))
    has_question = "?" in text
    certain: list[Mark] = []
    if has_box:
        certain += (Mark(*match.span()) for match in _BOX.finditer(text))
    if has_question:
        certain += _questions(text, _QUESTION, _ASKING)
    if len(marks) + len(certain) <= _MOST_ALONE:
        return sorted(marks + certain)
    if has_box:
        marks += _boxes_among_others(text, {text[mark.start] for mark in certain})
    if has_question:
        half, wide = len(_HALF_WIDTH_COMMA.findall(text)), text.count("，")
        is_wide = wide >= max(1, _LEAST_WIDE_COMMAS * half)
        pattern = _QUESTION_AMONG_OTHERS if is_wide else _QUESTION
        marks += _questions(text, pattern, _SURELY_ASKING)
    return sorted(marks)


def _boxes_among_others(text: str, known: set[str]) -> list[Mark]:
    """Return all boxes that are no bullets; `known` are those that stand in words."""
    inner = [m for m in _INNER_BOXES.finditer(text) if m[0][0] in known]
    opening = [m for m in _OPENING_BOX.finditer(text) if m[0][0] in known]
    if len(inner) < _LEAST_INNER * len(opening):
        opening = []
    return [Mark(*match.span()) for match in inner + opening]


def _questions(text: str, pattern: re.Pattern[str], asking: re.Pattern[str]) -> Iterator[Mark]:
    # Every match begins with one; the pattern alone would look behind at every character.
    at = text.find("?")
    while at >= 0:
        match = pattern.match(text, at)
        if match and (match["certain"] or not _asks(text, at, asking)):
            yield Mark(*match.span())
        at = text.find("?", match.end() if match else at + 1)


def mark_lost(text: str, marks: list[Mark]) -> list[Edit]:
    """Put `�` in place of each mark that is not one already, one for each character.

    A `?` is a character, or a byte of one if most stand in pairs.
    """
    questions = [mark for mark in marks if text[mark.start] == "?"]
    num_pairs = sum(mark.end - mark.start == len("??") for mark in questions)
    width = 2 if 2 * num_pairs > len(questions) else 1
    return [
        Edit(*mark, LOST * -(-(mark.end - mark.start) // (width if text[mark.start] == "?" else 1)))
        for mark in marks
        if text[mark.start : mark.end] != LOST
    ]


def _asks(text: str, at: int, asking: re.Pattern[str]) -> bool:
    """Whether the clause in front of a question mark is a question."""
    clause = _CLAUSE.search(text, max(0, at - _LONGEST_CLAUSE), at)
    return clause is not None and asking.search(clause[0]) is not None
