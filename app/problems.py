"""Every error a client can get, as RFC 9457 problem details. The only such table."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.metrics import count_problem
from dedup import errors

__all__ = [
    "FORBIDDEN",
    "INTERNAL_ERROR",
    "INVALID_FIELD",
    "MALFORMED_REQUEST",
    "NOT_FOUND",
    "NOT_READY",
    "OVERLOADED",
    "PROBLEMS",
    "RATE_LIMITED",
    "REQUEST_TIMEOUT",
    "TOO_LARGE",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "Problem",
    "ProblemError",
    "install_handlers",
    "problem_body",
    "problem_of",
    "problem_response",
]

_LOG = logging.getLogger(__name__)

_RETRY_AFTER_S = 1


class Problem(NamedTuple):
    """One kind of error: its stable code and the status it is answered with."""

    code: str
    status: HTTPStatus


class ProblemError(Exception):
    """A request that HTTP itself finds wrong."""

    def __init__(
        self, problem: Problem, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        """Keep the problem, what to tell of it, and headers that the answer needs."""
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.headers = headers


MALFORMED_REQUEST = Problem("malformed_request", HTTPStatus.BAD_REQUEST)
UNAUTHORIZED = Problem("unauthorized", HTTPStatus.UNAUTHORIZED)
FORBIDDEN = Problem("forbidden", HTTPStatus.FORBIDDEN)
REQUEST_TIMEOUT = Problem("request_timeout", HTTPStatus.REQUEST_TIMEOUT)
RATE_LIMITED = Problem("rate_limited", HTTPStatus.TOO_MANY_REQUESTS)
NOT_FOUND = Problem("not_found", HTTPStatus.NOT_FOUND)
METHOD_NOT_ALLOWED = Problem("method_not_allowed", HTTPStatus.METHOD_NOT_ALLOWED)
TOO_LARGE = Problem("too_large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
UNSUPPORTED_MEDIA_TYPE = Problem("unsupported_media_type", HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
INVALID_FIELD = Problem("invalid_field", HTTPStatus.UNPROCESSABLE_ENTITY)
NOT_READY = Problem("not_ready", HTTPStatus.SERVICE_UNAVAILABLE)
OVERLOADED = Problem("overloaded", HTTPStatus.SERVICE_UNAVAILABLE)
INTERNAL_ERROR = Problem("internal_error", HTTPStatus.INTERNAL_SERVER_ERROR)

UNDECODABLE_TEXT = Problem("undecodable_text", HTTPStatus.BAD_REQUEST)
EMPTY_TEXT = Problem("empty_text", HTTPStatus.UNPROCESSABLE_ENTITY)
ID_CONFLICT = Problem("id_conflict", HTTPStatus.CONFLICT)
STORAGE_FULL = Problem("storage_full", HTTPStatus.INSUFFICIENT_STORAGE)
STORE_UNAVAILABLE = Problem("store_unavailable", HTTPStatus.SERVICE_UNAVAILABLE)

PROBLEMS: Mapping[Problem, str] = {
    MALFORMED_REQUEST: "Expecting value: line 1 column 1 (char 0)",
    UNDECODABLE_TEXT: "the body holds text that is not Unicode",
    UNAUTHORIZED: "send `Authorization: Bearer KEY` with a key that is known here",
    FORBIDDEN: "the key 'reader' may only read",
    REQUEST_TIMEOUT: "the body did not come within 30 seconds",
    RATE_LIMITED: "more requests a second than one client may make",
    NOT_FOUND: "there is no article 'a17'",
    METHOD_NOT_ALLOWED: "Method Not Allowed",
    ID_CONFLICT: "article 'a17' is known with another text",
    TOO_LARGE: "the body exceeds 16777216 bytes",
    UNSUPPORTED_MEDIA_TYPE: "media type 'image/png' is not understood here, send text/plain",
    INVALID_FIELD: "published_at: Input should have timezone info",
    EMPTY_TEXT: "the text holds no letter and no digit",
    INTERNAL_ERROR: "the request failed unexpectedly; the log says why",
    OVERLOADED: "too many articles wait to be remembered",
    STORE_UNAVAILABLE: "the store cannot be used: database is locked",
    NOT_READY: "the store is still being opened",
    STORAGE_FULL: "the disk is full: nothing was written",
}
"""Every problem, with an example of what is told of it."""

# Looked up along the class's ancestors, so that a new error of the library has an answer.
_PROBLEMS: Mapping[type[errors.DedupError], Problem] = {
    errors.UndecodableTextError: UNDECODABLE_TEXT,
    errors.EmptyTextError: EMPTY_TEXT,
    errors.TooLargeError: TOO_LARGE,
    errors.InvalidInputError: INVALID_FIELD,
    errors.NotFoundError: NOT_FOUND,
    errors.IdConflictError: ID_CONFLICT,
    errors.StorageFullError: STORAGE_FULL,
    errors.StoreError: STORE_UNAVAILABLE,
    errors.DedupError: INTERNAL_ERROR,
}

_HTTP_PROBLEMS = {
    problem.status.value: problem
    for problem in (
        MALFORMED_REQUEST, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE, INVALID_FIELD,
    )
}  # fmt: skip


def problem_of(error: errors.DedupError) -> Problem:
    """Return the problem that an error of the library is answered with."""
    return next(_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)


def problem_body(problem: Problem, detail: str) -> dict[str, Any]:
    """Return problem details as a JSON object."""
    return {
        "type": "about:blank",
        "title": problem.status.phrase,
        "status": problem.status.value,
        "code": problem.code,
        "detail": detail,
    }


def problem_response(
    problem: Problem, detail: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return problem details as a response."""
    count_problem(problem.code)
    headers = dict(headers or {})
    if problem.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        headers.setdefault("Retry-After", str(_RETRY_AFTER_S))
    return Response(
        orjson.dumps(problem_body(problem, detail)),
        status_code=problem.status.value,
        headers=headers,
        media_type="application/problem+json",
    )


async def handle_dedup_error(_: Request, error: Exception) -> Response:
    """Answer an error of the library; what is wrong with the store is for the log, too."""
    assert isinstance(error, errors.DedupError)
    if isinstance(error, errors.StoreError):
        _LOG.error("%s", error)
    return problem_response(problem_of(error), str(error))


async def handle_problem(_: Request, error: Exception) -> Response:
    """Answer an error of a route."""
    assert isinstance(error, ProblemError)
    return problem_response(error.problem, error.detail, error.headers)


async def handle_invalid_parameters(_: Request, error: Exception) -> Response:
    """Answer a query parameter that is not valid."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:])
    return problem_response(INVALID_FIELD, f"{place}: {first['msg']}")


async def handle_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the framework refuses: unknown paths and methods."""
    assert isinstance(error, HTTPException)
    problem = _HTTP_PROBLEMS.get(error.status_code, INTERNAL_ERROR)
    headers = error.headers
    if problem is METHOD_NOT_ALLOWED:
        headers = {"Allow": ", ".join(sorted(_methods_of(request)))}
    return problem_response(problem, str(error.detail), headers)


def _methods_of(request: Request) -> set[str]:
    """Return the methods that a path has; the framework names only its first route's."""
    methods: set[str] = set()
    for path, operations in request.app.openapi()["paths"].items():
        pattern = re.sub(r"\\{[^/]+\\}", ".+", re.escape(path))
        if re.fullmatch(pattern, request.url.path):
            methods |= {method.upper() for method in operations}
    return methods or {"GET"}  # pages for people are not in the document


async def handle_unexpected(_: Request, __: Exception) -> Response:
    """Answer a bug without telling the client about it; the log has the traceback."""
    return problem_response(INTERNAL_ERROR, "the request failed unexpectedly; the log says why")


def install_handlers(app: FastAPI) -> None:
    """Answer every error of an application with problem details."""
    app.add_exception_handler(errors.DedupError, handle_dedup_error)
    app.add_exception_handler(ProblemError, handle_problem)
    app.add_exception_handler(RequestValidationError, handle_invalid_parameters)
    app.add_exception_handler(HTTPException, handle_http_exception)
    app.add_exception_handler(Exception, handle_unexpected)
