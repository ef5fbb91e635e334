"""How far a repaired text is what it should be, by an edit distance of characters."""

from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from quality.script import convert

__all__ = ["Returned", "compare", "same_but_for_script"]

LOST = "\ufffd"


class Returned(NamedTuple):
    """What became of the characters of a text.

    Attributes:
        total: Characters of the undamaged text, blanks left out.
        equal: Came back.
        marked: Are `�` now.
        wrong: Are another character now.
        missing: Are gone without a mark.
        added: Characters that were never there.
        examples: Some of what went wrong: as it should be, as it is.
    """

    total: int
    equal: int
    marked: int
    wrong: int
    missing: int
    added: int
    examples: tuple[tuple[str, str], ...]


def _comparable(text: str) -> str:
    """Return text in simplified script, without blanks."""
    return convert("".join(text.split()), "t2s")


def same_but_for_script(repaired: str, undamaged: str) -> bool:
    """Whether two texts are the same, in either script, blank lines and line ends aside."""
    return repaired == undamaged or _lines(repaired) == _lines(undamaged)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in convert(text, "t2s").splitlines() if line.strip()]


def compare(repaired: str, undamaged: str) -> Returned:
    """Align a repaired text with the undamaged one and count."""
    have, want = _comparable(repaired), _comparable(undamaged)
    equal = marked = wrong = missing = added = 0
    examples: list[tuple[str, str]] = []
    for step in Levenshtein.opcodes(want, have):
        span = want[step.src_start : step.src_end]
        got = have[step.dest_start : step.dest_end]
        if step.tag == "equal":
            equal += len(span)
            continue
        marks = min(got.count(LOST), len(span))
        # A `�` that should be one is right.
        marked += marks
        wrong += min(len(span), len(got)) - marks
        missing += max(0, len(span) - len(got))
        added += max(0, len(got) - len(span))
        if len(examples) < 5 and got.strip(LOST) != span.strip(LOST):
            should, does = (step.src_start, step.src_end), (step.dest_start, step.dest_end)
            examples.append((_around(want, *should), _around(have, *does)))
    return Returned(len(want), equal, marked, wrong, missing, added, tuple(examples))


def _around(text: str, start: int, end: int) -> str:
    return f"{text[max(0, start - 6) : start]}[{text[start:end]}]{text[end : end + 6]}"
