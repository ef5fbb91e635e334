"""Reading the bytes of a text again: which stretches of it were decoded wrongly.

The characters that stand there tell the bytes (`dedup.text.byte_tables`); the bytes are
read anew, as UTF-8 or as pairs. Every stretch may be right as it stands or may have been
misread, and the likeliest division of the whole text is found by dynamic programming
(Viterbi 1967): two states, a price for each change between them, and in the misread
state one step for each way in which bytes make a character or fail to:

- a whole character, as likely as it is plausible in Chinese prose;
- a mark of loss, U+FFFD or `?`, alone or with the bytes of the character that survive;
- the rest of a character of which bytes were dropped without a trace.

A broken character becomes one U+FFFD; of a pair it is told which byte is left. UTF-8 falls
into step again by itself; in pairs the likelier of the two alignments wins. The time is linear
in the number of bytes.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.damage.half_known import LEAD_LEFT, TRAIL_LEFT

__all__ = ["Stretch", "misread_stretches"]


class Stretch(NamedTuple):
    """A stretch that was misread.

    Attributes:
        start: Of the stretch, in characters of the text as it stands.
        end: Of the stretch.
        gain: Logarithm of how much likelier the text is than what stands there.
        text: As it was written, U+FFFD for every character that is broken.
        left: What is left of each broken pair, see `dedup.text.damage.half_known`, 0 of all other
            characters; int32, shape (len(text),).
    """

    start: int
    end: int
    gain: float
    text: str
    left: NDArray[np.int32]


def misread_stretches(
    codes: NDArray[np.uint32],
    bytes_of: NDArray[np.int64],
    chars: NDArray[np.int32] | None,
    odds: NDArray[np.float32],
) -> list[Stretch]:
    """Return the stretches that are likelier when their bytes are read in another encoding.

    Args:
        codes: Code points of the text; uint32, shape (n,).
        bytes_of: The bytes of each character in the encoding that the text was read in,
            see `dedup.text.byte_tables`; int64, shape (0x10000,).
        chars: The code point of every pair of bytes in the encoding that it was written
            in; int32, shape (0x10000,). None for UTF-8.
        odds: Plausibility of each character; float32, shape (0x10000,).

    Returns:
        The stretches, in order and disjoint.
    """
    capacity = codes.size * _LONGEST_CHAR + 1
    tokens = np.empty(capacity, np.int16)
    at_char = np.empty(capacity, np.int32)
    count = _tokenize(codes, bytes_of, tokens, at_char)
    tokens, at_char = tokens[: count + 1], at_char[: count + 1]
    pairs = np.zeros(1, np.int32) if chars is None else chars
    written = np.empty(count, np.int32)
    bounds = np.empty((codes.size + 1, 4), np.int32)
    gains = np.empty(codes.size + 1, np.float64)
    num = _divide(codes, tokens, at_char, pairs, chars is None, odds, written, bounds, gains)
    if num == 0:
        return []
    # They stand from the last one to the first.
    size = int(bounds[num - 1, 3])
    text, left = _as_text(written[:size][::-1])
    return [
        Stretch(
            start, end, gain, text[size - last : size - first], left[size - last : size - first]
        )
        for (start, end, first, last), gain in zip(
            bounds[:num].tolist(), gains[:num].tolist(), strict=True
        )
    ][::-1]


def _as_text(codes: NDArray[np.int32]) -> tuple[str, NDArray[np.int32]]:
    """Return the text of codes, a character for each, and what is left of broken ones."""
    left = np.where(codes >= _HALF, codes - _HALF, 0).astype(np.int32)
    codes = np.where(codes >= _HALF, _REPLACEMENT, codes)
    if not (codes >= _FOUR_BYTES).any():
        return codes.astype("<u4").tobytes().decode("utf-32-le", "replace"), left
    text = "".join(
        _char_of_four(code - _FOUR_BYTES) if code >= _FOUR_BYTES else chr(code)
        for code in codes.tolist()
    )
    return text, left


def _char_of_four(number: int) -> str:
    """Return the character of four bytes of GB18030, by its number among them."""
    number, fourth = divmod(number, 10)
    number, third = divmod(number, 126)
    first, second = divmod(number, 10)
    data = bytes((first + 0x81, second + 0x30, third + 0x81, fourth + 0x30))
    return data.decode("gb18030", "replace")[:1]


_LONGEST_CHAR = 4
_LENGTH_SHIFT = 40
_LOST_ENTRY = 1 << 32
_LOSS = 256  # token of a mark of loss
_OPAQUE = 257  # token of a character that the encoding does not have
_REPLACEMENT = 0xFFFD
_QUESTION = 0x3F
_BLANK = 0x20

# Prices and rewards, as natural logarithms.
_EURO, _EURO_SIGN = 0xA2E3, 0x20AC  # a pair that tells GB18030 from Big5
_FOUR_BYTES = 0x200000  # codes from here on are numbers of GB18030's four-byte characters
_HALF = 0x400000  # codes from here on are what is left of a broken pair

_CHANGE = 6.0  # between the two states, so twelve for a stretch
_LOSS_IN_SOUND_TEXT = 3.0  # U+FFFD in the other state: it, too, tells of a wrong encoding
_BROKEN_AT_MARK = 1.5  # a character with a mark of loss in it
_BROKEN_AT_MARKS = 1.0  # two marks for one character: likelier than one, and a `?` of the text
_BROKEN_WITH_LETTER = 1.0  # the mark, and a letter alone that was the second byte
_BROKEN = 4.0  # a character of UTF-8 with bytes missing that left no mark
_BROKEN_PAIR = 14.0  # the same of a pair: all that follows is one byte off
_MARK_IS_PAIR = 2.5  # a mark of loss for both bytes of a pair
_STRAY = 3.0  # an ASCII letter alone between bytes above ASCII
_FOREIGN = 1.5  # a character that the encoding does not have, inside a stretch
_SOUND = 8.0  # one of several bytes that it has, but that was an entity when it was read
_QUESTION_IS_LOSS = 1.0  # beside what a mark of loss costs
_BLANK_IS_BYTE = 2.0  # A0, a no-break space, made a blank
# Bytes are hardly ever valid UTF-8 by chance: one in 13 for a character of two bytes
# from 80 on, one in 90 for three.
_VALID_TWO = 1.0
_VALID_LATIN = 3.5  # opened by C2 or C3
_VALID_THREE = 3.0
_VALID_FOUR = 3.0

_ODDS_BEYOND = -2.0  # of a character beyond the basic plane
_IMPOSSIBLE = -1e30


@kernel
def _tokenize(
    codes: NDArray[np.uint32],
    bytes_of: NDArray[np.int64],
    tokens: NDArray[np.int16],
    at_char: NDArray[np.int32],
) -> int:
    """Write the bytes of the text as tokens, and where characters begin; return their number.

    `at_char` holds the index of the character that begins at a token, else -1.
    """
    count = 0
    for index in range(codes.size):
        entry = bytes_of[codes[index]] if codes[index] < 0x10000 else np.int64(0)
        length = entry >> _LENGTH_SHIFT
        if length == 0:
            tokens[count] = _LOSS if entry == _LOST_ENTRY else _OPAQUE
            at_char[count] = index
            count += 1
            continue
        for place in range(length):
            tokens[count] = (entry >> (8 * (length - 1 - place))) & 0xFF
            at_char[count] = index if place == 0 else -1
            count += 1
    tokens[count] = _OPAQUE
    at_char[count] = codes.size
    return count


@kernel_part
def _odds_of(code: int, odds: NDArray[np.float32]) -> float:
    return float(odds[code]) if code < odds.size else _ODDS_BEYOND


@kernel_part
def _is_later(token: int) -> bool:
    return 0x80 <= token < 0xC0


@kernel_part
def _relax(
    best: NDArray[np.float64],
    step: NDArray[np.int32],
    start: int,
    length: int,
    score: float,
    code: int,
) -> None:
    """Take a step of the misread state if nothing better leads to its end."""
    if score > best[start + length]:
        best[start + length] = score
        step[start + length, 0] = length
        step[start + length, 1] = code


# One function, however many branches, since the ways to fail belong together.
@kernel_part
def _read_utf8(  # noqa: C901, PLR0912
    tokens: NDArray[np.int16],
    at: int,
    score: float,
    odds: NDArray[np.float32],
    best: NDArray[np.float64],
    step: NDArray[np.int32],
) -> None:
    """Take every step that reads a character of UTF-8, whole or broken, from `at` on."""
    size = tokens.size - 1
    first = int(tokens[at])
    # The token behind the last one is opaque, and ends every character.
    second = int(tokens[min(at + 1, size)])
    third = int(tokens[min(at + 2, size)])
    if first < 0x80:
        _relax(best, step, at, 1, score, first)
        if first != _QUESTION:
            return
        score -= _QUESTION_IS_LOSS
        first = _LOSS
    if first == _LOSS:
        _relax(best, step, at, 1, score - _BROKEN_AT_MARK, _REPLACEMENT)
        if second in (_LOSS, _QUESTION):
            _relax(best, step, at, 2, score - _BROKEN_AT_MARKS, _REPLACEMENT)
        elif _is_later(second):
            _relax(best, step, at, 2, score - _BROKEN_AT_MARK, _REPLACEMENT)
            if _is_later(third):
                _relax(best, step, at, 3, score - _BROKEN_AT_MARK, _REPLACEMENT)
        return
    if _is_later(first):
        _relax(best, step, at, 1, score - _BROKEN, _REPLACEMENT)
        if _is_later(second):
            _relax(best, step, at, 2, score - _BROKEN, _REPLACEMENT)
        return
    if 0xC2 <= first < 0xE0:
        if _is_later(second):
            code = (first & 0x1F) << 6 | second & 0x3F
            valid = _VALID_LATIN if first < 0xC4 else _VALID_TWO
            _relax(best, step, at, 2, score + _odds_of(code, odds) + valid, code)
    elif 0xE0 <= first < 0xF0:
        _read_three_bytes(tokens, at, score, odds, best, step)
    elif 0xF0 <= first < 0xF5 and _is_later(second) and _is_later(third):
        fourth = int(tokens[min(at + 3, size)])
        if _is_later(fourth):
            code = (first & 0x07) << 18 | (second & 0x3F) << 12 | (third & 0x3F) << 6
            code |= fourth & 0x3F
            if 0x10000 <= code < 0x110000:
                _relax(best, step, at, 4, score + _VALID_FOUR + _ODDS_BEYOND, code)
    _relax(best, step, at, 1, score - _BROKEN, _REPLACEMENT)


@kernel_part
def _read_three_bytes(
    tokens: NDArray[np.int16],
    at: int,
    score: float,
    odds: NDArray[np.float32],
    best: NDArray[np.float64],
    step: NDArray[np.int32],
) -> None:
    """Take the steps for a character of three bytes, some of which may be lost."""
    size = tokens.size - 1
    first = int(tokens[at])
    second = int(tokens[min(at + 1, size)])
    third = int(tokens[min(at + 2, size)])
    if second == _BLANK and _is_later(third):
        second = 0xA0
        score -= _BLANK_IS_BYTE
    elif third == _BLANK and _is_later(second):
        third = 0xA0
        score -= _BLANK_IS_BYTE
        _relax(best, step, at, 2, score - _BROKEN + _BLANK_IS_BYTE, _REPLACEMENT)
    if _is_later(second) and _is_later(third):
        code = (first & 0x0F) << 12 | (second & 0x3F) << 6 | third & 0x3F
        if code >= 0x800 and not 0xD800 <= code < 0xE000:
            _relax(best, step, at, 3, score + _odds_of(code, odds) + _VALID_THREE, code)
        return
    if _QUESTION in (second, third):
        score -= _QUESTION_IS_LOSS
    second_is_loss = second in (_LOSS, _QUESTION)
    third_is_loss = third in (_LOSS, _QUESTION)
    if (_is_later(second) and third_is_loss) or (second_is_loss and _is_later(third)):
        _relax(best, step, at, 3, score - _BROKEN_AT_MARK, _REPLACEMENT)
    if second_is_loss:
        _relax(best, step, at, 2, score - _BROKEN_AT_MARK, _REPLACEMENT)
        if third_is_loss:
            _relax(best, step, at, 3, score - _BROKEN_AT_MARK, _REPLACEMENT)
    if _is_later(second):
        _relax(best, step, at, 2, score - _BROKEN, _REPLACEMENT)


@kernel_part
def _is_letter(token: int) -> bool:
    return 0x61 <= token | 0x20 <= 0x7A


@kernel_part
def _is_stray(tokens: NDArray[np.int16], at: int) -> bool:
    """Whether an ASCII character that may be the second byte of a pair stands alone."""
    return (
        0x40 <= tokens[at] < 0x7F
        and at > 0
        and tokens[at - 1] >= 0x80
        and 0x80 <= tokens[min(at + 1, tokens.size - 1)] != _OPAQUE
    )


@kernel_part
def _read_pair(  # noqa: C901
    tokens: NDArray[np.int16],
    at: int,
    score: float,
    chars: NDArray[np.int32],
    has_four: bool,
    odds: NDArray[np.float32],
    best: NDArray[np.float64],
    step: NDArray[np.int32],
) -> None:
    """Take every step that reads a pair of bytes, whole or broken, from `at` on."""
    size = tokens.size - 1
    first = int(tokens[at])
    second = int(tokens[min(at + 1, size)])
    third = int(tokens[min(at + 2, size)])
    if first < 0x80:
        price = _STRAY if _is_stray(tokens, at) else 0.0
        _relax(best, step, at, 1, score - price, first)
        if first != _QUESTION:
            return
        score -= _QUESTION_IS_LOSS
        first = _LOSS
    if first == _LOSS:
        _relax(best, step, at, 1, score - _MARK_IS_PAIR, _REPLACEMENT)
        if second == _LOSS:
            _relax(best, step, at, 2, score - _BROKEN_AT_MARKS, _REPLACEMENT)
        elif 0x80 <= second < 0x100:
            _relax(best, step, at, 2, score - _BROKEN_AT_MARK, _HALF | TRAIL_LEFT | second)
        elif 0x40 <= second < 0x7F and not (_is_letter(second) and _is_letter(third)):
            _relax(best, step, at, 2, score - _BROKEN_WITH_LETTER, _HALF | TRAIL_LEFT | second)
        return
    if second < 0x100:
        code = chars[first << 8 | second]
        if code != 0:
            _relax(best, step, at, 2, score + _odds_of(code, odds), code)
    half = _HALF | LEAD_LEFT | first
    if second == _LOSS:
        _relax(best, step, at, 2, score - _BROKEN_AT_MARK, half)
    elif second == _QUESTION:
        _relax(best, step, at, 2, score - _BROKEN_AT_MARK - _QUESTION_IS_LOSS, half)
    elif has_four and 0x30 <= second <= 0x39:
        fourth = int(tokens[min(at + 3, size)])
        is_four = 0x81 <= first < 0xFF and 0x81 <= third < 0xFF
        if is_four and 0x30 <= fourth <= 0x39:
            number = (first - 0x81) * 10 + second - 0x30
            number = (number * 126 + third - 0x81) * 10 + fourth - 0x30
            _relax(best, step, at, 4, score + _ODDS_BEYOND, _FOUR_BYTES + number)
    _relax(best, step, at, 1, score - _BROKEN_PAIR, _REPLACEMENT)


@kernel_part
def _leave(
    codes: NDArray[np.uint32],
    tokens: NDArray[np.int16],
    at_char: NDArray[np.int32],
    at: int,
    odds: NDArray[np.float32],
    plain: NDArray[np.float64],
    sound: NDArray[np.float64],
    length: NDArray[np.int32],
    misread: NDArray[np.float64],
    step: NDArray[np.int32],
) -> None:
    """Take the steps that leave the character at the token `at` as it stands."""
    code = int(codes[at_char[at]])
    value = -_LOSS_IN_SOUND_TEXT if tokens[at] == _LOSS else _odds_of(code, odds)
    following = at + 1
    while at_char[following] < 0:
        following += 1
    plain[following] = plain[at] + value
    sound[following] = sound[at] + value
    length[following] = following - at
    if tokens[at] == _OPAQUE:
        _relax(misread, step, at, 1, misread[at] + value - _FOREIGN, code)
    elif following > at + 1:
        _relax(misread, step, at, following - at, misread[at] + value - _SOUND, code)


@kernel
def _divide(
    codes: NDArray[np.uint32],
    tokens: NDArray[np.int16],
    at_char: NDArray[np.int32],
    chars: NDArray[np.int32],
    is_utf8: bool,
    odds: NDArray[np.float32],
    written: NDArray[np.int32],
    bounds: NDArray[np.int32],
    gains: NDArray[np.float64],
) -> int:
    """Divide the text; write the misread stretches from the last one on, return their number.

    `bounds` gets start and end of each in characters, first and last of its codes in
    `written`, where they stand from the last one to the first.
    """
    size = tokens.size - 1
    plain = np.zeros(size + 1)  # score of the text as it stands
    sound = np.full(size + 1, _IMPOSSIBLE)  # best score with the text right up to here
    misread = np.full(size + _LONGEST_CHAR + 1, _IMPOSSIBLE)  # the same with it misread
    length = np.zeros(size + 1, np.int32)  # of the last character if sound; 0 for a change
    step = np.zeros((size + _LONGEST_CHAR + 1, 2), np.int32)  # length and code; 0 for a change
    has_four = chars.size > _EURO and chars[_EURO] == _EURO_SIGN  # GB18030
    sound[0] = 0.0
    for at in range(size + 1):
        if at_char[at] >= 0:
            if misread[at] - _CHANGE > sound[at]:
                sound[at] = misread[at] - _CHANGE
                length[at] = 0
            if sound[at] - _CHANGE >= misread[at]:
                misread[at] = sound[at] - _CHANGE
                step[at, 0] = 0
            if at < size:
                _leave(codes, tokens, at_char, at, odds, plain, sound, length, misread, step)
        if at < size and tokens[at] != _OPAQUE and misread[at] > _IMPOSSIBLE:
            if is_utf8:
                _read_utf8(tokens, at, misread[at], odds, misread, step)
            else:
                _read_pair(tokens, at, misread[at], chars, has_four, odds, misread, step)
    return _trace(at_char, plain, misread, length, step, written, bounds, gains)


@kernel_part
def _trace(
    at_char: NDArray[np.int32],
    plain: NDArray[np.float64],
    misread: NDArray[np.float64],
    length: NDArray[np.int32],
    step: NDArray[np.int32],
    written: NDArray[np.int32],
    bounds: NDArray[np.int32],
    gains: NDArray[np.float64],
) -> int:
    """Follow the best division back from the end of the text; see `_divide`."""
    at = length.size - 1
    num = count = 0
    while at > 0:
        if length[at] > 0:
            at -= length[at]
            continue
        end = at
        bounds[num, 1], bounds[num, 2] = at_char[at], count
        while step[at, 0] > 0:
            written[count] = step[at, 1]
            count += 1
            at -= step[at, 0]
        bounds[num, 0], bounds[num, 3] = at_char[at], count
        gains[num] = misread[end] - misread[at] - (plain[end] - plain[at])
        num += 1
    return num
