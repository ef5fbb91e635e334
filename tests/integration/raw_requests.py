"""Requests as bytes on a socket, whole and mutated, for a service that must survive them."""

import gzip
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random

TEXT = "县里的工作人员来到企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。" * 3

DOCUMENTED = {
    200, 204, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 503, 507,
}  # fmt: skip
_GROWTH_BYTES = 48 << 20

_METHODS = (
    b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE", b"CONNECT",
    b"get", b"PROPFIND", b"\xff", b"",
)  # fmt: skip
_PATHS = (
    b"/check", b"/check/batch", b"/repair", b"/articles", b"/articles/a", b"/clusters",
    b"/clusters/c1", b"/changes", b"/health/live", b"/health/ready", b"/version", b"/metrics",
    b"/docs", b"/openapi.json", b"/", b"", b"*", b"//", b"/articles/%00", b"/articles/%ff%fe",
    b"/articles/../../etc/passwd", b"/articles/%0a", b"/check?remember=%ff&id=%00", b"/\xe4\xb8",
    b"/articles?cursor=99999999999999999999", b"/changes?since=-1", b"/clusters?limit=1e9",
    b"http://elsewhere/check", b"/check?" + b"a=1&" * 2_000, b"/" + b"a" * 10_000,
)  # fmt: skip
_HEADERS = (
    b"Content-Type: application/json", b"Content-Type: text/plain", b"Content-Type: text/html",
    b"Content-Type: application/x-ndjson", b"Content-Type: text/plain; charset=klingon",
    b"Content-Type: text/html; charset=utf-16", b"Content-Type: text/plain; charset=utf-7",
    b"Content-Type: text/plain; charset=rot13", b"Content-Type: text/plain; charset=\xff",
    b"Content-Type: ;;;=", b"Content-Encoding: gzip", b"Content-Encoding: br",
    b"Content-Encoding: gzip, gzip", b"Transfer-Encoding: chunked", b"Transfer-Encoding: nonsense",
    b"Content-Length: -1", b"Content-Length: 1e3", b"Content-Length: 99999999999999999999",
    b"Content-Length: \xb2", b"Expect: 100-continue", b"Upgrade: websocket", b"Connection: upgrade",
    b"Upgrade: h2c", b"Range: bytes=0-", b"Authorization: Bearer \xff\x00", b"Host: \xff",
    b"X-Request-ID: \xe4\xb8\xad", b"X-Request-ID: " + b"x" * 5_000, b": empty", b"no colon",
    b"X-Forwarded-For: not an address", b"Cookie: " + b"c" * 20_000, b"Origin: null",
)  # fmt: skip


def bodies() -> list[bytes]:
    """Return bodies of every kind that a route takes, and some that none does."""
    article = json.dumps({"text": TEXT, "passages": True, "repaired": True}).encode()
    return [
        article,
        json.dumps({"pin": "a"}).encode(),
        (article + b"\n") * 3,
        TEXT.encode(),
        TEXT.encode("gb18030"),
        TEXT.encode("utf-16"),
        f"<html><meta charset=gbk><body><p>{TEXT}</p>".encode("gbk"),
        gzip.compress(article),
        gzip.compress(article)[:-7],
        b"5\r\nhello\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\n" + article,
        b"zz\r\n",
        b"",
        b"[" * 2_000,
        b'{"text": "\\ud800"}',
    ]


class RawRequests:
    """Makes requests, of which most are wrong in some way."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._bodies = bodies()

    def make(self) -> bytes:
        """Return the next request."""
        choose = self._random.choice
        body = choose(self._bodies)
        headers = [b"Host: localhost", *self._random.sample(_HEADERS, self._random.randrange(4))]
        if self._random.random() < 0.8:
            headers.append(b"Content-Length: %d" % len(body))
        method = choose(_METHODS[:5] if self._random.random() < 0.7 else _METHODS)
        line = b"%b %b %b" % (method, choose(_PATHS), choose([b"HTTP/1.1"] * 9 + [b"HTTP/9.9"]))
        request = b"\r\n".join([line, *headers, b"", body])
        return self._mutated(request) if self._random.random() < 0.5 else request

    def _mutated(self, request: bytes) -> bytes:
        data = bytearray(request)
        for _ in range(self._random.randrange(1, 6)):
            place = self._random.randrange(len(data))
            match self._random.randrange(4):
                case 0:
                    data[place] = self._random.randrange(256)
                case 1:
                    del data[place : place + self._random.randrange(1, 40)]
                case 2:
                    data[place:place] = self._random.randbytes(self._random.randrange(1, 20))
                case _:
                    data[place:place] = data[: self._random.randrange(1, 60)]
            data = data or bytearray(b"\r\n")
        return bytes(data)


def run_raw_requests(port: int, pid: int, *, count: int, seed: int) -> Iterator[int]:
    """Send requests, most of them wrong; yield how many were sent, one by one.

    Raises:
        AssertionError: An answer has a status that is not documented, or after a third of
            the requests the process grew much more.
    """
    requests = RawRequests(seed)
    before = 0
    for number in range(count):
        request = requests.make()
        # 100: who expects it is told to go on with the body.
        unknown = set(send(port, request)) - DOCUMENTED - {100}
        assert not unknown, (unknown, request)
        if number == count // 3:
            before = _resident_bytes(pid)
        yield number + 1
    grown = _resident_bytes(pid) - before
    assert grown < _GROWTH_BYTES, f"{grown >> 20} MB more"


def _resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def send(port: int, request: bytes, *, timeout: float = 20.0) -> list[int]:
    """Return the status of every answer to some bytes, after which no more are sent."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
        received = b""
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(1 << 16):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass  # the service need not read a request that it refused to its end
    # Texts come back as they were sent, a status line in one of them too; no article
    # of these tests begins a line with one.
    lines = received.split(b"HTTP/1.1 ")[1:]
    return [int(line[:3]) for line in lines if line[:3].isdigit()]
