"""Request bodies: read within a limit, decompressed within it, and validated."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.dependencies import run
from app.problems import (
    INVALID_FIELD,
    MALFORMED_REQUEST,
    REQUEST_TIMEOUT,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
)
from app.scope import BODY_IS_THERE, header_of
from app.settings import Settings
from dedup.errors import UndecodableTextError
from dedup.text.decode import decode

__all__ = [
    "LineReader",
    "decoded",
    "parse_json",
    "read_body",
    "require_length",
    "require_media_type",
]

_Model = TypeVar("_Model", bound=BaseModel)

_GZIP_WBITS = 16 + zlib.MAX_WBITS
_INFLATED_AT_ONCE = 1 << 20
_MOST_EMPTY_PARTS = 1_000  # of a compressed body; nobody who has something to say sends them
_LONGEST_LINES = 4  # times the limit: what goes on for longer has no lines
_IDLE_S = 300
_LARGE_JSON = 1 << 20
_NO_JSON = object()
_MOST_BYTES_A_CHARACTER = 4  # in any encoding that is read here


async def read_body(request: Request, settings: Settings) -> bytes:
    """Return the body without its content coding.

    Raises:
        ProblemError: It is larger than allowed, before or after decompression, it does not
            come in time, or its content coding is unknown or damaged.
    """
    if request.scope.get(BODY_IS_THERE):
        return await _read(request, settings.max_body_bytes)
    try:
        async with asyncio.timeout(settings.body_timeout):
            return await _read(request, settings.max_body_bytes)
    except TimeoutError:
        detail = f"the body did not come within {settings.body_timeout:g} seconds"
        # What is left of it would be taken for the next request.
        raise ProblemError(REQUEST_TIMEOUT, detail, {"Connection": "close"}) from None


async def _read(request: Request, max_bytes: int) -> bytes:
    is_gzipped = _is_gzipped(request)
    declared = header_of(request.scope, b"content-length") or b""
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    chunks = []
    size = 0
    goes_on = True
    while goes_on:  # as the request's stream does, which takes longer for a body in one piece
        message = await request.receive()
        if message["type"] == "http.disconnect":
            # Nobody hears this; it is counted, and is no bug that the log should tell.
            raise ProblemError(MALFORMED_REQUEST, "the body broke off")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        goes_on = message.get("more_body", False)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    return _gunzip(body, max_bytes) if is_gzipped else body


class LineReader:
    """Reads a body line by line as it comes, each line within a limit."""

    def __init__(self, request: Request, settings: Settings) -> None:
        """Read this request's body.

        Raises:
            ProblemError: Its content coding is unknown.
        """
        self._request = request
        self._max_bytes = settings.max_body_bytes
        self._max_lines = settings.max_batch_lines
        self._is_gzipped = _is_gzipped(request)

    async def groups(self, size: int) -> AsyncIterator[list[bytes | ProblemError]]:
        """Yield the lines that have come, at most `size` at a time, without blank ones.

        A line beyond the limit is an error in its place. A body whose coding is damaged,
        that stops coming, has too many lines or one without an end, ends with an error.
        """
        try:
            async for found in self._found():
                for start in range(0, len(found), size):
                    yield found[start : start + size]
        except ProblemError as error:
            yield [error]

    async def _found(self) -> AsyncIterator[list[bytes | ProblemError]]:
        room = self._max_lines
        line = _Line(self._max_bytes)
        async for data in self._plain_chunks():
            *ends, rest = data.split(b"\n", room + 1)
            found = [line.end(end) for end in ends[:room]]
            yield [one for one in found if one is not None]
            room -= len(ends)
            if room < 0:
                raise self._too_many()
            line.add(rest)
        if (last := line.end(b"")) is not None:
            if room == 0:
                raise self._too_many()
            yield [last]

    def _too_many(self) -> ProblemError:
        detail = f"a batch has at most {self._max_lines} lines: it ends here"
        return ProblemError(TOO_LARGE, detail)

    async def _plain_chunks(self) -> AsyncIterator[bytes]:
        inflater = zlib.decompressobj(_GZIP_WBITS)
        num_empty = 0
        async for chunk in self._chunks():
            if not self._is_gzipped:
                yield chunk
                continue
            deflated = chunk
            while deflated:
                try:
                    data = inflater.decompress(deflated, _INFLATED_AT_ONCE)
                except zlib.error as error:
                    raise ProblemError(MALFORMED_REQUEST, f"damaged gzip body: {error}") from None
                yield data
                num_empty = 0 if data else num_empty + 1
                if num_empty > _MOST_EMPTY_PARTS:
                    raise ProblemError(MALFORMED_REQUEST, "the gzip body has endless empty parts")
                deflated = inflater.unconsumed_tail
                if inflater.eof:  # compressed files may be put one behind the other
                    deflated, inflater = inflater.unused_data, zlib.decompressobj(_GZIP_WBITS)
                await asyncio.sleep(0)  # a few bytes may swell to many

    async def _chunks(self) -> AsyncIterator[bytes]:
        chunks = self._request.stream().__aiter__()
        while True:
            try:
                async with asyncio.timeout(_IDLE_S):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                detail = f"no line came within {_IDLE_S} seconds"
                raise ProblemError(REQUEST_TIMEOUT, detail) from None
            if chunk is None:
                return
            yield chunk


class _Line:
    """A line that comes in pieces, which are put together once, at its end."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Take a piece that is not the last one.

        Raises:
            ProblemError: There seems to be no end to it.
        """
        self._size += len(piece)
        if self._size > _LONGEST_LINES * self._max_bytes:
            raise ProblemError(TOO_LARGE, "the batch has a line without an end: it ends here")
        if self._size > self._max_bytes:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)

    def end(self, piece: bytes) -> bytes | ProblemError | None:
        """Return the line that ends with this piece, None if it is blank; begin another."""
        pieces, size = [*self._pieces, piece], self._size + len(piece)
        self._pieces.clear()
        self._size = 0
        if size > self._max_bytes:
            return _too_large(self._max_bytes)
        line = b"".join(pieces)
        return line if line.strip() else None


def require_media_type(request: Request, *allowed: str) -> tuple[str, str | None]:
    """Return the media type of the body and its declared charset, both in lower case.

    Raises:
        ProblemError: The media type is none of those allowed.
    """
    given = header_of(request.scope, b"content-type") or b""
    media_type, charset = _media_type_of(given.decode("latin-1").lower())
    if media_type not in allowed:
        detail = f"media type {media_type!r} is not understood here, send {' or '.join(allowed)}"
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, detail)
    return media_type, charset


def _media_type_of(header: str) -> tuple[str, str | None]:
    media_type, *parameters = header.split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value:
            return media_type.strip(), value.strip("\"'")
    return media_type.strip(), None


def require_length(text: str, most: int) -> None:
    """Refuse a text of more than so many characters.

    Raises:
        ProblemError: It has more.
    """
    if len(text) > most:
        raise _too_long(most)


async def decoded(body: bytes, *, charset: str | None, settings: Settings) -> str:
    """Return the text of a raw body, which may be in any encoding.

    Raises:
        ProblemError: It is longer than allowed.
        UndecodableTextError: It is in no encoding that is understood.
    """
    most = settings.max_received_chars
    if len(body) > _MOST_BYTES_A_CHARACTER * most:
        raise _too_long(most)
    text = await run(lambda: decode(body, charset=charset), num_chars=len(body))
    require_length(text, most)
    return text


def parse_json(body: bytes, model: type[_Model]) -> _Model:
    """Return a JSON body as a model.

    Raises:
        ProblemError: It is no JSON, or a field is missing, unknown or not valid.
        UndecodableTextError: It holds text that is not Unicode.
    """
    fields = _decoded_json(body)
    if len(body) > _LARGE_JSON and fields is not _NO_JSON:
        _require_plain_fields(fields, model)
    with suppress(ValidationError):
        # The other way takes twice as long; it says better what is wrong.
        return model.model_validate(fields)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise _bad_json(body, first["msg"]) from None
        place = ".".join(str(part) for part in first["loc"])
        raise ProblemError(INVALID_FIELD, f"{place or 'body'}: {first['msg']}") from None


def _decoded_json(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _NO_JSON


def _require_plain_fields(fields: object, model: type[BaseModel]) -> None:
    """Refuse a large body that is large for anything but the text in it.

    Validation keeps hundreds of bytes for each value, and an error for each unknown field.
    """
    if not isinstance(fields, dict):
        raise ProblemError(INVALID_FIELD, "body: Input should be an object")
    for name, value in fields.items():
        if name not in model.model_fields:
            raise ProblemError(INVALID_FIELD, f"{name[:100]}: Extra inputs are not permitted")
        if isinstance(value, dict | list):
            raise ProblemError(INVALID_FIELD, f"{name}: Input should be a single value")


def _bad_json(body: bytes, message: str) -> Exception:
    """Tell text that is not Unicode from a body that is not JSON."""
    try:
        # The lenient parser takes lone surrogates; what it accepts fails for them alone.
        json.loads(body)
    except UnicodeDecodeError:
        pass
    except (ValueError, RecursionError):
        return ProblemError(MALFORMED_REQUEST, message)
    return UndecodableTextError("the body holds text that is not Unicode")


def _is_gzipped(request: Request) -> bool:
    given = header_of(request.scope, b"content-encoding")
    if given is None:
        return False
    coding = given.decode("latin-1").strip().lower()
    if coding not in ("identity", "gzip"):
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, f"content coding {coding!r} is not understood")
    return coding == "gzip"


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_WBITS)
    try:
        # Never more than the limit, however much a few bytes would swell to.
        data = inflater.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise ProblemError(MALFORMED_REQUEST, f"damaged gzip body: {error}") from None
    if len(data) > max_bytes:
        raise _too_large(max_bytes)
    if not inflater.eof:
        raise ProblemError(MALFORMED_REQUEST, "the gzip body ends early")
    return data


def _too_long(most: int) -> ProblemError:
    return ProblemError(TOO_LARGE, f"the text exceeds {most} characters")


def _too_large(max_bytes: int) -> ProblemError:
    return ProblemError(TOO_LARGE, f"the body exceeds {max_bytes} bytes")
