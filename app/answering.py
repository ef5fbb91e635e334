"""One request and its answer on a connection: short answers are written in one piece."""

from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    RequestResponseCycle,
)

__all__ = ["Answering"]

_LENGTH, _CONNECTION = b"content-length", b"connection"


class Answering(RequestResponseCycle):
    """Holds the head of an answer of known length back until its body is there.

    Each write is a call of the system and may wake the client up. The head of a stream goes
    at once, since its client may wait for it.
    """

    _head: Any = None

    async def send(self, message: Any) -> None:
        """Send a message of the application, or keep it for the next one."""
        head, self._head = self._head, None
        if message["type"] == "http.response.start" and not self.response_started:
            # If there is one that was kept, its application failed before it sent a body.
            if self.keep_alive and _is_whole(message.get("headers", ())):
                self._head = message
                return
            head = None
        if head is None:
            await super().send(message)
            return
        body = message.get("body", b"")
        if self._can_be_joined(head, message, len(body)):
            self._write(head, body)
            return
        await super().send(head)
        await super().send(message)

    def _can_be_joined(self, head: Any, message: Any, size: int) -> bool:
        """Whether nothing but writing head and body has to be done, or waited for."""
        return (
            not message.get("more_body", False)
            and (_LENGTH, b"%d" % size) in head["headers"]
            and self.scope["method"] != "HEAD"
            and not (self.flow.write_paused or self.disconnected or self.access_log)
        )

    def _write(self, head: Any, body: bytes) -> None:
        pieces = [STATUS_LINE[head["status"]]]
        pieces += [_line(name, value) for name, value in self.default_headers]
        pieces += [_line(name, value) for name, value in head["headers"]]
        pieces += (b"\r\n", body)
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(b"".join(pieces))
        self.message_event.set()
        self.on_response()


def _is_whole(headers: Any) -> bool:
    """Whether an answer says how long it is, and nothing of its connection."""
    names = [name for name, _ in headers]
    return _LENGTH in names and _CONNECTION not in names


@lru_cache(maxsize=1 << 10)  # most are always the same
def _line(name: bytes, value: bytes) -> bytes:
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        raise RuntimeError("Invalid HTTP header.")
    return b"%b: %b\r\n" % (name.lower(), value)
