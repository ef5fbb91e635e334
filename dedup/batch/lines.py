"""The lines of text files in any encoding."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

from dedup.errors import TooLargeError, UndecodableTextError
from dedup.text.decode import decode, encoding_of

__all__ = [
    "HEAD_BYTES",
    "MAX_ARTICLE_BYTES",
    "decoded",
    "encoding_of_lines",
    "is_wide",
    "mended",
    "text_lines",
    "too_large",
]

MAX_ARTICLE_BYTES = 64 << 20
"""The most that a text file, a record or a compressed table may have, decompressed."""

HEAD_BYTES = 64 << 10
"""So much of a file tells its encoding."""


def too_large(limit: int) -> TooLargeError:
    """Return why a file or a record of more bytes is passed over."""
    return TooLargeError(f"larger than {limit >> 20} MB")


def encoding_of_lines(head: bytes) -> str:
    """Return the encoding of a file that begins like this.

    Raises:
        UndecodableTextError: It is no text.
    """
    return encoding_of(head[: head.rfind(b"\n") + 1] or head)


def text_lines(stream: BinaryIO) -> Iterator[str | TooLargeError]:
    """Yield the lines of a text file with their ends; an error in place of an endless one.

    The encoding is that of the head of the file. What does not fit it further down is
    decoded a line at a time: collections are put together from files of all kinds.
    """
    head = stream.read(HEAD_BYTES)
    encoding = encoding_of_lines(head)
    with decoded(head, stream, encoding) as text:
        is_first = True
        while line := text.readline(MAX_ARTICLE_BYTES):
            if len(line) == MAX_ARTICLE_BYTES and not line.endswith("\n"):
                while (rest := text.readline(HEAD_BYTES)) and not rest.endswith("\n"):
                    pass
                yield too_large(MAX_ARTICLE_BYTES)
                continue
            yield mended(line.removeprefix("\ufeff") if is_first else line, encoding)
            is_first = False


def is_wide(encoding: str) -> bool:
    """Return whether half a character of an encoding may look like the end of a line."""
    return encoding.startswith(("utf-16", "utf-32"))


def decoded(head: bytes, rest: BinaryIO, encoding: str) -> io.TextIOWrapper:
    """Return a stream of which the head was already read as text; `mended` mends its lines."""
    # The bytes of half a UTF-16 character may be ASCII, which cannot be escaped.
    errors = "replace" if is_wide(encoding) else "surrogateescape"
    whole = io.BufferedReader(_Rejoined(head, rest))
    return io.TextIOWrapper(whole, encoding, errors=errors, newline="")


def mended(line: str, encoding: str) -> str:
    """Return a line with what did not fit the encoding decoded in another, or lost.

    Args:
        line: Decoded with the error handler "surrogateescape".
        encoding: As which it was decoded.
    """
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:
        data = line.encode(encoding, "surrogateescape")
        try:
            return decode(data)
        except UndecodableTextError:
            return data.decode(encoding, "replace")
    return line


class _Rejoined(io.RawIOBase):
    """A stream that begins with what was already read of it."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(data) :]
        buffer[: len(data)] = data
        return len(data)
