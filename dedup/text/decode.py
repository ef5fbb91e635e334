"""From the bytes that a crawler got to the text as received.

A byte order mark is believed first, then strict UTF-8, which no other encoding passes by
chance; then what the sender declared; detection comes last. Chinese pages declare
`gb2312` and send GBK or GB18030, so the largest of the family stands for all of it.
"""

import codecs

import charset_normalizer

from dedup.errors import UndecodableTextError

__all__ = ["decode"]

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins this one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "big5": "big5hkscs",
    "iso8859-1": "cp1252",
    "ascii": "utf-8",
}
_DETECTABLE = ["gb18030", "big5", "big5hkscs", "utf_16_le", "utf_16_be", "shift_jis", "euc_kr"]
_SAMPLE_BYTES = 64 << 10


def decode(data: bytes, *, charset: str | None = None) -> str:
    """Return the text of some bytes.

    Args:
        data: As received, without transfer or content coding.
        charset: As the sender declared it; one that is unknown or does not fit is
            passed over.

    Raises:
        UndecodableTextError: The bytes are binary, or no encoding fits them.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding)
    for encoding in ("utf-8", _known_encoding(charset)):
        if encoding is not None:
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    return _decoded(data, _detected_encoding(data))


def _known_encoding(charset: str | None) -> str | None:
    if charset is None:
        return None
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return _SUPERSETS.get(name, name)


def _detected_encoding(data: bytes) -> str:
    match = charset_normalizer.from_bytes(data[:_SAMPLE_BYTES], cp_isolation=_DETECTABLE).best()
    if match is None:
        msg = "the bytes are no text in any encoding that is understood"
        raise UndecodableTextError(msg)
    return _SUPERSETS.get(codecs.lookup(match.encoding).name, match.encoding)


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        msg = f"the bytes are not {encoding}, which they seem to be: {error.reason}"
        raise UndecodableTextError(msg) from error
