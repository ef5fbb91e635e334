"""Files of JSON lines, in blocks of whole lines that any process can read.

To find where lines end takes next to nothing; to decode them, and to make articles of them,
is a part of the work that a scan spreads over all cores.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Any, BinaryIO, cast

import orjson

from dedup.batch.lines import (
    HEAD_BYTES,
    MAX_ARTICLE_BYTES,
    decoded,
    encoding_of_lines,
    is_wide,
    mended,
    too_large,
)
from dedup.batch.records import Record, UnreadableSource, source_of
from dedup.errors import DedupError, InvalidInputError, TooLargeError
from dedup.models import Article

__all__ = ["JsonLines", "article_of_line", "blocks_of"]

_BLOCK_BYTES = 512 << 10
_READ_BYTES = 256 << 10
_WITH_MARKS = ("utf-8", "gb18030")

_Fields = dict[str, Any] | DedupError


@dataclass(frozen=True, slots=True)
class JsonLines:
    """Some whole lines of a file.

    Attributes:
        name: What to call the file.
        first: The number of the first line.
        encoding: One in which no other character has the byte of a line's end.
        data: The lines with their ends.
    """

    name: str
    first: int
    encoding: str
    data: bytes

    def records(self) -> Iterator[Record | UnreadableSource]:
        """Yield the article of each line, or why it has none; blank lines are passed over."""
        stop = 0
        for number, line in enumerate(self.data.splitlines(keepends=True), self.first):
            start, stop = stop, stop + len(line)
            place = f"{self.name}:{number}"
            fields = _fields_of(line, self.encoding)
            if fields is None:
                if number == self.first and self._is_blank():
                    return
                continue
            source = source_of(self.name, place, fields)
            if isinstance(source, UnreadableSource):
                yield source
            else:
                yield Record(source, start, stop)

    def _is_blank(self) -> bool:
        return self.data.decode(self.encoding, "replace").isspace()


def article_of_line(line: bytes, encoding: str, article_id: str) -> Article:
    """Return the article of a line that had one before, and got this id."""
    fields = _fields_of(line, encoding)
    assert isinstance(fields, dict)
    source = source_of("", article_id, fields)
    assert not isinstance(source, UnreadableSource)
    return source.article


def blocks_of(stream: BinaryIO, name: str) -> Iterator[JsonLines | UnreadableSource]:
    """Yield the lines of a file, and in place of an endless one why it is passed over.

    Args:
        stream: At its beginning.
        name: What to call the file.

    Raises:
        UndecodableTextError: The file is no text.
    """
    head = stream.read(HEAD_BYTES)
    encoding = encoding_of_lines(head)
    read = _reader(head, stream, encoding)
    encoding = "utf-8" if is_wide(encoding) else encoding
    mark = "\ufeff".encode(encoding) if encoding in _WITH_MARKS else b""
    number = 1
    for data in _whole_lines(read):
        if isinstance(data, TooLargeError):
            yield UnreadableSource(f"{name}:{number}", str(data))
            number += 1
            continue
        if not data.isspace():  # a few bytes may stand for a thousand million blank lines
            lines = data.removeprefix(mark) if number == 1 else data
            yield JsonLines(name, number, encoding, lines)
        number += data.count(b"\n") + data.count(b"\r") - data.count(b"\r\n")


def _reader(head: bytes, stream: BinaryIO, encoding: str) -> Callable[[], bytes]:
    """Return a function that reads on, beginning with the head; b"" when all is read."""
    if is_wide(encoding):
        text = decoded(head, stream, encoding)
        return lambda: text.read(_READ_BYTES).encode()
    waiting = [head]
    # Of a compressed stream that is damaged further on, `read` gives nothing at all.
    read1 = cast("BufferedIOBase", stream).read1
    return lambda: waiting.pop() if waiting else read1(_READ_BYTES)


def _whole_lines(read: Callable[[], bytes]) -> Iterator[bytes | TooLargeError]:
    """Yield blocks of whole lines; an error in place of an endless one."""
    held: list[bytes] = []
    size, wanted = 0, _BLOCK_BYTES
    while True:
        try:
            chunk = read()
        except Exception:
            data = b"".join(held)
            yield data[: _end_of_lines(data)]
            raise
        held.append(chunk)
        size += len(chunk)
        if chunk and size < wanted:
            continue
        data = b"".join(held)
        if not chunk:
            yield data
            return
        end = _end_of_lines(data)
        if end:
            yield data[:end]
            rest, wanted = data[end:], _BLOCK_BYTES
        elif size > MAX_ARTICLE_BYTES:
            yield too_large(MAX_ARTICLE_BYTES)
            rest, wanted = _behind_line(read), _BLOCK_BYTES
        else:
            rest, wanted = data, min(2 * size, MAX_ARTICLE_BYTES + _BLOCK_BYTES)
        held, size = [rest], len(rest)


def _end_of_lines(data: bytes) -> int:
    """Return where the last whole line ends, 0 if there is none."""
    # A carriage return at the very end may be half of a line's end.
    return data.rfind(b"\n") + 1 or data.rfind(b"\r", 0, len(data) - 1) + 1


def _behind_line(read: Callable[[], bytes]) -> bytes:
    """Read to the end of a line, and return what was read of the next ones."""
    while (chunk := read()) and b"\n" not in chunk:
        pass
    return chunk.partition(b"\n")[2]


def _fields_of(line: bytes, encoding: str) -> _Fields | None:
    """Return the fields of a line, why it has none, or None if it is blank."""
    if len(line) > MAX_ARTICLE_BYTES:
        return too_large(MAX_ARTICLE_BYTES)
    if encoding == "utf-8" or line.isascii():
        try:
            return _as_object(orjson.loads(line))
        except orjson.JSONDecodeError:  # which may be for bytes of another encoding
            pass
    if line.isspace():
        return None
    text = mended(line.decode(encoding, "surrogateescape"), encoding)
    if text.isspace():
        return None
    try:
        return _as_object(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        return InvalidInputError(f"not JSON: {error}")


def _as_object(value: object) -> _Fields:
    return value if isinstance(value, dict) else InvalidInputError("not a JSON object")
