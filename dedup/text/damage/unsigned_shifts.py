"""GBK text read one byte off from its first byte on, without a sign in front.

Where a tool cuts a text between the two bytes of a character, all that follows is read one
byte off until the next character below 0x80, mostly to the end of a number or the line:

    中新网北京电    D6D0 D0C2 CDF8 B1B1 BEA9 B5E7
    行峦本┑       D0 D0C2 CDF8 B1B1 BEA9 B5 E7

Nothing tells where it begins but that the characters become likelier at the right byte. A
stretch is found as the one with the highest sum of what each gains (Bentley, "Programming
pearls: algorithm design techniques", 1984), in one pass. A pair that GBK does not have became
`?`: two characters have lost a byte each then, and stay `�`.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.models import Edit
from dedup.text.code_points import code_points
from dedup.text.damage.shift_model import Model, log_of_words, model
from dedup.text.damage.shifted import CERTAIN_OF_FIRST, ShiftedText
from dedup.text.damage.triggers import SIGNS, Property, Row
from dedup.text.gbk import chars_ended_by
from dedup.text.marks import LOST, Mark
from dedup.text.plausibility import odds_of_chars
from dedup.text.words import is_common

__all__ = ["find_unsigned_shifts", "unshift_unsigned"]

_HALF_BYTES = ("?", LOST)
_LEAST_GAIN_BEHIND_SIGN = 1.5
_LEAST_SHARE_USUAL = 0.8
_ENOUGH_GAIN_OF_WORDS = 10.0
_LOG_OF_LOST = -7.0


def find_unsigned_shifts(text: str) -> list[Mark]:
    """Return the stretches of `text` that are one byte off without a false sign in front."""
    return [Mark(edit.start, edit.end) for edit in _read(text)]


def unshift_unsigned(text: str, _marks: list[Mark]) -> list[Edit]:
    """Put each stretch right; `�` for a character whose bytes are not all there."""
    return list(_read(text))


# A repair is asked twice, what it finds and how to undo it.
@lru_cache(maxsize=2)
def _read(text: str) -> tuple[Edit, ...]:
    source = ShiftedText(text)
    found = np.empty((source.codes.size // _FEWEST_CHARS + 1, 2), np.int64)
    found = found[: _find(source.codes, model(), odds_of_chars(), found)]
    edits = [
        _read_stretch(source, start, end)
        for start, end in found.tolist()
        if not _has_false_sign(source, start)
    ]
    return tuple(edit for edit in edits if _is_likelier(text[edit.start : edit.end], edit[2]))


def _is_likelier(stands: str, read: str) -> bool:
    """Whether what was read is usual throughout, and makes words; rare characters do as well."""
    known = [char for char in read if char != LOST]
    num_usual = sum(char.isascii() or is_common(char) for char in known)
    gain = _log_of_words("".join(known)) + _LOG_OF_LOST * read.count(LOST) - _log_of_words(stands)
    return num_usual >= _LEAST_SHARE_USUAL * len(known) and gain >= _ENOUGH_GAIN_OF_WORDS


def _log_of_words(text: str) -> float:
    return log_of_words(code_points(text).astype(np.int32))


def _has_false_sign(source: ShiftedText, start: int) -> bool:
    """Whether the stretch begins with a sign that is false, and is read from there."""
    for at in range(max(0, start - 1), start + 2):
        pair = SIGNS.get(source.text[at : at + 1])
        if pair is not None:
            walk = source.walk(at + 1, pair & 0xFF)
            is_plain = walk.codes.size > 0 and is_common(chr(walk.codes[0]))
            if is_plain and walk.gain >= _LEAST_GAIN_BEHIND_SIGN:
                return True
    return False


def _read_stretch(source: ShiftedText, start: int, end: int) -> Edit:
    """Return the edit that reads a stretch at the right byte, half bytes around it included."""
    text, m = source.text, model()
    pairs = [int(m.tables[_PAIRS, ord(char)]) for char in text[start:end]]
    chars: list[str] = []
    lead = _LOST_BYTE
    for pair in pairs:
        if pair < _FIRST_PAIR:  # `?` for the trail of one character and the lead of the next
            chars.append(LOST)
            lead = _LOST_BYTE
            continue
        code = m.chars[lead << 8 | pair >> 8] if lead != _LOST_BYTE else 0
        chars.append(chr(code) if code else LOST)
        lead = pair & 0xFF
    if lead < _FIRST_HIGH:
        chars.append(chr(lead))
    else:
        chars.append(LOST)
        end += text[end : end + 1] in _HALF_BYTES
    candidates = chars_ended_by(pairs[0] >> 8)
    front = start - (text[start - 1 : start] in _HALF_BYTES and start > 0)
    rest = "".join(chars[1:])
    chars[0] = source.most_certain(
        candidates, source.before(front), rest[:_CONTEXT], start, CERTAIN_OF_FIRST
    )
    return Edit(front, end, chars[0] + rest)


_CONTEXT = 12
_FIRST_PAIR, _FIRST_HIGH = 0x100, 0x80
_LOST_BYTE = -1
_BITS, _PAIRS = int(Row.BITS), int(Row.PAIRS)
_RARE = Property.RARE
_FIRST_PRIVATE_USE, _LAST_PRIVATE_USE = 0xE000, 0xE765
_QUESTION, _LOST_CODE = ord("?"), ord(LOST)

_ENOUGH_GAIN = 18.0
_FEWEST_CHARS = 6
_FEWEST_RARE = 2  # places with two rare characters side by side, as the look for damage asks
_PRICE_OF_LOSS = 2.0
_ODDS_OF_NONE = -8.0  # where no character has these bytes
_FURTHEST_BOUND = 3  # characters between what gains and the bounds of the run
_PLANE = 0x10000


@kernel_part
def _pair_of(codes: NDArray[np.uint32], at: int, m: Model) -> int:
    """Return the pair of a character, 0 for a mark of loss, and -1 for what ends a run."""
    if codes[at] in (_QUESTION, _LOST_CODE):
        return 0
    if codes[at] < 0x80 or codes[at] >= _PLANE:
        return -1
    pair = int(m.tables[_PAIRS, codes[at]])
    return pair if pair >= _FIRST_PAIR else -1


@kernel_part
def _end_of_run(codes: NDArray[np.uint32], start: int, m: Model) -> int:
    """Return where characters of two bytes and marks of loss end, or one with a low trail byte."""
    at = start
    while at < codes.size:
        pair = _pair_of(codes, at, m)
        if pair < 0:
            return at
        at += 1
        if pair > 0 and pair & 0xFF < _FIRST_HIGH:
            return at
    return at


@kernel_part
def _is_shifted(codes: NDArray[np.uint32], start: int, end: int, m: Model) -> bool:
    """Whether a stretch has what no sound text has: see `_FEWEST_RARE`."""
    rare = 0
    for at in range(start, end):
        if _FIRST_PRIVATE_USE <= codes[at] <= _LAST_PRIVATE_USE:
            return True
        if at + 1 < end and m.tables[_BITS, codes[at]] & _RARE:
            rare += m.tables[_BITS, codes[at + 1]] & _RARE != 0
    return rare >= _FEWEST_RARE


@kernel
def _find(
    codes: NDArray[np.uint32], m: Model, odds: NDArray[np.float32], found: NDArray[np.int64]
) -> int:
    """Write where stretches start and end to `found`, shape (n, 2); return their number."""
    count = 0
    first = end = 0
    while first < codes.size:
        if first >= end:
            end = _end_of_run(codes, first, m)
        if end - first >= _FEWEST_CHARS:
            start, stop, gain = _best_stretch(codes, first, end, m, odds)
            if gain >= _ENOUGH_GAIN and _is_shifted(codes, start, stop, m):
                found[count, 0], found[count, 1] = start, stop
                count += 1
                first = stop
                continue
        first = max(end, first + 1)
    return count


@kernel_part
def _best_stretch(
    codes: NDArray[np.uint32], first: int, end: int, m: Model, odds: NDArray[np.float32]
) -> tuple[int, int, float]:
    """Return start, end and gain of the first stretch of a run that gains enough, as it peaks."""
    best_start = best_end = start = first
    best = current = 0.0
    lead = _LOST_BYTE
    for at in range(first, end):
        pair = _pair_of(codes, at, m)
        if pair == 0:
            current -= _PRICE_OF_LOSS
            lead = _LOST_BYTE
        else:
            if lead != _LOST_BYTE:
                code = m.chars[lead << 8 | pair >> 8]
                read = _ODDS_OF_NONE if code == 0 or code >= _PLANE else float(odds[code])
                current += read - float(odds[codes[at]])
            elif at > first:
                current -= float(odds[codes[at]])
            lead = pair & 0xFF
        if current <= 0.0:
            current, start = 0.0, at
        elif current > best:
            best, best_start, best_end = current, start, at + 1
        elif best >= _ENOUGH_GAIN and current < best - _ENOUGH_GAIN:
            break
    best_start, best_end = _rounded(codes, first, best_start, best_end, end, m)
    return best_start, best_end, best


@kernel_part
def _rounded(
    codes: NDArray[np.uint32], first: int, best_start: int, best_end: int, end: int, m: Model
) -> tuple[int, int]:
    """Return the bounds of a stretch, those of the run if they are near, without marks of loss."""
    while best_start < best_end and _pair_of(codes, best_start, m) == 0:
        best_start += 1
    if best_start - first <= _FURTHEST_BOUND and _pair_of(codes, first, m) > 0:
        best_start = first
    if end - best_end <= _FURTHEST_BOUND and _pair_of(codes, end - 1, m) > 0:
        best_end = end
    while best_end > best_start and _pair_of(codes, best_end - 1, m) == 0:
        best_end -= 1
    return best_start, best_end
