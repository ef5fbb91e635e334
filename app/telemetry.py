"""Measures and names every request. Pure ASGI, outermost, so that nothing passes it by."""

import logging
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import REQUEST_ID
from app.metrics import count_request
from app.scope import CALLER, header_of

__all__ = ["Telemetry"]

_LOG = logging.getLogger(__name__)
_ACCESS = logging.getLogger("app.access")

_ID = re.compile(rb"[\w.:-]{1,128}")
_ID_BYTES = 12
_UNFINISHED = 499  # the client went away before it was answered
_NO_ROUTE = "none"


class Telemetry:
    """Gives each request an id, and counts it once it is answered."""

    def __init__(self, app: ASGIApp) -> None:
        """Watch an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = _UNFINISHED
        request_id = _id_of(scope)
        REQUEST_ID.set(request_id)

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                header = (b"x-request-id", request_id.encode())
                message["headers"] = [*message.get("headers", ()), header]
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:  # noqa: BLE001  a bug must not end the connection's task
            # It was answered as an internal error, or the connection breaks off now.
            _LOG.exception("an unexpected error")
        finally:
            _report(scope, status, time.perf_counter() - begun)


def _report(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", _NO_ROUTE)
    # What no route knows may be called anything, and each name would be kept.
    method = scope["method"] if route != _NO_ROUTE else _NO_ROUTE
    count_request(route, method, status, seconds)
    if _ACCESS.isEnabledFor(logging.INFO):
        caller = scope.get(CALLER)
        fields = {
            "method": scope["method"],
            "route": route,
            "status": status,
            "milliseconds": round(1000 * seconds, 2),
            "caller": caller.name if caller else None,
        }
        _ACCESS.info("request", extra=fields)


def _id_of(scope: Scope) -> str:
    given = header_of(scope, b"x-request-id")
    if given is not None and _ID.fullmatch(given):
        return given.decode()
    return secrets.token_hex(_ID_BYTES)
