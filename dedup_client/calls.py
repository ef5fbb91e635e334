"""The requests of the service's interface, made the same way for both clients."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypedDict
from urllib.parse import quote

__all__ = ["Call", "CheckFields", "ReplaceFields", "check", "check_batch", "of_path", "replace"]

_JSON = {"Content-Type": "application/json"}
_NDJSON = {"Content-Type": "application/x-ndjson"}

Format = Literal["auto", "text", "html"]


class ReplaceFields(TypedDict, total=False):
    """All of an article but its id and text."""

    title: str | None
    url: str | None
    published_at: datetime | str | None
    format: Format


class CheckFields(ReplaceFields, total=False):
    """All of a check but its text."""

    id: str | None
    remember: bool
    passages: bool
    repaired: bool
    main_text: bool
    damage_marks: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is ready to be sent, and sent again."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


def check(text: str | bytes, fields: Mapping[str, Any]) -> Call:
    """Return the check of an article; bytes go as they are, to be decoded by the service."""
    given = _plain(fields)
    if isinstance(text, str):
        return _with_body("POST", "/check", {"text": text, **given})
    media_type = "text/html" if given.pop("format", None) == "html" else "text/plain"
    params = {name: _as_parameter(value) for name, value in given.items()}
    return Call("POST", "/check", params, {"Content-Type": media_type}, text)


def check_batch(articles: Iterable[Mapping[str, Any]]) -> Call:
    """Return the check of articles, each with its text among its fields."""
    lines = (json.dumps(_plain(article), ensure_ascii=False) for article in articles)
    content = "".join(f"{line}\n" for line in lines).encode()
    return Call("POST", "/check/batch", headers=_NDJSON, content=content)


def replace(article_id: str, text: str, fields: Mapping[str, Any]) -> Call:
    """Return the replacement of an article."""
    call = _with_body("PUT", "/articles", {"text": text, **_plain(fields)})
    return Call(call.method, f"{call.path}/{_quoted(article_id)}", {}, _JSON, call.content)


def of_path(
    method: str,
    *path: str,
    params: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Call:
    """Return a request for a path given in pieces, which may hold any character."""
    target = "".join(f"/{_quoted(piece)}" for piece in path)
    if body is not None:
        return _with_body(method, target, body)
    return Call(method, target, {name: str(value) for name, value in _plain(params or {}).items()})


def _with_body(method: str, path: str, body: Mapping[str, Any]) -> Call:
    content = json.dumps(body, ensure_ascii=False).encode()
    return Call(method, path, headers=_JSON, content=content)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are given, times as RFC 3339."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in fields.items()
        if value is not None
    }


def _as_parameter(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(piece: str) -> str:
    return quote(piece, safe="")
