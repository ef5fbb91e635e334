"""The console: a page, and the files that it is made of."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from app.problems import NOT_FOUND, ProblemError

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Articles are hostile. Whatever one of them makes of the page, nothing is run that is not
# one of these files, and nothing is sent anywhere else.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)


class _Asset(NamedTuple):
    content: bytes
    media_type: str
    etag: str


@cache
def _assets() -> dict[str, _Asset]:
    """Return the files by name; none else can be asked for."""
    found = {}
    for file in files("app").joinpath("console").iterdir():
        extension = file.name.rpartition(".")[2]
        if extension in _MEDIA_TYPES:
            content = file.read_bytes()
            etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
            found[file.name] = _Asset(content, _MEDIA_TYPES[extension], etag)
    return found


@router.get("/")
async def page(request: Request) -> Response:
    """Return the page."""
    return _answer(request, "index.html")


@router.get("/console/{name}")
async def asset(request: Request, name: str) -> Response:
    """Return a file that the page refers to."""
    return _answer(request, name)


def _answer(request: Request, name: str) -> Response:
    asset = _assets().get(name)
    if asset is None:
        raise ProblemError(NOT_FOUND, f"the console has no file {name!r}")
    headers = {
        "ETag": asset.etag,
        "Cache-Control": "no-cache",  # ask every time, so that files of two releases never mix
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    if request.headers.get("if-none-match") == asset.etag:
        return Response(status_code=304, headers=headers)
    return Response(asset.content, headers=headers, media_type=asset.media_type)
