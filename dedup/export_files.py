"""Files of lines, compressed or not by their names: `.gz`, `.zst`, anything else plain."""

import errno
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import zstandard

from dedup.errors import InvalidInputError, StorageFullError

__all__ = ["read_lines", "write_whole"]


@contextmanager
def write_whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that is there with all of its content, on the disk, or not at all.

    Raises:
        StorageFullError: There is no room for it.
        InvalidInputError: It cannot be written for another reason.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            with _compressing(file, path.suffix) as stream:
                yield stream
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        kind = StorageFullError if error.errno == errno.ENOSPC else InvalidInputError
        raise kind(msg) from error
    finally:
        partial.unlink(missing_ok=True)


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises:
        InvalidInputError: It cannot be read, or its compression is damaged.
    """
    try:
        with path.open("rb") as file, _decompressing(file, path.suffix) as stream:
            yield from stream
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror or error}"
        raise InvalidInputError(msg) from error
    except (EOFError, zlib.error, zstandard.ZstdError) as error:
        msg = f"the compression of {path} is damaged: {error}"
        raise InvalidInputError(msg) from error


@contextmanager
def _compressing(file: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    if suffix == ".gz":
        # Without name and time the same lines give the same file.
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as stream:
            yield cast("IO[bytes]", stream)
    elif suffix == ".zst":
        with zstandard.ZstdCompressor().stream_writer(file, closefd=False) as stream:
            yield cast("IO[bytes]", stream)
    else:
        yield file


@contextmanager
def _decompressing(file: IO[bytes], suffix: str) -> Iterator[IO[bytes]]:
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=file, mode="rb") as stream:
            yield cast("IO[bytes]", stream)
    elif suffix == ".zst":
        reader = zstandard.ZstdDecompressor().stream_reader(file, closefd=False)
        with io.BufferedReader(cast("io.RawIOBase", reader)) as stream:
            yield cast("IO[bytes]", stream)
    else:
        yield file
