"""From the bytes that a crawler got to the text as received.

The order of belief: a byte order mark; UTF-8, which no other encoding passes by chance;
what the sender or the markup declares, if that reads like Chinese; detection. Declarations
come so late because they are wrong so often: servers say `iso-8859-1` by default, and
pages say `gb2312` and send GBK, GB18030 or even Big5.

Almost any bytes can be read as GB18030, and those of GBK also as Big5, so that decoding
without an error proves nothing. What tells the readings apart is which characters come
out: `_common_share` measures it for declarations, UTF-16 and damaged bytes, and the detector
of Firefox does for the rest (docs/decisions/0003-charset-detection.md).

A few undecodable bytes become U+FFFD; more of them mean another encoding, or no text.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator

import chardetng_py

from dedup.errors import UndecodableTextError

__all__ = ["decode", "encoding_of"]

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    ("\N{ZERO WIDTH NO-BREAK SPACE}".encode("gb18030"), "gb18030"),
)

# The encodings that a declaration is believed for, by the names of Python's codecs. The
# largest of a family stands for all of it. The list is closed, since Python also knows
# "zlib", "rot13" and "unicode_escape", which nobody shall choose for us.
_DECLARABLE = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "cp950": "big5hkscs",
    "utf-16": "utf-16-le",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
_DETECTABLE = {"GBK": "gb18030", "gb18030": "gb18030", "Big5": "big5hkscs"}
_DOUBLE_BYTE = ("gb18030", "big5hkscs")
_UTF_16 = ("utf-16-le", "utf-16-be")

# Browsers look at the first 1,024 bytes; Chinese pages put scripts before.
_MARKUP_HEAD_BYTES = 4096
_MARKUP_CHARSET = re.compile(
    rb"""<(?:meta|\?xml)\b[^>]{0,300}?\b(?:charset|encoding)\s{0,9}=[\s"']{0,9}([\w.:-]{2,40})""",
    re.IGNORECASE,
)

_SAMPLE_BYTES = 4 << 10
_SAMPLE_CHARS = 4 << 10
# A byte of 0x80 or more with what may be its second one, ASCII or not: what is left of a
# page without its markup, in any encoding that keeps ASCII.
# No longer than a sample, and possessive: a search that could go back would keep a hundred
# bytes of memory for each byte that it passed.
_BEYOND_ASCII = re.compile(rb"(?:[\x80-\xff][\x00-\x7f]?+){1,%d}+" % _SAMPLE_BYTES)
_BEYOND_ASCII_TEXT = re.compile(r"[^\x00-\x7f]+")

_LOST = "\N{REPLACEMENT CHARACTER}"
# 1 % of bad bytes: each spoils one of 33 characters of UTF-8, with up to three marks for
# its rest. Random bytes have 12 % and more, and GBK read as UTF-8 more than half.
_MOST_LOST_SHARE = 0.09
# A body cut off in the middle of a character is no reason to refuse a short text.
_CHARS_FOR_ONE_LOST = 10

# Measured: right readings have 98 % and more common characters, wrong ones of short texts
# up to 70 %. A lost byte shifts the pairs up to the next ASCII byte, so that a damaged text
# of 200 characters may be down to 65 %; a wrong reading of as much has at most 60 %.
_LEAST_COMMON_SHARE = 0.8
_LEAST_COMMON_SHARE_DAMAGED = 0.62
# Random bytes have 11 % control characters in any single-byte encoding, and 11 % unassigned
# or private ones in UTF-16.
_MOST_UNPRINTABLE_SHARE = 0.05
_LAYOUT = frozenset("\t\n\r\f\v")


def _common_characters() -> frozenset[str]:
    """Return the characters that Chinese prose is made of beside ASCII.

    The first levels of GB 2312 (3,755 characters) and Big5 (5,401) are the common ones of
    either script; with them go the punctuation and the full-width forms.
    """
    levels = (
        ("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
        ("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF))),
    )
    hanzi = "".join(
        bytes((lead, trail)).decode(encoding, "ignore")
        for encoding, leads, trails in levels
        for lead in leads
        for trail in trails
    )
    blocks = (range(0x2010, 0x2027), range(0x3000, 0x3020), range(0xFF00, 0xFF5F))
    return frozenset(hanzi) | {chr(code) for block in blocks for code in block} | {"·", "\xa0"}


_COMMON = _common_characters()


def decode(data: bytes, *, charset: str | None = None) -> str:
    """Return the text of some bytes, with U+FFFD for the few that cannot be read.

    Detection looks at a sample; the time is linear in the length of the data.

    Args:
        data: As received, without transfer or content coding.
        charset: As the sender declared it; one that is unknown or does not fit is
            passed over.

    Raises:
        UndecodableTextError: The bytes are binary, or no encoding fits them.
    """
    return _first_reading(data, charset)[1]


def encoding_of(head: bytes) -> str:
    """Return the codec for data of which only the beginning is there.

    Raises:
        UndecodableTextError: The bytes are binary, or no encoding fits them.
    """
    return _first_reading(head, None)[0]


def _first_reading(data: bytes, charset: str | None) -> tuple[str, str]:
    """Return the first encoding that fits the data, and its text without the mark."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            data = data[len(mark) :]
            candidates = iter((encoding,))
            break
    else:
        candidates = _candidates(data, charset)
    for encoding in candidates:
        text = _read(data, encoding)
        if text is not None and not _is_binary(text, encoding):
            return encoding, text
    raise UndecodableTextError("the bytes are no text in any encoding that is understood")


def _candidates(data: bytes, charset: str | None) -> Iterator[str]:
    """Yield the encodings to try, the likeliest first; each may still turn out not to fit."""
    # Only UTF-16 has zero bytes in text, and where it holds nothing but ASCII it is
    # valid UTF-8 too: "a\0b\0".
    if b"\0" in data[:_SAMPLE_BYTES]:
        yield from _plausible(data[:_SAMPLE_BYTES], _UTF_16)
    sample = _sample(data)
    if _is_utf_8(data, sample):
        yield "utf-8"
        return
    for declared in (charset, _charset_of_markup(data)):
        encoding = _known_encoding(declared)
        if encoding is not None:
            yield from _plausible(
                data[:_SAMPLE_BYTES] if encoding in _UTF_16 else sample, (encoding,)
            )
    detected = _detected_encoding(sample)
    if detected in _DOUBLE_BYTE:
        yield from _plausible(sample, (detected,))
    yield from _plausible(data[:_SAMPLE_BYTES], _UTF_16)
    if detected not in _DOUBLE_BYTE:
        yield "utf-8"  # damaged, and not Chinese; the detector never says so
    yield detected


def _is_utf_8(data: bytes, sample: bytes) -> bool:
    """Return whether the data is UTF-8, sound or damaged.

    Damaged UTF-8 has to read like Chinese: "的的的" in GBK is "ĵĵĵ" but for its ends.
    """
    try:
        data.decode()
    except UnicodeDecodeError:
        return any(_plausible(sample, ("utf-8",)))
    return True


def _known_encoding(charset: str | None) -> str | None:
    """Return the codec for a declared name, None if it is not one of the Chinese ones."""
    if charset is None:
        return None
    name = charset.strip().strip("\"'").lower().removeprefix("x-").removeprefix("cn-")
    try:
        return _DECLARABLE.get(codecs.lookup(name).name)
    except (LookupError, ValueError):  # ValueError: a zero byte in the name
        return None


def _charset_of_markup(data: bytes) -> str | None:
    """Return what a `<meta>` or an XML declaration at the head of the data says."""
    declaration = _MARKUP_CHARSET.search(data, 0, _MARKUP_HEAD_BYTES)
    return declaration[1].decode("latin-1") if declaration else None


def _sample(data: bytes) -> bytes:
    """Return the first stretches beyond ASCII: what detection can learn from.

    The first kilobytes of a page may well be scripts without a single such byte.
    """
    stretches: list[bytes] = []
    size = 0
    for stretch in _BEYOND_ASCII.finditer(data):
        stretches.append(stretch[0])
        size += len(stretch[0]) + 1
        if size >= _SAMPLE_BYTES:
            break
    return b"\n".join(stretches)[:_SAMPLE_BYTES]


def _detected_encoding(sample: bytes) -> str:
    """Return what the detector takes the sample for.

    It rules an encoding out at the first byte that does not fit. So where it sees neither
    GB18030 nor Big5, the one with more common characters wins, if it has enough of them.
    """
    detected = chardetng_py.detect(sample)
    if detected in _DETECTABLE:
        return _DETECTABLE[detected]
    shares = {
        encoding: _common_share(text)
        for encoding in _DOUBLE_BYTE
        if (text := _read(sample, encoding)) is not None
    }
    best = max(shares, key=shares.__getitem__, default=detected)
    return best if shares.get(best, 0.0) >= _LEAST_COMMON_SHARE_DAMAGED else detected


def _plausible(sample: bytes, encodings: tuple[str, ...]) -> Iterator[str]:
    """Yield those encodings in which the sample reads like Chinese."""
    for encoding in encodings:
        text = _read(sample, encoding)
        if text is not None and _common_share(text) >= _LEAST_COMMON_SHARE:
            yield encoding


def _common_share(text: str) -> float:
    """Return how much of the text beyond ASCII is what Chinese is written with; 1 for none."""
    beyond = "".join(_BEYOND_ASCII_TEXT.findall(text[:_SAMPLE_CHARS]))
    return sum(char in _COMMON for char in beyond) / len(beyond) if beyond else 1.0


def _read(data: bytes, encoding: str) -> str | None:
    """Return the data in an encoding, None if too much of it does not fit."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
    # Against what is written in the encoding, not against the markup around it: three
    # GBK characters in a page of English are no damaged UTF-8.
    num_chars = len(text) - len(text.encode("ascii", "ignore"))
    num_lost = text.count(_LOST) - _count_written(_LOST, data, encoding)
    if num_lost <= 1 and num_chars >= _CHARS_FOR_ONE_LOST:
        return text
    return text if num_lost <= _MOST_LOST_SHARE * num_chars else None


def _count_written(char: str, data: bytes, encoding: str) -> int:
    """Return how often a character stands in the data as such; Big5 has no U+FFFD."""
    written = char.encode(encoding, "ignore")
    return data.count(written) if written else 0


def _is_binary(text: str, encoding: str) -> bool:
    """Return whether too many characters, all over the text, cannot be written ones."""
    impossible = {"Cc", "Cn"}
    if encoding != "gb18030":  # has room for private use where shifted pairs fall
        impossible.add("Co")
    sample = text[:: max(1, len(text) // _SAMPLE_CHARS)]
    unprintable = sum(
        char not in _LAYOUT and unicodedata.category(char) in impossible for char in sample
    )
    return unprintable > _MOST_UNPRINTABLE_SHARE * len(sample)
