"""Annotations that were set inside a character: `日?qǐng)?bào)》` for 日報》.

The annotating tool looked for the two bytes of a character at any offset. In
日報 (C8D5 88F3) it found 請 (D588) and set `(qǐng)` behind its bytes, between
the halves of 報. The half byte in front, 88, then took the bracket for its
trail byte, and both became `?`; behind the annotation the text goes on one
byte off, until it falls into step again.

The annotation itself tells the lost byte: together with the trail byte of the
character in front, D5, it makes a character that reads qǐng.

A bracket at full width has two bytes, A3A8. The half byte makes a character with
the first, and the second one with the first letter: 新時 with `（shēng）` set in
it is `新暎╯hēng）r`. Nothing is lost then.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.damage.annotations import find_annotations
from dedup.text.damage.shift_model import Walk
from dedup.text.damage.shifted import CERTAIN_OF_LAST, ShiftedText, chars_with_reading
from dedup.text.gbk import LEADS, char_of, chars_ended_by, chars_led_by, is_lead, pair_of
from dedup.text.marks import LOST, Mark
from dedup.text.pinyin import LETTERS, is_syllable, without_tone
from dedup.text.words import simplify

__all__ = ["find_split_annotations", "rejoin_split_characters"]

# A repetition of the reading has brackets of its own.
_READING = rf" ?(?P<reading>[{LETTERS}]{{1,7}}) ?[)）](?:[(（] ?(?P=reading) ?[)）])*"
_SPLIT = {"?": re.compile(r"\?" + _READING), "？": re.compile("？" + _READING)}

# `（` in step with its letters is A3A8; one byte off, A8 and the first letter are a pair.
# A toned vowel there is A8 and a byte more, and goes one further.
_TRAIL_OF_BRACKET, _LEAD_OF_LETTERS = 0xA3, 0xA8
_PAIRED_LETTERS = "".join(
    char
    for char in chars_led_by(_LEAD_OF_LETTERS)
    if chr((pair_of(char) or 0) & 0xFF).islower() or char == "è"
)
_PAIRED = frozenset(_PAIRED_LETTERS)
_WIDE_CLOSING = "）"
_LONGEST_WIDE = 9  # characters that `_WIDE_SPLIT` may have between its first one and `）`
_WIDE_SPLIT = re.compile(
    rf"[\u3400-\uffff](?P<letters>[{re.escape(_PAIRED_LETTERS)}][\ue000-\ue7ff]?[{LETTERS}]{{0,6}})"
    " ?）"
)

# What a toneless reading behind `?` must gain, since `吗?an)` may well be natural: as much
# as a stretch, or not too little in a text that is annotated throughout.
_ENOUGH_GAIN = 8.0
_ENOUGH_GAIN_AMONG_OTHERS = -6.0
_ENOUGH_ANNOTATIONS = 3

# Where no character of that reading is listed, another one must be so much likelier than
# the next: readings are many, the list has one for each character.
_CERTAIN_OF_BYTE = 2.0

_HALF_BYTES = ("?", "？")
_FURTHEST_BRACKET = 10
_MOST_ANNOTATIONS_IN_FRONT = 4


class _Split(NamedTuple):
    """A split annotation.

    Attributes:
        start: Of what is to be replaced: the `?`, or what a half byte and `（` made.
        end: Of the annotation, and of a lone trail byte 0x80 that became `?`.
        walk: What is behind it, with its lost byte; None if that is not known.
        is_certain: Whether nothing natural looks like it.
    """

    start: int
    end: int
    walk: Walk | None
    is_certain: bool


def find_split_annotations(text: str) -> list[Mark]:
    """Return the split annotations of `text`, each from its `?` to where text is in step again."""
    source = ShiftedText(text)
    marks: list[Mark] = []
    is_annotated: bool | None = None
    for match in _matches(text):
        if marks and match.start() < marks[-1].end:
            continue
        split = _read_split(source, match)
        if split is None:
            continue
        if not split.is_certain:
            if is_annotated is None:
                is_annotated = len(find_annotations(text)) >= _ENOUGH_ANNOTATIONS
            enough = _ENOUGH_GAIN_AMONG_OTHERS if is_annotated else _ENOUGH_GAIN
            if split.walk is None or split.walk.gain < enough:
                continue
        end = split.end if split.walk is None else source.read_end(split.walk)
        marks.append(Mark(split.start, end))
    return marks


def rejoin_split_characters(text: str, marks: list[Mark]) -> list[Edit]:
    """Put each split character together again, and the shifted stretch behind it right."""
    edits = []
    source = ShiftedText(text)
    for mark in marks:
        pattern = _SPLIT.get(text[mark.start], _WIDE_SPLIT)
        match = pattern.match(text, mark.start)
        split = match and _read_split(source, match)
        if split:
            edits.append(Edit(mark.start, mark.end, _rejoined(source, split)))
    return edits


def _rejoined(source: ShiftedText, split: _Split) -> str:
    """Return the split character and what is out of step behind it."""
    before = source.before(split.start)
    walk, end = split.walk, split.end
    if source.text[end - 1] in _HALF_BYTES:
        # A trail byte 0x80 alone is read as `?`.
        after = source.after(end)
        return source.most_certain(chars_ended_by(0x80), before, after, end, CERTAIN_OF_LAST)
    if walk is None:
        # Which byte was lost is unknown, and with it all that it would put in step.
        return LOST
    if not walk.codes.size and walk.end == end + 1 and source.text[end] in _HALF_BYTES:
        candidates, after = chars_led_by(walk.lead), source.after(walk.end)
        char = source.most_certain(candidates, before, after, end, CERTAIN_OF_LAST)
        if char == char_of(walk.lead, 0x80):
            return char
    return source.read(walk, before).text


def _matches(text: str) -> list[re.Match[str]]:
    """Return what looks like a split annotation, ascending."""
    patterns = [*_SPLIT.values()]
    if _has_wide_bracket(text):
        patterns.append(_WIDE_SPLIT)
    matches = [match for pattern in patterns for match in pattern.finditer(text)]
    return sorted(matches, key=re.Match.start)


def _has_wide_bracket(text: str) -> bool:
    """Whether a `）` stands behind what may be letters; only then `_WIDE_SPLIT` is in a text.

    It opens with a class of characters, and is tried at nearly every one.
    """
    at = text.find(_WIDE_CLOSING)
    while at >= 0:
        if not _PAIRED.isdisjoint(text[max(0, at - _LONGEST_WIDE) : at]):
            return True
        at = text.find(_WIDE_CLOSING, at + 1)
    return False


def _read_split(source: ShiftedText, match: re.Match[str]) -> _Split | None:
    """Return what a match says, None if it is no annotation."""
    start, end = match.span()
    if match.re is _WIDE_SPLIT:
        lead = _lead_in_front_of_bracket(match)
        return _Split(start, end, source.walk(end, lead), True) if lead else None
    reading = match["reading"]
    in_front = _char_in_front(source.text, start)
    if not (is_syllable(without_tone(reading)) and pair_of(in_front)):
        return None
    is_repeated = len(match[0]) > 2 * len(reading)
    is_certain = not reading.isascii() or (is_repeated and match[0].count(reading) > 1)
    walk = _likeliest_walk(source, end, in_front, reading)
    if walk is None and source.text[end : end + 1] in _HALF_BYTES:
        end += 1
    return _Split(start, end, walk, is_certain)


def _lead_in_front_of_bracket(match: re.Match[str]) -> int:
    """Return the half byte that took `（` apart, 0 if these are no bracket and reading."""
    pair = pair_of(match[0][0]) or 0
    if pair & 0xFF != _TRAIL_OF_BRACKET:
        return 0
    packed = b"".join(_bytes_of(match["letters"]))
    reading = packed[1:].decode("gb18030", "replace")
    return pair >> 8 if is_syllable(without_tone(reading)) else 0


def _bytes_of(text: str) -> Iterator[bytes]:
    """Yield the GBK bytes of each character, user-defined rows too."""
    for char in text:
        pair = pair_of(char)
        yield char.encode("ascii", "replace") if pair is None else pair.to_bytes(2, "big")


def _char_in_front(text: str, end: int) -> str:
    """Return the character in front of `end`, annotations left out; `""` at the start."""
    for _ in range(_MOST_ANNOTATIONS_IN_FRONT):
        if text[end - 1 : end] not in (")", "）"):
            break
        furthest = max(0, end - _FURTHEST_BRACKET)
        opened = max(text.rfind("(", furthest, end), text.rfind("（", furthest, end))
        if opened < 0:
            break
        end = opened
    return text[end - 1 : end]


def _likeliest_walk(source: ShiftedText, end: int, in_front: str, reading: str) -> Walk | None:
    """Return the likeliest reading of the text behind a split annotation."""
    first = (pair_of(in_front) or 0) & 0xFF
    if not is_lead(first):
        return None
    known = _trails(chars_with_reading(first, without_tone(reading)))
    if known:
        return max((source.walk(end, lead) for lead in known), key=lambda walk: walk.gain)
    # Only characters that the script's conversion changed are annotated.
    converted = [char for char in chars_led_by(first) if simplify(char) != char]
    walks = sorted((source.walk(end, lead) for lead in _trails(converted)), key=_gain)
    if not walks or (len(walks) > 1 and _gain(walks[-2]) + _CERTAIN_OF_BYTE > _gain(walks[-1])):
        return None
    return walks[-1]


def _gain(walk: Walk) -> float:
    return walk.gain


def _trails(chars: str | list[str]) -> list[int]:
    """Return the trail bytes of characters that can be lead bytes."""
    trails = [(pair_of(char) or 0) & 0xFF for char in chars]
    return [trail for trail in trails if trail in LEADS]
