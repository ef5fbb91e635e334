"""The typed client, sync and async, against a running service and its OpenAPI document."""

import asyncio
import inspect
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import get_args, get_type_hints

import pytest
import stamina
from server import Server

from dedup_client import AsyncClient, Client, Problem, answers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("client") / "store") as server:
        yield server


@pytest.fixture(scope="module")
def document(server):
    return server.get("/openapi.json")


@pytest.fixture
def client(server):
    with Client(server.address) as client:
        yield client


class TestAgainstTheDocument:
    @pytest.mark.parametrize("name", [name for name in answers.__all__ if name != "Verdict"])
    def test_answers(self, document, name):
        """Every field of an answer is typed, and no other."""
        described = document["components"]["schemas"][name]

        assert set(described["properties"]) == set(get_type_hints(getattr(answers, name)))

    def test_verdicts(self, document):
        """The client knows every verdict."""
        described = document["components"]["schemas"]["Verdict"]["enum"]

        assert set(described) == set(get_args(answers.Verdict))

    def test_every_route_for_clients(self, document, client):
        """The client has a method for every route that is not for people or monitoring."""
        sent = set()
        client._http.close()

        class Recorder:
            def request(self, method, path, **_parts):
                sent.add((method, path))
                raise KeyboardInterrupt

            def close(self):
                pass

        client._http = Recorder()
        for name, method in inspect.getmembers(client, inspect.ismethod):
            if name.startswith("_") or name == "close":
                continue
            required = [
                parameter
                for parameter in inspect.signature(method).parameters.values()
                if parameter.default is parameter.empty and parameter.kind != parameter.VAR_KEYWORD
            ]
            values = [[{"text": "x"}] if p.name == "articles" else "{x}" for p in required]
            with pytest.raises(KeyboardInterrupt):
                answer = method(*values)
                next(answer)  # of a batch, which sends when it is read
        described = {
            (
                method.upper(),
                "/".join("{x}" if "{" in piece else piece for piece in path.split("/")),
            )
            for path, methods in document["paths"].items()
            for method in methods
            if not path.startswith(("/metrics", "/health/live", "/docs", "/console"))
        }
        assert described <= {(method, path.replace("%7Bx%7D", "{x}")) for method, path in sent}

    def test_both_clients_alike(self):
        """The async client has the methods of the other, with the same parameters."""
        for name, method in inspect.getmembers(Client, inspect.isfunction):
            if not name.startswith("_"):
                other = getattr(AsyncClient, name)
                assert inspect.signature(method).parameters == inspect.signature(other).parameters


class TestClient:
    def test_check(self, client, seeds):
        """An article is checked and remembered, with its record."""
        published = datetime(2020, 3, 11, 9, 55, tzinfo=UTC)
        client.check(seeds["004"], id="a4", title="题", published_at=published)

        answer = client.check(seeds["000"], remember=False, passages=True, repaired=True)

        assert ("garbled_mirror", "a4") == (answer["verdict"], answer["original"]["id"])
        assert answer["original"]["published_at"] == "2020-03-11T09:55:00Z"
        assert answer["matches"][0]["passages"]
        assert "(guó)" not in answer["repaired"]

    def test_raw_bytes(self, client, seeds):
        """A page is sent as the crawler got it."""
        page = f"<html><body><article><p>{seeds['002']}</p></article></body></html>"
        client.check(seeds["002"], id="a2")

        answer = client.check(page.encode("gb18030"), format="html", remember=False)

        assert "a2" == answer["original"]["id"]

    def test_batch(self, client, seeds):
        """Answers and problems come in the order of the articles."""
        first, second, third = client.check_batch(
            [{"text": seeds["001"], "id": "b1"}, {"text": ""}, {"text": seeds["001"]}]
        )

        assert "new" == first["verdict"]
        assert "empty_text" == second["code"]
        assert "exact" == third["verdict"] or "garbled_mirror" == third["verdict"]

    def test_articles_and_clusters(self, client, seeds):
        """Articles are found, replaced, decided on and deleted; ids may hold anything."""
        known = client.check(seeds["003"], id="a/3 ?", url="https://example.org/3")
        copy = client.check(seeds["003"] + "完", id="copy")
        assert known["cluster_id"] == copy["cluster_id"]

        assert seeds["003"] == client.article("a/3 ?")["text"]
        [found] = client.articles(url="https://example.org/3")["articles"]
        assert "a/3 ?" == found["id"]
        assert 2 == client.cluster(known["cluster_id"])["size"]
        assert client.clusters()["clusters"]
        assert "copy" == client.pin(known["cluster_id"], "copy")["original"]["id"]
        client.not_a_copy(known["cluster_id"], "a/3 ?")
        assert client.changes()["changes"]
        assert "new" == client.replace("copy", "换了一篇完全不同的文章，讲别的事情。")["verdict"]
        client.delete("copy")
        with pytest.raises(Problem) as problem:
            client.article("copy")
        assert ("not_found", 404) == (problem.value.code, problem.value.status)

    def test_repair_and_version(self, client):
        """Texts are repaired, and the service says what it is."""
        assert "網路" == client.repair("網(wǎng)路(lù)網(wǎng)路(lù)網(wǎng)路(lù)")["text"][:2]
        assert client.version()["k"] == 5
        assert client.ready()["status"]

    def test_async(self, server, seeds):
        """Async code says the same words with `await`."""
        lines = [{"text": seeds["002"], "remember": False}]

        async def run():
            async with AsyncClient(server.address) as client:
                answers = await asyncio.gather(
                    *(client.check(text, remember=False) for text in seeds.values())
                )
                batch = [answer async for answer in client.check_batch(lines)]
                return answers, batch

        checked, [line] = asyncio.run(run())
        assert 5 == len(checked)
        assert line["id"].startswith("x")


class TestRetries:
    def test_busy_service(self):
        """What was refused for a while is sent again, as late as the service asked for."""
        with _Stub([(503, "0"), (429, "0"), (200, None)]) as stub, Client(stub.url) as client:
            assert {"ok": True} == client.check("文章")
        assert 3 == stub.count

    def test_gives_up(self):
        """After the last attempt the problem comes out."""
        with (
            _Stub([(503, "0")] * 5) as stub,
            Client(stub.url, attempts=2) as client,
            pytest.raises(Problem) as problem,
        ):
            client.check("文章")
        assert (503, 0.0, 2) == (problem.value.status, problem.value.retry_after, stub.count)

    def test_refusals_are_final(self):
        """A request that is at fault is sent once."""
        with _Stub([(422, None)]) as stub, Client(stub.url) as client:
            pytest.raises(Problem, client.check, "")
        assert 1 == stub.count

    def test_stamina_is_active(self):
        """No test has switched retries off for the whole process."""
        assert stamina.is_active()


class _Stub:
    """A service that answers with these statuses, one after the other."""

    def __init__(self, statuses):
        stub = self
        self.count = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                status, retry_after = statuses[stub.count]
                stub.count += 1
                body = json.dumps({"ok": True} if status == 200 else {"code": "stub"}).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if retry_after is not None:
                    self.send_header("Retry-After", retry_after)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exc_info):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
