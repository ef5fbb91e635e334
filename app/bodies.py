"""Request bodies: read within a limit, decompressed within it, and validated."""

import json
import zlib
from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.problems import (
    INVALID_FIELD,
    MALFORMED_REQUEST,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
)
from dedup.errors import UndecodableTextError

__all__ = ["media_type_of", "parse_json", "read_body"]

_Model = TypeVar("_Model", bound=BaseModel)

_GZIP_WBITS = 16 + zlib.MAX_WBITS


async def read_body(request: Request, *, max_bytes: int) -> bytes:
    """Return the body without its content coding.

    Raises:
        ProblemError: It is larger than allowed, before or after decompression, or its
            content coding is unknown or damaged.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        chunks.append(chunk)
    body = b"".join(chunks)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding == "identity":
        return body
    if coding == "gzip":
        return _gunzip(body, max_bytes)
    raise ProblemError(UNSUPPORTED_MEDIA_TYPE, f"content coding {coding!r} is not understood")


def media_type_of(request: Request) -> tuple[str, str | None]:
    """Return the media type of the body and its declared charset, both in lower case."""
    media_type, *parameters = request.headers.get("content-type", "").lower().split(";")
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value:
            return media_type.strip(), value.strip("\"'")
    return media_type.strip(), None


def parse_json(body: bytes, model: type[_Model]) -> _Model:
    """Return a JSON body as a model.

    Raises:
        ProblemError: It is no JSON, or a field is missing, unknown or not valid.
        UndecodableTextError: It holds text that is not Unicode.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        if first["type"] == "json_invalid":
            raise _bad_json(body, first["msg"]) from None
        place = ".".join(str(part) for part in first["loc"])
        raise ProblemError(INVALID_FIELD, f"{place or 'body'}: {first['msg']}") from None


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


def _too_large(max_bytes: int) -> ProblemError:
    return ProblemError(TOO_LARGE, f"the body exceeds {max_bytes} bytes")
