r"""Characters left as escaped bytes: `%E4%B8%AD`, `\xe4\xb8\xad`, `\344\270\255`, `=E4=B8=AD`.

The bytes are UTF-8, or GBK as in old links. Addresses consist of such escapes by
right, and keep them. What is ASCII counts only beside an escape that is not.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from dedup.models import Edit
from dedup.text.damage.escapes import could_open_escape
from dedup.text.marks import Mark
from dedup.text.words import is_common

__all__ = ["decode_bytes", "find_byte_escapes"]

_RUN = re.compile(
    r"(?:%(?:25)*[0-9a-fA-F]{2})+|(?:\\+x[0-9a-fA-F]{2})+|(?:=[0-9A-F]{2}(?:=\n)?){2,}"
    r"|(?:\\+[0-3][0-7]{2}){2,}"
)
_BYTE = re.compile(r"(?:%(?:25)*|\\+x|=)([0-9a-fA-F]{2})(?:=\n)?")
_OCTAL_BYTE = re.compile(r"\\+([0-3][0-7]{2})")
_OCTAL_HIGH_BYTE = re.compile(r"\\[23][0-7]{2}")
_BYTE_OR_CHAR = re.compile(_BYTE.pattern + r"|\\+(?P<octal>[0-3][0-7]{2})|[!-~]")
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


class _Run(NamedTuple):
    """Escapes side by side: where they stand in the text, and their bytes."""

    start: int
    end: int
    data: bytes


class _Token(NamedTuple):
    """A stretch without blanks or Chinese text, and its escapes outside of addresses."""

    text: str
    start: int
    runs: list[_Run]


# A repair is asked twice, what it finds and how to undo it.
@lru_cache(maxsize=2)
def _read(text: str) -> tuple[_Reading, ...]:
    """Return the escaped characters, token by token."""
    is_octal = "\\" in text and _OCTAL_HIGH_BYTE.search(text) is not None
    if not is_octal and not any(sign in text for sign in ("%", "\\x", "=")):
        return ()
    tokens = [token for match in _TOKEN.finditer(text) if (token := _token(match)).runs]
    if _is_gbk(tokens):
        return tuple(reading for token in tokens for reading in _read_token_of_gbk(text, token))
    readings = [reading for token in tokens for reading in _read_token(text, token)]
    return tuple(sorted([*readings, *_soft_breaks(text, readings)]))


def _token(match: re.Match[str]) -> _Token:
    token, start = match[0], match.start()
    # None is in an address where there is none: nearly all are asked by one search.
    has_address = _ADDRESS.search(token) is not None
    runs = [
        _Run(start + run.start(), start + run.end(), _bytes_of(run[0]))
        for run in _RUN.finditer(token)
        if not (has_address and _is_in_address(run))
    ]
    return _Token(token, start, runs)


def _soft_breaks(text: str, readings: list[_Reading]) -> Iterator[_Reading]:
    """Yield the line ends that quoted-printable set between characters."""
    if "=\n" not in text or sum(text[mark.start] == "=" for mark, _ in readings) < _FEWEST_OF_GBK:
        return
    inside = {at for mark, _ in readings for at in range(*mark)}
    for match in re.finditer("=\n", text):
        if match.start() not in inside:
            yield _Reading(Mark(*match.span()), "")


def _is_gbk(tokens: list[_Token]) -> bool:
    """Whether many escapes of a text are GBK, and more so than UTF-8: then all of them are.

    A single character tells less: `%CA%B1` is 时, or `ʱ` in UTF-8.
    """
    num_gbk = num_utf8 = 0
    for token in tokens:
        for run in token.runs:
            if run.data.isascii():
                continue
            utf8 = run.data.decode("utf-8", "ignore")
            if len(utf8.encode()) == len(run.data) and max(utf8) >= _EAST_ASIAN:
                num_utf8 += len(utf8)
            else:
                num_gbk += sum(map(is_common, run.data.decode("gb18030", "ignore")))
    return num_gbk >= _FEWEST_OF_GBK and num_gbk > num_utf8


def _read_token_of_gbk(text: str, token: _Token) -> Iterator[_Reading]:
    """Yield the characters of a token whose lead bytes are escaped, trail bytes perhaps not."""
    if all(run.data.isascii() for run in token.runs):
        return
    units = list(_BYTE_OR_CHAR.finditer(token.text))
    data = [_byte_of(unit) for unit in units]
    at = 0
    while at < len(units):
        pair = bytes(data[at : at + 2]).decode("gb18030", "ignore") if data[at] > 0x80 else ""
        size = 2 if len(pair) == 1 else 1
        is_escaped = units[at].start() + 1 < units[at].end()
        if is_escaped and (size == 2 or data[at] < 0x80):
            start, end = units[at].start(), units[at + size - 1].end()
            char = pair or chr(data[at])
            mark = Mark(token.start + start, token.start + end)
            if not could_open_escape(char, text, mark.end):
                yield _Reading(mark, char)
        at += size


def _byte_of(unit: re.Match[str]) -> int:
    if unit["octal"]:
        return int(unit["octal"], base=8)
    return int(unit[1], base=16) if unit[1] else ord(unit[0])


def _bytes_of(run: str) -> bytes:
    if _is_octal(run):
        return bytes(int(digits, base=8) for digits in _OCTAL_BYTE.findall(run))
    return bytes.fromhex("".join(_BYTE.findall(run)))


def _is_octal(run: str) -> bool:
    return _OCTAL_BYTE.match(run) is not None


def _read_token(text: str, token: _Token) -> Iterator[_Reading]:
    """Yield the escaped characters of a stretch without blanks or Chinese text."""
    if all(run.data.isascii() for run in token.runs):
        return
    readings = [_read_run(text, run) for run in token.runs]
    if any(not reading.char.isascii() for run in readings for reading in run):
        for run in readings:
            yield from (
                reading
                for reading in run
                if not could_open_escape(reading.char, text, reading.mark.end)
            )


def _is_in_address(run: re.Match[str]) -> bool:
    """Whether an address begins in front of the escapes and goes on up to them."""
    start = max(run.string.rfind(bracket, 0, run.start()) for bracket in "()[]<>\"'")
    return _ADDRESS.search(run.string, start + 1, run.end()) is not None


def _read_run(text: str, run: _Run) -> list[_Reading]:
    """Return the characters of adjoining escapes, none if the bytes are neither UTF-8 nor GBK."""
    for pattern, encoding in ((_UTF_8, "utf-8"), (_GBK, "gb18030")):
        try:
            decoded = run.data.decode(encoding)
        except UnicodeDecodeError:
            continue
        sizes = list(map(len, pattern.findall(run.data)))
        if len(decoded) != len(sizes) or not _is_plausible(decoded, encoding):
            continue
        bounds = _bounds(text, run)
        ends = list(accumulate(sizes, initial=0))
        return [
            _Reading(Mark(bounds[first], bounds[last]), char)
            for (first, last), char in zip(pairwise(ends), decoded, strict=True)
        ]
    return []


def _bounds(text: str, run: _Run) -> Sequence[int]:
    """Return where each escape of a run starts, and the end."""
    shortest = len(r"\x00") if text[run.start] == "\\" else len("%00")
    if run.end - run.start == shortest * len(run.data):
        return range(run.start, run.end + 1, shortest)
    pattern = _OCTAL_BYTE if _OCTAL_BYTE.match(text, run.start) else _BYTE
    starts = [escape.start() for escape in pattern.finditer(text, run.start, run.end)]
    return [*starts, run.end]


def _is_plausible(decoded: str, encoding: str) -> bool:
    """Whether this is text; nearly any bytes can be read as GBK."""
    beyond = [char for char in decoded if not char.isascii()]
    if encoding == "utf-8" or not beyond:
        return decoded.isprintable() or all(
            char.isprintable() or char.isspace() for char in decoded
        )
    return sum(map(is_common, beyond)) >= _LEAST_SHARE_COMMON * len(beyond)
