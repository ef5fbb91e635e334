"""The articles of a folder: one a text file, one a line of a JSONL file.

Files may be compressed with gzip or Zstandard. What cannot be read is told and passed
over, a line or a file at a time.
"""

import gzip
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import zstandard

from dedup.errors import DedupError, InvalidFieldError, InvalidInputError, UndecodableTextError
from dedup.models import Article, TextFormat
from dedup.text.decode import decode

__all__ = ["SUFFIXES", "SourceArticle", "UnreadableSource", "read_file", "read_folder"]

SUFFIXES = (".txt", ".md", ".jsonl")
_COMPRESSIONS = (".gz", ".zst")


@dataclass(frozen=True, slots=True)
class SourceArticle:
    """An article and the file that it came from, relative to the folder."""

    path: str
    article: Article


@dataclass(frozen=True, slots=True)
class UnreadableSource:
    """A file or line that gives no article, and why."""

    path: str
    reason: str


def read_folder(folder: Path) -> Iterator[SourceArticle | UnreadableSource]:
    """Yield every article under a folder, files in order of their paths."""
    for path in _files(folder):
        yield from read_file(path, name=path.relative_to(folder).as_posix())


def read_file(path: Path, *, name: str) -> Iterator[SourceArticle | UnreadableSource]:
    """Yield the articles of one file.

    Args:
        path: The file.
        name: What to call it; the id of its article where it holds a single one.
    """
    suffix = Path(name.removesuffix(".gz").removesuffix(".zst")).suffix.lower()
    if suffix not in SUFFIXES:
        yield UnreadableSource(name, f"no article format is known for {suffix or 'this name'}")
        return
    if not path.is_file():  # a pipe or device might never end
        yield UnreadableSource(name, "not a regular file")
        return
    try:
        if suffix == ".jsonl":
            yield from _read_lines(path, name)
        else:
            with _open(path) as stream:
                text = decode(stream.read())
            yield SourceArticle(name, Article(text=text, id=name))
    except UndecodableTextError as error:
        yield UnreadableSource(name, str(error))
    except OSError as error:
        yield UnreadableSource(name, error.strerror or str(error))
    except (EOFError, zstandard.ZstdError) as error:
        yield UnreadableSource(name, f"damaged compression: {error}")


def _files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(parent, name)


def _open(path: Path) -> io.BufferedIOBase | gzip.GzipFile | Any:
    if path.suffix == ".gz":
        return gzip.open(path)
    if path.suffix == ".zst":
        return zstandard.open(path)
    return path.open("rb")


def _read_lines(path: Path, name: str) -> Iterator[SourceArticle | UnreadableSource]:
    with _open(path) as stream:
        for number, line in enumerate(stream, start=1):
            if line.isspace():
                continue
            place = f"{name}:{number}"
            try:
                yield SourceArticle(name, article_from_json(line, default_id=place))
            except DedupError as error:
                yield UnreadableSource(place, str(error))


def article_from_json(line: bytes, *, default_id: str) -> Article:
    """Return the article that a JSON object describes; unknown fields are passed over.

    Raises:
        InvalidInputError: It is no JSON object.
        InvalidFieldError: A field has the wrong type.
    """
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        msg = f"not JSON: {error}"
        raise InvalidInputError(msg) from error
    if not isinstance(fields, dict):
        msg = "not a JSON object"
        raise InvalidInputError(msg)
    text = _string(fields, "text")
    if text is None:
        msg = "the field 'text' is missing"
        raise InvalidFieldError(msg)
    return Article(
        text=text,
        id=_string(fields, "id") or default_id,
        title=_string(fields, "title"),
        url=_string(fields, "url"),
        published_at=_time(fields),
        format=TextFormat.AUTO,
    )


def _string(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if name == "id" and isinstance(value, int):
        return str(value)
    msg = f"the field {name!r} must be a string"
    raise InvalidFieldError(msg)


def _time(fields: dict[str, Any]) -> datetime | None:
    value = _string(fields, "published_at")
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        msg = f"the field 'published_at' must be an RFC 3339 time: {value!r}"
        raise InvalidFieldError(msg) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
