r"""Characters left as escaped bytes: `%E4%B8%AD`, `%D6%D0`, `\xe4\xb8\xad`, `=E4=B8=AD`.

The bytes are UTF-8, or GBK as in old links. Addresses consist of such escapes by
right, and keep them. What is ASCII counts only beside an escape that is not.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.escapes import could_open_escape
from dedup.text.marks import Mark
from dedup.text.words import is_common

__all__ = ["decode_bytes", "find_byte_escapes"]

_RUN = re.compile(
    r"(?:%(?:25)*[0-9a-fA-F]{2})+|(?:\\+x[0-9a-fA-F]{2})+|(?:=[0-9A-F]{2}(?:=\n)?){2,}"
)
_BYTE = re.compile(r"(?:%(?:25)*|\\+x|=)([0-9a-fA-F]{2})(?:=\n)?")
_BYTE_OR_CHAR = re.compile(_BYTE.pattern + "|[!-~]")
_FEWEST_OF_GBK = 6
_EAST_ASIAN = "\u2e80"
# A Chinese character or sign in UTF-8, and any pair of GBK.
_UTF_8 = re.compile(
    rb"[\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_GBK = re.compile(rb"[\x00-\x7f]|[\x81-\xfe][\x40-\x7e\x80-\xfe]")

# What stands in front of an escape in an address.
_TOKEN = re.compile(r"(?:[!-~]|(?<==)\n)+")  # quoted-printable breaks a line behind `=`
_ADDRESS = re.compile(
    r"://|https?%3a|www\.|\.(?:com|cn|net|org|s?html?|php|aspx?|jsp)\b|[?&][\w.-]+=", re.IGNORECASE
)
_LEAST_SHARE_COMMON = 0.7


class _Reading(NamedTuple):
    """A character as it was escaped: its place and what it is."""

    mark: Mark
    char: str


def find_byte_escapes(text: str) -> list[Mark]:
    """Return the escaped bytes of `text`, those of each character as one mark."""
    return [reading.mark for reading in _read(text)]


def decode_bytes(text: str, _marks: list[Mark]) -> list[Edit]:
    """Put the character in place of its escaped bytes."""
    return [Edit(*reading.mark, reading.char) for reading in _read(text)]


def _read(text: str) -> list[_Reading]:
    """Return the escaped characters, token by token."""
    if not any(sign in text for sign in ("%", "\\x", "=")):
        return []
    tokens = list(_TOKEN.finditer(text))
    if _is_gbk(tokens):
        return [reading for token in tokens for reading in _read_token_of_gbk(token)]
    readings = [reading for token in tokens for reading in _read_token(token)]
    return sorted([*readings, *_soft_breaks(text, readings)])


def _soft_breaks(text: str, readings: list[_Reading]) -> Iterator[_Reading]:
    """Yield the line ends that quoted-printable set between characters."""
    if "=\n" not in text or sum(text[mark.start] == "=" for mark, _ in readings) < _FEWEST_OF_GBK:
        return
    inside = {at for mark, _ in readings for at in range(*mark)}
    for match in re.finditer("=\n", text):
        if match.start() not in inside:
            yield _Reading(Mark(*match.span()), "")


def _is_gbk(tokens: list[re.Match[str]]) -> bool:
    """Whether many escapes of a text are GBK, and more so than UTF-8: then all of them are.

    A single character tells less: `%CA%B1` is 时, or `ʱ` in UTF-8.
    """
    num_gbk = num_utf8 = 0
    for token in tokens:
        for run in _RUN.finditer(token[0]):
            data = _bytes_of(_BYTE.findall(run[0]))
            if data.isascii() or _is_in_address(run):
                continue
            utf8 = data.decode("utf-8", "ignore")
            if len(utf8.encode()) == len(data) and any(char >= _EAST_ASIAN for char in utf8):
                num_utf8 += len(utf8)
            else:
                num_gbk += sum(map(is_common, data.decode("gb18030", "ignore")))
    return num_gbk >= _FEWEST_OF_GBK and num_gbk > num_utf8


def _read_token_of_gbk(token: re.Match[str]) -> Iterator[_Reading]:
    """Yield the characters of a token whose lead bytes are escaped, trail bytes perhaps not."""
    runs = [run for run in _RUN.finditer(token[0]) if not _is_in_address(run)]
    if not runs or all(_bytes_of(_BYTE.findall(run[0])).isascii() for run in runs):
        return
    units = list(_BYTE_OR_CHAR.finditer(token[0]))
    data = [_byte_of(unit) for unit in units]
    at = 0
    while at < len(units):
        pair = bytes(data[at : at + 2]).decode("gb18030", "ignore") if data[at] > 0x80 else ""
        size = 2 if len(pair) == 1 else 1
        is_escaped = units[at].start() + 1 < units[at].end()
        if is_escaped and (size == 2 or data[at] < 0x80):
            start, end = units[at].start(), units[at + size - 1].end()
            char = pair or chr(data[at])
            mark = Mark(token.start() + start, token.start() + end)
            if not could_open_escape(char, token.string, mark.end):
                yield _Reading(mark, char)
        at += size


def _byte_of(unit: re.Match[str]) -> int:
    return int(unit[1], base=16) if unit[1] else ord(unit[0])


def _bytes_of(digits: list[str]) -> bytes:
    return bytes(int(two, base=16) for two in digits)


def _read_token(token: re.Match[str]) -> Iterator[_Reading]:
    """Yield the escaped characters of a stretch without blanks or Chinese text."""
    runs = [run for run in _RUN.finditer(token[0]) if not _is_in_address(run)]
    readings = [_read_run(run, token.start()) for run in runs]
    if any(not reading.char.isascii() for run in readings for reading in run):
        for run in readings:
            yield from (
                reading
                for reading in run
                if not could_open_escape(reading.char, token.string, reading.mark.end)
            )


def _is_in_address(run: re.Match[str]) -> bool:
    """Whether an address begins in front of the escapes and goes on up to them."""
    start = max(run.string.rfind(bracket, 0, run.start()) for bracket in "()[]<>\"'")
    return _ADDRESS.search(run.string, start + 1, run.end()) is not None


def _read_run(run: re.Match[str], offset: int) -> list[_Reading]:
    """Return the characters of adjoining escapes, none if the bytes are neither UTF-8 nor GBK."""
    escapes = list(_BYTE.finditer(run[0]))
    data = bytes(int(escape[1], base=16) for escape in escapes)
    for pattern, encoding in ((_UTF_8, "utf-8"), (_GBK, "gb18030")):
        chars = [match.span() for match in pattern.finditer(data)]
        try:
            decoded = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(decoded) != len(chars) or not _is_plausible(decoded, encoding):
            continue
        start = offset + run.start()
        return [
            _Reading(Mark(start + escapes[first].start(), start + escapes[last - 1].end()), char)
            for (first, last), char in zip(chars, decoded, strict=True)
        ]
    return []


def _is_plausible(decoded: str, encoding: str) -> bool:
    """Whether this is text; nearly any bytes can be read as GBK."""
    beyond = [char for char in decoded if not char.isascii()]
    if encoding == "utf-8" or not beyond:
        return all(char.isprintable() or char.isspace() for char in decoded)
    return sum(map(is_common, beyond)) >= _LEAST_SHARE_COMMON * len(beyond)
