"""Pinyin annotations: readings in brackets behind characters, `網(wǎng)`.

Mirrors made by some converters carry the reading of the characters that they
converted, in ASCII or full-width brackets, with or without tone marks, some with
a blank inside, some repeated: `會(huì )`, `國(guo)(guo)務院在(zai)`.

Whether something in brackets is a reading takes evidence, because English words
spell syllables too: `安(an)`, `公司(long)`. A tone mark is enough behind a Han
character. Without one the reading must be that of the character in front, be
repeated, or stand in a text full of readings that are certain.
"""

import re
from collections.abc import Iterator

from dedup.text.gbk import char_of, is_lead, pair_of
from dedup.text.marks import LOST, Mark
from dedup.text.pinyin import LETTERS, is_syllable, reading_of, without_tone
from dedup.text.words import is_common, is_han, simplify

__all__ = ["find_annotations", "most_isolated"]

# Two expressions with a literal in front: sre then skips through a clean text
# twenty times as fast as with a class of two brackets.
_BLANK = "[ \N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}]?"
_BODY = rf"{_BLANK}([{LETTERS}]{{1,7}}){_BLANK}[)）]"
_BRACKETED = (re.compile(r"\(" + _BODY), re.compile("（" + _BODY))

# So many certain readings that the text is annotated throughout; then an
# uncertain one is a reading too.
_MANY = 10

_MOST_ISOLATED = 4
_MOST_OF_USUAL = 2


def find_annotations(text: str) -> list[Mark]:
    """Return the annotations of `text`, each with its brackets."""
    certain: list[Mark] = []
    possible: list[Mark] = []
    annotated_until = -1
    for match in _syllables_in_brackets(text):
        start, end = match.span()
        in_front = text[start - 1 : start]
        is_split = in_front.isascii() and _is_behind_letter(text, start, without_tone(match[1]))
        if not (is_split or start == annotated_until or _can_be_annotated(in_front)):
            continue
        mark = Mark(start, end)
        annotated_until = end
        (certain if is_split or _is_certain(text, match) else possible).append(mark)
    return sorted(certain + possible) if len(certain) >= _MANY else certain


def most_isolated(text: str, marks: list[Mark]) -> int:
    """Return the most annotations that are no damage yet: four, or two of usual characters.

    People give the reading of a rare character; converters that of 產 and 發.
    """
    in_front = [text[mark.start - 1 : mark.start] for mark in marks]
    are_usual = all(simplify(char) != char and is_common(char) for char in in_front)
    return _MOST_OF_USUAL if are_usual else _MOST_ISOLATED


def _syllables_in_brackets(text: str) -> Iterator[re.Match[str]]:
    """Yield every bracketed syllable, in order."""
    matches = [match for pattern in _BRACKETED for match in pattern.finditer(text)]
    for match in sorted(matches, key=re.Match.start):
        if is_syllable(without_tone(match[1])):
            yield match


def _can_be_annotated(char: str) -> bool:
    return char == LOST or (char != "" and is_han(char))


def _is_behind_letter(text: str, at: int, reading: str) -> bool:
    """Whether the ASCII letter in front is half of an annotated character, its lead before it.

    公司WAP with 網, BE57, annotated at any offset is `公司W(wǎng)AP`: 司 is CBBE, W 57.
    """
    letter = text[at - 1 : at]
    pair = pair_of(text[at - 2]) if at > 1 else None
    if pair is None or not (letter.isalpha() and is_lead(pair & 0xFF)):
        return False
    return reading_of(char_of(pair & 0xFF, ord(letter))) == reading


def _is_certain(text: str, match: re.Match[str]) -> bool:
    """Whether a bracketed syllable behind a Han character or its annotation is a reading."""
    start, end = match.span()
    reading = match[1]
    if not reading.isascii():
        return True
    return (
        reading_of(text[start - 1]) == without_tone(reading)
        or text.startswith(match[0], end)
        or text.endswith(match[0], 0, start)
    )
