"""Reading on from a lost byte: text that was decoded one byte off, put right.

In GBK a character is a lead and a trail byte. Where one byte is lost, decoding
goes on one byte off: each character that is seen is the trail of one original
character and the lead of the next. With the lost byte known again the stretch
can be read at the right byte. It ends where decoding fell into step again:

- at a low trail byte, which stayed behind as a stray ASCII character: 朱啟說 was
  seen as `靻⒊`, U+E0F0, `f`, and the `f` is half of 說;
- at an original character below 0x80. The half byte in front of it is lost, or
  left as `?`, and then the `?` has usually swallowed the ASCII character as well;
- at an original character whose trail is 0x80, as in 個, which is no lead.

A pair that fell into GBK's user-defined rows may have been dropped by a later
cleaner. Two bytes are then missing inside the stretch, and two characters with
them, but what follows stays in step.

Which bytes were lost is not decided here: see `gbk_shift` for those in front of
a stretch and `split_annotations` for those that an annotation cut off.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from dedup.text.gbk import char_of, chars_led_by, is_lead, pair_of
from dedup.text.marks import LOST
from dedup.text.pinyin import LETTERS, reading_of, without_tone
from dedup.text.words import char_odds, is_common, is_han, longest_phrase, pair_odds

__all__ = [
    "Reading",
    "best_in_context",
    "chars_with_reading",
    "han_after",
    "han_before",
    "neighbourhood",
    "quote_is_open",
    "read_shifted",
]


class Reading(NamedTuple):
    """A shifted stretch as it was written.

    Attributes:
        text: Its characters, `�` for what cannot be known.
        end: Where it ends in the text as it stands.
        gain: Logarithm of how much likelier it is than the text as it stands.
    """

    text: str
    end: int
    gain: float


# A stretch of simplified text can run on to the next digit; longer than this none was seen.
_LONGEST_STRETCH = 1_000
_LONGEST_CONTEXT = 4

# A reading that falls this far below its best end, or below the text as it stands,
# has left the stretch; going on would cost clean texts most of their time.
_HOPELESS = 10.0

# A true reading gains two or three with each character. One that has gained nothing
# to speak of by now could hover for a thousand more, behind every sign of the text.
_TRIAL = 16
_LEAST_GAIN_OF_TRIAL = 8.0

_ODDS_OF_STRAY_LETTER = 3.0  # one ASCII letter between two Han characters is odd as it stands
_ODDS_OF_AGREEING_ANNOTATION = 6.0
_ODDS_OF_LOST_TRAIL = -1.0
_ODDS_OF_TRAIL_80 = -2.0

_ANNOTATION = re.compile(rf"[(（?？] ?([{LETTERS}]{{1,6}}) ?[)）]")
_CLOSING_TAG = re.compile(r"/[a-z][a-z0-9]{0,9}>")
_FOLDABLE_SIGNS = "!(),:;?"
_HALF_BYTES = "?？"
_LEAD_OF_QUOTES = 0xA1


class _Walk(NamedTuple):
    """A stretch read to where it ends, or to where it proves to be none.

    Attributes:
        chars: What was read.
        leftovers: The byte left over behind each of them: the lead of the next.
        gains: The gain up to and with each of them.
        hopeless: Whether reading was broken off, the text making no sense any more.
    """

    chars: list[str]
    leftovers: list[int]
    gains: list[float]
    hopeless: bool


def read_shifted(
    text: str, start: int, lead: int, *, before: str = "", nearby: str = ""
) -> Reading:
    """Read `text` from `start` on, with the lost byte `lead` put in front of it.

    Args:
        text: The text as it stands.
        start: Where the shifted stretch begins.
        lead: The byte that belongs in front of it.
        before: The characters in front of the stretch, as far as they are known.
        nearby: The `neighbourhood`, to name missing characters by. That is slow and
            changes nothing but which `�` are named; detection leaves it empty.

    Returns:
        The reading up to the likeliest end; its gain says whether to believe it.
    """
    walk = _walk(text, start, lead)
    size, ending = _end_at_trail_80(walk, start)
    if not walk.hopeless:
        known = before + "".join(walk.chars[-_LONGEST_CONTEXT:])
        leftover = walk.leftovers[-1] if walk.chars else lead
        final = _end_of_stretch(text, start + len(walk.chars), leftover, known, nearby)
        final = final._replace(gain=final.gain + (walk.gains[-1] if walk.chars else 0.0))
        if final.gain >= ending.gain:
            size, ending = len(walk.chars), final
    chars = walk.chars[:size]
    if nearby:
        chars = _with_dropped_pairs(chars, nearby)
    return ending._replace(text="".join(chars) + ending.text)


def _walk(text: str, start: int, lead: int) -> _Walk:
    """Read on from `start` until the stretch ends or makes no sense."""
    walk = _Walk([], [], [], hopeless=False)
    gain = highest = 0.0
    for at in range(start, min(len(text), start + _LONGEST_STRETCH)):
        pair = _pair_at(text, at, lead)
        if pair is None or not is_lead(lead):
            break
        char = char_of(lead, pair >> 8)
        gain += _step_gain(text, at, walk.chars[-1] if walk.chars else "", char)
        highest = max(highest, gain)
        stalled = len(walk.chars) == _TRIAL and gain < _LEAST_GAIN_OF_TRIAL
        if stalled or gain < highest - _HOPELESS:
            return walk._replace(hopeless=True)
        lead = pair & 0xFF
        walk.chars.append(char)
        walk.leftovers.append(lead)
        walk.gains.append(gain)
    return walk


def _step_gain(text: str, at: int, last: str, char: str) -> float:
    """Return what it gains to read `char`, behind `last`, where `text[at]` stands."""
    gain = char_odds(char) - char_odds(text[at])
    if last:
        gain += pair_odds(last, char) - pair_odds(text[at - 1], text[at])
    return gain


def _end_at_trail_80(walk: _Walk, start: int) -> tuple[int, Reading]:
    """Return the likeliest place where a trail byte 0x80 was lost: characters read, and the end."""
    best = (0, Reading("", start, float("-inf")))
    for size, (last, lead, gain) in enumerate(zip(*walk[:3], strict=True), start=1):
        char = char_of(lead, 0x80) if is_lead(lead) else ""
        if char and is_common(char):
            total = gain + char_odds(char) + pair_odds(last, char) + _ODDS_OF_TRAIL_80
            if total > best[1].gain:
                best = (size, Reading(char, start + size, total))
    return best


def _pair_at(text: str, at: int, lead: int) -> int | None:
    """Return the two bytes of `text[at]`, or None where the stretch ends.

    A site that folds punctuation to half width folds the signs inside a shifted
    stretch too: `？当？h` becomes `?当?h`. Such a sign counts as its full-width
    pair if that gives two common characters.
    """
    char = text[at]
    if char not in _FOLDABLE_SIGNS:
        return pair_of(char)
    trail = ord(char) | 0x80
    following = pair_of(text[at + 1]) if at + 1 < len(text) else None
    if following is not None:
        completed = char_of(trail, following >> 8)
    elif at + 1 < len(text) and "@" <= text[at + 1] <= "~":
        completed = char_of(trail, ord(text[at + 1]))
    else:
        return None
    first = char_of(lead, 0xA3) if is_lead(lead) else ""
    if first and is_han(first) and is_common(first) and completed and is_common(completed):
        return 0xA300 | trail
    return None


def _with_dropped_pairs(chars: list[str], nearby: str) -> list[str]:
    """Return `chars` with two in place of each that no one would write there.

    Its bytes are then the lead of one character and the trail of the next, and the
    two between them were a private-use character that was dropped.
    """
    mended = chars[:1]
    for last, char in pairwise(chars):
        doubtful = char_odds(char) < 0 and pair_odds(last, char) <= 0 and last + char not in nearby
        mended.append(_char_or_dropped_pair(char, nearby) if doubtful else char)
    return mended


def _char_or_dropped_pair(char: str, nearby: str) -> str:
    """Return `char`, or the two characters that met in the pair that was dropped inside it.

    Nearly always some two characters can be found in a dictionary; they must stand
    side by side nearby too.
    """
    lead, trail = divmod(pair_of(char) or 0, 0x100)
    words = {
        first + second
        for first in chars_led_by(lead)
        if is_common(first)
        for second in _followers(first, nearby)
        if (pair_of(second) or 0) & 0xFF == trail and _may_be_dropped(first, second)
    }
    listed = [word for word in words if pair_odds(*word) > 0]
    if len(listed) == 1:
        return listed[0]
    return char if is_common(char) else LOST * 2


def _followers(char: str, nearby: str) -> Iterator[str]:
    """Yield what stands behind each occurrence of `char`."""
    at = nearby.find(char)
    while 0 <= at < len(nearby) - 1:
        yield nearby[at + 1]
        at = nearby.find(char, at + 1)


def _may_be_dropped(first: str, second: str) -> bool:
    """Whether the bytes where two characters meet are a pair in GBK's user-defined rows."""
    inner = ((pair_of(first) or 0) & 0xFF, (pair_of(second) or 0) >> 8)
    return is_lead(inner[0]) and "\ue000" <= char_of(*inner) <= "\ue765"


def _end_of_stretch(text: str, at: int, lead: int, before: str, nearby: str) -> Reading:
    """Return the last character of a stretch, whose lead is known, and where it ends."""
    if lead < 0x80:
        # The decoder took the ASCII character behind the stretch for a trail byte.
        return Reading(chr(lead), at, 0.0)
    if not is_lead(lead):
        return Reading(LOST, at, _ODDS_OF_LOST_TRAIL)
    stray = _end_in_stray_letter(text, at, lead, before)
    return stray or _end_in_lost_trail(text, at, lead, before, nearby)


def _end_in_stray_letter(text: str, at: int, lead: int, before: str) -> Reading | None:
    """Return the end at an ASCII character that is the last trail byte, if it is one."""
    if at >= len(text) or not "@" <= text[at] <= "~":
        return None
    char = char_of(lead, ord(text[at]))
    following = text[at + 1 : at + 2]
    if not is_common(char) or (following.isascii() and following.isalnum()):
        return None
    gain = char_odds(char) + pair_odds(before[-1:] or " ", char) + _ODDS_OF_STRAY_LETTER
    gain += pair_odds(char, han_after(text, at + 1)[:1] or " ")
    annotation = _ANNOTATION.match(text, at + 1)
    if annotation and reading_of(char) == without_tone(annotation[1]):
        gain += _ODDS_OF_AGREEING_ANNOTATION
    return Reading(char, at + 1, gain)


def _end_in_lost_trail(text: str, at: int, lead: int, before: str, nearby: str) -> Reading:
    """Return the end where the last trail byte is lost, with its character if that is certain."""
    annotation = _ANNOTATION.match(text, at)
    if annotation:
        char = _char_by_reading(lead, annotation[1], before, han_after(text, annotation.end()))
        # Where a half byte swallowed the bracket, what is left is no annotation to
        # anyone else; a whole one stays for the repair that strips them all.
        end = annotation.end() if text[at] in _HALF_BYTES else at
        return Reading(char, end, _ODDS_OF_LOST_TRAIL if char == LOST else char_odds(char))
    end = at + 1 if text[at : at + 1] in _HALF_BYTES and at < len(text) else at
    if end > at and (tag := _CLOSING_TAG.match(text, end)):
        end = tag.end()
    char = LOST
    if lead == _LEAD_OF_QUOTES:
        char = "”" if quote_is_open(text, at) else LOST
    elif nearby:
        char = best_in_context(list(chars_led_by(lead)), before, han_after(text, end), nearby)
    swallowed = end == at + 1 and end < len(text) and is_han(text[end])
    return Reading(char + LOST * swallowed, end, _ODDS_OF_LOST_TRAIL)


def _char_by_reading(lead: int, reading: str, before: str, after: str) -> str:
    """Return the only character with this lead and reading; `�` if there are none or several."""
    candidates = chars_with_reading(lead, without_tone(reading))
    if len(candidates) == 1:
        return candidates
    return best_in_context(list(candidates), before, after, "")


@lru_cache(maxsize=1 << 14)
def chars_with_reading(lead: int, syllable: str) -> str:
    """Return the characters with this lead byte and toneless reading."""
    return "".join(char for char in chars_led_by(lead) if reading_of(char) == syllable)


def best_in_context(candidates: list[str], before: str, after: str, nearby: str) -> str:
    """Return the one candidate that its neighbours ask for; `�` if none does, or several.

    What the article says elsewhere counts for more than any dictionary: names are
    in no dictionary, but an article repeats them. Else the longest listed phrase
    decides, and among equally long ones what occurs nearby.
    """
    ranks = {
        candidate: (
            len(before) >= 2 and before[-2:] + candidate in nearby,
            length := longest_phrase(before, candidate, after),
            length > 0 and before[-1:] * (len(candidate) == 1) + candidate in nearby,
        )
        for candidate in candidates
        if is_common(candidate[0])
    }
    best = max(ranks.values(), default=(False, 0, False))
    leading = [candidate for candidate, rank in ranks.items() if rank == best]
    return leading[0] if len(leading) == 1 and any(best) else LOST


_CONTEXT = 32
_WHOLE_ANNOTATION = re.compile(rf"[(（] ?[{LETTERS}]{{1,6}} ?[)）]")
_HAN_AT_END = re.compile(r"[\u4e00-\u9fff]*\Z")
_HAN_AT_START = re.compile(r"[\u4e00-\u9fff]*")


def han_before(text: str, end: int) -> str:
    """Return the Han characters directly in front of `end`, annotations between them left out."""
    window = _WHOLE_ANNOTATION.sub("", text[max(0, end - _CONTEXT) : end])
    match = _HAN_AT_END.search(window)
    return match[0] if match else ""


def han_after(text: str, start: int) -> str:
    """Return the Han characters directly behind `start`, annotations between them left out."""
    window = _WHOLE_ANNOTATION.sub("", text[start : start + _CONTEXT])
    match = _HAN_AT_START.match(window)
    return match[0] if match else ""


_REACH = 3_000


def neighbourhood(text: str) -> Callable[[int], str]:
    """Return a function from offsets to the text around them, without annotations.

    It covers an article's length or so, and hardly changes from one offset to the
    next: ascending offsets share it.
    """

    @lru_cache(maxsize=1)
    def around(block: int) -> str:
        window = text[max(0, block - 1) * _REACH : (block + 2) * _REACH]
        return _WHOLE_ANNOTATION.sub("", window)

    return lambda at: around(at // _REACH)


def quote_is_open(text: str, at: int) -> bool:
    """Whether a quotation that opens before `at` in the same line has not been closed."""
    # Bounded, since a text may be one line of megabytes and this is asked in many places.
    furthest = max(0, at - _LONGEST_STRETCH)
    line_start = max(text.rfind("\n", furthest, at) + 1, furthest)
    opened = text.rfind("“", line_start, at)
    return opened >= 0 and text.find("”", opened, at) < 0
