"""The one look at every text: is there any sign of damage?

Repairs cost milliseconds; a clean text must not pay them. So one pass over its code
points, which folding needs anyway, collects the triggers (`dedup.text.damage.triggers`), and
only finders that one of them calls are called. Most triggers are bits of a table by
code point, gathered without a branch; those that depend on neighbours have their
condition in a kernel here, by the kind of the character in the middle.

Signs are in every line, and each could be a false one, halves of two characters with
a shifted stretch behind (`dedup.text.damage.gbk_shift`). What the table says of the character
behind a sign rules out most; of the rest a dozen characters are looked at, whether they
are common as they stand and one byte off.
"""

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import kernel, kernel_part
from dedup.text.damage.triggers import NOTICE_GROUPS, Property, Row, Trigger, tables

__all__ = ["false_signs", "look_for_damage"]


def look_for_damage(codes: NDArray[np.uint32]) -> int:
    """Return the triggers that a text sets, as bits of `Trigger`; 0 for most clean texts.

    Args:
        codes: Code points of the text; uint32, shape (n,).
    """
    # No Trigger is made of it: that alone would take a microsecond.
    return _look(codes, tables())


def false_signs(codes: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return where signs stand that may be halves of two characters, ascending.

    No words come out where as many equal signs stand in a row as in a line that is drawn.
    """
    found = np.empty(codes.size, np.int64)
    return found[: _find_false_signs(codes, tables(), found)]


# Kernels read these as constants when they are compiled.
_BITS, _PAIRS, _COMMON, _FOLLOWERS, _NOTICES, _OBSCENE_PAIRS, _SIMPLIFIED = (
    int(row) for row in Row
)
_HAN, _BLANK, _LETTER = Property.HAN, Property.BLANK, Property.LETTER
_RARE, _SIGN, _CHECKED = Property.RARE, Property.SIGN, Property.CHECKED
_UTF8_START, _UTF8_CROSSING = Property.UTF8_START, Property.UTF8_CROSSING
_ALL_SINGLE = (1 << 16) - 1
_ALL_GROUPS = (1 << NOTICE_GROUPS) - 1

_READING, _SPLIT_READING = int(Trigger.READING), int(Trigger.SPLIT_READING)
_ENTITY, _BACKSLASH_ESCAPE = int(Trigger.ENTITY), int(Trigger.BACKSLASH_ESCAPE)
_PERCENT_ESCAPE, _FALSE_SIGN = int(Trigger.PERCENT_ESCAPE), int(Trigger.FALSE_SIGN)
_QUESTION, _SPACED = int(Trigger.QUESTION), int(Trigger.SPACED)
_DOUBLED_SIGN, _BARS, _TAG = int(Trigger.DOUBLED_SIGN), int(Trigger.BARS), int(Trigger.TAG)
_LONG_ASCII, _UNDERSCORE = int(Trigger.LONG_ASCII), int(Trigger.UNDERSCORE)
_MOJIBAKE, _RARE_HAN = int(Trigger.MOJIBAKE), int(Trigger.RARE_HAN)
_SHORT_LINES, _REPEATED = int(Trigger.SHORT_LINES), int(Trigger.REPEATED)
_TITLE, _LIST, _NOISE = int(Trigger.TITLE), int(Trigger.LIST), int(Trigger.NOISE)
_BOILERPLATE, _OBSCENE = int(Trigger.BOILERPLATE), int(Trigger.OBSCENE)

_FEWEST_BARS = 11
_FEWEST_SPACED = 5
_FEWEST_MOJIBAKE = 2
_FEWEST_RARE = 2
_FEWEST_SHORT_LINES = 6
_SHORT_LINE = 15
_LONGEST_HEADER = 300
_END_OF_HEADERS = 900
_HEADER_LINES = 3
_FEWEST_OBSCENE = 2
_LONGEST_TITLE = 80
_LONGEST_NOTICE = 135
_FEWEST_ITEMS = 12
_LONGEST_ITEM = 10
_LONGEST_CLAUSE = 60
_FEWEST_NOISY = 6
_LONG_RUN = 16
_LONGEST_SYLLABLE = 7
_SHARE_REPEATED = 5  # one in so many
_SHARE_OF_LINES_REPEATED = 3  # where lines end without a full stop
_LEAST_PLAIN_LINE = 8

_LINE_END, _FULL_STOP, _BAR, _SLASH = ord("\n"), ord("。"), ord("|"), ord("/")
_OPENING = (ord("("), ord("（"), ord("["), ord("［"), ord("【"), ord("〔"), ord("〖"))
_CLOSING_BRACKETS = (ord(")"), ord("）"), ord("]"), ord("］"), ord("】"), ord("〕"), ord("〗"))
_FIRST_BOPOMOFO, _LAST_BOPOMOFO = ord("ㄅ"), ord("ㄩ")
_TONES = (ord("ˉ"), ord("ˊ"), ord("ˇ"), ord("ˋ"), ord("˙"))
_TONED_CAPITALS = tuple(map(ord, "ĀÁǍÀĒÉĚÈŌÓǑÒ"))
_WIDE_BAR, _MIDDLE_DOT = ord("｜"), ord("·")


# One function, however many branches: a call for each sign would double its time.
@kernel
def _look(codes: NDArray[np.uint32], tables: NDArray[np.int32]) -> int:  # noqa: C901, PLR0912, PLR0915
    """Return the triggers of a text."""
    tails = np.zeros(_num_slots(codes.size), np.uint32)
    seen = result = 0
    bars = spaced = mojibake = rare = 0
    short_lines = sentences = repeated = 0
    plain_lines = repeated_lines = 0
    line_start = run_end = address_end = item_start = items = noisy = 0
    last_stop = -1
    line_run = lines = 0
    for at in range(codes.size):
        code = codes[at]
        here = tables[_BITS, code]
        seen |= here
        if here & _CHECKED == 0:
            continue
        after = tables[_BITS, codes[at + 1]] if at + 1 < codes.size else 0
        if here & _HAN == 0 and not _is_alpha(code):
            if at > item_start and items < _FEWEST_ITEMS:
                items = items + 1 if at <= item_start + _LONGEST_ITEM else 0
                items = 0 if _ends_list(code) else items
                if at >= item_start + _LONGEST_CLAUSE:
                    items = _FEWEST_ITEMS
            item_start = at + 1
        if here & _SIGN:
            if after & tables[_FOLLOWERS, code] and result & _FALSE_SIGN == 0:
                is_false = not _is_before_final_mark(codes, at) and _may_be_shifted(
                    codes, at, tables
                )
                result |= _FALSE_SIGN if is_false else 0
            if after & _SIGN and _is_odd_together(int(code), int(codes[at + 1])):
                result |= _DOUBLED_SIGN
            if code in (_QUESTION_MARK, _WIDE_QUESTION_MARK):
                result |= _look_at_question(codes, at, after, tables)
            if code == _SEMICOLON and _ends_entity(codes, at):
                result |= _ENTITY
            if code == _COLON and _opens_address(codes, at):
                address_end = _end_of_address(codes, at)
            if code == _FULL_STOP:
                sentences += 1
                last_stop = at
                repeated += _is_repeated(codes, at, tails, tables)
        elif code == _LINE_END:
            short_lines += line_start < at <= line_start + _SHORT_LINE
            if last_stop < line_start and at >= line_start + _LEAST_PLAIN_LINE:
                plain_lines += 1
                repeated_lines += _is_repeated(codes, at, tails, tables)
            if lines < _HEADER_LINES:
                result |= _look_at_opening(codes, lines, line_start, at, last_stop, tables)
                lines += 1
            line_run = _line_run(codes, line_start, at, last_stop, line_run)
            if result & _BOILERPLATE == 0 and line_run:
                result |= _look_at_line(codes, line_start, at, line_run, tables)
            line_start = at + 1
        elif here & _BLANK:
            spaced += after & _HAN != 0 and _follows_han(codes, at, tables)
        elif _is_alpha(code):
            noisy += at >= address_end and _is_noisy(codes, at)
            if at >= run_end:
                run_end = _end_of_run(codes, at)
                is_long = run_end - at >= _LONG_RUN and at >= address_end
                result |= _LONG_ASCII if is_long else 0
        elif code in _OPENING:
            result |= _READING if _is_reading(codes, at, tables) else 0
            result |= _look_at_ascii(codes, at) if code == _SQUARE else 0
        elif code in (_BAR, _SLASH, _WIDE_BAR, _MIDDLE_DOT):
            bars += 1
        elif code < 0x80 or code == _WIDE_AMPERSAND:
            result |= _look_at_ascii(codes, at)
        else:
            mojibake += here & _UTF8_START != 0 and after & _UTF8_CROSSING != 0
            rare += here & _RARE != 0 and after & _RARE != 0
    short_lines += line_start < codes.size <= line_start + _SHORT_LINE
    if lines < _HEADER_LINES:
        result |= _look_at_opening(codes, lines, line_start, codes.size, last_stop, tables)
    line_run = _line_run(codes, line_start, codes.size, last_stop, line_run)
    if line_run:
        result |= _look_at_line(codes, line_start, codes.size, line_run, tables)
    if codes.size >= item_start + _LONGEST_CLAUSE:
        items = _FEWEST_ITEMS
    items += items < _FEWEST_ITEMS and item_start < codes.size <= item_start + _LONGEST_ITEM
    result |= _LIST if items >= _FEWEST_ITEMS else 0
    result |= _NOISE if noisy >= _FEWEST_NOISY else 0
    result |= _BARS if bars >= _FEWEST_BARS else 0
    result |= _SPACED if spaced >= _FEWEST_SPACED else 0
    result |= _MOJIBAKE if mojibake >= _FEWEST_MOJIBAKE else 0
    result |= _RARE_HAN if rare >= _FEWEST_RARE else 0
    result |= _SHORT_LINES if short_lines >= _FEWEST_SHORT_LINES else 0
    if repeated * _SHARE_REPEATED > sentences:
        result |= _REPEATED
    if sentences < plain_lines < _SHARE_OF_LINES_REPEATED * repeated_lines:
        result |= _REPEATED
    return result | (seen & _ALL_SINGLE)


@kernel_part
def _look_at_opening(
    codes: NDArray[np.uint32],
    line: int,
    start: int,
    end: int,
    last_stop: int,
    tables: NDArray[np.int32],
) -> int:
    """Return the triggers of one of the first lines: a title, an obscene header."""
    result = 0
    if line == 0 and end <= _LONGEST_TITLE and _title_recurs(codes, end, tables):
        result = _TITLE
    is_cut = end > _END_OF_HEADERS
    if is_cut:
        end = _END_OF_HEADERS
    if end >= start + _LONGEST_HEADER or (last_stop >= start and not is_cut):
        return result
    found = 0
    for at in range(start, end - 1):
        found += _is_listed(codes, at, tables, _OBSCENE_PAIRS)
    return result | (_OBSCENE if found >= _FEWEST_OBSCENE else 0)


_FACTOR_OF_PAIR = 0x9E3779B1  # as in dedup.text.damage.telltales
_SLOT_SHIFT = 20
_NUM_SLOTS = 1 << 12


@kernel_part
def _is_listed(codes: NDArray[np.uint32], at: int, tables: NDArray[np.int32], row: int) -> bool:
    """Whether the two characters from `at` on are in a hash table of pairs."""
    key = np.uint32(codes[at] << np.uint32(16) | codes[at + 1])
    slot = np.int64(np.uint32(key * np.uint32(_FACTOR_OF_PAIR)) >> np.uint32(_SLOT_SHIFT))
    while tables[row, slot] != 0:
        if np.uint32(tables[row, slot]) == key:
            return True
        slot = (slot + 1) & (_NUM_SLOTS - 1)
    return False


_HEAD = 4
_BITS_OF_CHAR = np.uint64(16)
_LOWER_HALF = np.uint32(0xFFFF)
_THREE_CHARS = np.uint64(0xFFFFFFFFFFFF)


@kernel_part
def _title_recurs(codes: NDArray[np.uint32], end: int, tables: NDArray[np.int32]) -> bool:
    """Whether the first or second four characters of a title, or of its ideographs, recur.

    Without them hardly a piece of a title is in the body (`dedup.text.damage.title_chunks`).
    """
    start = 0
    while start < end and (codes[start] <= 0x20 or tables[_BITS, codes[start]] & _BLANK):
        start += 1
    first = second = first_han = second_han = np.uint64(0)  # 16 bits a character
    num_han = 0
    for at in range(start, end):
        char = np.uint64(codes[at] & _LOWER_HALF)
        if at < start + _HEAD:
            first = first << _BITS_OF_CHAR | char
        elif at < start + 2 * _HEAD:
            second = second << _BITS_OF_CHAR | char
        if 0x4E00 <= codes[at] <= 0x9FFF:
            if num_han < _HEAD:
                first_han = first_han << _BITS_OF_CHAR | char
            elif num_han < 2 * _HEAD:
                second_han = second_han << _BITS_OF_CHAR | char
            num_han += 1
    rolling = np.uint64(0)
    for at in range(end + 1, codes.size):
        rolling = rolling << _BITS_OF_CHAR | np.uint64(codes[at] & _LOWER_HALF)
        if rolling in (first, second, first_han, second_han) and rolling > _THREE_CHARS:
            return True
    return False


_MOST_BLANKS = 3


@kernel_part
def _follows_han(codes: NDArray[np.uint32], at: int, tables: NDArray[np.int32]) -> bool:
    """Whether a blank is the last of one to three behind a Han character."""
    for before in range(at - 1, max(at - 1 - _MOST_BLANKS, -1), -1):
        here = tables[_BITS, codes[before]]
        if here & _BLANK == 0:
            return bool(here & _HAN != 0)
    return False


_COPYRIGHT, _ELLIPSIS, _CLOSING, _WIDE_CLOSING = ord("©"), ord("…"), ord(")"), ord("）")


@kernel_part
def _line_run(codes: NDArray[np.uint32], start: int, end: int, last_stop: int, before: int) -> int:
    """Return how many lines that may be no paragraph end here, `before` ended above."""
    if start == end:
        return before
    if end > start + _LONGEST_NOTICE:
        return 0
    # Headlines with their time behind them, and teasers, may hold a sentence.
    last = codes[end - 1]
    is_listed = last in (_ELLIPSIS, _CLOSING, _WIDE_CLOSING, _STOP) or 0x30 <= last <= 0x39
    return before + 1 if last_stop < start or is_listed or last <= 0x20 else 0


@kernel_part
def _look_at_line(
    codes: NDArray[np.uint32], start: int, end: int, run: int, tables: NDArray[np.int32]
) -> int:
    """Return the trigger of a line that may be boilerplate, the last of a run of such lines."""
    if run >= _FEWEST_SHORT_LINES:
        return _BOILERPLATE
    opened = 0
    for at in range(start, end):
        code = codes[at]
        groups = tables[_NOTICES, code]
        if opened & (groups >> NOTICE_GROUPS) or code == _COPYRIGHT:
            return _BOILERPLATE
        opened = groups & _ALL_GROUPS
    return 0


_QUESTION_MARK, _WIDE_QUESTION_MARK = ord("?"), ord("？")


@kernel_part
def _look_at_question(
    codes: NDArray[np.uint32], at: int, after: int, tables: NDArray[np.int32]
) -> int:
    """Return the triggers of a question mark; `after` are the bits of what follows it."""
    result = _SPLIT_READING if _is_reading(codes, at, tables) else 0
    if codes[at] == _WIDE_QUESTION_MARK:
        return result
    follows_han = at > 0 and tables[_BITS, codes[at - 1]] & _HAN != 0
    is_doubled = at + 1 < codes.size and codes[at + 1] == codes[at]
    is_in_word = after & _HAN or (follows_han and (after & _SIGN or _is_digit(codes, at + 1)))
    return result | (_QUESTION if is_doubled or is_in_word else 0)


@kernel_part
def _is_digit(codes: NDArray[np.uint32], at: int) -> bool:
    return at < codes.size and 0x30 <= codes[at] <= 0x39


_COMMA, _SEMICOLON, _STOP = ord(","), ord(";"), ord(".")
_COLON, _WIDE_COLON, _WIDE_BANG = ord(":"), ord("："), ord("！")
_WIDE_COMMA, _WIDE_SEMICOLON, _LIST_COMMA = ord("，"), ord("；"), ord("、")


@kernel_part
def _is_comma(code: int) -> bool:
    return code in (_COMMA, _SEMICOLON, _WIDE_COMMA, _WIDE_SEMICOLON, _LIST_COMMA)


@kernel_part
def _is_odd_together(first: int, second: int) -> bool:
    """Whether two signs side by side may be a slip: not `！！`, `？！` or `...`."""
    if first == second and first in (_FULL_STOP, _COLON, _WIDE_COLON):
        return True
    return _is_comma(first) or (_is_comma(second) and first != _STOP)


@kernel_part
def _is_reading(codes: NDArray[np.uint32], at: int, tables: NDArray[np.int32]) -> bool:
    """Whether a syllable and a closing bracket follow, perhaps with a blank before either.

    It may open with a capital, and end in a digit.
    """
    start = at + 1
    if start < codes.size and tables[_BITS, codes[start]] & _BLANK:
        start += 1
    end = start
    while end < min(codes.size, start + _LONGEST_SYLLABLE) and (
        tables[_BITS, codes[end]] & _LETTER
        or _FIRST_BOPOMOFO <= codes[end] <= _LAST_BOPOMOFO
        or codes[end] in _TONES
        or (end == start and (0x41 <= codes[end] <= 0x5A or codes[end] in _TONED_CAPITALS))
    ):
        end += 1
    if end == start or (end == start + 1 and codes[start] <= 0x5A):
        return False
    if end < codes.size and 0x30 <= codes[end] <= 0x35:
        end += 1
    if end < codes.size and tables[_BITS, codes[end]] & _BLANK:
        end += 1
    return end < codes.size and codes[end] in _CLOSING_BRACKETS


@kernel_part
def _is_alpha(code: int) -> bool:
    return 0x61 <= code | 0x20 <= 0x7A


_USUAL_BEFORE = (0x22, 0x27, 0x28, 0x2D, 0x2E, 0x2F, 0x3A, 0x40)  # "'(-./:@
_ODD_BEHIND = (0x23, 0x24, 0x25, 0x26, 0x2A, 0x2B, 0x3C, 0x3D, 0x3E)  # #$%&*+<=>
_OTHER_ODD_BEHIND = (0x5B, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D, 0x7E)  # [\^`{|}~


@kernel_part
def _is_noisy(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether a letter is unusual beside its neighbours: `7K`, `qR`, `]n`, `n#`."""
    code = codes[at]
    before = codes[at - 1] if at > 0 else 0x20
    behind = codes[at + 1] if at + 1 < codes.size else 0x20
    if 0x30 <= before <= 0x39 or 0x30 <= behind <= 0x39:
        return True
    if 0x61 <= before <= 0x7A and code <= 0x5A:
        return True
    if behind in _ODD_BEHIND or behind in _OTHER_ODD_BEHIND:
        return True
    return 0x20 < before < 0x7F and before not in _USUAL_BEFORE and not _is_alpha(before)


@kernel_part
def _ends_list(code: int) -> bool:
    """Whether what stands in front of a sign belongs to a sentence."""
    return code in (_FULL_STOP, _BANG, _WIDE_BANG, _QUESTION_MARK, _WIDE_QUESTION_MARK) or code in (
        _COLON,
        _WIDE_COLON,
    )


_F, _H, _P, _S, _T = (ord(letter) for letter in "fhpst")


@kernel_part
def _opens_address(codes: NDArray[np.uint32], colon: int) -> bool:
    """Whether `http://`, `https://` or `ftp://` stands around this colon."""
    if colon < 3 or colon + 2 >= codes.size:
        return False
    if codes[colon + 1] != _SLASH or codes[colon + 2] != _SLASH:
        return False
    end = colon - 1 if codes[colon - 1] == _S else colon
    if codes[end - 1] != _P or codes[end - 2] != _T:
        return False
    if end == colon and codes[end - 3] == _F:
        return True
    return end >= 4 and codes[end - 3] == _T and codes[end - 4] == _H


@kernel_part
def _end_of_address(codes: NDArray[np.uint32], start: int) -> int:
    """Return where the printable ASCII from `start` on ends."""
    at = start
    while at < codes.size and 0x20 < codes[at] < 0x7F:
        at += 1
    return at


@kernel_part
def _end_of_run(codes: NDArray[np.uint32], start: int) -> int:
    """Return where the ASCII letters and digits from `start` on end."""
    at = start
    while at < codes.size and (_is_alpha(codes[at]) or 0x30 <= codes[at] <= 0x39):
        at += 1
    return at


_AMPERSAND, _NUMBER, _BACKSLASH, _LESS = ord("&"), ord("#"), ord("\\"), ord("<")
_WIDE_AMPERSAND, _PLUS, _CAPITAL_U = ord("＆"), ord("+"), ord("U")
_U, _TWO = ord("u"), ord("2")  # of `%u4e2d` and `%25E4`
_PERCENT, _EQUALS, _SQUARE, _LINE, _BANG = ord("%"), ord("="), ord("["), ord("_"), ord("!")


@kernel_part
def _look_at_ascii(codes: NDArray[np.uint32], at: int) -> int:
    """Return the triggers of an ASCII sign with a meaning in markup or escapes."""
    code, following = codes[at], codes[min(at + 1, codes.size - 1)]
    opens_word = _is_alpha(int(following))
    if code in (_AMPERSAND, _WIDE_AMPERSAND):
        trigger = _ENTITY if opens_word or following == _NUMBER else 0
    elif code == _PLUS:
        is_code_point = at > 0 and codes[at - 1] == _CAPITAL_U and 0x30 <= following <= 0x46
        trigger = _ENTITY if is_code_point else 0
    elif code == _BACKSLASH:
        trigger = _BACKSLASH_ESCAPE if opens_word or 0x30 <= following <= 0x39 else 0
    elif code in (_PERCENT, _EQUALS):
        is_escape = _is_high_byte(codes, at + 1) or (code == _PERCENT and following in (_U, _TWO))
        trigger = _PERCENT_ESCAPE if is_escape else 0
    elif code == _LESS:
        trigger = _TAG if opens_word or following in (_SLASH, _BANG) else 0
    elif code == _SQUARE:
        trigger = _TAG if opens_word or following == _SLASH else 0
    else:
        beside_word = opens_word or (at > 0 and _is_alpha(codes[at - 1]))
        trigger = _UNDERSCORE if code == _LINE and beside_word else 0
    return trigger


_ENDS_OF_ENTITIES = ("quo", "ash", "lip", "dot", "bsp", "uot")
_PACKED_ENDS = tuple(
    ord(end[0]) << 16 | ord(end[1]) << 8 | ord(end[2]) for end in _ENDS_OF_ENTITIES
)


@kernel_part
def _ends_entity(codes: NDArray[np.uint32], semicolon: int) -> bool:
    """Whether the name of an entity may end here: `ldquo;` `nbsp;`."""
    if semicolon < 4:
        return False
    end = codes[semicolon - 3] << 16 | codes[semicolon - 2] << 8 | codes[semicolon - 1]
    return end in _PACKED_ENDS


@kernel_part
def _is_high_byte(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether two hexadecimal digits stand here that are a byte above ASCII."""
    if at + 1 >= codes.size:
        return False
    first, second = int(codes[at]), int(codes[at + 1])
    is_high = 0x38 <= first <= 0x39 or 0x61 <= first | 0x20 <= 0x66
    return is_high and (0x30 <= second <= 0x39 or 0x61 <= second | 0x20 <= 0x66)


_FEWEST_SLOTS = 256
_MOST_SLOTS = 1 << 16
_TAIL = 6
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)


@kernel_part
def _num_slots(length: int) -> int:
    """Return a power of two: slots for the ends of sentences of a text of this length."""
    slots = _FEWEST_SLOTS
    while slots < _MOST_SLOTS and slots * 16 < length:
        slots *= 2
    return slots


@kernel_part
def _is_repeated(
    codes: NDArray[np.uint32], end: int, tails: NDArray[np.uint32], tables: NDArray[np.int32]
) -> bool:
    """Whether a sentence that ends here ends like an earlier one, in either script.

    Remembers its end.
    """
    if end < _TAIL:
        return False
    left = right = np.uint64(0)
    for back in range(1, 4):
        left = left << np.uint64(21) | _simplified(codes[end - back], tables)
        right = right << np.uint64(21) | _simplified(codes[end - back - 3], tables)
    mixed = left * np.uint64(_FACTORS[0]) ^ right * np.uint64(_FACTORS[1])
    value = np.uint32(mixed >> np.uint64(32)) | np.uint32(1)
    slot = np.int64(value >> np.uint32(8)) & (tails.size - 1)
    if tails[slot] == value:
        return True
    tails[slot] = value
    return False


@kernel_part
def _simplified(code: np.uint32, tables: NDArray[np.int32]) -> np.uint64:
    simple = tables[_SIMPLIFIED, code]
    return np.uint64(simple or code)


@kernel
def _find_false_signs(
    codes: NDArray[np.uint32], tables: NDArray[np.int32], found: NDArray[np.int64]
) -> int:
    """Write the offsets of signs that may be false to `found` and return their number."""
    count = 0
    after = tables[_BITS, codes[0]] if codes.size else 0
    for at in range(codes.size - 1):
        here, after = after, tables[_BITS, codes[at + 1]]
        if here & _SIGN == 0 or after & tables[_FOLLOWERS, codes[at]] == 0:
            continue
        is_sound = _opens_line(codes, at) or _is_before_final_mark(codes, at)
        if not is_sound and _may_be_shifted(codes, at, tables):
            found[count] = at
            count += 1
    return count


_A_LINE = 4


@kernel_part
def _opens_line(codes: NDArray[np.uint32], at: int) -> bool:
    """Whether so many equal signs stand here that they are a line."""
    end = at
    while end < codes.size and codes[end] == codes[at] and end < at + _A_LINE:
        end += 1
    return end == at + _A_LINE


_FIRST_SHAPE, _LAST_SHAPE = 0x25A0, 0x25FF


@kernel_part
def _is_before_final_mark(codes: NDArray[np.uint32], sign: int) -> bool:
    """Whether a shape ends the line or stretch, as it does behind a last sentence: `。◇`."""
    at = sign + 1
    if at >= codes.size or not _FIRST_SHAPE <= codes[at] <= _LAST_SHAPE:
        return False
    return at + 1 == codes.size or codes[at + 1] <= 0x20


_FURTHEST = 12
_USUAL_SIGNS = (0x2C, 0xFF0C, 0x3002)  # behind any other sign one common character less is asked
_LEADS_OF_SIGNS = (0xA1, 0xA3)  # one may be left of a pair that a cleaner dropped
_WEIGHT_OF_RARE = 3  # a rare character counts against a reading as much as three common ones for it
_PLAIN_ENOUGH = 4
_LEAST_UNDECIDED = 3
_HALF_WIDTH_SIGNS = (0x21, 0x28, 0x29, 0x2C, 0x3A, 0x3B, 0x3F)


@kernel_part
def _may_be_shifted(codes: NDArray[np.uint32], sign: int, tables: NDArray[np.int32]) -> bool:
    """Whether the characters behind a sign are common rather one byte off than as they stand."""
    is_seldom = codes[sign] not in _USUAL_SIGNS
    balance = 1 if is_seldom else 0
    lead = tables[_PAIRS, codes[sign]] & 0xFF
    if codes[sign] < 0x80:
        lead = codes[sign] | 0x80
    start = sign + 1
    if _is_quote_or_dropped(codes, start, lead, tables):
        return True
    for at in range(start, min(codes.size, start + _FURTHEST)):
        pair = tables[_PAIRS, codes[at]]
        if pair < 0x100:
            if _completes_a_char(codes, at, lead, pair, tables):
                return True
            is_decided = balance > 0 or (balance == 0 and at - start >= _LEAST_UNDECIDED)
            return at > start and is_decided
        if is_seldom and at > start and balance > 0 and tables[_BITS, codes[at]] & _SIGN:
            break
        if tables[_COMMON, lead << 8 | pair >> 8] or (at == start and lead in _LEADS_OF_SIGNS):
            balance += 1
        else:
            balance -= _WEIGHT_OF_RARE
        balance -= 1 if tables[_COMMON, pair] else -_WEIGHT_OF_RARE
        if balance >= _PLAIN_ENOUGH:
            return True
        if balance <= -_PLAIN_ENOUGH:
            return False
        lead = pair & 0xFF
    return balance >= 0


_LEAD_OF_QUOTES, _TRAILS_OF_QUOTES = 0xA1, (0xB0, 0xB1, 0xB8, 0xB9, 0xBA, 0xBB)  # “”「」『』
_LEADS_OF_DROPPED = (0xA1, 0xA3, 0xBB, 0xBF)  # AC opens no common character and a dropped pair


@kernel_part
def _is_quote_or_dropped(
    codes: NDArray[np.uint32], at: int, lead: int, tables: NDArray[np.int32]
) -> bool:
    """Whether what follows a sign may be half of a quotation mark, or a letter and no word.

    Behind the latter's half of a character two more were dropped: 上海、廣 is `上！V`.
    """
    if at + 1 >= codes.size:
        return False
    code, following = codes[at], codes[at + 1]
    if lead == _LEAD_OF_QUOTES and tables[_PAIRS, code] >> 8 in _TRAILS_OF_QUOTES:
        return True
    is_letter = 0x40 <= code <= 0x7E and lead in _LEADS_OF_DROPPED
    return bool(is_letter and tables[_BITS, following] & _HAN)


@kernel_part
def _completes_a_char(
    codes: NDArray[np.uint32], at: int, lead: int, code: int, tables: NDArray[np.int32]
) -> bool:
    """Whether the ASCII character at `at` is the trail byte of a common character.

    Either it is a stray letter, or a sign at half width that stands for a pair.
    """
    if code in _HALF_WIDTH_SIGNS:
        return bool(tables[_COMMON, lead << 8 | 0xA3] != 0)
    in_a_word = at + 1 < codes.size and _is_alpha(codes[at + 1])
    is_trail = 0x40 <= code <= 0x7E and not in_a_word
    return is_trail and bool(tables[_COMMON, lead << 8 | code] != 0)
