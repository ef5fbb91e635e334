"""Who is let in, how much each may ask, and what every answer carries."""

import socket
import threading
import time

import pytest
from server import Server
from starlette.testclient import TestClient

from app.keys import Scope, entry_of
from app.main import create_app
from app.settings import Settings

READER, WRITER = "reader-key", "writer-key"
KEYS = ",".join([entry_of("desk", Scope.READ, READER), entry_of("crawler", Scope.WRITE, WRITER)])
TEXT = "县里的工作人员来到企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。"


def serve(tmp_path, **settings):
    app = create_app(Settings(store=str(tmp_path / "store"), **settings))
    return TestClient(app, raise_server_exceptions=False)


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def assert_problem(response, status, code):
    assert (status, code) == (response.status_code, response.json().get("code"))
    assert "application/problem+json" == response.headers["content-type"]


class TestKeys:
    @pytest.fixture
    def client(self, tmp_path):
        with serve(tmp_path, api_keys=KEYS) as client:
            yield client

    @pytest.mark.parametrize(
        "headers",
        [{}, bearer("wrong-key"), bearer(""), {"Authorization": WRITER},
         {"Authorization": f"Basic {WRITER}"}, bearer(WRITER.upper()), bearer(KEYS.split(":")[-1])],
    )  # fmt: skip
    @pytest.mark.parametrize("path", ["/articles", "/metrics", "/changes", "/nowhere"])
    def test_stranger(self, client, path, headers):
        """Without a known key there is nothing to see, not even what exists."""
        response = client.get(path, headers=headers)
        assert_problem(response, 401, "unauthorized")
        assert "Bearer" == response.headers["www-authenticate"]

    @pytest.mark.parametrize(
        "path", ["/health/live", "/health/ready", "/version", "/docs", "/openapi.json"]
    )
    def test_open(self, client, path):
        """Probes and pages need none."""
        assert 200 == client.get(path).status_code

    def test_reader(self, client):
        """Who may read may look and ask, and changes nothing."""
        body = {"text": TEXT, "id": "a"}
        headers = bearer(READER)

        assert 200 == client.get("/articles", headers=headers).status_code
        assert 200 == client.post("/repair", json={"text": TEXT}, headers=headers).status_code
        asked = client.post("/check", json=body | {"remember": False}, headers=headers)
        assert "new" == asked.json()["verdict"]
        for response in (
            client.post("/check", json=body, headers=headers),
            client.put("/articles/a", json={"text": TEXT}, headers=headers),
            client.delete("/articles/a", headers=headers),
            client.patch("/clusters/c", json={"pin": "a"}, headers=headers),
        ):
            assert_problem(response, 403, "forbidden")
        assert [] == client.get("/articles", headers=headers).json()["articles"]

    def test_batch_of_a_reader(self, client):
        """Lines that would change something are refused in their place."""
        lines = f'{{"text": "{TEXT}", "remember": false}}\n{{"text": "{TEXT}"}}\n'
        headers = bearer(READER) | {"Content-Type": "application/x-ndjson"}
        answers = client.post("/check/batch", content=lines.encode(), headers=headers).text

        assert ['"verdict":"new"', '"code":"forbidden"'] == [
            next(part for part in line.split(",") if part.startswith(('"verdict', '"code')))
            for line in answers.splitlines()
        ]

    def test_writer(self, client):
        """Who may write may do everything."""
        headers = bearer(WRITER)
        assert (
            200
            == client.post("/check", json={"text": TEXT, "id": "a"}, headers=headers).status_code
        )
        assert 204 == client.delete("/articles/a", headers=headers).status_code


class TestLimits:
    def test_rate(self, tmp_path):
        """Beyond the rate a client is told when to come again; health is always answered."""
        with serve(tmp_path, rate_limit=3) as client:
            responses = [client.get("/articles") for _ in range(5)]

            assert [200, 200, 200, 429, 429] == [response.status_code for response in responses]
            assert_problem(responses[-1], 429, "rate_limited")
            assert "1" == responses[-1].headers["retry-after"]
            assert 200 == client.get("/health/ready").status_code

    def test_rate_of_a_batch(self, tmp_path):
        """A batch is slowed down, and every line answered."""
        with serve(tmp_path, rate_limit=100) as client:
            lines = f'{{"text": "{TEXT}", "remember": false}}\n' * 130
            start = time.monotonic()
            headers = {"Content-Type": "application/x-ndjson"}
            answers = client.post("/check/batch", content=lines.encode(), headers=headers)

            assert 130 == len(answers.text.splitlines())
            assert time.monotonic() - start > 0.2

    def test_text_length(self, tmp_path):
        """A text beyond the limit is refused, wherever it comes."""
        with serve(tmp_path, max_text_chars=1000) as client:
            text = "长" * 1001
            for response in (
                client.post("/check", json={"text": text}),
                client.post(
                    "/check", content=text.encode(), headers={"Content-Type": "text/plain"}
                ),
                client.post("/repair", json={"text": text}),
                client.put("/articles/a", json={"text": text}),
            ):
                assert_problem(response, 413, "too_large")
            headers = {"Content-Type": "application/x-ndjson"}
            line = f'{{"text": "{text}"}}'.encode()
            batch = client.post("/check/batch", content=line, headers=headers)
            assert "too_large" == batch.json()["code"]

    def test_page_length(self, tmp_path):
        """Of a page the main text counts; its markup has a limit of its own."""
        with serve(tmp_path, max_text_chars=1000, max_page_chars=50_000) as client:

            def check(text_length, markup_length):
                text = f"<p>{'长' * text_length}</p>"
                page = f"<body><!--{'-' * markup_length}--><article>{text}</article></body>"
                return client.post("/check", json={"text": page, "format": "html"})

            assert 200 == check(900, 40_000).status_code
            assert_problem(check(1001, 0), 413, "too_large")
            assert_problem(check(900, 50_000), 413, "too_large")

    def test_batch_lines(self, tmp_path):
        """A batch ends with a problem where it has too many lines; one that fits has none."""
        with serve(tmp_path, max_batch_lines=3) as client:
            headers = {"Content-Type": "application/x-ndjson"}
            line = f'{{"text": "{TEXT}"}}\n'.encode()
            counts = {}
            for sent in (3, 4, 9):
                answers = client.post("/check/batch", content=line * sent, headers=headers)
                counts[sent] = answers.text.count('"verdict"'), answers.text.count("too_large")
            assert {3: (3, 0), 4: (3, 1), 9: (3, 1)} == counts

    def test_too_many_at_once(self, tmp_path, monkeypatch):
        """What is too much is refused at once, and health goes on being answered."""
        with serve(tmp_path, max_pending=2) as client:
            dedup = client.app.state.service.dedup
            release, busy = threading.Event(), threading.Semaphore(0)

            def wait(*_, **__):
                busy.release()
                release.wait(20)
                raise RuntimeError

            monkeypatch.setattr(dedup, "remove", wait)
            threads = [
                threading.Thread(target=client.delete, args=["/articles/a"]) for _ in range(2)
            ]
            for thread in threads:
                thread.start()
            for _ in threads:
                assert busy.acquire(timeout=20)
            response = client.get("/articles")
            assert 200 == client.get("/health/live").status_code
            release.set()
            for thread in threads:
                thread.join()

            assert_problem(response, 503, "overloaded")
            assert response.headers["retry-after"]
            while client.get("/articles").status_code != 200:  # they end after their answers
                time.sleep(0.01)


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/articles", "/nowhere", "/docs", "/health/ready", "/articles/none"]
    )
    def test_on_every_answer(self, tmp_path, path):
        """Nothing is sniffed, framed or kept, and no page runs what is not the service's."""
        with serve(tmp_path) as client:
            headers = client.get(path).headers

        assert "nosniff" == headers["x-content-type-options"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "no-referrer" == headers["referrer-policy"]
        assert "server" not in headers

    def test_on_a_bug(self, tmp_path, monkeypatch):
        """A bug's answer has them as well."""
        with serve(tmp_path) as client:
            monkeypatch.delattr(client.app.state.service.dedup, "catalogue")
            response = client.get("/articles")

        assert_problem(response, 500, "internal_error")
        assert "nosniff" == response.headers["x-content-type-options"]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slow")
    environment = {"DEDUP_BODY_TIMEOUT": "1", "DEDUP_KEEP_ALIVE": "1"}
    with Server(folder / "store", **environment) as server:
        yield server


def read_all(connection):
    """Return what comes until the service hangs up."""
    return b"".join(iter(lambda: connection.recv(4096), b""))


class TestSlowClients:
    def connect(self, server):
        return socket.create_connection(
            ("127.0.0.1", int(server.address.rpartition(":")[2])), timeout=30
        )

    def test_body(self, server):
        """A body that trickles in is given up, and others are served meanwhile."""
        head = b"POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"
        slow = [self.connect(server) for _ in range(20)]
        for connection in slow:
            connection.sendall(head + b"Content-Length: 1000\r\n\r\nabc")
        start = time.monotonic()
        assert {"status": "ready"} == server.get("/health/ready")
        assert time.monotonic() - start < 1
        for connection in slow:
            answer = read_all(connection)
            assert b" 408 " in answer
            assert b"request_timeout" in answer
            connection.close()

    @pytest.mark.timeout(60)
    def test_head(self, server):
        """A request line that never ends is hung up on."""
        with self.connect(server) as connection:
            connection.sendall(b"GET /health/li")
            assert b"" == connection.recv(4096)

    def test_large_head(self, server):
        """Headers without end are refused."""
        with self.connect(server) as connection:
            connection.sendall(b"GET /version HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n")
            assert b"malformed_request" in read_all(connection)

    def test_idle(self, server):
        """A connection on which nothing more comes is closed."""
        with self.connect(server) as connection:
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"200 OK" in read_all(connection)
