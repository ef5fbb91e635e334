"""Encodings as tables: the bytes that a character was read from, the character of two bytes.

A text that was read in the wrong encoding still tells its bytes, if the table of that
encoding is as large as any decoder's: private-use rows, vendors' extensions and
control characters included. Python's codecs are stricter than browsers and editors, so
the tables here join several of them.

Nothing is built before it is asked for.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOST_BYTE", "NO_BYTES", "big5_chars", "bytes_of", "chars_of", "gbk_chars"]

NO_BYTES = 0
"""Entry of a character that the encoding does not have."""
LOST_BYTE = 1 << 32
"""Entry of U+FFFD: one byte, or two, that the decoder could not read."""

_PLANE = 0x10000
_LENGTH_SHIFT = 40
_REPLACEMENT = 0xFFFD
_LINE_END = 0x0A
_HIGH_LEADS = range(0x81, 0xFF)
_TRAILS = (*range(0x40, 0x7F), *range(0x80, 0xFF))

# Where decoders since GB 18030-2005 differ from Python's.
_GB18030_2005 = {
    "\u1e3f": b"\xa8\xbc",
    **{chr(0xFE10 + i): pair.to_bytes(2, "big") for i, pair in enumerate(
        (0xA6D9, 0xA6DB, 0xA6DA, 0xA6DC, 0xA6DD, 0xA6DE, 0xA6DF, 0xA6EC, 0xA6ED, 0xA6F3)
    )},
    **{chr(0x9FB4 + i): pair.to_bytes(2, "big") for i, pair in enumerate(
        (0xFE59, 0xFE61, 0xFE66, 0xFE67, 0xFE6D, 0xFE7E, 0xFE90, 0xFEA0)
    )},
}  # fmt: skip


@cache
def bytes_of(encoding: str) -> NDArray[np.int64]:
    """Return the bytes of every character of the basic plane in an encoding.

    Args:
        encoding: `latin`, `latin_or_utf8`, `gb18030`, `gbk`, `big5` or `shift_jis`; `gbk`
            is GB18030 with the euro sign for the byte 0x80, as in Microsoft's table.

    Returns:
        int64, shape (0x10000,): `NO_BYTES`, `LOST_BYTE`, or the number of bytes << 40
        with the bytes, the last one lowest.
    """
    table = np.zeros(_PLANE, np.int64)
    for codes, entries in _TABLES[encoding]():
        table[codes] = entries
    table[_REPLACEMENT] = LOST_BYTE
    table.flags.writeable = False
    return table


_Part = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Code points and their entries; of several parts the later overrule the earlier."""


def _latin() -> Iterator[_Part]:
    """Yield Latin-1 with its control characters, and Windows-1252."""
    singles = [bytes((code,)) for code in range(0x100)]
    yield _listed((single.decode("latin-1"), single) for single in singles)
    yield _listed((single.decode("cp1252", "replace"), single) for single in singles)


def _latin_or_utf8() -> Iterator[_Part]:
    """Yield Latin-1 and Windows-1252, and other letters as their two bytes of UTF-8.

    Some readers take each pair of bytes that is valid UTF-8 for such, and only the rest
    for Latin-1: `推荐` in GBK is `ÍƼö` then, with `Ƽ` for C6BC.
    """
    yield _listed((chr(code), chr(code).encode()) for code in range(0x100, 0x800))
    yield from _latin()


def _gb18030() -> Iterator[_Part]:
    yield _encodable("gb18030")
    yield _listed(_GB18030_2005.items())


def _gbk() -> Iterator[_Part]:
    yield from _gb18030()
    yield _listed([("\N{EURO SIGN}", b"\x80")])


def _big5() -> Iterator[_Part]:
    """Yield the user-defined rows of Microsoft's table, and what the codecs have beside it."""
    rows = ((0xFA40, 0xFEFE, 0xE000), (0x8E40, 0xA0FE, 0xE311), (0x8140, 0x8DFE, 0xEEB8))
    for first, last, code in rows:
        pairs = enumerate(_big5_pairs(first, last), code)
        yield _listed((chr(number), pair) for number, pair in pairs)
    for codec in ("big5hkscs", "big5", "cp950"):
        yield _encodable(codec)


def _big5_pairs(first: int, last: int) -> Iterator[bytes]:
    for lead in range(first >> 8, (last >> 8) + 1):
        for trail in (*range(0x40, 0x7F), *range(0xA1, 0xFF)):
            yield bytes((lead, trail))


def _shift_jis() -> Iterator[_Part]:
    yield _encodable("cp932")


_TABLES = {
    "latin": _latin,
    "latin_or_utf8": _latin_or_utf8,
    "gb18030": _gb18030,
    "gbk": _gbk,
    "big5": _big5,
    "shift_jis": _shift_jis,
}


def _listed(pairs: Iterable[tuple[str, bytes]]) -> _Part:
    codes, entries = zip(*((ord(char), _entry(data)) for char, data in pairs), strict=True)
    return np.array(codes), np.array(entries)


def _entry(data: bytes) -> int:
    return len(data) << _LENGTH_SHIFT | int.from_bytes(data, "big")


def _encodable(codec: str) -> _Part:
    """Return the characters of the basic plane that a codec of Python's has, and their entries.

    All are encoded at once, a line each: no such codec has the byte of a line end in another
    character.
    """
    codes = np.array([*range(0xD800), *range(0xE000, _PLANE)])
    codes = codes[codes != _LINE_END]
    lines = "\n".join(map(chr, codes.tolist())) + "\n"
    data = np.frombuffer(lines.encode(codec, "ignore"), np.uint8).astype(np.int64)
    ends = np.flatnonzero(data == _LINE_END)
    lengths = np.diff(ends, prepend=-1) - 1
    entries = lengths << _LENGTH_SHIFT
    for place in range(lengths.max()):
        # The last byte is the lowest.
        has_byte = lengths > place
        entries[has_byte] |= data[ends[has_byte] - 1 - place] << 8 * place
    has_bytes = lengths > 0
    return (
        np.append(codes[has_bytes], _LINE_END),
        np.append(entries[has_bytes], _entry(b"\n")),
    )


def chars_of(encoding: str) -> NDArray[np.int32] | None:
    """Return the table of pairs of `gbk` or `big5`, None for `utf-8`."""
    if encoding == "utf-8":
        return None
    return gbk_chars() if encoding == "gbk" else big5_chars()


@cache
def gbk_chars() -> NDArray[np.int32]:
    """Return the code point of every pair of bytes in GBK, 0 for none; int32, (0x10000,)."""
    return _chars_of_pairs(("gb18030",))


@cache
def big5_chars() -> NDArray[np.int32]:
    """Return the code point of every pair of bytes in Big5, 0 for none; int32, (0x10000,)."""
    return _chars_of_pairs(("big5", "cp950", "big5hkscs"))


def _chars_of_pairs(codecs: Sequence[str]) -> NDArray[np.int32]:
    """Return the code point of every pair of bytes, by the first codec that has one."""
    pairs = [lead << 8 | trail for lead in _HIGH_LEADS for trail in _TRAILS]
    lines = b"\n".join(pair.to_bytes(2, "big") for pair in pairs)
    table = np.zeros(_PLANE, np.int32)
    for codec in reversed(codecs):
        readings = lines.decode(codec, "ignore").split("\n")
        for pair, reading in zip(pairs, readings, strict=True):
            if len(reading) == 1:
                table[pair] = ord(reading)
    table.flags.writeable = False
    return table
