r"""Signs alone read in a wrong encoding: `他说：â€œ很好。â€\x9d`, `鈥?很好鈥?`, `，Â 他`.

A tool that writes its quotation marks, dashes and no-break spaces in UTF-8 into a text of
another encoding leaves sound Chinese with a few such signs in it. They are too short for
`dedup.text.damage.wrong_encoding`, which weighs stretches of text, but their bytes leave no doubt:
E2 80 opens nothing but a sign of UTF-8's General Punctuation.

In GBK the third byte finds no partner and is lost, `鈥?`. That it was a quotation mark is all
but certain, and where the marks of its line open and close in turn, which one it was.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.gbk import pair_of
from dedup.text.marks import LOST, Mark
from dedup.text.words import is_common, is_han

__all__ = ["find_misread_signs", "read_signs_anew"]


class _Sign(NamedTuple):
    """A misread sign: its place and what it was, U+FFFD if that is not known."""

    mark: Mark
    sign: str


# What Windows-1252 and Latin-1 make of the bytes that are not the first of a character.
_LATER = {
    char: byte
    for byte in range(0x80, 0xC0)
    for char in (chr(byte), bytes([byte]).decode("cp1252", "ignore"))
    if char
}
_LATER_CLASS = "".join(map(re.escape, _LATER))
# 9D, the last byte of `”`, is a hole of Windows-1252, and is often dropped or replaced.
_SINGLE = re.compile(
    rf"[âã][€\x80][{_LATER_CLASS}]|ï[¼½][{_LATER_CLASS}]|Â[ {_LATER_CLASS}]|â€[�?]?"
)
_SINGLE_RUN = re.compile(rf"(?:{_SINGLE.pattern})+")
_FIRST_BYTES = {"â": 0xE2, "ã": 0xE3, "ï": 0xEF, "Â": 0xC2}
_FIRST_CHARS = ("â", "ã", "ï", "Â")
# Beside one of these, or near the first byte of a Han character, more than signs was misread.
_FOREIGN = re.compile("[\x80-\xb6\xb8-\xff€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ]")
_OPENING_HAN = re.compile("[\xe4-\xe9]")  # the first bytes of Han characters
_CHINESE = re.compile("[\u2014-\u2026\u3000-\u303f\u4e00-\u9fff\uff01-\uff60]")

# E2 80, E3 80 and EF BC in GBK.
_PAIR_RUN = re.compile("[鈥銆锛]")
_PAIR_OPENERS = (b"\xe2\x80", b"\xe3\x80", b"\xef\xbc")
_BYTE_80 = "€"  # in Windows' GBK
_LOST_BYTE = -1
_MOST_CHARS = 12

# So many characters on each side tell that the text around is sound.
_BESIDE = 6
_LEAST_SHARE_SOUND = 0.65
_FEWEST_BESIDE = 2

_DOUBLED = "—…"
_OPENING, _CLOSING = "“", "”"
_NEVER_BEHIND_OPENING = re.compile(r"[，。、；：？！）》,;:!?)\s]|\Z")
_NEVER_BEFORE_CLOSING = re.compile(r"(?:\A|[：:（《(])\s*\Z")


def find_misread_signs(text: str) -> list[Mark]:
    """Return each sign that was read in a wrong encoding, between characters that were not."""
    return [sign.mark for sign in _read(text)]


def read_signs_anew(text: str, _marks: list[Mark]) -> list[Edit]:
    """Put the sign in place of its bytes; `�` where a byte is lost that nothing tells."""
    return [Edit(*sign.mark, sign.sign) for sign in _read(text)]


# A repair is asked twice, what it finds and how to undo it.
@lru_cache(maxsize=2)
def _read(text: str) -> tuple[_Sign, ...]:
    if text.isascii():
        return ()
    signs = list(_signs_of_single_bytes(text))
    from_pairs = list(_signs_of_pairs(text))
    if from_pairs:
        signs = sorted(signs + _with_quotes(text, from_pairs))
    return tuple(signs)


def _signs_of_single_bytes(text: str) -> Iterator[_Sign]:
    """Yield the signs that were read in Windows-1252 or Latin-1, if one is beside Chinese text."""
    if not any(char in text for char in _FIRST_CHARS):
        return
    runs = [run for run in _SINGLE_RUN.finditer(text) if not _is_among_foreign(text, run)]
    if not any(_CHINESE.search(_beside(text, *run.span(), 1)) for run in runs):
        return
    for run in runs:
        for match in _SINGLE.finditer(text, *run.span()):
            yield _Sign(Mark(*match.span()), _sign_of_single_bytes(match[0]))


def _is_among_foreign(text: str, run: re.Match[str]) -> bool:
    """Whether what stands around was misread as well: then its bytes belong together."""
    return (
        _FOREIGN.search(_beside(text, *run.span(), 1)) is not None
        or _OPENING_HAN.search(_beside(text, *run.span(), _BESIDE)) is not None
    )


def _sign_of_single_bytes(misread: str) -> str:
    r"""Return the sign of its bytes.

    >>> _sign_of_single_bytes("â€œ"), _sign_of_single_bytes("â€?"), _sign_of_single_bytes("Â ")
    ('“', '”', ' ')
    """
    if misread[0] == "Â" and misread[1] == " ":
        return " "
    later = [_LATER[char] for char in misread[1:] if char in _LATER]
    if misread[0] != "Â" and len(later) == 1:
        return _CLOSING
    return bytes((_FIRST_BYTES[misread[0]], *later)).decode("utf-8", "replace")


def _beside(text: str, start: int, end: int, size: int) -> str:
    return text[max(0, start - size) : start] + text[end : end + size]


def _signs_of_pairs(text: str) -> Iterator[_Sign]:
    """Yield the signs that were read in GBK, between characters that are usual."""
    done = 0
    for match in _PAIR_RUN.finditer(text):
        if match.start() < done:
            continue
        signs = _read_pairs(text, match.start())
        if signs and _is_sound(_beside(text, match.start(), signs[-1].mark.end, _BESIDE)):
            done = signs[-1].mark.end
            yield from signs


def _is_sound(beside: str) -> bool:
    sound = sum(char.isascii() or is_common(char) for char in beside)
    is_chinese = any(map(is_han, beside))
    is_enough = len(beside) >= _FEWEST_BESIDE and sound >= _LEAST_SHARE_SOUND * len(beside)
    return is_chinese and is_enough


def _read_pairs(text: str, start: int) -> list[_Sign]:
    """Return the signs whose bytes stand from `start` on, none if other bytes go on behind.

    A trail byte below 80 is the letter behind the last sign.
    """
    signs: list[_Sign] = []
    data: list[int] = []
    at = first = start
    while at < min(len(text), start + _MOST_CHARS):
        more = _bytes_in_gbk(text[at])
        if not more or (not data and more[0] not in (0xE2, 0xE3, 0xEF)):
            break
        data += more
        at += 1
        if len(data) >= 3:
            sign = _sign_of(data[:3], is_first=not signs)
            if not sign:
                return []
            signs.append(_Sign(Mark(first, at), sign))
            data, first = data[3:], at
        if len(data) == 1 and 0x40 <= data[0] < 0x80:
            signs[-1] = signs[-1]._replace(sign=signs[-1].sign + chr(data[0]))
            return signs
    if data in ([0xE2, 0x80], [0xE2, _LOST_BYTE]):
        signs.append(_Sign(Mark(first, at), LOST))
        data = []
    return [] if data else _with_doubled(_disjoint(signs))


def _bytes_in_gbk(char: str) -> list[int]:
    """Return the bytes of a character, a lost one for a mark of loss, none for any other."""
    if char in {"?", LOST}:
        return [_LOST_BYTE]
    if char == _BYTE_80:
        return [0x80]
    pair = pair_of(char)
    return [] if pair is None else [pair >> 8, pair & 0xFF]


def _sign_of(data: list[int], *, is_first: bool) -> str:
    """Return the sign of three bytes, U+FFFD if the third is lost, nothing if they are none.

    Behind another sign, a lost second byte is 80, which GBK lacks.
    """
    if data[:2] == [0xE2, _LOST_BYTE] and not is_first:
        data = [0xE2, 0x80, data[2]]
    if _LOST_BYTE in data[:2] or bytes(data[:2]) not in _PAIR_OPENERS:
        return ""
    if data[2] == _LOST_BYTE:
        return LOST
    return bytes(data).decode("utf-8", "ignore")


def _disjoint(signs: list[_Sign]) -> list[_Sign]:
    """Return signs of which none is without a character: two may share one, `溾` of `鈥溾€?`."""
    result: list[_Sign] = []
    for sign in signs:
        if result and sign.mark.start == sign.mark.end:
            result[-1] = _Sign(result[-1].mark, result[-1].sign + sign.sign)
        else:
            result.append(sign)
    return result


def _with_doubled(signs: list[_Sign]) -> list[_Sign]:
    """Return signs with the other half of a dash or an ellipsis put in, which are two each."""
    first = ""  # the sign in front, unless it is the second half itself
    for index, sign in enumerate(signs):
        if first and sign.sign == LOST:
            signs[index] = sign._replace(sign=first)
        is_second = signs[index].sign == first
        first = "" if is_second or sign.sign not in tuple(_DOUBLED) else sign.sign
    return signs


def _with_quotes(text: str, signs: list[_Sign]) -> list[_Sign]:
    """Return signs with the quotation marks put in where a line opens and closes them in turn."""
    result: list[_Sign] = []
    index = 0
    while index < len(signs):
        end = text.find("\n", signs[index].mark.start)
        end = len(text) if end < 0 else end
        behind = index
        while behind < len(signs) and signs[behind].mark.start < end:
            behind += 1
        start = text.rfind("\n", 0, signs[index].mark.start) + 1
        result += _quotes_of_line(text[start:end], start, signs[index:behind])
        index = behind
    return result


def _quotes_of_line(line: str, offset: int, signs: list[_Sign]) -> list[_Sign]:
    """Return the signs of a line, `“` and `”` for those that are lost if they alternate."""
    by_start = {sign.mark.start - offset: index for index, sign in enumerate(signs)}
    known = {match.start(): match[0] for match in re.finditer(f"[{_OPENING}{_CLOSING}]", line)}
    result = list(signs)
    is_open = False
    for at in sorted(by_start.keys() | known.keys()):
        if at in known:
            is_open = known[at] == _OPENING
            continue
        index = by_start[at]
        sign = signs[index]
        if sign.sign == LOST and line.startswith("鈥", at):
            end = sign.mark.end - offset
            in_front, behind = line[max(0, at - 2) : at], line[end : end + 1]
            quote = _CLOSING if is_open else _OPENING
            if quote == _OPENING and _NEVER_BEHIND_OPENING.match(behind):
                return signs
            if quote == _CLOSING and _NEVER_BEFORE_CLOSING.search(in_front):
                return signs
            if in_front[-1:].isdigit() and behind[:1].isdigit():
                continue  # a range
            result[index] = sign._replace(sign=quote)
        for char in result[index].sign:
            is_open = char == _OPENING or (is_open and char != _CLOSING)
    return signs if is_open else result
