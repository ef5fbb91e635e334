"""GBK text read one byte off behind a pair of bytes that was taken for a sign.

Some tools look for the bytes of `！？，；。` (A3A1 A3BF A3AC A3BB A1A3) without
minding where characters begin. Where the pair straddles two characters, it is
set as that sign; the lead byte of the first character, now alone, is lost or
left as `?`; and the second character's trail byte opens a stretch that is one
byte off (`dedup.text.damage.shifted` reads it):

    。”朱啟超說       A1A3 A1B1 D6EC 86A2 B3AC D566
    ！敝靻⒊f      A1  A3A1 B1D6 EC86 A2B3 ACD5 66     (ACD5 is U+E0F0, seen as nothing)

The sign's two bytes are the first character's trail and the second one's lead.
So all but the first lead byte is known, and that one is nearly always A1: `。`.

Natural text has signs followed by such characters too. What decides is how
much likelier the stretch becomes when read at the right byte.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.models import Edit
from dedup.text.code_points import code_points
from dedup.text.damage.annotations import find_annotations
from dedup.text.damage.shift_model import (
    Ending,
    SignOdds,
    Walk,
    highest_gain,
    log_of_words,
)
from dedup.text.damage.shifted import CERTAIN_OF_FIRST, QUOTES, ShiftedText
from dedup.text.damage.suspicion import false_signs
from dedup.text.damage.triggers import SIGNS
from dedup.text.gbk import chars_ended_by
from dedup.text.marks import LOST, Mark
from dedup.text.words import USUAL_SIGNS, is_common, is_han

__all__ = ["could_be_shifted", "find_shifts", "unshift_gbk"]

# Log odds against a stretch being shifted, before it is looked at: signs are in
# every line, shifts in hardly any article. A text that has one shift has more of
# them, and so has one with annotations.
_ENOUGH_GAIN = 5.6
_ENOUGH_GAIN_AMONG_OTHERS = 1.5
_ENOUGH_GAIN_OF_NOTHING = 4.0  # where no whole character is left
_ENOUGH_GAIN_OF_PLAIN = 3.3  # odd characters that become usual ones; of 4,900 clean articles none
_CERTAIN_GAIN = 9.0  # whatever the characters are
# What the words on both sides gain tells where a stretch of one or two characters does not:
# among 12,500 clean articles and the same in the other script one gained 2.9, the name in
# `；何毅`, two 2.2 and 3.2 to unusual characters, the group in `；E组`, and no other 1.3.
_LEAST_GAIN = -3.0
_ENOUGH_GAIN_OF_WORDS = 3.1
_ENOUGH_GAIN_OF_WORDS_FOR_ODD = 2.0  # where odd characters become usual ones
_ENOUGH_GAIN_OF_ODD_WORDS = 4.0  # where what comes out is not usual
_ENOUGH_GAIN_OF_WORDS_AMONG_OTHERS = 2.5
_LOG_OF_LOST = -4.0  # of a character that is not known, one as usual as most
_ENOUGH_ANNOTATIONS = 3
_SIGNS_AT_ONCE = 256
# Stretches of a text whose words are asked. A text may have a `?` for every lost character, and
# each takes a tenth of a millisecond.
_MOST_ASKED_FOR_WORDS = 24
# Signs looked at closely in a whole text. More than any article has: what has more is made of
# signs, and each takes a twentieth of a millisecond.
_MOST_STRADDLES = 3_000

_ODDS_OF_HALF_BYTE = 4.0  # a `?` directly in front of a sign
_ODDS_OF_STRAY_LETTER = 2.0  # behind the stretch, `屡c性`
# `，F將`. Of 29 million characters of clean text 60 are such letters, and 140 those of `，A股`.
_ODDS_OF_LETTER_BEHIND_SIGN = 3.0
_NAMES_OF_SHARES_AND_GROUPS = "ABC"
_BEHIND_NAMES = "姓男女先小太某君生座栋棟区區号號级級型组組队隊罩股代"  # `，F姓台生`
_ODDS_OF_QUOTE = 4.0  # `。”` where a quotation is open, which else would stay open, and so on
_LEAST_GAIN_WITHOUT_WORDS = _ENOUGH_GAIN_AMONG_OTHERS - _ODDS_OF_STRAY_LETTER
# Words decide where the gain is small, and a blank makes none: `！”` is one, too.
_SIGN_ODDS = SignOdds(_ODDS_OF_HALF_BYTE, _ODDS_OF_QUOTE, _LEAST_GAIN - _ENOUGH_GAIN_AMONG_OTHERS)


class _Straddle(NamedTuple):
    """A sign that stands for halves of two characters, and the stretch behind it.

    Attributes:
        start: Of the sign, or of the `?` that the half byte in front of it left.
        end: Of the stretch.
        first_trail: Trail byte of the first of the two characters; its lead is lost.
        walk: The second character and the rest of the stretch.
        gain: Logarithm of how much likelier that is than the text as it stands.
        pairs_a_quote: Whether it opens with a quotation mark that has none to it else.
    """

    start: int
    end: int
    first_trail: int
    walk: Walk
    gain: float
    pairs_a_quote: bool


def find_shifts(text: str) -> list[Mark]:
    """Return the stretches of `text` that are one byte off, from the false sign on."""
    if text.isascii():
        return []
    source = ShiftedText(text)
    straddles: list[_Straddle] = []
    end = 0
    num_read = num_asked = 0
    has_losses = _has_losses(text)
    for at, most in _signs(source):
        if at < end or (has_losses and "?" in text[max(0, at - 1) : at + 1]):
            continue
        may_ask = num_asked < _MOST_ASKED_FOR_WORDS
        if most < (_LEAST_GAIN if may_ask else _LEAST_GAIN_WITHOUT_WORDS):
            continue
        num_read += 1
        if num_read > _MOST_STRADDLES:
            return []
        straddle = _best_straddle(source, max(end, at - _is_half_byte(text, at)))
        if source.has_own_reading(straddle.end - 1):
            continue
        is_likely = _gains_enough(straddle)
        if not is_likely and straddle.gain >= _LEAST_GAIN and may_ask:
            num_asked += 1
            is_likely = _gain_of_words(source, straddle) >= _ENOUGH_GAIN_OF_WORDS_AMONG_OTHERS
        if is_likely:
            straddles.append(straddle)
            end = straddle.end
    if not straddles or not _is_believable(source, straddles):
        return []
    marks = [Mark(straddle.start, straddle.end) for straddle in straddles]
    return sorted(marks + _find_cut_quotes(source, marks))


_LOSS = re.compile(r"(?<![?？])\?(?=[\u4e00-\u9fff])")
_HALF_BYTE = re.compile(r"\?(?=[！？，；。!,;])")
_MANY_LOSSES = 10
_LOSSES_TO_A_HALF_BYTE = 3  # where damage leaves half bytes, a stretch ends in a `?` as often


def _has_losses(text: str) -> bool:
    """Whether each `?` of a text is as likely a whole character that was lost."""
    if text.count("?") <= _MANY_LOSSES:
        return False
    num_losses, num_halves = len(_LOSS.findall(text)), len(_HALF_BYTE.findall(text))
    return num_losses > _MANY_LOSSES + _LOSSES_TO_A_HALF_BYTE * num_halves


def could_be_shifted(codes: NDArray[np.uint32]) -> bool:
    """Whether a reading behind any sign gains enough, all that may speak for it added.

    `find_shifts` marks nothing in other texts.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    signs = false_signs(codes)
    if not signs.size:
        return False
    return highest_gain(codes, signs, _SIGN_ODDS) >= _LEAST_GAIN


def unshift_gbk(text: str, marks: list[Mark]) -> list[Edit]:
    """Put each shifted stretch right, in the script that it was written in."""
    source = ShiftedText(text)
    edits = []
    for mark in marks:
        straddle = _best_straddle(source, mark.start)
        reading = source.read(straddle.walk, "")
        first = _first_char(source, straddle, reading.text)
        edits.append(Edit(straddle.start, straddle.end, first + reading.text))
    return edits


def _gains_enough(straddle: _Straddle) -> bool:
    """Whether a stretch is believed in a text that has been garbled in this way elsewhere."""
    has_chars = straddle.walk.codes.size > 0
    return straddle.gain >= (_ENOUGH_GAIN_AMONG_OTHERS if has_chars else _ENOUGH_GAIN_OF_NOTHING)


def _is_emphasis(source: ShiftedText, start: int, end: int) -> bool:
    """Whether a stretch is part of what people write to ask or cry aloud: `？？？`, `?!?`.

    Not where it would leave a quotation open: `?!?` may be all that is left of `。”2`.
    """
    text = source.text
    if text[start:end].strip(_ASKING_OR_CRYING):
        return False
    if source.quote_is_open(start) and not source.quote_is_closed(end):
        return False
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    run = before[len(before.rstrip(_ASKING_OR_CRYING)) :] + text[start:end]
    run += after[: len(after) - len(after.lstrip(_ASKING_OR_CRYING))]
    return run in _ASKING_OR_CRYING_TWICE or len(run) > len("?!")


def _signs(source: ShiftedText) -> Iterator[tuple[int, float]]:
    """Yield where signs stand that may be false, and the most that any reading there gains."""
    text = source.text
    signs = false_signs(source.codes).tolist()
    for first in range(0, len(signs), _SIGNS_AT_ONCE):
        some = signs[first : first + _SIGNS_AT_ONCE]
        # A half byte beside it, `?`, is a sign too, and may be the false one.
        halves = {at for sign in some for at in (sign, sign + 1) if _is_half_byte(text, at)}
        places = sorted({*some, *halves, *(at - 1 for at in halves)})
        leads = [SIGNS[text[place]] & 0xFF for place in places]
        gains, codes = source.gains([place + 1 for place in places], leads)
        gain_at = {
            place: gain
            + _ODDS_OF_HALF_BYTE * (place in halves)
            + _ODDS_OF_QUOTE * (code in _QUOTATION_MARKS)
            for place, gain, code in zip(places, gains, codes, strict=True)
        }
        for sign in some:
            yield sign, max(gain_at.get(at, -math.inf) for at in (sign - 1, sign, sign + 1))


def _is_believable(source: ShiftedText, straddles: list[_Straddle]) -> bool:
    """Whether one of the stretches is certain, or the text was garbled by the same tools."""
    return (
        any(_is_sure(source, straddle) for straddle in straddles)
        or len(find_annotations(source.text)) >= _ENOUGH_ANNOTATIONS
    )


def _is_sure(source: ShiftedText, straddle: _Straddle) -> bool:
    """Whether a stretch is believed without another one: what comes out is usual throughout."""
    stands = source.text[straddle.start : straddle.end]
    if all(char in SIGNS or char in USUAL_SIGNS for char in stands):
        return False  # people write `！？` and `？！”`
    chars = "".join(map(chr, straddle.walk.codes))
    if chars and not chars.strip(_BLANK_AND_STOP):
        return False
    is_usual = all(char.isascii() or is_common(char) for char in chars)
    if straddle.gain >= _ENOUGH_GAIN and (is_usual or straddle.gain >= _CERTAIN_GAIN):
        return True
    is_odd = any(not (char.isascii() or is_common(char)) for char in stands)
    if is_odd and is_usual and straddle.gain >= _ENOUGH_GAIN_OF_PLAIN:
        return True
    behind = source.text[straddle.end : straddle.end + 1]
    if straddle.walk.ending == Ending.STRAY and (behind.isascii() or not behind.isprintable()):
        return False  # a letter at the end of a word or line, and no word behind it to tell
    enough = _ENOUGH_GAIN_OF_ODD_WORDS
    if is_usual:
        enough = _ENOUGH_GAIN_OF_WORDS_FOR_ODD if is_odd else _ENOUGH_GAIN_OF_WORDS
    return _gain_of_words(source, straddle) >= enough


def _gain_of_words(source: ShiftedText, straddle: _Straddle) -> float:
    """Return how much likelier the words around a stretch become, as a logarithm.

    The words are those that the stretch makes with the characters on both sides of it.
    """
    if ord(_IDEOGRAPHIC_SPACE) in straddle.walk.codes:
        return 0.0
    before, after = source.before(straddle.start), source.after(straddle.end)
    if not before or (before[-1].isascii() and before[-1].isalpha()):
        return 0.0  # in an address, `?v=`
    if LOST in before[-1] + after[:1]:
        return 0.0  # no words to tell
    reading = source.read(straddle.walk, "", is_shifted=False).text
    if _IDEOGRAPHIC_SPACE in reading or not reading.strip(_BLANK_AND_STOP + LOST):
        return 0.0
    first = _first_char(source, straddle, reading, margin=-math.inf)
    if first == _IDEOGRAPHIC_SPACE:
        return 0.0
    if straddle.walk.ending == Ending.ASCII and after[:1].isascii() and after[:1].isalpha():
        reading = reading[:-1]  # a letter of the word behind it
    read = (first + reading).replace(LOST, "")
    stands = source.text[straddle.start : straddle.end]
    as_read = log_of_words(_codes(before + read + after))
    as_read += _LOG_OF_LOST * (first + reading).count(LOST)
    as_it_stands = log_of_words(_codes(before + stands + after))
    if _is_stray_letter(source.text, straddle.end - 1):
        as_read += _ODDS_OF_STRAY_LETTER
    elif stands[-2:-1] in SIGNS and _is_lone_letter(source.text, straddle.end - 1):
        is_name = stands[-1] in _NAMES_OF_SHARES_AND_GROUPS or after[:1] in _BEHIND_NAMES
        as_read += -_ODDS_OF_LETTER_BEHIND_SIGN if is_name else _ODDS_OF_LETTER_BEHIND_SIGN
    as_read += _ODDS_OF_QUOTE * straddle.pairs_a_quote
    gain = straddle.gain - _ODDS_OF_QUOTE * straddle.pairs_a_quote
    return as_read - as_it_stands + min(gain, 0.0)


def _codes(text: str) -> NDArray[np.int32]:
    return code_points(text).astype(np.int32)


def _is_half_byte(text: str, at: int) -> bool:
    """Whether the character in front of the sign at `at` is what a lone lead byte left."""
    return 0 < at < len(text) and text[at - 1] in "?？" and text[at] in SIGNS


def _best_straddle(source: ShiftedText, start: int) -> _Straddle:
    """Return the likelier reading of a sign at `start`, or of a half byte there and its sign."""
    text = source.text
    signs = [at for at in (start, start + 1) if at == start or _is_half_byte(text, at)]
    straddles = [_read_straddle(source, at, start) for at in signs if text[at] in SIGNS]
    return max(straddles, key=lambda straddle: straddle.gain)


def _read_straddle(source: ShiftedText, at: int, first: int) -> _Straddle:
    """Read the sign at `at` and what follows it as if the sign were halves of two characters.

    A half byte in front of it belongs to it, unless it stands in front of `first`.
    """
    text = source.text
    pair = SIGNS[text[at]]
    start = at - 1 if at > first and _is_half_byte(text, at) else at
    walk = source.walk(at + 1, pair & 0xFF)
    gain = walk.gain
    if start < at:
        gain += _ODDS_OF_HALF_BYTE
    end = source.read_end(walk)
    pairs_a_quote = walk.codes.size > 0 and _pairs_a_quote(source, chr(walk.codes[0]), at, end)
    gain += _ODDS_OF_QUOTE * pairs_a_quote
    if _is_stray_letter(text, end - 1):
        gain += _ODDS_OF_STRAY_LETTER
    if _is_emphasis(source, start, end):
        gain = -math.inf
    return _Straddle(start, end, pair >> 8, walk, gain, pairs_a_quote)


def _pairs_a_quote(source: ShiftedText, char: str, start: int, end: int) -> bool:
    """Whether a quotation mark at `start` closes one that is open, or opens one that is closed."""
    for closing, opening in QUOTES.items():
        if char == closing:
            return source.quote_is_open(start, closing)
        if char == opening:
            return source.quote_is_closed(end, closing) and not source.quote_is_open(start, closing)
    return False


def _is_stray_letter(text: str, at: int) -> bool:
    """Whether a letter stands alone between Han characters, half of one as likely as not."""
    is_behind_char = not text[at - 1].isascii() and text[at - 1] not in SIGNS
    return is_behind_char and _is_lone_letter(text, at)


def _is_lone_letter(text: str, at: int) -> bool:
    return text[at].isascii() and text[at].isalpha() and is_han(text[at + 1 : at + 2])


_ASKING_OR_CRYING = "?？!！"
_ASKING_OR_CRYING_TWICE = [2 * sign for sign in _ASKING_OR_CRYING]
_QUOTATION_MARKS = [ord(mark) for pair in QUOTES.items() for mark in pair]
_IDEOGRAPHIC_SPACE = "\N{IDEOGRAPHIC SPACE}"
_TRAIL_OF_IDEOGRAPHIC_SPACE = 0xA1
_BLANK_AND_STOP = _IDEOGRAPHIC_SPACE + "。"  # what rows of signs become one byte off


def _first_char(
    source: ShiftedText, straddle: _Straddle, rest: str, *, margin: float = CERTAIN_OF_FIRST
) -> str:
    """Return the character whose lead byte is lost in front of the sign; `�` if unsure."""
    start, trail = straddle.start, straddle.first_trail
    at_line_start = source.text[max(0, start - 1) : start] in "\n "
    if trail == _TRAIL_OF_IDEOGRAPHIC_SPACE and at_line_start:
        return _IDEOGRAPHIC_SPACE
    after = rest + source.after(straddle.end)
    candidates = chars_ended_by(trail)
    if _is_inside_enumeration(source.text, straddle, rest):
        candidates = candidates.replace("。", "")
    odds = 0.0
    if is_han(rest[:1] or " "):
        odds = source.odds_of_stop(start, straddle.end, rest)
    before = source.before(start)
    return source.most_certain(candidates, before, after, start, margin, odds)


_SIGN = re.compile(r"[，。！？；：,!?;:、“”「」\n]")


def _is_inside_enumeration(text: str, straddle: _Straddle, rest: str) -> bool:
    """Whether the nearest sign on either side is 、: no sentence ends between two of them."""
    left = _SIGN.findall(text, max(0, straddle.start - 32), straddle.start)
    right = _SIGN.findall(rest + text[straddle.end : straddle.end + 32])
    return bool(left and right) and left[-1] == right[0] == "、"


_CUT_QUOTE = re.compile(r"[！!](?=[?？]|\s|\Z)")


def _find_cut_quotes(source: ShiftedText, found: list[Mark]) -> list[Mark]:
    """Return the signs `！` that are `。”` with nothing but the sign left of it.

    At the end of a line ”'s trail byte had no partner and is lost, so nothing is
    out of step behind the sign. Only a quotation that is never closed tells, and
    only in a text that has other shifts.
    """
    text = source.text
    return [
        Mark(straddle.start, straddle.end)
        for match in _CUT_QUOTE.finditer(text)
        if source.quote_is_open(match.start()) and not source.quote_is_closed(match.end())
        if source.read(
            (straddle := _read_straddle(source, match.start(), match.start() - 1)).walk, ""
        ).text
        in ("”", "”" + LOST)
        if not any(mark.start < straddle.end and straddle.start < mark.end for mark in found)
    ]
