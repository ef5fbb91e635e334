"""Input made to be expensive: each is answered soon, in bounded memory, beside other clients."""

import gzip
import json
import random
import socket
import time

import psutil
import pytest
from bystanders import ARTICLE, Bystander, Cost, raw
from service import Client, Service, wait_until
from time_hard_texts import MADE

from app.settings import Settings

pytestmark = pytest.mark.slow

# An answer takes a tenth of this on an idle machine; the tests share theirs.
_SOON_S = 15.0  # of a machine that does other things as well
_MEMORY = 600 << 20
# A second's worth on an idle machine, and more where memory and caches are shared.
_MOST_CPU_S = 3.0
_LONG = 500_000
_LONGEST = Settings().max_text_chars
_EVERYTHING = {"passages": True, "repaired": True, "main_text": True, "damage_marks": True}

PAGES = {
    "deep": "<div>" * 150_000 + "新闻" + "</div>" * 150_000,
    "long attribute": f'<div title="{"啊" * 1_000_000}">{ARTICLE}</div>',
    "short paragraphs": "".join(f"<p>第{number}段话。</p>" for number in range(40_000)),
    "unclosed tags": "<" * _LONG,
    "single characters": "<b>国</b>务" * (_LONG // 2),
    "many attributes": f"<div {' '.join(f'a{n}=1' for n in range(50_000))}>{ARTICLE}</div>",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("adversarial") / "store") as service:
        with Client(service) as client:  # compiles what is not cached yet
            client.check("first", ARTICLE)
            client.check("second", f"。。。{ARTICLE}")
        yield service


@pytest.mark.parametrize("name", MADE)
def test_texts(service, name):
    """The longest text that is hard in any way known, and its copy, take a second or so each."""
    text = MADE[name](_LONGEST)[:_LONGEST]
    with Bystander(service) as bystander, Client(service) as client:
        for body in (
            {"id": f"{name} before", "text": text[:3_000] + ARTICLE},  # loads what it needs
            {"id": name, "text": text},
            {"text": text[:-9] + "县里的工作人员", **_EVERYTHING},
        ):
            with Cost(service) as cost:
                status, answer = client.send("POST", "check", body=body)
            assert 200 == status or "empty_text" == answer["code"], answer
            assert cost.cpu_s < _MOST_CPU_S
            assert cost.peak < _MEMORY
    assert bystander.statuses <= {200}
    assert bystander.longest < _SOON_S


@pytest.mark.parametrize("name", PAGES)
def test_pages(service, name):
    """Pages that are hard to read, megabytes of them, are answered or refused as soon."""
    body = {"text": PAGES[name], "format": "html", **_EVERYTHING}
    with Bystander(service) as bystander, Cost(service) as cost, Client(service) as client:
        status, answer = client.send("POST", "check", body=body)
    assert 200 == status or answer["code"] in {"empty_text", "too_large"}, answer
    assert cost.cpu_s < _MOST_CPU_S
    assert cost.peak < _MEMORY
    assert bystander.statuses <= {200}


def test_longer_texts(service):
    """Millions of equal shingles are more text than is compared: they are refused at once."""
    with Cost(service) as cost, Client(service) as client:
        for length in (_LONGEST + 1, 2_000_000):
            status, answer = client.send("POST", "check", body={"text": "啊" * length})
            assert (413, "too_large") == (status, answer["code"])
    assert cost.cpu_s < 1.0


def test_many_long_matches(service):
    """Dozens of long known articles that have much in common take no longer."""
    rng = random.Random(2)

    def han(length):
        return "".join(map(chr, rng.choices(range(0x4E00, 0x9000), k=length)))

    parts = [han(1_000) for _ in range(_LONGEST // 1_000)]
    with Client(service) as client:
        for number in range(24):
            text = "".join(part if rng.random() < 0.45 else han(1_000) for part in parts)
            assert 200 == client.check(f"long {number}", text)[0]
        with Cost(service) as cost:
            body = {"text": "".join(parts), "remember": False, **_EVERYTHING}
            status, answer = client.send("POST", "check", body=body)
    assert 200 == status
    assert 8 <= len(answer["matches"]) < 24
    assert cost.cpu_s < _MOST_CPU_S


def test_compression_bombs(service):
    """A body that would swell to a gigabyte is refused, and never held in memory."""
    bomb = gzip.compress(b" " * (1 << 28)) * 4
    before = memory(service)
    with Bystander(service) as bystander:
        start = time.monotonic()
        answer = raw(
            service,
            b"POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Encoding: gzip\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n" % len(bomb) + bomb,
        )
        seconds = time.monotonic() - start
    assert b" 413 " in answer.split(b"\r\n")[0]
    assert seconds < _SOON_S and bystander.longest < _SOON_S
    assert memory(service) - before < 100 << 20


def test_slow_clients(service):
    """Two hundred clients that never finish their bodies keep nobody else waiting."""
    head = b"POST /check HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{"
    slow = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(200)]
    try:
        with Bystander(service) as bystander:
            for _ in range(5):
                for connection in slow:
                    connection.sendall(head)
                head = b" "
                time.sleep(0.2)
        assert {200} == bystander.statuses
        assert bystander.longest < _SOON_S
    finally:
        for connection in slow:
            connection.close()


def test_clients_that_go_away(service):
    """Whoever leaves in the middle of a request is no bug, and nobody is alarmed."""
    heads = (
        b"POST /check HTTP/1.1\r\nContent-Type: text/plain\r\n",
        b"POST /check/batch HTTP/1.1\r\nContent-Type: application/x-ndjson\r\n",
        b"PUT /articles/gone HTTP/1.1\r\nContent-Type: application/json\r\n",
        b"POST /repair HTTP/1.1\r\nContent-Type: application/json\r\n",
    )
    for head in heads:
        with socket.create_connection(("127.0.0.1", service.port)) as connection:
            connection.sendall(head + b"Host: a\r\nContent-Length: 1000\r\n\r\n{")
    with Client(service) as client:
        wait_until(lambda: _num_broken_off(client) >= 3, 30, "they are counted", service.log)
        _, page = client.send_raw("GET", "/metrics")
    assert b'code="internal_error"' not in page
    assert "unexpected" not in service.log()


def _num_broken_off(client):
    """Return how many bodies were not whole."""
    _, page = client.send_raw("GET", "/metrics")
    name = 'dedup_problems_total{code="malformed_request"} '
    return sum(float(line[len(name) :]) for line in page.decode().splitlines() if name in line)


def test_a_hot_bucket(service):
    """Thousands of articles with one sentence in common do not make the next one slow."""
    boilerplate = (
        "本网站所刊载信息不代表本社观点，刊用本网站稿件务经书面授权，未经授权禁止转载摘编。" * 2
    )
    rng = random.Random(1)

    def article():
        return "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(200)) + boilerplate

    lines = b"".join(json.dumps({"text": article()}).encode() + b"\n" for _ in range(2_000))
    answer = raw(
        service,
        b"POST /check/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(lines) + lines,
    )
    assert 2_000 == answer.count(b'"cluster_id"')
    with Client(service) as client:
        start = time.monotonic()
        status, _ = client.send("POST", "check", body={"text": article()})
    assert 200 == status
    assert time.monotonic() - start < 1.0


def memory(service):
    """Return the bytes that the service holds."""
    return psutil.Process(service.process.pid).memory_info().rss
