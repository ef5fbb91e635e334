"""Ask a service with some clients at once, each sending when it has its answer."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import uvloop

__all__ = ["Load", "post", "run_load"]


@dataclass(frozen=True)
class Load:
    """What came of a load.

    Attributes:
        per_second: Answers a second.
        latencies: Seconds of each request, ascending.
        failures: Answers other than 200.
    """

    per_second: float
    latencies: list[float]
    failures: int

    def percentile(self, share: float) -> float:
        """Return the seconds that this share of the requests stay below."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


def post(path: str, body: bytes, media_type: str = "application/json") -> bytes:
    """Return a request as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run_load(port: int, requests: Sequence[bytes], clients: int = 16) -> Load:
    """Send all requests over so many connections."""
    return uvloop.run(_run(port, requests, clients))


async def _run(port: int, requests: Sequence[bytes], clients: int) -> Load:
    loop = asyncio.get_running_loop()
    waiting = iter(requests)
    latencies: list[float] = []
    connections: list[_Client] = []
    for _ in range(clients):
        _, client = await loop.create_connection(
            lambda: _Client(waiting, latencies), "127.0.0.1", port
        )
        connections.append(client)
    start = time.perf_counter()
    for client in connections:
        client.send_next()
    await asyncio.gather(*(client.done for client in connections))
    seconds = time.perf_counter() - start
    failures = sum(client.failures for client in connections)
    return Load(len(latencies) / seconds, sorted(latencies), failures)


class _Client(asyncio.Protocol):
    """A connection that sends the next request when it has an answer."""

    def __init__(self, waiting: Iterator[bytes], latencies: list[float]) -> None:
        self._waiting = waiting
        self._latencies = latencies
        self._buffer = b""
        self._sent = 0.0
        self.failures = 0
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def send_next(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            self.done.set_result(None)
            return
        self._sent = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or not _is_complete(head.lower(), body):
            return
        self._latencies.append(time.perf_counter() - self._sent)
        self.failures += not head.startswith(b"HTTP/1.1 200")
        self._buffer = b""
        self.send_next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionResetError("the service hung up"))


def _is_complete(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    return len(body) >= length
