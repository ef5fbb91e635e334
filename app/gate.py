"""Who is let in: keys, rate, and how many at once. Pure ASGI, around the whole application.

Everything that every answer carries is added here too. A middleware of the framework's
own kind would cost more than half of the throughput.
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from app.keys import KeyRing, Scope
from app.limits import RateLimiter
from app.problems import (
    FORBIDDEN,
    OVERLOADED,
    RATE_LIMITED,
    UNAUTHORIZED,
    ProblemError,
    problem_response,
)
from app.scope import CALLER, PENDING, header_of

__all__ = ["Caller", "Gate", "caller_of", "is_open"]

_OPEN_PATHS = frozenset({"/", "/health/live", "/health/ready", "/version", "/openapi.json"})
_OPEN_FOLDERS = ("/docs", "/console/")
_PROBES = frozenset({"/health/live", "/health/ready"})
# A check of what an article is, or a repair, changes nothing by itself: the route asks for
# more where it does.
_READING = frozenset({"/check", "/check/batch", "/repair"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cache-control", "no-store"),
)
_RAW_HEADERS = [(name.encode(), value.encode()) for name, value in _HEADERS]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: Of the key, or the address where there are no keys.
        scope: What it may do.
    """

    name: str
    scope: Scope

    def require_write(self) -> None:
        """Refuse to change anything for who may only read.

        Raises:
            ProblemError: The key is for reading.
        """
        if self.scope is not Scope.WRITE:
            raise ProblemError(FORBIDDEN, f"the key {self.name!r} may only read")


def is_open(path: str) -> bool:
    """Return whether a path needs no key: pages and their files hold no data."""
    return path in _OPEN_PATHS or path.startswith(_OPEN_FOLDERS)


def caller_of(request: Request) -> Caller:
    """Return who makes a request."""
    caller: Caller = request.scope[CALLER]
    return caller


class Gate:
    """Lets requests through to an application, or answers them itself."""

    def __init__(
        self, app: ASGIApp, *, keys: KeyRing, limiter: RateLimiter | None, max_pending: int
    ) -> None:
        """Guard an application.

        Args:
            app: The application.
            keys: Who is let in.
            limiter: How much each may ask; None for no limit.
            max_pending: How many requests may be under way in this process.
        """
        self._app = app
        self._keys = keys
        self._limiter = limiter
        self._max_pending = max_pending
        self._num_pending = 0

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message)
            await send(message)

        self._num_pending += 1
        try:
            scope[CALLER] = self._admit(scope)
        except ProblemError as error:
            response = problem_response(error.problem, error.detail, error.headers)
            await response(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._num_pending -= 1

    def _admit(self, scope: AsgiScope) -> Caller:
        """Return who makes a request that may go on.

        Raises:
            ProblemError: It may not.
        """
        path: str = scope["path"]
        if path not in _PROBES:
            self._require_room(scope)
        is_guarded = not is_open(path)
        caller = self._identify(scope, is_guarded=is_guarded)
        if is_guarded:
            self._require_scope(caller, scope["method"], path)
            self._require_rate(caller)
        return caller

    def _require_room(self, scope: AsgiScope) -> None:
        # Requests that the server has read and the loop has not come to yet count as well.
        if max(self._num_pending, scope.get(PENDING, 0)) > self._max_pending:
            raise ProblemError(OVERLOADED, "too many requests are under way")

    def _identify(self, scope: AsgiScope, *, is_guarded: bool) -> Caller:
        if self._keys.is_open:
            client = scope.get("client")
            return Caller(client[0] if client else "unknown", Scope.WRITE)
        given = header_of(scope, b"authorization") or b""
        kind, _, key = given.decode("latin-1").partition(" ")
        known = self._keys.find(key.strip()) if kind.lower() == "bearer" else None
        if known is not None:
            return Caller(known.name, known.scope)
        if not is_guarded:
            return Caller("anyone", Scope.READ)
        detail = "send `Authorization: Bearer KEY` with a key that is known here"
        raise ProblemError(UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})

    def _require_scope(self, caller: Caller, method: str, path: str) -> None:
        reads = method in _SAFE_METHODS or path in _READING
        if not reads:
            caller.require_write()

    def _require_rate(self, caller: Caller) -> None:
        seconds = self._limiter.take(caller.name) if self._limiter else 0
        if seconds:
            detail = "more requests a second than one client may make"
            raise ProblemError(RATE_LIMITED, detail, {"Retry-After": str(seconds)})


def _add_headers(message: Message) -> None:
    headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
    given = dict(headers)
    headers += [header for header in _RAW_HEADERS if header[0] not in given]
    message["headers"] = headers
