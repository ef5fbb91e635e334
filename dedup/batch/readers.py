"""The articles of a folder.

One article a file: plain text, Markdown, HTML (the article's text is the markup). One a
record: JSONL, CSV and Parquet, whose fields are those of `records.ALIASES`. All may be
compressed with gzip or Zstandard, and text may be in any encoding that `decode` reads.

What cannot be read is told and passed over, a record or a file at a time; nothing raises.
Memory is bounded by the names of one folder and by `MAX_ARTICLE_BYTES`, however large or
hostile the files are.
"""

import csv
import gzip
import importlib
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

import orjson
import zstandard

from dedup.batch.records import article_from_fields, fields_by_name
from dedup.errors import DedupError, InvalidInputError, TooLargeError, UndecodableTextError
from dedup.models import Article, TextFormat
from dedup.text.decode import decode, encoding_of

__all__ = [
    "MAX_ARTICLE_BYTES",
    "SUFFIXES",
    "SourceArticle",
    "UnreadableSource",
    "read_file",
    "read_folder",
]

MAX_ARTICLE_BYTES = 64 << 20
"""The most that a text file, a record or a compressed table may have, decompressed."""

_HEAD_BYTES = 64 << 10
_ROWS_AT_ONCE = 64
_COMPRESSIONS = (".gz", ".zst")
_DELIMITERS = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class SourceArticle:
    """An article and the file that it came from, relative to the folder."""

    path: str
    article: Article


@dataclass(frozen=True, slots=True)
class UnreadableSource:
    """A folder, file or record that gives no article, and why."""

    path: str
    reason: str


Sources = Iterator[SourceArticle | UnreadableSource]


def read_folder(folder: Path) -> Sources:
    """Yield every article under a folder: its files by name, then its folders by name.

    Names that begin with a dot are passed over. Links to files are followed, links to
    folders are not, since they may lead in circles.
    """
    waiting = [folder]
    while waiting:
        current = waiting.pop()
        try:
            with os.scandir(current) as found:
                entries = sorted(found, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield UnreadableSource(_name(current, folder), error.strerror or str(error))
            continue
        entries = [entry for entry in entries if not entry.name.startswith(".")]
        files = [entry.name for entry in entries if not _is_folder(entry)]
        waiting += (Path(entry.path) for entry in entries if _is_folder(entry))
        del entries
        while files:
            path = current / files.pop()
            yield from read_file(path, name=_name(path, folder))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _name(path: Path, folder: Path) -> str:
    """Return what to call a file; its name need not be UTF-8, least of all out of a zip."""
    name = path.relative_to(folder).as_posix()
    try:
        return decode(os.fsencode(name))
    except UndecodableTextError:
        return os.fsencode(name).decode(errors="replace")


def read_file(path: Path, *, name: str) -> Sources:
    """Yield the articles of one file.

    Args:
        path: The file.
        name: What to call it; the id of its article where it holds a single one.
    """
    suffix = _suffix(name)
    read = _READERS.get(suffix)
    if read is None:
        yield UnreadableSource(name, f"no article format is known for {suffix or 'this name'}")
        return
    try:
        with _open(path) as stream:
            yield from read(stream, name)
    except DedupError as error:
        yield UnreadableSource(name, str(error))
    except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
        yield UnreadableSource(name, f"damaged compression: {error}")
    except OSError as error:
        yield UnreadableSource(name, error.strerror or str(error))


def _suffix(name: str) -> str:
    """Return the suffix that tells the format of a file, compressed or not."""
    path = PurePosixPath(name.lower())
    return (path.with_suffix("") if path.suffix in _COMPRESSIONS else path).suffix


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    """Open a regular file, decompressed.

    Opening a pipe would wait for a writer that may never come, hence O_NONBLOCK, which
    does nothing to a regular file. What was opened is looked at, not what bore the name
    just before.

    Raises:
        InvalidInputError: It is a pipe, a device or a folder.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise InvalidInputError("not a regular file")
        suffix = path.suffix.lower()
        if suffix == ".gz":
            with gzip.GzipFile(fileobj=stream) as decompressed:
                yield cast("BinaryIO", decompressed)
        elif suffix == ".zst":
            with io.BufferedReader(_ZstdFrames(stream)) as decompressed:
                yield cast("BinaryIO", decompressed)
        else:
            yield stream


class _ZstdFrames(io.RawIOBase):
    """The content of one Zstandard frame after another, all of which must be complete.

    The package's own reader ends a file that was cut off as if nothing were missing.
    """

    # 4 bytes may stand for 128 kB; so this may stand for 16 MB, held at once.
    _CHUNK_BYTES = 512

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._decompressor = zstandard.ZstdDecompressor()
        self._frame: zstandard.ZstdDecompressionObj | None = None
        self._compressed = b""
        self._content = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._content:
            self._compressed = self._compressed or self._stream.read(self._CHUNK_BYTES)
            if not self._compressed:
                if self._frame is not None:
                    raise EOFError("the end is missing")
                return 0
            self._decompress()
        part, self._content = self._content[: len(buffer)], self._content[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)

    def _decompress(self) -> None:
        frame = self._frame or self._decompressor.decompressobj()
        self._content = frame.decompress(self._compressed)
        self._compressed = frame.unused_data
        self._frame = None if frame.eof else frame


def _read_text(stream: BinaryIO, name: str) -> Sources:
    yield SourceArticle(name, Article(text=decode(_read_all(stream)), id=name))


def _read_html(stream: BinaryIO, name: str) -> Sources:
    text = decode(_read_all(stream))
    yield SourceArticle(name, Article(text=text, id=name, format=TextFormat.HTML))


def _read_all(stream: BinaryIO) -> bytes:
    data = stream.read(MAX_ARTICLE_BYTES + 1)
    if len(data) > MAX_ARTICLE_BYTES:
        raise _too_large()
    return data


def _too_large() -> TooLargeError:
    return TooLargeError(f"larger than {MAX_ARTICLE_BYTES >> 20} MB")


def _read_jsonl(stream: BinaryIO, name: str) -> Sources:
    number = 0
    for line in _lines(stream, with_blanks_at_once=True):
        if isinstance(line, TooLargeError):
            number += 1
            yield UnreadableSource(f"{name}:{number}", str(line))
        elif line.isspace():
            number += max(1, line.count("\n"), line.count("\r"))
        else:
            number += 1
            yield _source(name, f"{name}:{number}", _json_object(line))


def _json_object(line: str) -> dict[str, Any] | InvalidInputError:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return InvalidInputError(f"not JSON: {error}")
    return fields if isinstance(fields, dict) else InvalidInputError("not a JSON object")


def _source(
    name: str, place: str, fields: dict[str, Any] | InvalidInputError
) -> SourceArticle | UnreadableSource:
    """Return the article of one record, or why there is none."""
    if isinstance(fields, InvalidInputError):
        return UnreadableSource(place, str(fields))
    try:
        return SourceArticle(name, article_from_fields(fields, default_id=place))
    except DedupError as error:
        return UnreadableSource(place, str(error))


def _lines(stream: BinaryIO, *, with_blanks_at_once: bool = False) -> Iterator[str | TooLargeError]:
    """Yield the lines of a text file with their ends; an error in place of an endless one.

    Blank lines may come many at once: a few bytes may stand for a thousand million of them.

    The encoding is that of the head of the file. What does not fit it further down is
    decoded a line at a time: collections are put together from files of all kinds.
    """
    head = stream.read(_HEAD_BYTES)
    encoding = encoding_of(head[: head.rfind(b"\n") + 1] or head)
    # The bytes of half a UTF-16 character may be ASCII, which cannot be escaped.
    errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    whole = io.BufferedReader(_Rejoined(head, stream))
    with io.TextIOWrapper(whole, encoding, errors=errors, newline="") as text:
        is_first = True
        for line in _raw_lines(text, with_blanks_at_once=with_blanks_at_once):
            if len(line) == MAX_ARTICLE_BYTES and not line.endswith("\n"):
                while (rest := text.readline(_HEAD_BYTES)) and not rest.endswith("\n"):
                    pass
                yield _too_large()
                continue
            yield _mended(line.removeprefix("\ufeff") if is_first else line, encoding)
            is_first = False


def _raw_lines(text: io.TextIOWrapper, *, with_blanks_at_once: bool) -> Iterator[str]:
    """Yield lines of at most `MAX_ARTICLE_BYTES` characters; a longer one goes on behind that."""
    while line := text.readline(MAX_ARTICLE_BYTES):
        yield line
        if with_blanks_at_once and line.isspace():
            while (chunk := text.read(_HEAD_BYTES)).isspace():
                yield chunk
            lines = list(io.StringIO(chunk, newline=""))
            if lines and not lines[-1].endswith(("\n", "\r")):
                lines[-1] += text.readline(MAX_ARTICLE_BYTES - len(lines[-1]))
            yield from lines


def _mended(line: str, encoding: str) -> str:
    """Return a line with what did not fit the encoding decoded in another, or lost."""
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


def _read_csv(stream: BinaryIO, name: str) -> Sources:
    """Yield the articles of a table; its first row names the columns."""
    # The limit holds for the whole process; nothing else of the service reads CSV.
    csv.field_size_limit(MAX_ARTICLE_BYTES)
    lines = _intact(_lines(stream))
    header = next(lines, "")
    delimiter = max(_DELIMITERS, key=header.count)
    columns = next(csv.reader([header], delimiter=delimiter), [])
    _known_columns(columns)
    rows = csv.reader(lines, delimiter=delimiter)
    for number, row in enumerate(_rows_or_errors(rows), start=1):
        place = f"{name}:{number}"
        if isinstance(row, InvalidInputError):
            yield UnreadableSource(place, str(row))
        elif row:
            yield _source(name, place, dict(zip(columns, row, strict=False)))


def _rows_or_errors(rows: Iterator[list[str]]) -> Iterator[list[str] | InvalidInputError]:
    """Yield the rows of a table; the reader goes on behind one that it cannot read."""
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield InvalidInputError(f"not CSV: {error}")
            continue
        if row is None:
            return
        yield row


def _intact(lines: Iterator[str | TooLargeError]) -> Iterator[str]:
    """Yield lines up to an endless one: in a table nobody knows what that was part of."""
    for line in lines:
        if isinstance(line, TooLargeError):
            raise line
        yield line


def _known_columns(names: list[str]) -> list[str]:
    """Return those columns of a table that are understood.

    Raises:
        InvalidInputError: None of them holds texts.
    """
    columns = fields_by_name(names)
    if "text" not in columns:
        raise InvalidInputError("there is no column of texts")
    return list(columns.values())


def _read_parquet(stream: BinaryIO, name: str) -> Sources:
    """Yield the articles of a Parquet file, some rows at a time."""
    # It is read from its end, which a compressed stream cannot be.
    is_compressed = name.lower().endswith(_COMPRESSIONS)
    rows = _parquet_rows(io.BytesIO(_read_all(stream)) if is_compressed else stream)
    for number, row in enumerate(rows, start=1):
        yield _source(name, f"{name}:{number}", row)


def _parquet_rows(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    # Not imported above: pyarrow takes a third of a second, which most runs need not wait.
    arrow, parquet = map(importlib.import_module, ("pyarrow", "pyarrow.parquet"))
    try:
        with closing(parquet.ParquetFile(stream)) as table:
            columns = _known_columns(table.schema_arrow.names)
            for batch in table.iter_batches(_ROWS_AT_ONCE, columns=columns):
                yield from batch.to_pylist()
    except InvalidInputError:
        raise
    except (arrow.ArrowException, ValueError) as error:  # a ValueError is a bad string or time
        raise InvalidInputError(f"not readable as Parquet: {error}") from error


_READERS: dict[str, Callable[[BinaryIO, str], Sources]] = {
    ".txt": _read_text,
    ".md": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".jsonl": _read_jsonl,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
SUFFIXES = tuple(_READERS)
"""The formats that are understood, by the suffix of the file's name."""
