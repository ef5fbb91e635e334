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

from dedup.models import Edit
from dedup.text.gbk import is_lead, pair_of
from dedup.text.marks import LOST, Mark
from dedup.text.pinyin import LETTERS, is_syllable, without_tone
from dedup.text.shift_model import Walk
from dedup.text.shifted import ShiftedText, chars_with_reading

__all__ = ["find_split_annotations", "rejoin_split_characters"]

# Tone marks are asked for: `吗?an)` may well be natural, and no split annotation
# without a tone mark was ever seen.
_BODY = rf" ?(?=[a-z]{{0,5}}[^\x00-\x7f])([{LETTERS}]{{1,7}}) ?[)）]"
_SPLIT = {"?": re.compile(r"\?" + _BODY), "？": re.compile("？" + _BODY)}


def find_split_annotations(text: str) -> list[Mark]:
    """Return the split annotations of `text`, each from its `?` to where text is in step again."""
    marks: list[Mark] = []
    source = ShiftedText(text)
    matches = [match for pattern in _SPLIT.values() for match in pattern.finditer(text)]
    for match in sorted(matches, key=re.Match.start):
        if marks and match.start() < marks[-1].end:
            continue
        if is_syllable(without_tone(match[1])) and pair_of(text[match.start() - 1]):
            walk = _likeliest_walk(source, match)
            end = match.end() if walk is None else source.read_end(walk)
            marks.append(Mark(match.start(), end))
    return marks


def rejoin_split_characters(text: str, marks: list[Mark]) -> list[Edit]:
    """Put each split character together again, and the shifted stretch behind it right."""
    edits = []
    source = ShiftedText(text)
    for mark in marks:
        match = _SPLIT[text[mark.start]].match(text, mark.start)
        if match is not None:
            walk = _likeliest_walk(source, match)
            # Without a walk, which byte was lost is unknown, and with it all that it
            # would put in step.
            rejoined = LOST if walk is None else source.read(walk, source.before(mark.start)).text
            edits.append(Edit(mark.start, mark.end, rejoined))
    return edits


def _likeliest_walk(source: ShiftedText, match: re.Match[str]) -> Walk | None:
    """Return the likeliest reading of the text from a split annotation on."""
    walks = [
        source.walk(match.end(), lead)
        for lead in _lost_bytes(source.text[match.start() - 1], match[1])
    ]
    return max(walks, key=lambda walk: walk.gain, default=None)


def _lost_bytes(char: str, reading: str) -> list[int]:
    """Return the bytes that make a character of this reading behind the trail byte of `char`."""
    first = (pair_of(char) or 0) & 0xFF
    if not is_lead(first):
        return []
    candidates = chars_with_reading(first, without_tone(reading))
    trails = [(pair_of(candidate) or 0) & 0xFF for candidate in candidates]
    return [trail for trail in trails if is_lead(trail)]
