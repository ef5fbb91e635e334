"""What people and tools do to the wording: slips, spinning, reordering, updates, forms."""

import re
from random import Random

from dedup import Verdict
from quality.kinds import COPIES, GARBLED, Damaged, Severity, Subject, kind, levels
from quality.pieces import (
    choose,
    is_han,
    pick_places,
    sentences,
    split_paragraphs,
)
from quality.tables import Tables

__all__ = ["REPRINT", "swap"]

REPRINT = frozenset({Verdict.REPRINT})
_SHARE = {
    Severity.LIGHT: 0.02,
    Severity.USUAL: 0.04,
    Severity.HEAVY: 0.06,
    Severity.EXTREME: 0.12,
}
# Two in a hundred is where a copy begins to be called garbled.
_SLIPS = levels(GARBLED | REPRINT, GARBLED, extreme=True)


def _slips(text: str, severity: Severity, rng: Random) -> tuple[list[str], list[int]]:
    places = [place for place, char in enumerate(text) if is_han(char)]
    return list(text), pick_places(places, _SHARE[severity], rng)


@kind("dropped", _SLIPS)
def dropped(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Single characters gone without a trace."""
    chars, places = _slips(subject.text, severity, rng)
    for place in places:
        chars[place] = ""
    return Damaged("".join(chars), unrecoverable=len(places)) if places else None


def swap(
    text: str, severity: Severity, rng: Random, tables: Tables, how: str = "mixed"
) -> tuple[str, int]:
    """Return text with characters replaced by homophones, look-alikes or any, and how many."""
    chars, places = _slips(text, severity, rng)
    for place in places:
        source = {
            "sound": tables.sounds,
            "shape": tables.shapes,
            "mixed": rng.choice((tables.sounds, tables.shapes, {})),
        }.get(how, {})
        options = source.get(chars[place], "") or tables.common
        chars[place] = choose(options.replace(chars[place], ""), rng, "某")
    return "".join(chars), len(places)


def _register_swap(how: str) -> None:
    def make(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
        copy, count = swap(subject.text, severity, rng, subject.tables, how)
        return Damaged(copy, unrecoverable=count) if count else None

    make.__doc__ = f"Single characters replaced by others of like {how}."
    kind(f"replaced_{how}", _SLIPS)(make)


for _how in ("sound", "shape", "random", "mixed"):
    _register_swap(_how)


@kind("moved", _SLIPS)
def moved(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Neighbouring characters changed places."""
    chars = list(subject.text)
    places = [at for at in range(len(chars) - 1) if is_han(chars[at]) and is_han(chars[at + 1])]
    chosen = pick_places(places, _SHARE[severity], rng)
    for at in chosen:
        chars[at], chars[at + 1] = chars[at + 1], chars[at]
    return Damaged("".join(chars), unrecoverable=None) if chosen else None


@kind("dropped_and_replaced", _SLIPS)
def dropped_and_replaced(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Half of the slips dropped, half replaced."""
    chars, places = _slips(subject.text, severity, rng)
    for place in places:
        chars[place] = "" if rng.random() < 0.5 else choose(subject.tables.common, rng, "某")
    return Damaged("".join(chars), unrecoverable=len(places)) if places else None


@kind("paragraphs_shuffled", levels(COPIES))
def paragraphs_shuffled(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Two paragraphs exchanged, a third of them moved, or all."""
    paragraphs = split_paragraphs(subject.text)
    return _shuffled(paragraphs, severity, rng, "\n")


@kind("sentences_shuffled", levels(COPIES))
def sentences_shuffled(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """The same with sentences."""
    parts = [part.strip() for part in sentences(subject.text) if part.strip()]
    return _shuffled(parts, severity, rng, "")


def _shuffled(parts: list[str], severity: Severity, rng: Random, glue: str) -> Damaged | None:
    if len(parts) < 3:
        return None
    share = {Severity.LIGHT: 0.0, Severity.USUAL: 0.33, Severity.HEAVY: 1.0}[severity]
    chosen = pick_places(list(range(len(parts))), share, rng, least=2)
    order = (
        chosen[1:] + chosen[:1] if severity is Severity.LIGHT else rng.sample(chosen, len(chosen))
    )
    changed = list(parts)
    for place, origin in zip(chosen, order, strict=True):
        changed[place] = parts[origin]
    return Damaged(glue.join(changed)) if changed != parts else None


_REWRITTEN = levels(
    REPRINT,
    REPRINT,
    frozenset({Verdict.PARTIAL}),
)


@kind("updated", _REWRITTEN)
def updated(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """A tenth, a quarter or more than half of the sentences rewritten; that is no copy."""
    share = {Severity.LIGHT: 0.1, Severity.USUAL: 0.25, Severity.HEAVY: 0.55}[severity]
    parts = sentences(subject.text)
    fresh = [part for text in subject.prose for part in sentences(text) if len(part) > 10]
    places = [place for place, part in enumerate(parts) if len(part) > 10]
    if len(places) < 5 or not fresh:
        return None
    # By length, so that one long sentence does not decide.
    budget, total = 0, sum(len(parts[place]) for place in places)
    for place in rng.sample(places, len(places)):
        if budget + len(parts[place]) / 2 > share * total:
            continue
        budget += len(parts[place])
        ending = "\n" if parts[place].endswith("\n") else ""
        length = len(parts[place])
        parts[place] = min(
            rng.sample(fresh, min(8, len(fresh))), key=lambda s: abs(len(s) - length)
        )
        parts[place] = parts[place].rstrip("\n") + ending
    return Damaged("".join(parts)) if budget else None


_NUMBER = re.compile(r"\d+")
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗"
_NAME = re.compile(
    rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}(?=说|表示|介绍|指出|强调|告诉|认为|出席|主持|致辞)"
)
_REFILLED = levels(
    COPIES | {Verdict.PARTIAL},
    frozenset({Verdict.PARTIAL, Verdict.REPRINT}),
    frozenset({Verdict.PARTIAL, Verdict.REPRINT, Verdict.NEW}),
)


@kind("template_refilled", _REFILLED)
def template_refilled(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """A form filled in anew: dates and numbers, then names, then places differ."""
    share = {Severity.LIGHT: 0.3, Severity.USUAL: 1.0, Severity.HEAVY: 1.0}[severity]

    def other_number(match: re.Match[str]) -> str:
        digits = match.group()
        if rng.random() > share:
            return digits
        low = 10 ** (len(digits) - 1)
        return (
            str(rng.randrange(low if len(digits) > 1 else 1, low * 10))
            if len(digits) < 9
            else digits
        )

    def other_name(match: re.Match[str]) -> str:
        given = "".join(rng.choice(subject.tables.common) for _ in match.group()[1:])
        return rng.choice(_SURNAMES) + given

    copy = _NUMBER.sub(other_number, subject.text)
    if severity is not Severity.LIGHT:
        copy = _NAME.sub(other_name, copy)
    if severity is Severity.HEAVY:
        places = {name: rng.choice(subject.tables.places) for name in _places_in(copy, subject)}
        for name, other in places.items():
            copy = copy.replace(name, other)
    return Damaged(copy) if copy != subject.text else None


def _places_in(text: str, subject: Subject) -> list[str]:
    return [name for name in subject.tables.places if name in text][:20]
