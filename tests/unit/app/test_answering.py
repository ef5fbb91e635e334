"""An answer goes out in one piece where its length is known, and byte for byte as it would."""

import asyncio

import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle
from uvicorn.server import ServerState

from app.protocol import Connection

HEADERS = [(b"Content-Type", b"text/plain"), (b"x-request-id", b"17")]


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self):
        """Begin with nothing."""
        super().__init__()
        self.writes = []
        self.is_closed = False

    def write(self, data):
        self.writes.append(bytes(data))

    def close(self):
        self.is_closed = True

    def is_closing(self):
        return self.is_closed

    def pause_reading(self):
        """There is nothing to read."""

    def resume_reading(self):
        """There is nothing to read."""


def answer_with(app, *, request=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", as_it_comes=False):
    """Return the wire after a request was answered by an application."""

    async def run():
        config = Config(app, log_config=None, access_log=False, lifespan="off")
        config.load()
        connection = Connection(config, ServerState(), {}, asyncio.get_running_loop())
        wire = Wire()
        connection.connection_made(wire)
        connection.data_received(request)
        if as_it_comes:
            connection.cycle.__class__ = RequestResponseCycle
        await asyncio.gather(*connection.tasks)
        connection.connection_lost(None)
        return wire

    return asyncio.run(run())


def sending(*messages):
    """Return an application that sends these messages."""

    async def app(scope, receive, send):
        for message in messages:
            await send(message)

    return app


def start(*headers, status=200):
    return {"type": "http.response.start", "status": status, "headers": [*HEADERS, *headers]}


def body(data, **more):
    return {"type": "http.response.body", "body": data, **more}


LENGTH = (b"content-length", b"4")
ANSWERS = {
    "whole": (start(LENGTH), body(b"text")),
    "not found": (start(LENGTH, status=404), body(b"text")),
    "empty": (start((b"content-length", b"0"), status=204), body(b"")),
    "in pieces": (start(LENGTH), body(b"te", more_body=True), body(b"xt")),
    "of unknown length": (start(), body(b"text")),
    "last": (start(LENGTH, (b"connection", b"close")), body(b"text")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_bytes_are_those_of_the_server(name):
    app = sending(*ANSWERS[name])
    ours, theirs = answer_with(app), answer_with(app, as_it_comes=True)
    assert b"".join(ours.writes) == b"".join(theirs.writes)
    assert ours.is_closed == theirs.is_closed


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_bytes_are_those_of_the_server_for_any_client(method, version):
    app = sending(*ANSWERS["whole"])
    request = f"{method} / HTTP/{version}\r\nHost: a\r\n\r\n".encode()
    ours = answer_with(app, request=request)
    theirs = answer_with(app, request=request, as_it_comes=True)
    assert b"".join(ours.writes) == b"".join(theirs.writes)
    assert ours.is_closed == theirs.is_closed


def test_answer_of_known_length_is_one_write():
    assert len(answer_with(sending(*ANSWERS["whole"])).writes) == 1


def test_head_of_a_stream_does_not_wait_for_its_body():
    [head] = answer_with(sending(start())).writes
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")


def test_application_that_fails_before_its_body_is_an_internal_error():
    async def app(scope, receive, send):
        await send(start(LENGTH))
        raise ValueError

    wire = answer_with(app)
    assert wire.writes[0].startswith(b"HTTP/1.1 500 ")


def test_header_with_a_line_end_is_not_sent():
    wire = answer_with(sending(start(LENGTH, (b"x-a", b"b\r\nx-c: d")), body(b"text")))
    assert not any(b"x-c" in data for data in wire.writes)


def test_pipelined_requests_are_answered_in_turn():
    request = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"

    async def app(scope, receive, send):
        await send(start(LENGTH))
        await send(body(scope["path"].encode().rjust(4)))

    async def run():
        config = Config(app, log_config=None, access_log=False, lifespan="off")
        config.load()
        connection = Connection(config, ServerState(), {}, asyncio.get_running_loop())
        wire = Wire()
        connection.connection_made(wire)
        connection.data_received(b"".join(request % at for at in range(5)))
        while connection.tasks:
            await asyncio.gather(*connection.tasks)
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return b"".join(wire.writes)

    sent = asyncio.run(run())
    assert [part[:4] for part in sent.split(b"\r\n\r\n")[1:]] == [b"  /%d" % at for at in range(5)]
