"""Lost characters whose reading stands behind them: `�(zǒng)` for 總.

UTF-8 that was read as GBK loses the last byte of every other character in front of a
bracket. In an annotated text the reading is in that bracket. It has few characters, fewer
still where only converted ones are annotated, and the words on both sides choose.
"""

from functools import cache, lru_cache

from dedup.models import Edit
from dedup.text.damage.annotations import find_annotations
from dedup.text.damage.shifted import ShiftedText
from dedup.text.marks import LOST, Mark
from dedup.text.pinyin import reading_of, without_tone
from dedup.text.words import is_common, is_han, traditional_only

__all__ = ["find_annotated_losses", "name_annotated"]

_FEWEST_ANNOTATIONS = 10
_LEAST_SHARE_CONVERTED = 0.9
# How much likelier than all others together, as a logarithm: less if the same character has
# this reading, tone included, elsewhere in the text.
_CERTAIN = 6.0
_CERTAIN_IF_KNOWN = 2.8
_BRACKETS_AND_BLANKS = "()（）[]［］【】 \N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"


def find_annotated_losses(text: str) -> list[Mark]:
    """Return the lost characters that their reading and their neighbours make certain."""
    return [Mark(edit.start, edit.end) for edit in _read(text)]


def name_annotated(text: str, _marks: list[Mark]) -> list[Edit]:
    """Put in the characters; their annotations stay."""
    return list(_read(text))


# A repair is asked twice, what it finds and how to undo it.
@lru_cache(maxsize=2)
def _read(text: str) -> tuple[Edit, ...]:
    if LOST not in text:
        return ()
    annotations = find_annotations(text)
    lost = [mark for mark in annotations if text[mark.start - 1 : mark.start] == LOST]
    if len(annotations) < _FEWEST_ANNOTATIONS or not lost:
        return ()
    converted = set(traditional_only())
    # Under the reading with its tone and without; rarer ones, too: 還(hái)
    known: dict[str, set[str]] = {}
    num_known = num_converted = 0
    for mark in annotations:
        char = text[mark.start - 1]
        if is_han(char):
            known.setdefault(_reading(text, mark), set()).add(char)
            known.setdefault(_toned(text, mark), set()).add(char)
            num_known += 1
            num_converted += char in converted
    is_converted = num_converted >= _LEAST_SHARE_CONVERTED * num_known
    source = ShiftedText(text)
    edits = []
    for mark in lost:
        reading = _reading(text, mark)
        usual = _chars_by_reading().get(reading, "")
        chars = "".join(char for char in usual if not is_converted or char in converted)
        chars += "".join(sorted(known.get(reading, set()).difference(chars)))
        at = mark.start - 1
        before, after = source.before(at), source.after(mark.end)
        char = source.most_certain(chars, before, after, at, _CERTAIN_IF_KNOWN) if chars else LOST
        if char not in known.get(_toned(text, mark), ()) and char != LOST:
            char = source.most_certain(chars, before, after, at, _CERTAIN)
        if char != LOST:
            edits.append(Edit(at, at + 1, char))
    return tuple(edits)


def _toned(text: str, mark: Mark) -> str:
    """Return the reading in an annotation, as it stands there."""
    return text[mark.start : mark.end].strip(_BRACKETS_AND_BLANKS).lower()


def _reading(text: str, mark: Mark) -> str:
    """Return the toneless reading in an annotation."""
    return without_tone(_toned(text, mark).rstrip("012345"))


@cache
def _chars_by_reading() -> dict[str, str]:
    """Return the common characters of either script with each reading."""
    result: dict[str, str] = {}
    for code in range(0x4E00, 0xA000):
        char = chr(code)
        reading = reading_of(char) if is_common(char) else None
        if reading:
            result[reading] = result.get(reading, "") + char
    return result
