"""Annotations that were set inside a character: `日?qǐng)?bào)》` for 日報》.

The annotating tool looked for the two bytes of a character at any offset. In
日報 (C8D5 88F3) it found 請 (D588) and set `(qǐng)` behind its bytes, between
the halves of 報. The half byte in front, 88, then took the bracket for its
trail byte, and both became `?`; behind the annotation the text goes on one
byte off, until it falls into step again.

The annotation itself tells the lost byte: together with the trail byte of the
character in front, D5, it makes a character that reads qǐng.
"""

import re
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.gbk import is_lead, pair_of
from dedup.text.marks import LOST, Mark
from dedup.text.pinyin import LETTERS, is_syllable, without_tone
from dedup.text.shifted import chars_with_reading, han_before, neighbourhood, read_shifted

__all__ = ["find_split_annotations", "rejoin_split_characters"]

# Tone marks are asked for: `吗?an)` may well be natural, and no split annotation
# without a tone mark was ever seen.
_BODY = rf" ?(?=[a-z]{{0,5}}[^\x00-\x7f])([{LETTERS}]{{1,7}}) ?[)）]"
_SPLIT = {"?": re.compile(r"\?" + _BODY), "？": re.compile("？" + _BODY)}


class _Rejoined(NamedTuple):
    """A split character and the shifted stretch behind it, as they were written."""

    end: int
    text: str
    gain: float


def find_split_annotations(text: str) -> list[Mark]:
    """Return the split annotations of `text`, each from its `?` to where text is in step again."""
    marks: list[Mark] = []
    matches = [match for pattern in _SPLIT.values() for match in pattern.finditer(text)]
    for match in sorted(matches, key=re.Match.start):
        if marks and match.start() < marks[-1].end:
            continue
        if is_syllable(without_tone(match[1])) and pair_of(text[match.start() - 1]):
            marks.append(Mark(match.start(), _rejoin(text, match, "").end))
    return marks


def rejoin_split_characters(text: str, marks: list[Mark]) -> list[Edit]:
    """Put each split character together again, and the shifted stretch behind it right."""
    edits = []
    nearby = neighbourhood(text)
    for mark in marks:
        match = _SPLIT[text[mark.start]].match(text, mark.start)
        if match is not None:
            rejoined = _rejoin(text, match, nearby(mark.start))
            edits.append(Edit(mark.start, mark.end, rejoined.text))
    return edits


def _rejoin(text: str, match: re.Match[str], nearby: str) -> _Rejoined:
    """Return the likeliest reading of the text from a split annotation on."""
    readings = [
        _Rejoined(reading.end, reading.text, reading.gain)
        for lead in _lost_bytes(text[match.start() - 1], match[1])
        for reading in [
            read_shifted(
                text, match.end(), lead, before=han_before(text, match.start()), nearby=nearby
            )
        ]
    ]
    if not readings:
        # Which byte was lost is unknown, and with it all that it would put in step.
        return _Rejoined(match.end(), LOST, 0.0)
    return max(readings, key=lambda reading: reading.gain)


def _lost_bytes(char: str, reading: str) -> list[int]:
    """Return the bytes that make a character of this reading behind the trail byte of `char`."""
    first = (pair_of(char) or 0) & 0xFF
    if not is_lead(first):
        return []
    candidates = chars_with_reading(first, without_tone(reading))
    trails = [(pair_of(candidate) or 0) & 0xFF for candidate in candidates]
    return [trail for trail in trails if is_lead(trail)]
