"""The kernels that read a shifted stretch and choose lost characters.

Both compare readings by how likely they are as Chinese text: a stretch that may be a
thousand characters long character by character (which follows which inside words), a
single lost one by the words that it makes with its neighbours. See
`dedup.text.damage.shifted` for what a shifted stretch is, and `dedup.text.lexicon` for the
tables.
"""

import math
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.damage.triggers import Property, Row, tables
from dedup.text.gbk import LEADS, TRAILS, char_of
from dedup.text.lexicon import SIMPLIFIED, TRADITIONAL, lexicon

__all__ = [
    "Ending",
    "Model",
    "SignOdds",
    "Walk",
    "choose",
    "choose_one",
    "find_unlinked",
    "gains",
    "highest_gain",
    "log_of_words",
    "model",
    "other_script",
    "rank_pairs",
    "read_on",
]


class Model(NamedTuple):
    """All arrays that the kernels look up.

    Attributes:
        tables: Those of the look for damage, `dedup.text.damage.triggers.tables`; int32.
        chars: Character of a pair of bytes, 0 for none; int32, by pair.
        ids: See `Lexicon`, as all others.
    """

    tables: NDArray[np.int32]
    chars: NDArray[np.int32]
    ids: NDArray[np.uint16]
    char_logs: NDArray[np.float32]
    scripts: NDArray[np.uint8]
    follower_starts: NDArray[np.int32]
    followers: NDArray[np.uint16]
    follower_logs: NDArray[np.float32]
    word_starts: NDArray[np.int32]
    words: NDArray[np.uint64]
    word_logs: NDArray[np.float32]


@cache
def model() -> Model:
    """Return the tables, built on the first call in a process."""
    chars = np.zeros(0x10000, np.int32)
    for lead in LEADS:
        for trail in TRAILS:
            chars[lead << 8 | trail] = ord(char_of(lead, trail))
    return Model(tables(), chars, *lexicon())


class Ending:
    """How a shifted stretch ends."""

    STRAY = 0  # its last trail byte stayed as an ASCII character, which is read
    TRAIL_80 = 1  # its last trail byte was 0x80 and is gone; read
    ASCII = 2  # the last character is ASCII: it served as a trail byte; read
    LOST_TRAIL = 3  # the last character has lost its trail byte
    LOST_BOTH = 4  # what is left of the last character opens no pair


class Walk(NamedTuple):
    """A stretch read to its likeliest end.

    Attributes:
        codes: Its characters, but for a last one that is lost; int32.
        end: Where it ends in the text.
        gain: Logarithm of how much likelier it is than the text as it stands.
        ending: One of `Ending`.
        lead: The byte that is left over at the end.
    """

    codes: NDArray[np.int32]
    end: int
    gain: float
    ending: int
    lead: int


class SignOdds(NamedTuple):
    """What speaks for a stretch behind a sign but its characters, as logarithms.

    Attributes:
        half_byte: A `?` directly in front of the sign.
        quote: It opens with a quotation mark.
        blank: There is an ideographic space in it.
    """

    half_byte: float
    quote: float
    blank: float


def read_on(codes: NDArray[np.uint32], start: int, lead: int, script: int) -> Walk:
    """Read on from `start` with the lost byte `lead` put in front.

    Args:
        codes: Code points of the whole text; uint32.
        start: Where the stretch begins.
        lead: The byte that belongs in front of it.
        script: The script that the text is not in, TRADITIONAL or SIMPLIFIED; 0 if
            that is not known.
    """
    out = np.empty(_LONGEST + 1, np.int32)
    count, end, gain, ending, leftover = _read_on(
        codes, start, lead, _LONGEST, script, model(), out
    )
    return Walk(out[:count], end, gain, ending, leftover)


def gains(
    codes: NDArray[np.uint32], starts: list[int], leads: list[int], script: int
) -> tuple[list[float], list[int]]:
    """Return what `read_on` gains at least from each of many places, and the first character.

    Reading ends where the gain is beyond any doubt.

    Args:
        codes: Code points of the whole text; uint32.
        starts: Where the stretches begin.
        leads: The byte that belongs in front of each.
        script: See `read_on`.

    Returns:
        The gains, and the code points; -1 where a stretch has no whole character.
    """
    gained, firsts = _gains(codes, np.array(starts), np.array(leads), script, model())
    return gained.tolist(), firsts.tolist()


def highest_gain(codes: NDArray[np.uint32], signs: NDArray[np.int64], odds: SignOdds) -> float:
    """Return the most that a stretch behind any of some signs, or a half byte's, gains.

    Args:
        codes: Code points of the whole text; uint32.
        signs: Where the signs stand; int64.
        odds: What speaks for a stretch but its characters.
    """
    return float(_highest_gain(codes, signs, odds, model()))


def other_script(codes: NDArray[np.uint32]) -> int:
    """Return the script that a text is not in, TRADITIONAL or SIMPLIFIED, or 0 for unknown.

    Args:
        codes: Its code points; uint32.
    """
    return int(_other_script(codes, lexicon().scripts))


def choose(
    candidates: NDArray[np.int32],
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    nearby: NDArray[np.uint32],
) -> NDArray[np.float64]:
    """Return how well each candidate fits between its neighbours, as logarithms.

    Args:
        candidates: Code points, one or two of them a candidate; int32, shape (n, 2), 0
            where there is no second one.
        before: Code points in front, the nearest last; int32.
        after: Code points behind; int32.
        nearby: Code points of the text around, which repeats its names and terms; uint32.
    """
    return _choose(candidates, before, after, nearby, model())


def choose_one(logs: NDArray[np.float64]) -> tuple[int, float]:
    """Return which of some logarithms is the highest, and its lead over all others together."""
    best, rest = _compare(logs)
    return int(best), -math.log(rest) if rest > 0.0 else math.inf


def log_of_words(codes: NDArray[np.int32]) -> float:
    """Return the logarithm of how likely a short text is, cut into words in the likeliest way.

    Args:
        codes: Code points; int32. The time is linear.
    """
    return _log_of_words(codes, 0, codes.size, np.zeros(codes.size + 1), model())


def find_unlinked(codes: NDArray[np.int32], most: float) -> NDArray[np.intp]:
    """Return where in a stretch a rather rare character makes no word with its neighbours.

    Args:
        codes: Code points of the basic plane; int32.
        most: Logarithm of how often such a character occurs at most.
    """
    return np.flatnonzero(_are_unlinked(codes, most, model()))


_MOST_PAIRS = 24
_LOG_OF_RARE = -11.0


def rank_pairs(
    lead: int, trail: int, before: NDArray[np.int32], after: NDArray[np.int32], script: int
) -> NDArray[np.int32]:
    """Return the likeliest two characters that met in a dropped private-use character.

    Args:
        lead: Lead byte of the first.
        trail: Trail byte of the second; the two bytes between are a pair of the
            user-defined rows.
        before: Code points in front; int32.
        after: Code points behind; int32.
        script: See `read_on`.

    Returns:
        int32, shape (n, 2), at most 24 pairs.
    """
    pairs = _pairs_around(lead, trail)
    if len(pairs) <= _MOST_PAIRS:
        return pairs
    last = int(before[-1]) if before.size else 0
    following = int(after[0]) if after.size else 0
    logs = _logs_of_pairs(pairs, last, following, script, model())
    return pairs[np.argpartition(logs, -_MOST_PAIRS)[-_MOST_PAIRS:]]


@lru_cache(maxsize=1 << 12)
def _pairs_around(lead: int, trail: int) -> NDArray[np.int32]:
    """Return all pairs of known characters that `rank_pairs` ranks; int32, shape (n, 2)."""
    m = model()
    inner = np.array(_USER_DEFINED, np.int32)
    first, second = m.chars[lead << 8 | inner >> 8], m.chars[(inner & 0xFF) << 8 | trail]
    is_known = (m.char_logs[first] > _LOG_OF_RARE) & (m.char_logs[second] > _LOG_OF_RARE)
    return np.stack([first[is_known], second[is_known]], axis=1)


# Rows of private-use characters in GBK whose second byte can open a pair too.
_USER_DEFINED = [
    lead << 8 | trail
    for lead in (*range(0xA1, 0xA8), *range(0xAA, 0xB0), *range(0xF8, 0xFF))
    for trail in (range(0x81, 0xA1) if lead < 0xA8 else range(0xA1, 0xFF))
]


# Kernels read these as constants when they are compiled.
_BITS, _PAIRS, _COMMON, _FOLLOWERS, *_ = (int(row) for row in Row)
_SIGN = Property.SIGN

_LONGEST = 1_000
_IMPOSSIBLE = -1e9
_HOPELESS = 12.0
# A true reading gains some with each character. One that has gained nothing to speak of
# by now could hover for a thousand more, behind every sign of the text.
_TRIAL = 16
_LEAST_OF_TRIAL = 8.0
_LONG_TRIAL = 64
_LEAST_OF_LONG_TRIAL = 24.0

_ODDS_OF_LOST_TRAIL = -3.0
_ODDS_OF_END_AT_SIGN = -2.0
_ODDS_OF_TRAIL_80 = -4.0
# A letter that served as a trail byte: mostly the first of a word, seldom between Han.
_ODDS_OF_ASCII = -2.0
_ODDS_OF_LONE_ASCII = -8.0
_LOG_OUTSIDE_WORD = float(np.log(0.4))
_LOG_OF_OTHER_SCRIPT = -3.0
_LOG_OF_ASTRAL = -10.0
_LOG_OF_DROPPED = -11.0  # what is read is no character: a cleaner dropped a pair inside it

_QUESTION_MARKS = (0x3F, 0xFF1F)
_HALF_WIDTH_SIGNS = (0x21, 0x28, 0x29, 0x2C, 0x3A, 0x3B, 0x3F)
_MAX_BASIC = 0xFFFF
_FIRST_PRIVATE_USE, _LAST_PRIVATE_USE = 0xE000, 0xF8FF

_STRAY, _TRAIL_80, _ASCII = Ending.STRAY, Ending.TRAIL_80, Ending.ASCII
_LOST_TRAIL, _LOST_BOTH = Ending.LOST_TRAIL, Ending.LOST_BOTH


@kernel_part
def _log_of(code: int, last: int, script: int, m: Model) -> float:
    """Return how likely a character is behind another one (0: unknown), as a logarithm."""
    if code > _MAX_BASIC:
        return _LOG_OF_ASTRAL
    log = float(m.char_logs[code])
    if script and m.scripts[code] == script:
        log += _LOG_OF_OTHER_SCRIPT
    first = m.ids[last] if 0 < last <= _MAX_BASIC else 0
    second = m.ids[code]
    if first == 0 or second == 0:
        return log
    low, high = m.follower_starts[first], m.follower_starts[first + 1]
    end = high
    while low < high:
        middle = (low + high) >> 1
        if m.followers[middle] < second:
            low = middle + 1
        else:
            high = middle
    if low < end and m.followers[low] == second:
        return max(log + _LOG_OUTSIDE_WORD, float(m.follower_logs[low]))
    return log + _LOG_OUTSIDE_WORD


@kernel_part
def _is_lead(byte: int) -> bool:
    return 0x81 <= byte <= 0xFE


@kernel
def _gains(
    codes: NDArray[np.uint32],
    starts: NDArray[np.int64],
    leads: NDArray[np.int64],
    script: int,
    m: Model,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return the gain of each stretch, and its first character."""
    gained = np.empty(starts.size)
    firsts = np.empty(starts.size, np.int32)
    out = np.empty(_LONGEST + 1, np.int32)
    for index in range(starts.size):
        count, _, gained[index], _, _ = _read_on(
            codes, starts[index], leads[index], _LONG_TRIAL, script, m, out
        )
        firsts[index] = out[0] if count else -1
    return gained, firsts


@kernel
def _highest_gain(
    codes: NDArray[np.uint32], signs: NDArray[np.int64], odds: SignOdds, m: Model
) -> float:
    """Return the most that a stretch behind a sign, or a half byte beside it, gains."""
    script = _other_script(codes, m.scripts)
    highest = _IMPOSSIBLE
    out = np.empty(_LONGEST + 1, np.int32)
    for sign in signs:
        for place in range(max(0, sign - 1), min(sign + 2, codes.size)):
            is_half = place > 0 and _is_half_byte(codes, place, m)
            is_asked = place == sign or _is_half_byte(codes, max(place, sign), m)
            pair = m.tables[_PAIRS, codes[place]]
            if not is_asked or m.tables[_FOLLOWERS, codes[place]] == 0:
                continue
            # At half width the sign stands for its pair at full width, A3 and so on.
            lead = int(pair & 0xFF) if pair >= 0x100 else int(pair | 0x80)
            count, _, gain, _, _ = _read_on(codes, place + 1, lead, _LONG_TRIAL, script, m, out)
            gain += odds.half_byte if is_half else 0.0
            gain += odds.quote if count > 0 and out[0] in _QUOTATION_MARKS else 0.0
            gain += odds.blank if _IDEOGRAPHIC_SPACE in out[:count] else 0.0
            highest = max(highest, gain)
    return highest


@kernel_part
def _is_half_byte(codes: NDArray[np.uint32], at: int, m: Model) -> bool:
    """Whether a question mark in front of a sign may be what a lone lead byte left."""
    is_inside = 0 < at < codes.size
    return is_inside and codes[at - 1] in _QUESTION_MARKS and m.tables[_FOLLOWERS, codes[at]] != 0


_QUOTATION_MARKS, _IDEOGRAPHIC_SPACE = tuple(map(ord, "“”「」『』")), 0x3000
_FEWEST_OF_SCRIPT = 5  # one character in so many hundred is of the other script by itself


@kernel
def _other_script(codes: NDArray[np.uint32], scripts: NDArray[np.uint8]) -> int:
    """Return the script with fewer characters; see `other_script`."""
    traditional = simplified = 0
    for code in codes:
        script = scripts[code] if code <= _MAX_BASIC else 0
        traditional += script == TRADITIONAL
        simplified += script == SIMPLIFIED
    if traditional + simplified < _FEWEST_OF_SCRIPT:
        return 0
    return SIMPLIFIED if traditional > simplified else TRADITIONAL


@kernel_part
def _read_on(  # noqa: C901 - one walk, and each call of a kernel costs as much as a step
    codes: NDArray[np.uint32],
    start: int,
    lead: int,
    longest: int,
    script: int,
    m: Model,
    out: NDArray[np.int32],
) -> tuple[int, int, float, int, int]:
    """Write the characters to `out`; return count, end, gain, ending and leftover byte."""
    gain = highest = 0.0
    best = _IMPOSSIBLE
    best_count, best_end, best_ending, best_lead = 0, start, _LOST_BOTH, lead
    last = 0
    count = 0
    at = start
    final_char = 0
    while True:
        # How it could end here, with `lead` left over.
        if lead < 0x80:
            following = int(codes[at]) if at < codes.size else 0
            in_a_word = 0x30 <= following <= 0x39 or 0x61 <= following | 0x20 <= 0x7A
            odds = _ODDS_OF_ASCII if in_a_word else _ODDS_OF_LONE_ASCII
            total, ending, end, char = gain + odds, _ASCII, at, lead
        elif not _is_lead(lead):
            total, ending, end, char = gain + _ODDS_OF_LOST_TRAIL, _LOST_BOTH, at, 0
        else:
            total, ending, end, char = _best_end(codes, at, lead, last, script, m)
            total += gain
        if total > best:
            best, best_count, best_end, best_ending = total, count, end, ending
            best_lead, final_char = lead, char
        if at >= codes.size or at - start >= longest or not _is_lead(lead):
            break
        # How it would go on.
        code = int(codes[at])
        pair = _pair_at(codes, at, lead, m)
        if pair < 0x100:
            break
        char = m.chars[lead << 8 | pair >> 8]
        previous = int(codes[at - 1]) if at > start else 0
        log = _log_of(char, last, script, m)
        if _FIRST_PRIVATE_USE <= char <= _LAST_PRIVATE_USE:
            log = _LOG_OF_DROPPED
        gain += log - _log_of(code, previous, script, m)
        out[count] = char
        count += 1
        last = char
        lead = pair & 0xFF
        at += 1
        highest = max(highest, gain)
        if gain < highest - _HOPELESS:
            break
        if count == _TRIAL and gain < _LEAST_OF_TRIAL:
            break
        if count == _LONG_TRIAL and gain < _LEAST_OF_LONG_TRIAL:
            break
    if final_char:
        out[best_count] = final_char
        best_count += 1
    return best_count, best_end, best, best_ending, best_lead


@kernel_part
def _best_end(
    codes: NDArray[np.uint32], at: int, lead: int, last: int, script: int, m: Model
) -> tuple[float, int, int, int]:
    """Return the likeliest end in front of or at `at`: gain, ending, end and last character."""
    code = int(codes[at]) if at < codes.size else 0
    pair = m.tables[_PAIRS, code] if 0 < code <= _MAX_BASIC else 0
    total, ending, end, char = _IMPOSSIBLE, _LOST_TRAIL, at, 0
    if code in _QUESTION_MARKS:
        total, end = _ODDS_OF_LOST_TRAIL - _log_of(code, 0, 0, m), at + 1
    elif pair < 0x100:
        total = _ODDS_OF_LOST_TRAIL
    elif m.tables[_BITS, code] & _SIGN:
        total = _ODDS_OF_LOST_TRAIL + _ODDS_OF_END_AT_SIGN
    following = int(codes[at + 1]) if at + 1 < codes.size else 0
    if 0x40 <= code <= 0x7E and not 0x61 <= following | 0x20 <= 0x7A:
        stray = m.chars[lead << 8 | code]
        gain = max(_log_of(stray, last, script, m), _LOG_OF_DROPPED) - _log_of(code, 0, 0, m)
        gain += _log_of(following, stray, script, m) - _log_of(following, 0, script, m)
        if gain > total:
            total, ending, end, char = gain, _STRAY, at + 1, stray
    complete = m.chars[lead << 8 | 0x80]
    gain = _log_of(complete, last, script, m) + _ODDS_OF_TRAIL_80
    if code in _QUESTION_MARKS:
        gain -= _log_of(code, 0, 0, m)
    elif at > 0:
        before = int(codes[at - 1])
        gain += _log_of(code, complete, script, m) - _log_of(code, before, script, m)
    if gain > total:
        total, ending, char = gain, _TRAIL_80, complete
        end = at + 1 if code in _QUESTION_MARKS else at
    return total, ending, end, char


@kernel_part
def _pair_at(codes: NDArray[np.uint32], at: int, lead: int, m: Model) -> int:
    """Return the two bytes of a character, or less than 0x100 where the stretch must end.

    A site that folds punctuation to half width folds the signs inside a shifted stretch
    too: `？当？h` becomes `?当?h`. Such a sign counts as its full-width pair if that
    gives two known characters.
    """
    code = int(codes[at])
    if code > _MAX_BASIC:
        return 0
    if code not in _HALF_WIDTH_SIGNS:
        return int(m.tables[_PAIRS, code])
    if at + 1 >= codes.size or codes[at + 1] > _MAX_BASIC:
        return 0
    following = m.tables[_PAIRS, codes[at + 1]]
    trail = following >> 8 if following >= 0x100 else following
    first, second = m.chars[lead << 8 | 0xA3], 0
    if trail >= 0x40 and trail != 0x7F:
        second = m.chars[(code | 0x80) << 8 | trail]
    if m.ids[first] and m.ids[second]:
        return 0xA300 | code | 0x80
    return 0


@kernel
def _logs_of_pairs(
    pairs: NDArray[np.int32], last: int, following: int, script: int, m: Model
) -> NDArray[np.float64]:
    """Return how likely each pair of characters is between two others."""
    logs = np.empty(pairs.shape[0])
    for row in range(pairs.shape[0]):
        first, second = int(pairs[row, 0]), int(pairs[row, 1])
        logs[row] = _log_of(first, last, script, m) + _log_of(second, first, script, m)
        logs[row] += _log_of(following, second, script, m)
    return logs


@kernel
def _are_unlinked(codes: NDArray[np.int32], most: float, m: Model) -> NDArray[np.bool_]:
    """Return for each character whether it is rather rare and no word links it; bool."""
    result = np.zeros(codes.size, np.bool_)
    for at in range(codes.size):
        code = int(codes[at])
        log = float(m.char_logs[code])
        if log > most:
            continue
        is_linked = at > 0 and _log_of(code, int(codes[at - 1]), 0, m) > log
        if at + 1 < codes.size:
            following = int(codes[at + 1])
            linked = _log_of(following, code, 0, m) > float(m.char_logs[following])
            is_linked = is_linked or linked
        result[at] = not is_linked
    return result


_CONTEXT = 4
_LONGEST_WORD = 4
_LOG_OF_NO_WORD = -17.0
# By how many neighbours are the same: what follows two characters once follows them again.
_GAINS_OF_NEARBY = (0.0, 2.5, 8.0, 9.0, 10.0)
_GAIN_OF_REPETITION = 2.0
_MOST_REPETITIONS = 3


@kernel_part
def _word_log(sequence: NDArray[np.int32], start: int, length: int, m: Model) -> float:
    """Return how often a word occurs, as a logarithm; far below all others if it is none."""
    code = int(sequence[start])
    if code > _MAX_BASIC:
        return _LOG_OF_ASTRAL if length == 1 else _IMPOSSIBLE
    first = m.ids[code]
    if first == 0:
        return float(m.char_logs[code]) if length == 1 else _IMPOSSIBLE
    key = np.uint64(0)
    for offset in range(1, _LONGEST_WORD):
        number = np.uint64(0)
        if offset < length:
            code = int(sequence[start + offset])
            if code > _MAX_BASIC:
                return _IMPOSSIBLE
            number = np.uint64(m.ids[code])
            if number == 0:
                return _IMPOSSIBLE
        key = key << np.uint64(16) | number
    low, high = m.word_starts[first], m.word_starts[first + 1]
    end = high
    while low < high:
        middle = (low + high) >> 1
        if m.words[middle] < key:
            low = middle + 1
        else:
            high = middle
    if low < end and m.words[low] == key:
        return float(m.word_logs[low])
    return float(_LOG_OF_NO_WORD if length == 1 else _IMPOSSIBLE)


@kernel_part
def _log_of_words(
    sequence: NDArray[np.int32], known: int, size: int, best: NDArray[np.float64], m: Model
) -> float:
    """Return how likely a short sequence is, cut into words in the likeliest way.

    `best` has that for its first `known` characters and fewer, and is filled up.
    """
    for end in range(known + 1, size + 1):
        best[end] = _IMPOSSIBLE
        for length in range(1, min(_LONGEST_WORD, end) + 1):
            if best[end - length] > _IMPOSSIBLE:
                log = best[end - length] + _word_log(sequence, end - length, length, m)
                best[end] = max(best[end], log)
    return float(best[size])


@kernel_part
def _log_with_rest(
    sequence: NDArray[np.int32],
    start: int,
    end: int,
    right: int,
    best: NDArray[np.float64],
    rest: NDArray[np.float64],
    m: Model,
) -> float:
    """Return how likely a sequence is whose words are known but for those over a part of it.

    Args:
        sequence: Code points; the part is `sequence[start:end]`, with `right` behind it.
        start: Of the part.
        end: Of the part.
        right: How many characters are behind it.
        best: How likely the first 0, 1, ... up to `start` characters are; is written further.
        rest: How likely what is behind the part is, from its first character on, and so on.
        m: The tables.
    """
    for stop in range(start + 1, end):
        best[stop] = _IMPOSSIBLE
        for length in range(1, min(_LONGEST_WORD, stop) + 1):
            log = best[stop - length] + _word_log(sequence, stop - length, length, m)
            best[stop] = max(best[stop], log)
    result = _IMPOSSIBLE
    for stop in range(end, min(end + _LONGEST_WORD - 1, end + right) + 1):
        for length in range(stop - end + 1, min(_LONGEST_WORD, stop) + 1):
            log = best[stop - length] + _word_log(sequence, stop - length, length, m)
            result = max(result, log + rest[stop - end])
    return result


@kernel
def _choose(
    candidates: NDArray[np.int32],
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    nearby: NDArray[np.uint32],
    m: Model,
) -> NDArray[np.float64]:
    """Return the logarithm of each candidate's odds."""
    result = np.full(candidates.shape[0], _IMPOSSIBLE)
    sequence = np.zeros(2 * _CONTEXT + 2, np.int32)
    left = min(_CONTEXT, before.size)
    right = min(_CONTEXT, after.size)
    for index in range(left):
        sequence[index] = before[before.size - left + index]
    best = np.zeros(2 * _CONTEXT + 3)
    _log_of_words(sequence, 0, left, best, m)
    # What the words behind a candidate are worth is the same for all of them.
    rest = np.zeros(_CONTEXT + 1)
    for start in range(right - 1, -1, -1):
        rest[start] = _IMPOSSIBLE
        for length in range(1, min(_LONGEST_WORD, right - start) + 1):
            log = rest[start + length] + _word_log(after, start, length, m)
            rest[start] = max(rest[start], log)
    for row in range(candidates.shape[0]):
        if candidates[row, 0] == 0:
            continue
        size = left
        for column in range(2):
            if candidates[row, column]:
                sequence[size] = candidates[row, column]
                size += 1
        for index in range(right):
            sequence[size + index] = after[index]
        result[row] = _log_with_rest(sequence, left, size, right, best, rest, m)
        if right and candidates[row, 0] == _FULL_STOP and not _opens_quote(before, left):
            result[row] += _odds_of_stop(int(after[0]), m)
    _add_nearby(result, candidates, before, after, nearby, m)
    return result


_FULL_STOP = ord("。")
_CLOSING = (ord("”"), ord("」"), ord("』"), ord("’"), ord("）"))
_OPENING = (ord("“"), ord("「"), ord("『"), ord("‘"), ord("（"), ord("《"), ord("【"), ord("\n"))
_ODDS_OF_STOP_INSIDE_QUOTE = 3.2
_ODDS_OF_STOP_BEFORE_QUOTE = 2.0
_ODDS_OF_STOP_BEFORE_SYMBOL = 2.0


@kernel_part
def _opens_quote(before: NDArray[np.int32], size: int) -> bool:
    """Whether a quotation has only just opened, so that it is a term and no sentence."""
    found = False
    for index in range(before.size - size, before.size):
        found = found or before[index] in _OPENING
    return found


@kernel_part
def _odds_of_stop(following: int, m: Model) -> float:
    """Return how much likelier a full stop is in front of this character than anywhere."""
    if following in _CLOSING:
        return _ODDS_OF_STOP_INSIDE_QUOTE
    if following in _OPENING:
        return _ODDS_OF_STOP_BEFORE_QUOTE
    is_known = following > _MAX_BASIC or m.ids[following] or m.tables[_BITS, following] & _SIGN
    return 0.0 if is_known else _ODDS_OF_STOP_BEFORE_SYMBOL


@kernel
def _compare(logs: NDArray[np.float64]) -> tuple[int, float]:
    """Return which is the highest, and how likely all others together are beside it."""
    best = 0
    for index in range(1, logs.size):
        best = index if logs[index] > logs[best] else best
    rest = 0.0
    for index in range(logs.size):
        rest += np.exp(logs[index] - logs[best]) if index != best else 0.0
    return best, rest


@kernel
def _add_nearby(
    logs: NDArray[np.float64],
    candidates: NDArray[np.int32],
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    nearby: NDArray[np.uint32],
    m: Model,
) -> None:
    """Add to each candidate what it counts that it has the same neighbours elsewhere."""
    last = before[-1] if before.size else 0
    following = after[0] if after.size else 0
    # Signs stand beside everything and tell nothing.
    last = last if last <= _MAX_BASIC and m.ids[last] else -1
    following = following if following <= _MAX_BASIC and m.ids[following] else -1
    if last < 0 and following < 0:
        return
    gains = np.zeros(logs.size)
    repetitions = np.zeros(logs.size, np.int64)
    for place in range(nearby.size):
        behind_last = place > 0 and nearby[place - 1] == last
        if not behind_last and not (
            (place + 1 < nearby.size and nearby[place + 1] == following)
            or (place + 2 < nearby.size and nearby[place + 2] == following)
        ):
            continue
        for row in range(logs.size):
            if candidates[row, 0] != nearby[place]:
                continue
            length = 1
            if candidates[row, 1]:
                length = 2
                if place + 1 >= nearby.size or nearby[place + 1] != candidates[row, 1]:
                    continue
            matched = _count_matching(nearby, place, length, before, after, m.ids)
            gains[row] = max(gains[row], _GAINS_OF_NEARBY[min(matched, 4)])
            repetitions[row] += matched > 1
    for row in range(logs.size):
        repeated = min(max(repetitions[row] - 1, 0), _MOST_REPETITIONS)
        logs[row] += gains[row] + _GAIN_OF_REPETITION * repeated


@kernel_part
def _count_matching(
    nearby: NDArray[np.uint32],
    place: int,
    length: int,
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    ids: NDArray[np.uint16],
) -> int:
    """Return how many Han characters are the same on both sides of a place."""
    matched = 0
    back = 1
    while back <= before.size and back <= place:
        code = before[before.size - back]
        if nearby[place - back] != code or code > _MAX_BASIC or ids[code] == 0:
            break
        matched += 1
        back += 1
    ahead = 0
    while ahead < after.size and place + length + ahead < nearby.size:
        code = after[ahead]
        if nearby[place + length + ahead] != code or code > _MAX_BASIC or ids[code] == 0:
            break
        matched += 1
        ahead += 1
    return matched
