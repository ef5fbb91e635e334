"""Requests made to cost more than they should, and clients that are slow on purpose.

Each is refused or answered for little, and who asks something ordinary meanwhile is served.
"""

import gzip
import json
import random
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
from bystanders import ARTICLE, Bystander, Cost, raw
from service import CONNECTION_ERRORS, Client, Service, wait_until

pytestmark = pytest.mark.slow

# Of this process alone; on an idle machine each takes less than half of a second.
_MOST_CPU_S = 3.0
_MOST_BYTES = 300 << 20
_SERVED_WITHIN_S = 15.0  # on a machine that does other things as well

_JSON = {"Content-Type": "application/json"}
_TEXT = {"Content-Type": "text/plain"}
_BATCH = {"Content-Type": "application/x-ndjson"}
_GZIP = {"Content-Encoding": "gzip"}
_LARGE = 15_000_000

# Body, headers, status, code.
CHECKS = {
    "a number without end": (b'{"text": ' + b"9" * _LARGE + b"}", _JSON, 400, "malformed_request"),
    "brackets": (b"[" * _LARGE, _JSON, 400, "malformed_request"),
    "brackets in a field": (
        b'{"text": "a", "x": ' + b"[" * 7_000_000 + b"]" * 7_000_000 + b"}",
        _JSON,
        400,
        "malformed_request",
    ),
    "objects in objects": (b'{"a":' * 3_000_000, _JSON, 400, "malformed_request"),
    "a million fields": (
        b'{"text": "a", %b}' % b",".join(b'"k%d":1' % n for n in range(1_000_000)),
        _JSON,
        422,
        "invalid_field",
    ),
    "millions of values": (b"[" + b"1," * 7_000_000 + b"1]", _JSON, 422, "invalid_field"),
    "millions of values in a field": (
        b'{"text": [' + b"1," * 7_000_000 + b"1]}",
        _JSON,
        422,
        "invalid_field",
    ),
    "a long string": (b'{"text": "' + b"a" * _LARGE + b'"}', _JSON, 413, "too_large"),
    "escapes": (b'{"text": "' + b"\\u4e2d" * 2_500_000 + b'"}', _JSON, 413, "too_large"),
    "half characters": (
        b'{"text": "' + b"\\ud800" * 2_500_000 + b'"}',
        _JSON,
        400,
        "undecodable_text",
    ),
    "a long id": (
        b'{"text": "a", "id": "' + b"a" * _LARGE + b'"}',
        _JSON,
        422,
        "invalid_field",
    ),
    "random bytes": (random.Random(1).randbytes(4 << 20), _TEXT, 400, "undecodable_text"),
    "more random bytes": (random.Random(2).randbytes(16 << 20), _TEXT, 413, "too_large"),
    "broken UTF-8": ((ARTICLE.encode() + b"\xff") * 8_000, _TEXT, 413, "too_large"),
    "half pairs": (b"\x81" * _LARGE, _TEXT, 413, "too_large"),
    "zeros": (b"\0" * (4 << 20), _TEXT, 400, "undecodable_text"),
    "a bomb": (gzip.compress(b" " * (1 << 28)), _JSON | _GZIP, 413, "too_large"),
    "empty parts": (gzip.compress(b"") * 700_000, _JSON | _GZIP, 400, "malformed_request"),
    "a chain of bombs": (gzip.compress(b"a" * (1 << 28)) * 4, _TEXT | _GZIP, 413, "too_large"),
}

# Body, headers, code of the last line.
BATCHES = {
    "a line without end": (b"x" * (1 << 27), _BATCH, "too_large"),
    "a bomb of blanks": (gzip.compress(b" " * (1 << 28)) * 4, _BATCH | _GZIP, "too_large"),
    "a bomb of lines": (gzip.compress(b"\n" * (1 << 28)), _BATCH | _GZIP, "too_large"),
    "empty parts": (gzip.compress(b"") * 700_000, _BATCH | _GZIP, "malformed_request"),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("hostile") / "store") as service:
        with Client(service) as client:  # compiles what is not cached yet
            client.check("first", ARTICLE)
            client.check("second", f"{ARTICLE}（完）")
        yield service


@pytest.mark.parametrize("name", CHECKS)
def test_checks(service, name):
    """A body that is large for anything but its text is refused, for little."""
    body, headers, status, code = CHECKS[name]
    with Bystander(service) as bystander, Cost(service) as cost, Client(service) as client:
        answered, answer = client.send_raw("POST", "/check", body, headers)
    assert (status, code) == (answered, json.loads(answer)["code"])
    _assert_cheap(cost, bystander)


@pytest.mark.parametrize("name", BATCHES)
def test_batches(service, name):
    """A batch that has no lines, or nothing else, ends."""
    body, headers, code = BATCHES[name]
    fields = "".join(f"{field}: {value}\r\n" for field, value in headers.items())
    head = f"POST /check/batch HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{fields}"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
    with Bystander(service) as bystander, Cost(service) as cost:
        answer = raw(service, request)
    assert code.encode() in answer.split(b"\r\n\r\n")[1][-1_000:]
    _assert_cheap(cost, bystander)


def test_a_line_in_many_pieces(service):
    """A line of megabytes that comes in thousands of pieces is put together once."""
    head = (
        b"POST /check/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    piece = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with (
        Bystander(service) as bystander,
        Cost(service) as cost,
        socket.create_connection(("127.0.0.1", service.port), timeout=60) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sendall(head)
        for _ in range(3_900):
            connection.sendall(piece)
        connection.sendall(b"0\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    assert b"malformed_request" in answer
    _assert_cheap(cost, bystander)


def test_many_headers_and_requests_at_once(service):
    """A head of thousands of fields is refused; requests sent ahead are answered in order."""
    fields = b"".join(b"X-%d: a\r\n" % number for number in range(20_000))
    with Bystander(service) as bystander, Cost(service) as cost:
        answer = raw(service, b"GET /version HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
        # Whoever is still sending when the service hangs up may miss what it said.
        assert answer[:13] in (b"HTTP/1.1 400 ", b"")
        ahead = b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n" * 999
        last = b"GET /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        answers = raw(service, ahead + last)
        assert 1_000 == answers.count(b"HTTP/1.1 ")
    _assert_cheap(cost, bystander)


def test_who_reads_nothing(tmp_path):
    """Answers that nobody reads take bounded memory, and stop the work that makes them."""
    line = json.dumps({"text": ARTICLE * 300, "remember": False, "repaired": True}).encode() + b"\n"
    head = (
        b"POST /check/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        b"Content-Length: %d\r\n\r\n" % (len(line) * 2_000)
    )
    with Service(tmp_path / "store") as service, Bystander(service) as bystander:
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            connection.settimeout(3)
            with Cost(service) as cost:
                connection.sendall(head)
                # The service stops reading as well.
                with pytest.raises(TimeoutError):
                    for _ in range(2_000):
                        connection.sendall(line)
        assert cost.peak < _MOST_BYTES
    assert {200} == bystander.statuses


def test_who_reads_afterwards(service):
    """Lines may be sent by the thousand before the first answer of some kilobytes is read."""
    body = {"text": ARTICLE * 10, "remember": False, "main_text": True}
    line = json.dumps(body, ensure_ascii=False).encode() + b"\n"
    head = (
        b"POST /check/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (len(line) * 2_500)
    )
    answer = raw(service, head + line * 2_500)
    assert 2_500 == answer.count(b'"cluster_id"')
    assert len(answer) > 20 << 20


def test_who_takes_forever(tmp_path):
    """What comes byte by byte is given up: heads, bodies, and what is left of refused ones."""
    post = b"POST /check HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nContent-Type: "
    heads = (
        b"GET /version HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        post + b"application/json\r\n\r\n{",
        post + b"image/png\r\n\r\n{",
    )
    with Service(tmp_path / "store", DEDUP_BODY_TIMEOUT="2") as service:
        before = _num_connections(service)
        slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(60)]
        with Bystander(service) as bystander:
            for number, connection in enumerate(slow):
                connection.sendall(heads[number % 3])
            end = time.monotonic() + 30
            while time.monotonic() < end and _num_connections(service) > before + 1:
                for connection in slow:
                    _send_a_byte(connection)
                time.sleep(0.5)
            wait_until(lambda: _num_connections(service) <= before + 1, 60, "closed", service.log)
        for connection in slow:
            connection.close()
    assert {200} == bystander.statuses
    assert bystander.longest < _SERVED_WITHIN_S


def _send_a_byte(connection):
    with suppress(*CONNECTION_ERRORS):  # it was given up
        connection.send(b"a")


def _num_connections(service):
    """Return how many connections are established, as the service's side sees it."""
    place = f":{service.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[1].endswith(place) and row[3] == "01" for row in rows)


def _assert_cheap(cost, bystander):
    assert cost.cpu_s < _MOST_CPU_S
    assert cost.peak < _MOST_BYTES
    assert bystander.statuses <= {200}
    assert bystander.longest < _SERVED_WITHIN_S
