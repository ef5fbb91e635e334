"""Damage to single characters that shows: lost, invisible, spaced, look-alike, doubled."""

import re
import unicodedata
from functools import cache
from random import Random

from dedup import DamageKind
from quality.kinds import COPIES, GARBLED, Damaged, Recovery, Severity, Subject, kind, levels
from quality.pieces import is_han, pick_places
from quality.script import HALF_WIDTH, convert

_SHARE = {Severity.LIGHT: 0.02, Severity.USUAL: 0.1, Severity.HEAVY: 0.5}
_LOST_SHARE = {
    Severity.LIGHT: 0.02,
    Severity.USUAL: 0.04,
    Severity.HEAVY: 0.06,
    Severity.EXTREME: 0.12,
}
_LEAST = 10
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202c\u2063\u180e"


def _han_places(text: str) -> list[int]:
    return [place for place, char in enumerate(text) if is_han(char)]


def _behind(text: str, places: list[int], rng: Random, options: tuple[str, ...]) -> str:
    """Return text with one of the options behind each place."""
    chars = list(text)
    for place in places:
        chars[place] += rng.choice(options)
    return "".join(chars)


def _lost(subject: Subject, severity: Severity, rng: Random, mark: str) -> Damaged | None:
    places = pick_places(_han_places(subject.text), _LOST_SHARE[severity], rng, least=_LEAST)
    if not places:
        return None
    copy, undamaged = list(subject.text), list(subject.text)
    for place in places:
        copy[place] = mark
        undamaged[place] = "\ufffd"
    return Damaged("".join(copy), "".join(undamaged), len(places))


for _name, _mark in {
    "lost_fffd": "\ufffd",
    "lost_question": "?",
    "lost_questions": "??",
    "lost_box": "□",
    "lost_kunjin": "锟斤拷",
}.items():

    def _make(
        subject: Subject, severity: Severity, rng: Random, mark: str = _mark
    ) -> Damaged | None:
        return _lost(subject, severity, rng, mark)

    _make.__doc__ = f"Characters replaced by {_mark!r}."
    kind(
        _name,
        levels(GARBLED, extreme=True),
        DamageKind.LOST_CHARACTERS,
        recovery=Recovery.MARKED,
    )(_make)


@kind(
    "invisible",
    levels(GARBLED),
    DamageKind.INVISIBLE_CHARACTERS,
    recovery=Recovery.IDENTICAL,
)
def invisible(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Zero-width characters, soft hyphens and direction marks inside words."""
    places = pick_places(_inside_words(subject.text), _SHARE[severity], rng, least=_LEAST)
    some = tuple(rng.sample(_INVISIBLE, 3))
    return Damaged(_behind(subject.text, places, rng, some), subject.text) if places else None


def _inside_words(text: str) -> list[int]:
    """Return the places of characters with a Chinese one on their right as well."""
    return [
        place for place in range(len(text) - 1) if is_han(text[place]) and is_han(text[place + 1])
    ]


@kind("spaced", levels(GARBLED), DamageKind.SPACED_CHARACTERS, recovery=Recovery.IDENTICAL)
def spaced(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Blanks between characters: in a fifth of the lines, half of them or all.

    A blank of the same kind that a line had before cannot be told from these.
    """
    share = {Severity.LIGHT: 0.2, Severity.USUAL: 0.5, Severity.HEAVY: 1.0}[severity]
    blank = rng.choice((" ", "\u3000", "\xa0"))
    lines = subject.text.split("\n")
    wanted = set(pick_places([n for n, line in enumerate(lines) if len(line) > 1], share, rng))
    spread = [
        "".join(
            char + (blank if is_han(char) and is_han(line[at + 1 : at + 2] or " ") else "")
            for at, char in enumerate(line)
        )
        if number in wanted
        else line
        for number, line in enumerate(lines)
    ]
    closed = [
        re.sub(f"(?<=[\u4e00-\u9fff]){blank}(?=[\u4e00-\u9fff])", "", line)
        if at in wanted
        else line
        for at, line in enumerate(lines)
    ]
    copy = "\n".join(spread)
    return Damaged(copy, "\n".join(closed)) if copy != subject.text else None


@cache
def lookalikes() -> dict[str, str]:
    """Return radicals and compatibility forms by the usual character, as NFKC pairs them."""
    found: dict[str, str] = {}
    blocks = (
        range(0x2E80, 0x2FE0),  # radicals
        range(0xF900, 0xFB00),  # compatibility ideographs
        range(0x2F800, 0x2FA20),
        range(0x3244, 0x3248),  # in circles
        range(0x3280, 0x32B1),
    )
    for block in blocks:
        for code in block:
            usual = unicodedata.normalize("NFKC", chr(code))
            if len(usual) == 1 and usual != chr(code) and is_han(usual):
                found[usual] = found.get(usual, "") + chr(code)
    return found


@kind(
    "lookalike",
    levels(GARBLED),
    DamageKind.LOOKALIKE_CHARACTERS,
    recovery=Recovery.IDENTICAL,
)
def lookalike(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Kangxi radicals and compatibility ideographs in place of usual characters."""
    table = lookalikes()
    share = {Severity.LIGHT: 0.3, Severity.USUAL: 0.6, Severity.HEAVY: 1.0}[severity]
    places = [place for place, char in enumerate(subject.text) if char in table]
    if len(places) < _LEAST:
        return None
    copy = list(subject.text)
    for place in pick_places(places, share, rng, least=_LEAST):
        copy[place] = rng.choice(table[copy[place]])
    return Damaged("".join(copy), subject.text)


@kind(
    "doubled_punctuation",
    levels(GARBLED),
    DamageKind.DOUBLED_PUNCTUATION,
    recovery=Recovery.IDENTICAL,
)
def doubled_punctuation(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`,,` `,。` `,、` in place of a single sign."""
    share = {Severity.LIGHT: 0.3, Severity.USUAL: 0.6, Severity.HEAVY: 1.0}[severity]
    places = [place for place, char in enumerate(subject.text) if char in "，。、"]
    if len(places) < 5:
        return None
    copy, undamaged = list(subject.text), list(subject.text)
    for place in pick_places(places, share, rng, least=5):
        if copy[place] == "，":
            copy[place], undamaged[place] = ",,", ","
        else:
            copy[place] = "," + copy[place]
    return Damaged("".join(copy), "".join(undamaged))


def _register_script(config: str) -> None:
    def make(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
        del severity, rng
        copy = convert(subject.text, config)
        return Damaged(copy, copy) if copy != subject.text else None

    make.__doc__ = f"OpenCC's {config}."
    kind(
        f"traditional_{config}",
        {Severity.USUAL: COPIES},
        DamageKind.TRADITIONAL_SCRIPT,
        recovery=Recovery.IDENTICAL,
    )(make)


for _config in ("s2t", "s2tw", "s2twp", "s2hk"):
    _register_script(_config)


@kind("half_width", {Severity.USUAL: COPIES}, recovery=Recovery.IDENTICAL)
def half_width(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """`,` for `，`: an editor's choice, no damage."""
    del severity, rng
    copy = subject.text.translate(HALF_WIDTH)
    return Damaged(copy, copy) if copy != subject.text else None


@kind("vocabulary", {Severity.USUAL: COPIES | GARBLED}, recovery=Recovery.IDENTICAL)
def vocabulary(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Words of Taiwan in simplified script: 信息 is 资讯, 软件 is 软体."""
    del severity, rng
    copy = convert(convert(subject.text, "s2twp"), "t2s")
    return Damaged(copy, copy) if copy != subject.text else None


@kind("full_width", {Severity.USUAL: COPIES}, recovery=Recovery.IDENTICAL)
def full_width(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Letters and digits in full width."""
    del severity, rng
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F) if chr(code).isalnum()}
    copy = subject.text.translate(wide)
    return Damaged(copy, copy) if copy != subject.text else None


@kind("rewrapped", levels(COPIES), recovery=Recovery.IDENTICAL)
def rewrapped(subject: Subject, severity: Severity, rng: Random) -> Damaged | None:
    """Lines broken at a fixed width, inside words too."""
    del rng
    width = {Severity.LIGHT: 78, Severity.USUAL: 40, Severity.HEAVY: 20}[severity]
    lines = [
        line[at : at + width]
        for line in subject.text.splitlines()
        for at in range(0, max(len(line), 1), width)
    ]
    copy = "\n".join(lines)
    return Damaged(copy, copy) if copy != subject.text else None
