"""Input made to be expensive: each is answered soon, in bounded memory, beside other clients."""

import gzip
import json
import random
import socket
import time

import psutil
import pytest
from bystanders import ARTICLE, Bystander, raw
from service import Client, Service, wait_until

pytestmark = pytest.mark.slow

# An answer takes a tenth of this on an idle machine; the tests share theirs.
_SOON_S = 15.0  # of a machine that does other things as well
_MEMORY = 600 << 20
_LONG = 500_000

TEXTS = {
    "full stops": "。" * _LONG,
    "question marks": "？" * _LONG,
    "opening brackets": "(" * _LONG,
    "nested brackets": "（" * 10_000 + "新闻" + "）" * 10_000,
    "unclosed annotations": "啊(" * (_LONG // 2),
    "alternating scripts": "国國aあ" * (_LONG // 4),
    "equal shingles": "啊" * 2_000_000,
    "five shingles": "全县迅速行" * (_LONG // 5),
    "entities": "&amp;" * (_LONG // 5),
    "nothing but blanks": " " * _LONG,
    "zero widths": "啊\u200b" * (_LONG // 2),
}

PAGES = {
    "deep": "<div>" * 150_000 + "新闻" + "</div>" * 150_000,
    "long attribute": f'<div title="{"啊" * 1_000_000}">{ARTICLE}</div>',
    "short paragraphs": "".join(f"<p>第{number}段话。</p>" for number in range(40_000)),
    "unclosed tags": "<" * _LONG,
    "many attributes": f"<div {' '.join(f'a{n}=1' for n in range(50_000))}>{ARTICLE}</div>",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("adversarial") / "store") as service:
        with Client(service) as client:  # compiles what is not cached yet
            client.check("first", ARTICLE)
            client.check("second", TEXTS["full stops"][:1000] + ARTICLE)
        yield service


@pytest.mark.parametrize("kind", ["text", "html"])
def test_texts_and_pages(service, kind):
    """Texts and pages that are hard in every way known are answered soon, each of them."""
    cases = TEXTS if kind == "text" else PAGES
    before = memory(service)
    slow = {}
    with Bystander(service) as bystander, Client(service) as client:
        for name, text in cases.items():
            start = time.monotonic()
            status, answer = client.send("POST", "check", body={"text": text, "format": kind})
            seconds = time.monotonic() - start
            assert 200 == status or "empty_text" == answer["code"], (name, answer)
            if seconds > _SOON_S:
                slow[name] = seconds
    assert {} == slow
    assert {200} == bystander.statuses
    assert bystander.longest < _SOON_S
    assert memory(service) - before < _MEMORY


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
