"""Reading on from a lost byte: text that was decoded one byte off, put right.

In GBK a character is a lead and a trail byte. Where one byte is lost, decoding
goes on one byte off: each character that is seen is the trail of one original
character and the lead of the next. With the lost byte known again the stretch
can be read at the right byte. It ends where decoding fell into step again:

- at a low trail byte, which stayed behind as a stray ASCII character: 朱啟說 was
  seen as `靻⒊`, U+E0F0, `f`, and the `f` is half of 說;
- at an original character below 0x80. The half byte in front of it is lost, or
  left as `?`, and then the `?` has usually swallowed the ASCII character as well;
- at an original character whose trail is 0x80, as in 個, which is no lead;
- at a sign that was found as a whole and set anew.

A pair that fell into GBK's user-defined rows may have been dropped by a later
cleaner. Two bytes are then missing inside the stretch, and two characters with
them, but what follows stays in step.

Which bytes were lost is not decided here: see `gbk_shift` for those in front of
a stretch and `split_annotations` for those that an annotation cut off.
"""

import re
from collections.abc import Hashable
from functools import cache, cached_property, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.text.code_points import code_points
from dedup.text.damage.shift_model import (
    Ending,
    Walk,
    choose,
    choose_one,
    find_unlinked,
    gains,
    other_script,
    rank_pairs,
    read_on,
)
from dedup.text.gbk import LEADS, chars_led_by, pair_of
from dedup.text.lexicon import lexicon
from dedup.text.marks import LOST
from dedup.text.pinyin import LETTERS, reading_of, without_tone
from dedup.text.words import is_common

__all__ = [
    "CERTAIN_OF_FIRST",
    "CERTAIN_OF_LAST",
    "QUOTES",
    "Reading",
    "ShiftedText",
    "chars_with_reading",
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


_LONGEST_CONTEXT = 4
_CONTEXT = 40
_REACH = 3_000
_LONGEST_LINE = 1_000
_MOST_LOOKED_FOR = (
    1_000  # of one text: each takes a tenth of a millisecond, an article has a hundred
)

# How much likelier the best candidate must be than all others together, as a logarithm:
# a wrong character is worse than a mark.
CERTAIN_OF_FIRST = 2.8
CERTAIN_OF_LAST = 5.0
_CERTAIN_OF_PAIR = 2.5
# Of the hundreds of pairs of characters that may have been dropped some fit by chance, and a
# rare character is often just that; but of simplified text one pair in eight is dropped.
# Only a rather rare one is asked whether it is, if no word links it to its neighbours.


class _Dropped(NamedTuple):
    odds: float
    rarity: float


_DROPPED, _DROPPED_IF_SHIFTED = _Dropped(-2.0, -8.0), _Dropped(1.0, -6.5)

_ANNOTATION = re.compile(rf"[(（?？] ?([{LETTERS}]{{1,6}}) ?[)）]")
# With a literal in front, so that they are skipped through; a class is tried everywhere.
_WHOLE_ANNOTATIONS = tuple(
    re.compile(rf"{bracket} ?[{LETTERS}]{{1,6}} ?[)）]") for bracket in (r"\(", "（")
)
_CLOSING_TAG = re.compile(r"/[a-z][a-z0-9]{0,9}>")
_FIRST_PRIVATE_USE, _LAST_PRIVATE_USE = 0xE000, 0xE765
QUOTES = {"”": "“", "」": "「", "』": "『"}
"""The sign that opens a quotation, by the one that closes it."""

_NEXT_QUOTE = {
    closing: re.compile(f"[{opening}{closing}\n]") for closing, opening in QUOTES.items()
}
_HALF_BYTES = "?？"
_LEAD_OF_SIGNS = 0xA1
_FULL_STOP = ord("。")
_SIGN_CODES = [
    ord(sign) for sign in "，。、；：？！“”‘’（）《》「」『』【】…—·％\N{IDEOGRAPHIC SPACE}"
]

_IS_SIGN = np.zeros(0x10000, np.bool_)
_IS_SIGN[_SIGN_CODES] = True

# Clauses are a dozen characters long; one that would be twice as long without a full stop
# has probably had one, and a piece of one or two characters has not ended a sentence.
_CLAUSE_ENDS = "，。！？；：、,!?;:“”‘’「」『』（《》\n"
_CLAUSE_AT_END = re.compile(f"[^{_CLAUSE_ENDS}]*\\Z")
_CLAUSE_AT_START = re.compile(f"[^{_CLAUSE_ENDS}]*")
_LONGEST_CLAUSE = 80
_SHORTEST_CLAUSE = 3
_USUAL_CLAUSE = 14
_ODDS_OF_A_CHARACTER = 0.12
_ODDS_OF_SHORT_CLAUSE = -1.5
_ODDS_OF_LONG_CLAUSE = 2.0
_SENTENCE_ENDS = ("。", "！", "？", "…", "")  # unknown is mostly a sentence's end too


class ShiftedText:
    """A text that may have shifted stretches, and what can be asked of it."""

    def __init__(self, text: str) -> None:
        """Take over a text; what is derived from it is made when it is asked for."""
        self.text = text
        self._chosen: dict[Hashable, str] = {}  # the same place comes up more than once
        self._looked_for = 0

    @cached_property
    def codes(self) -> NDArray[np.uint32]:
        """Its code points; uint32, shape (n,)."""
        return code_points(self.text)

    @cached_property
    def other_script(self) -> int:
        """The script that the text is not in: TRADITIONAL, SIMPLIFIED, or 0 for unknown."""
        return other_script(self.codes)

    @cached_property
    def has_private_use(self) -> bool:
        """Whether private-use characters have survived, so that none was dropped."""
        return bool(np.any((self.codes >= _FIRST_PRIVATE_USE) & (self.codes <= _LAST_PRIVATE_USE)))

    def walk(self, start: int, lead: int) -> Walk:
        """Read on from `start`, with the lost byte `lead` put in front of it."""
        return read_on(self.codes, start, lead, self.other_script)

    def gains(self, starts: list[int], leads: list[int]) -> tuple[list[float], list[int]]:
        """Return what walks from many places would gain, and the first code point of each."""
        return gains(self.codes, starts, leads, self.other_script)

    def read(self, walk: Walk, before: str, *, is_shifted: bool = True) -> Reading:
        """Return the characters of a stretch, lost ones named if that is certain.

        Args:
            walk: What `walk` read.
            before: The characters in front of the stretch, as far as they are known.
            is_shifted: Whether the stretch is known to be one, so that pairs were dropped in it.
        """
        dropped = _DROPPED_IF_SHIFTED if is_shifted else _DROPPED
        chars = self._with_dropped_pairs(walk, before, dropped)
        if walk.ending <= Ending.ASCII:
            return Reading(chars, walk.end, walk.gain)
        last = self._lost_end(walk, before + chars)
        return Reading(chars + last, self.read_end(walk), walk.gain)

    def read_end(self, walk: Walk) -> int:
        """Return where the stretch of a walk ends, a swallowed bracket or tag included."""
        return walk.end if walk.ending <= Ending.ASCII else self._around_end(walk)[1]

    def has_own_reading(self, at: int) -> bool:
        """Whether the annotation behind a character is its own, so that it is what it seems."""
        annotation = _ANNOTATION.match(self.text, at + 1)
        if annotation is None:
            return False
        return reading_of(self.text[at]) == without_tone(annotation[1])

    def before(self, end: int) -> str:
        """Return some characters in front of `end`, annotations left out."""
        window = self.text[max(0, end - _CONTEXT) : end]
        return _without_annotations(window)[-_LONGEST_CONTEXT:]

    def after(self, start: int) -> str:
        """Return some characters from `start` on, annotations left out."""
        window = self.text[start : start + _CONTEXT]
        return _without_annotations(window)[:_LONGEST_CONTEXT]

    def quote_is_open(self, at: int, closing: str = "”") -> bool:
        """Whether a quotation that opens before `at` in the same line has not been closed."""
        # Bounded, since a text may be one line of megabytes and this is asked in many places.
        furthest = max(0, at - _LONGEST_LINE)
        line_start = max(self.text.rfind("\n", furthest, at) + 1, furthest)
        opened = self.text.rfind(QUOTES[closing], line_start, at)
        return opened >= 0 and self.text.find(closing, opened, at) < 0

    def quote_is_closed(self, at: int, closing: str = "”") -> bool:
        """Whether a quotation that is open at `at` closes before the next one or the line's end."""
        match = _NEXT_QUOTE[closing].search(self.text, at, at + _LONGEST_LINE)
        return match is not None and match[0] == closing

    def most_certain(
        self,
        candidates: str,
        before: str,
        after: str,
        at: int,
        margin: float,
        odds_of_stop: float = 0.0,
    ) -> str:
        """Return the candidate that its neighbours make certain, `�` if none is.

        Args:
            candidates: Characters.
            before: Some characters in front.
            after: Some characters behind.
            at: Where in the text that is.
            margin: How much likelier it must be than all others together.
            odds_of_stop: What else speaks for `。`.
        """
        key = (candidates, before, after, at // _REACH, margin, odds_of_stop)
        if key not in self._chosen:
            if self._out_of_patience():
                return LOST
            self._chosen[key] = self._choose(candidates, before, after, at, margin, odds_of_stop)
        return self._chosen[key]

    def _out_of_patience(self) -> bool:
        """Whether so many lost characters were looked for that the others stay lost."""
        self._looked_for += 1
        return self._looked_for > _MOST_LOOKED_FOR

    def _choose(
        self,
        candidates: str,
        before: str,
        after: str,
        at: int,
        margin: float,
        odds_of_stop: float,
    ) -> str:
        """Return what `most_certain` promises."""
        codes = _candidates(candidates, self.other_script)
        if not len(codes):
            return LOST
        logs = choose(codes, _codes(before), _codes(after), self._nearby(at))
        logs[codes[:, 0] == _FULL_STOP] += odds_of_stop
        best, lead = choose_one(logs)
        return chr(codes[best, 0]) if lead >= margin else LOST

    def odds_of_stop(self, start: int, end: int, rest: str) -> float:
        """Return what the length of a clause says for a `。` inside it.

        Args:
            start: Where in the text the `。` would stand.
            end: Where the text goes on behind `rest`.
            rest: What follows the `。`.
        """
        left = _CLAUSE_AT_END.search(self.text, max(0, start - _LONGEST_CLAUSE), start)
        behind = rest + self.text[end : end + _LONGEST_CLAUSE]
        right = _CLAUSE_AT_START.match(behind)
        lengths = [len(_without_annotations(side[0])) if side else 0 for side in (left, right)]
        if min(lengths) < _SHORTEST_CLAUSE:
            return _ODDS_OF_SHORT_CLAUSE
        odds = (sum(lengths) - _USUAL_CLAUSE) * _ODDS_OF_A_CHARACTER
        return min(max(odds, _ODDS_OF_SHORT_CLAUSE), _ODDS_OF_LONG_CLAUSE)

    def _nearby(self, at: int) -> NDArray[np.uint32]:
        """Return the code points around an offset, without annotations.

        They cover an article's length or so, and are the same for many offsets.
        """
        return self._block(at // _REACH)

    @lru_cache(maxsize=2)  # noqa: B019 - lives as long as one repair of one text
    def _block(self, block: int) -> NDArray[np.uint32]:
        window = self.text[max(0, block - 1) * _REACH : (block + 2) * _REACH]
        return code_points(_without_annotations(window))

    def _lost_end(self, walk: Walk, before: str) -> str:
        """Return the last character of a stretch whose trail byte is lost."""
        at, end, annotation = self._around_end(walk)
        if annotation:
            candidates = chars_with_reading(walk.lead, without_tone(annotation))
            if len(candidates) == 1:
                return candidates
            return self.most_certain(candidates, before, self.after(end), at, CERTAIN_OF_LAST)
        swallowed = LOST * (
            at < end == walk.end and _can_follow_swallowed(self.text[end : end + 1])
        )
        if walk.ending == Ending.LOST_BOTH:
            return LOST + swallowed
        if walk.lead == _LEAD_OF_SIGNS:
            return self._lost_sign(at, before) + swallowed
        after = "" if swallowed else self.after(end)
        candidates = _without_low_trails(walk.lead)
        return self.most_certain(candidates, before, after, at, CERTAIN_OF_LAST) + swallowed

    def _around_end(self, walk: Walk) -> tuple[int, int, str]:
        """Return where the half byte at the end of a stretch is, the end, and a reading there."""
        text, end = self.text, walk.end
        consumed = text[end - 1 : end]
        at = end - 1 if consumed and consumed in _HALF_BYTES else end
        annotation = _ANNOTATION.match(text, at) if walk.ending == Ending.LOST_TRAIL else None
        if annotation:
            # Where a half byte swallowed the bracket, what is left is no annotation to
            # anyone else; a whole one stays for the repair that strips them all.
            return at, annotation.end() if text[at] in _HALF_BYTES else at, annotation[1]
        tag = _CLOSING_TAG.match(text, end) if at < end else None
        return at, tag.end() if tag else end, ""

    def _lost_sign(self, at: int, before: str) -> str:
        """Return the sign that stood at `at`: `”` behind a sentence, or what ends the line."""
        line = before[before.rfind("\n") + 1 :]
        opened, closed = line.rfind("“"), line.rfind("”")
        is_open = opened > closed or (opened == closed and self.quote_is_open(at - len(line)))
        if is_open:
            return "”" if before[-1:] in _SENTENCE_ENDS else LOST
        return "。" if self.text[at : at + 1] in ("", "\n") else LOST

    def _with_dropped_pairs(self, walk: Walk, before: str, dropped: _Dropped) -> str:
        """Return a walk's characters, two in place of each that no one would write there.

        Its bytes are then the lead of one character and the trail of the next, and the
        two between them were a private-use character that was dropped.
        """
        chars = [chr(code) for code in walk.codes]
        if self.has_private_use:
            return "".join(chars)
        last_is_certain = walk.ending <= Ending.ASCII
        after = self.after(walk.end) if last_is_certain else ""
        for index in find_unlinked(walk.codes, dropped.rarity).tolist():
            if index == len(chars) - 1 and last_is_certain and is_common(chars[index]):
                continue
            in_front = (before + "".join(chars[:index]))[-_LONGEST_CONTEXT:]
            behind = "".join(map(chr, walk.codes[index + 1 : index + 1 + _LONGEST_CONTEXT]))
            behind = (behind + after)[:_LONGEST_CONTEXT]
            chars[index] = self._char_or_dropped_pair(
                chars[index], in_front, behind, walk.end, dropped.odds
            )
        return "".join(chars)

    def _char_or_dropped_pair(
        self, char: str, before: str, after: str, at: int, odds: float
    ) -> str:
        """Return `char`, or the two characters that met in the pair that was dropped inside it."""
        pair = pair_of(char)
        if pair is None or self._out_of_patience():
            return char
        contexts = _codes(before), _codes(after)
        pairs = rank_pairs(pair >> 8, pair & 0xFF, *contexts, self.other_script)
        can_be_lost = _can_be_lost(self.other_script)
        pairs = pairs[can_be_lost[pairs[:, 0]] & can_be_lost[pairs[:, 1]]]
        if not len(pairs):
            return 2 * LOST if _is_private_use(char) else char
        alone = np.array([[ord(char), 0]], np.int32)
        logs = choose(np.concatenate([alone, pairs]), *contexts, self._nearby(at))
        best, lead = choose_one(logs[1:])
        if not _is_private_use(char) and logs[0] >= logs[1 + best] + odds:
            return char
        if lead >= _CERTAIN_OF_PAIR:
            return "".join(map(chr, pairs[best]))
        return "".join(_certain_in_column(column, logs[1:]) for column in pairs.T)


def _certain_in_column(codes: NDArray[np.int32], logs: NDArray[np.float64]) -> str:
    """Return the character that most of the likely candidates have in one place, else `�`."""
    best = codes[np.argmax(logs)]
    with_it, others = logs[codes == best], logs[codes != best]
    if not others.size:
        return chr(best)
    lead = np.logaddexp.reduce(with_it) - np.logaddexp.reduce(others)
    return chr(best) if lead >= _CERTAIN_OF_PAIR else LOST


@cache
def _can_be_lost(other_script: int) -> NDArray[np.bool_]:
    """Whether each character is known and of a text's script, or a usual sign; bool, (65536,)."""
    tables = lexicon()
    is_known = (tables.ids > 0) | _IS_SIGN
    return np.asarray(is_known & (tables.scripts != other_script) if other_script else is_known)


@lru_cache(maxsize=1 << 10)
def _candidates(chars: str, other_script: int) -> NDArray[np.int32]:
    """Return those of some characters that can have been lost, as `choose` takes them."""
    codes = np.zeros((len(chars), 2), np.int32)
    codes[:, 0] = code_points(chars)
    return codes[_can_be_lost(other_script)[codes[:, 0]]]


def _is_private_use(char: str) -> bool:
    """Whether no character has these bytes, so that a pair was dropped inside it."""
    return _FIRST_PRIVATE_USE <= ord(char) <= _LAST_PRIVATE_USE


def _without_annotations(text: str) -> str:
    for annotation in _WHOLE_ANNOTATIONS:
        text = annotation.sub("", text)
    return text


def _codes(text: str) -> NDArray[np.int32]:
    return code_points(text).astype(np.int32)


def _can_follow_swallowed(char: str) -> bool:
    """Whether a `?` in front of this character has swallowed an ASCII character."""
    return "\u4e00" <= char <= "\u9fff" or char.isdecimal()


@lru_cache(maxsize=len(LEADS))
def _without_low_trails(lead: int) -> str:
    """Return the characters of a lead byte whose trail cannot stay behind as ASCII."""
    return "".join(char for char in chars_led_by(lead) if (pair_of(char) or 0) & 0xFF >= 0x80)


@lru_cache(maxsize=1 << 14)
def chars_with_reading(lead: int, syllable: str) -> str:
    """Return the characters with this lead byte and toneless reading."""
    return "".join(char for char in chars_led_by(lead) if reading_of(char) == syllable)
