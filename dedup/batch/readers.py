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
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

import zstandard

from dedup.batch.json_lines import JsonLines, blocks_of
from dedup.batch.lines import MAX_ARTICLE_BYTES, text_lines, too_large
from dedup.batch.records import SourceArticle, UnreadableSource, fields_by_name, source_of
from dedup.errors import DedupError, InvalidInputError, TooLargeError, UndecodableTextError
from dedup.models import Article, TextFormat
from dedup.text.decode import decode

__all__ = [
    "MAX_ARTICLE_BYTES",
    "SUFFIXES",
    "SourceArticle",
    "UnreadableSource",
    "read_file",
    "read_folder",
    "read_folder_in_blocks",
]

_ROWS_AT_ONCE = 64
_COMPRESSIONS = (".gz", ".zst")
_DELIMITERS = (",", "\t", ";")

Sources = Iterator[SourceArticle | UnreadableSource]
Blocks = Iterator[SourceArticle | UnreadableSource | JsonLines]


def read_folder(folder: Path) -> Sources:
    """Yield every article under a folder: its files by name, then its folders by name."""
    return _unpacked(read_folder_in_blocks(folder))


def read_folder_in_blocks(folder: Path) -> Blocks:
    """Do the same, but for lines of JSON, which whoever wants can read somewhere else.

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
            yield from _read_in_blocks(path, _name(path, folder))


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
    return _unpacked(_read_in_blocks(path, name))


def _unpacked(blocks: Blocks) -> Sources:
    for block in blocks:
        if isinstance(block, JsonLines):
            for record in block.records():
                yield record if isinstance(record, UnreadableSource) else record.source
        else:
            yield block


def _read_in_blocks(path: Path, name: str) -> Blocks:
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
        raise too_large(MAX_ARTICLE_BYTES)
    return data


def _read_csv(stream: BinaryIO, name: str) -> Sources:
    """Yield the articles of a table; its first row names the columns."""
    # The limit holds for the whole process; nothing else of the service reads CSV.
    csv.field_size_limit(MAX_ARTICLE_BYTES)
    lines = _intact(text_lines(stream))
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
            yield source_of(name, place, dict(zip(columns, row, strict=False)))


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
        yield source_of(name, f"{name}:{number}", row)


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


_READERS: dict[str, Callable[[BinaryIO, str], Blocks]] = {
    ".txt": _read_text,
    ".md": _read_text,
    ".html": _read_html,
    ".htm": _read_html,
    ".jsonl": blocks_of,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}
SUFFIXES = tuple(_READERS)
"""The formats that are understood, by the suffix of the file's name."""
