"""HTTP/1.1 connections that do not wait forever, and refuse nonsense as everything else does."""

import asyncio
import logging
from typing import Any, cast

import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from app.answering import Answering
from app.problems import MALFORMED_REQUEST, problem_body
from app.scope import BODY_IS_THERE, PENDING

__all__ = ["Connection"]

_LOG = logging.getLogger(__name__)

_HEAD_TIMEOUT_S = 10.0
_REST_TIMEOUT_S = 10.0  # for what is left of a body when its request was answered already
_STALLED_S = 300.0  # that a client may take to read anything of what waits for it
_MAX_HEAD_BYTES = 64 << 10


class Connection(HttpToolsProtocol):
    """A connection whose request heads must come soon, and be of a usual size."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """Serve over a connection."""
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head_bytes = 0
        self._stalled: asyncio.TimerHandle | None = None
        self._rest: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not forever."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._head_is_there()
        self._rest_is_there()
        self._is_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait for the client to read, but not forever: what it does not read is kept."""
        super().pause_writing()
        self._await_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Write on."""
        self._is_read()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read on; a head that goes on and on is refused."""
        super().data_received(data)
        if self._in_head and self._deadline is None:
            self._await_head()
        if self._deadline is None:
            self._head_bytes = 0
            return
        self._head_bytes += len(data)
        if self._head_bytes > _MAX_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("the head of a request is too large")

    def on_message_begin(self) -> None:
        """Expect a request's head; only the rest of one, if it is not there, is waited for."""
        self._in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._in_head = False
        self._head_is_there()
        super().on_headers_complete()
        self.cycle.__class__ = Answering  # the base class names its own
        cast("dict[str, Any]", self.scope)[PENDING] = len(self.tasks)

    def on_message_complete(self) -> None:
        """Tell whoever answers that there is nothing to wait for."""
        self._rest_is_there()
        super().on_message_complete()
        cast("dict[str, Any]", self.scope)[BODY_IS_THERE] = True

    def on_response_complete(self) -> None:
        """Wait for the rest of a body that was refused, but not for as long as it likes."""
        cycle = self.cycle
        if cycle.response_complete and cycle.more_body and self._rest is None:
            self._rest = self.loop.call_later(_REST_TIMEOUT_S, self._give_up)
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and hang up."""
        _LOG.debug("%s", msg)
        content = orjson.dumps(problem_body(MALFORMED_REQUEST, "this is no HTTP/1.1 request"))
        head = (
            b"content-type: application/problem+json\r\n"
            b"content-length: %d\r\nconnection: close\r\n\r\n" % len(content)
        )
        self.transport.write(STATUS_LINE[400] + head + content)
        self.transport.close()

    def _await_reader(self, unread: int) -> None:
        self._stalled = self.loop.call_later(_STALLED_S, self._look_at_reader, unread)

    def _look_at_reader(self, unread: int) -> None:
        """Hang up on a client that has read nothing since the last look."""
        left = self.transport.get_write_buffer_size()
        if left < unread:
            self._await_reader(left)
        else:
            self.transport.abort()

    def _is_read(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(_HEAD_TIMEOUT_S, self._give_up)

    def _head_is_there(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _rest_is_there(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()
