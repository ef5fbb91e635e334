"""GBK text read one byte off behind a pair of bytes that was taken for a sign.

Some tools look for the bytes of `！？，；。` (A3A1 A3BF A3AC A3BB A1A3) without
minding where characters begin. Where the pair straddles two characters, it is
set as that sign; the lead byte of the first character, now alone, is lost or
left as `?`; and the second character's trail byte opens a stretch that is one
byte off (`dedup.text.shifted` reads it):

    。”朱啟超說       A1A3 A1B1 D6EC 86A2 B3AC D566
    ！敝靻⒊f      A1  A3A1 B1D6 EC86 A2B3 ACD5 66     (ACD5 is U+E0F0, seen as nothing)

The sign's two bytes are the first character's trail and the second one's lead.
So all but the first lead byte is known, and that one is nearly always A1: `。`.

Natural text has signs followed by such characters too. What decides is how
much likelier the stretch becomes when read at the right byte.
"""

import re
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.annotations import find_annotations
from dedup.text.code_points import code_points
from dedup.text.gbk import LEADS, char_of
from dedup.text.marks import LOST, Mark
from dedup.text.shifted import (
    best_in_context,
    han_after,
    han_before,
    neighbourhood,
    quote_is_open,
    read_shifted,
)
from dedup.text.suspicion import false_signs
from dedup.text.triggers import SIGNS
from dedup.text.words import is_common, is_han, longest_phrase, pair_odds

__all__ = ["find_shifts", "unshift_gbk"]

# Log odds against a stretch being shifted, before it is looked at: signs are in
# every line, shifts in hardly any article. A text that has one shift has more of
# them, and so has one with annotations.
_ENOUGH_GAIN = 12.0
_ENOUGH_GAIN_AMONG_OTHERS = 7.0
_ENOUGH_ANNOTATIONS = 3

_ODDS_OF_HALF_BYTE = 3.0  # a `?` directly in front of a sign
_ODDS_OF_CLOSED_QUOTE = 4.0  # `。”` where a quotation is open, which else would stay open


class _Straddle(NamedTuple):
    """A sign that stands for halves of two characters, and the stretch behind it.

    Attributes:
        start: Of the sign, or of the `?` that the half byte in front of it left.
        end: Of the stretch.
        first_trail: Trail byte of the first of the two characters; its lead is lost.
        rest: The second character and the rest of the stretch, put right.
        gain: Logarithm of how much likelier that is than the text as it stands.
    """

    start: int
    end: int
    first_trail: int
    rest: str
    gain: float


def find_shifts(text: str) -> list[Mark]:
    """Return the stretches of `text` that are one byte off, from the false sign on."""
    if text.isascii():
        return []
    straddles: list[_Straddle] = []
    end = 0
    for at in false_signs(code_points(text)):
        if at < end:
            continue
        straddle = _best_straddle(text, at - _is_half_byte(text, at))
        if straddle.gain >= _ENOUGH_GAIN_AMONG_OTHERS:
            straddles.append(straddle)
            end = straddle.end
    if not straddles or not _is_believable(text, straddles):
        return []
    marks = [Mark(straddle.start, straddle.end) for straddle in straddles]
    return sorted(marks + _find_cut_quotes(text, marks))


def unshift_gbk(text: str, marks: list[Mark]) -> list[Edit]:
    """Put each shifted stretch right, in the script that it was written in."""
    edits = []
    nearby = neighbourhood(text)
    for mark in marks:
        straddle = _best_straddle(text, mark.start, nearby(mark.start))
        first = _first_char(text, straddle, nearby(mark.start))
        edits.append(Edit(straddle.start, straddle.end, first + straddle.rest))
    return edits


def _is_believable(text: str, straddles: list[_Straddle]) -> bool:
    """Whether one of the stretches is certain, or the text was garbled by the same tools."""
    return (
        any(straddle.gain >= _ENOUGH_GAIN for straddle in straddles)
        or len(find_annotations(text)) >= _ENOUGH_ANNOTATIONS
    )


def _is_half_byte(text: str, at: int) -> bool:
    """Whether the character in front of the sign at `at` is what a lone lead byte left."""
    return 0 < at < len(text) and text[at - 1] in "?？" and text[at] in SIGNS


def _best_straddle(text: str, start: int, nearby: str = "") -> _Straddle:
    """Return the likelier reading of a sign at `start`, or of a half byte there and its sign."""
    signs = [at for at in (start, start + 1) if at == start or _is_half_byte(text, at)]
    straddles = [_read_straddle(text, at, nearby) for at in signs if text[at] in SIGNS]
    return max(straddles, key=lambda straddle: straddle.gain)


def _read_straddle(text: str, at: int, nearby: str = "") -> _Straddle:
    """Read the sign at `at` and what follows it as if the sign were halves of two characters.

    `nearby` is for `read_shifted`.
    """
    pair = SIGNS[text[at]]
    start = at - 1 if _is_half_byte(text, at) else at
    reading = read_shifted(text, at + 1, pair & 0xFF, nearby=nearby)
    gain = reading.gain
    if start < at:
        gain += _ODDS_OF_HALF_BYTE
    if reading.text.startswith("”") and quote_is_open(text, at):
        gain += _ODDS_OF_CLOSED_QUOTE
    return _Straddle(start, reading.end, pair >> 8, reading.text, gain)


_TRAIL_OF_IDEOGRAPHIC_SPACE = 0xA1
_TRAIL_OF_STOP = 0xA3
_QUOTES = ("“", "”")
_LONG_PHRASE = 3


def _first_char(text: str, straddle: _Straddle, nearby: str) -> str:
    """Return the character whose lead byte is lost in front of the sign; `�` if unsure.

    `。` is a guess as well, made where no listed word asks for anything else. At
    612 places drawn at random from clean articles (docs/damage.md) the character
    came out right in 353, as `�` in 161 and wrong in 98, nearly always as `。`.
    """
    start, rest, trail = straddle.start, straddle.rest, straddle.first_trail
    before = han_before(text, start)
    if trail == _TRAIL_OF_IDEOGRAPHIC_SPACE and text[max(0, start - 1) : start] in "\n ":
        return "\N{IDEOGRAPHIC SPACE}"
    if trail == _TRAIL_OF_STOP and rest[:1] in _QUOTES:
        return "。"
    after = rest + han_after(text, straddle.end) if is_han(rest[:1] or " ") else ""
    candidates = [char_of(lead, trail) for lead in LEADS]
    word = best_in_context(candidates, before, after, nearby)
    if word != LOST and _is_certain(before[-1:], word, after, nearby):
        return word
    could_be_word = any(
        after and is_common(char) and pair_odds(char, after[0]) > 0 for char in candidates
    )
    opens_sentence = len(after) > 1 and pair_odds(after[0], after[1]) > 0
    is_stop = trail == _TRAIL_OF_STOP and (opens_sentence or not could_be_word)
    return "。" if is_stop and not _is_inside_enumeration(text, straddle) else LOST


def _is_certain(last: str, char: str, after: str, nearby: str) -> bool:
    """Whether a character in a listed phrase is also written so nearby, or the phrase is long."""
    return (
        last + char in nearby
        or (after != "" and char + after[0] in nearby)
        or longest_phrase(last, char, after) >= _LONG_PHRASE
    )


_SIGN = re.compile(r"[，。！？；：,!?;:、\n]")


def _is_inside_enumeration(text: str, straddle: _Straddle) -> bool:
    """Whether the nearest sign on either side is 、: no sentence ends between two of them."""
    left = _SIGN.findall(text, max(0, straddle.start - 32), straddle.start)
    right = _SIGN.findall(straddle.rest + text[straddle.end : straddle.end + 32])
    return bool(left and right) and left[-1] == right[0] == "、"


_CUT_QUOTE = re.compile(r"[！!](?=[?？]|\s|\Z)")


def _find_cut_quotes(text: str, found: list[Mark]) -> list[Mark]:
    """Return the signs `！` that are `。”` with nothing but the sign left of it.

    At the end of a line ”'s trail byte had no partner and is lost, so nothing is
    out of step behind the sign. Only a quotation that is never closed tells, and
    only in a text that has other shifts.
    """
    return [
        Mark(straddle.start, straddle.end)
        for match in _CUT_QUOTE.finditer(text)
        if quote_is_open(text, match.start()) and not _is_closed_later(text, match.end())
        if (straddle := _read_straddle(text, match.start())).rest in ("”", "”" + LOST)
        if not any(mark.start < straddle.end and straddle.start < mark.end for mark in found)
    ]


def _is_closed_later(text: str, at: int) -> bool:
    """Whether a quotation that is open at `at` is closed before the next one or the line's end."""
    match = re.compile("[“”\n]").search(text, at, at + 1_000)
    return match is not None and match[0] == "”"
