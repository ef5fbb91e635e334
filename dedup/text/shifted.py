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
from typing import NamedTuple

from dedup.text.gbk import LEADS, char_of, chars_led_by, is_lead, pair_of
from dedup.text.marks import LOST
from dedup.text.pinyin import LETTERS, reading_of, without_tone
from dedup.text.words import char_odds, is_common, is_han, longest_phrase, pair_odds

__all__ = [
    "Reading",
    "best_in_context",
    "char_by_reading",
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

# A reading that falls this far below its best end, or below the text as it stands,
# has left the stretch; going on would cost clean texts most of their time.
_HOPELESS = 10.0

_ODDS_OF_STRAY_LETTER = 3.0  # one ASCII letter between two Han characters is odd as it stands
_ODDS_OF_AGREEING_ANNOTATION = 6.0
_ODDS_OF_LOST_TRAIL = -1.0
_ODDS_OF_TRAIL_80 = -2.0

_ANNOTATION = re.compile(rf"[(（?？] ?([{LETTERS}]{{1,6}}) ?[)）]")
_CLOSING_TAG = re.compile(r"/[a-z][a-z0-9]{0,9}>")
_FOLDABLE_SIGNS = "!(),:;?"
_HALF_BYTES = "?？"
_LEAD_OF_QUOTES = 0xA1


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
    restored: list[str] = []
    last = ""
    gain = 0.0
    best = Reading("", start, float("-inf"))
    pending = lead
    limit = min(len(text), start + _LONGEST_STRETCH)
    at = start
    while at < limit:
        if restored:
            best = max(best, _end_at_trail_80(restored, at, pending, gain), key=_gain)
        pair = _pair_at(text, at, pending)
        if pair is None or not is_lead(pending):
            break
        if gain < max(best.gain, 0.0) - _HOPELESS:
            return best
        char = char_of(pending, pair >> 8)
        gain += _step_gain(text, at, last, char)
        last = char
        if nearby and at > start and _is_doubtful(restored[-1], char, nearby):
            char = _char_or_dropped_pair(char, pending, pair >> 8, nearby)
        restored.append(char)
        pending = pair & 0xFF
        at += 1
        if pending < 0x80:
            # The decoder took the ASCII character behind the stretch for a trail byte.
            done = Reading("".join(restored) + chr(pending), at, gain)
            return max(best, done, key=_gain)
    ending = _end_of_stretch(text, at, pending, before + "".join(restored), nearby)
    done = Reading("".join(restored) + ending.text, ending.end, gain + ending.gain)
    return max(best, done, key=_gain)


def _gain(reading: Reading) -> float:
    return reading.gain


def _step_gain(text: str, at: int, last: str, char: str) -> float:
    """Return what it gains to read `char`, behind `last`, where `text[at]` stands."""
    gain = char_odds(char) - char_odds(text[at])
    if last:
        gain += pair_odds(last, char) - pair_odds(text[at - 1], text[at])
    return gain


def _end_at_trail_80(restored: list[str], at: int, lead: int, gain: float) -> Reading:
    """Return the reading that ends in front of `at`, with the trail byte 0x80 lost there."""
    char = char_of(lead, 0x80) if is_lead(lead) else ""
    if not char or not is_common(char):
        return Reading("", at, float("-inf"))
    gain += char_odds(char) + pair_odds(restored[-1][-1], char) + _ODDS_OF_TRAIL_80
    return Reading("".join(restored) + char, at, gain)


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


def _is_doubtful(before: str, char: str, nearby: str) -> bool:
    """Whether a character is rather rare and never seen behind the one in front of it."""
    behind = before[-1:] + char
    return char_odds(char) < 0 and pair_odds(behind[0], char) <= 0 and behind not in nearby


def _char_or_dropped_pair(char: str, lead: int, trail: int, nearby: str) -> str:
    """Return `char`, or the two characters whose inner bytes were dropped in its place.

    `lead` and `trail` make up `char` if nothing is missing between them. If a
    private-use character is, `lead` opens a character and `trail` ends the next.
    By chance alone some listed pair has these two bytes; it must occur nearby too.
    """
    # None of these characters is ASCII, so none means anything inside a class.
    first = "".join(filter(is_common, chars_led_by(lead)))
    second = "".join(filter(is_common, (char_of(byte, trail) for byte in LEADS)))
    if not first or not second:
        return LOST * 2
    words: set[str] = set(re.findall(f"(?=([{first}][{second}]))", nearby))
    fitting = [word for word in words if pair_odds(*word) > 0 and _may_be_dropped(*word)]
    if len(fitting) == 1:
        return fitting[0]
    return char if is_common(char) else LOST * 2


def _may_be_dropped(first: str, second: str) -> bool:
    """Whether the bytes where two characters meet are a pair in GBK's user-defined rows."""
    inner = ((pair_of(first) or 0) & 0xFF, (pair_of(second) or 0) >> 8)
    return is_lead(inner[0]) and "\ue000" <= char_of(*inner) <= "\ue765"


def _end_of_stretch(text: str, at: int, lead: int, before: str, nearby: str) -> Reading:
    """Return the last character of a stretch, whose lead is known, and where it ends."""
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
        char = char_by_reading(lead, annotation[1], before, han_after(text, annotation.end()))
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


def char_by_reading(lead: int, reading: str, before: str, after: str) -> str:
    """Return the only character with this lead and reading; `�` if there are none or several."""
    syllable = without_tone(reading)
    candidates = [char for char in chars_led_by(lead) if reading_of(char) == syllable]
    if len(candidates) == 1:
        return candidates[0]
    return best_in_context(candidates, before, after, "")


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


def neighbourhood(text: str, at: int) -> str:
    """Return the text around `at`, an article's length or so, without annotations."""
    return _WHOLE_ANNOTATION.sub("", text[max(0, at - _REACH) : at + _REACH])


def quote_is_open(text: str, at: int) -> bool:
    """Whether a quotation that opens before `at` in the same line has not been closed."""
    # Bounded, since a text may be one line of megabytes and this is asked in many places.
    line_start = max(text.rfind("\n", 0, at) + 1, at - _LONGEST_STRETCH)
    opened = text.rfind("“", line_start, at)
    return opened >= 0 and text.find("”", opened, at) < 0
