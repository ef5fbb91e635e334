"""The public interface, word for word: every route, method, error code and setting."""

import gzip
import re
from pathlib import Path

import apsw
import pytest
from starlette.testclient import TestClient
from typer.main import get_command

from app.cli import cli
from app.keys import Scope, entry_of
from app.main import create_app
from app.problems import PROBLEMS
from app.settings import Settings
from dedup.store.sqlite import SqliteStore

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
API = Path(__file__).parents[2] / "docs" / "api.md"

TEXT = "县里的工作人员来到企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。"
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}

ROUTES = {
    "/check": {"POST"},
    "/check/batch": {"POST"},
    "/repair": {"POST"},
    "/articles": {"GET"},
    "/articles/{id}": {"GET", "PUT", "DELETE"},
    "/clusters": {"GET"},
    "/clusters/{cluster_id}": {"GET", "PATCH"},
    "/changes": {"GET"},
    "/health/live": {"GET"},
    "/health/ready": {"GET"},
    "/version": {"GET"},
    "/docs": {"GET"},
}
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}

COMMANDS = {"scan", "check", "repair", "serve"}
STORE_COMMANDS = {"stats", "verify", "export", "import", "backup", "upgrade"}

SETTINGS = {
    "DEDUP_STORE", "DEDUP_API_KEYS", "DEDUP_MAX_BODY_BYTES", "DEDUP_MIN_CHARS",
    "DEDUP_COPY_THRESHOLD", "DEDUP_PARTIAL_THRESHOLD", "DEDUP_PARTIAL_CHARS",
    "DEDUP_RETENTION_DAYS", "DEDUP_MAX_ARTICLES",
}  # fmt: skip


@pytest.fixture
def serve(tmp_path):
    """Return a function that serves with some settings."""
    clients = []

    def serve(*, opened=True, **settings):
        app = create_app(Settings(store=str(tmp_path / "store"), **settings))
        client = TestClient(app, raise_server_exceptions=False)
        if opened:
            client.__enter__()
            clients.append(client)
        return client

    yield serve
    for client in clients:
        client.__exit__(None, None, None)


class TestRoutes:
    @pytest.mark.parametrize("path", ROUTES)
    def test_methods(self, serve, path):
        """Each route has its methods and refuses the others by name."""
        client = serve()
        answer = client.post("/check", json={"text": TEXT, "id": "a"}).json()
        target = path.format(id="a", cluster_id=answer["cluster_id"])
        for method in METHODS:
            response = client.request(method, target, headers=JSON)
            if method in ROUTES[path]:
                assert 405 != response.status_code
            else:
                assert 405 == response.status_code
                assert "method_not_allowed" == response.json()["code"]
                assert ROUTES[path] == set(response.headers["allow"].split(", "))

    def test_gets_answer(self, serve):
        """Everything that only reads can be read."""
        client = serve()
        answer = client.post("/check", json={"text": TEXT, "id": "a"}).json()
        for path, methods in ROUTES.items():
            if "GET" in methods:
                target = path.format(id="a", cluster_id=answer["cluster_id"])
                assert 200 == client.get(target).status_code, path


CASES = {
    "malformed_request": lambda client: client.post("/check", content=b"{", headers=JSON),
    "undecodable_text": lambda client: client.post(
        "/check", content=bytes(range(256)) * 4, headers={"Content-Type": "text/plain"}
    ),
    "not_found": lambda client: client.get("/articles/none"),
    "method_not_allowed": lambda client: client.delete("/check"),
    "too_large": lambda client: client.post(
        "/check",
        content=gzip.compress(b"a" * 5000),
        headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"},
    ),
    "unsupported_media_type": lambda client: client.post(
        "/check", content=b"a", headers={"Content-Type": "image/png"}
    ),
    "invalid_field": lambda client: client.post("/check", json={"text": TEXT, "id": 5}),
    "empty_text": lambda client: client.post("/check", json={"text": "……"}),
}


STATUSES = {
    "malformed_request": 400, "undecodable_text": 400, "unauthorized": 401, "forbidden": 403,
    "not_found": 404, "method_not_allowed": 405, "request_timeout": 408, "id_conflict": 409,
    "too_large": 413, "unsupported_media_type": 415, "invalid_field": 422, "empty_text": 422,
    "rate_limited": 429, "internal_error": 500, "overloaded": 503, "store_unavailable": 503,
    "not_ready": 503, "storage_full": 507,
}  # fmt: skip


class TestCodes:
    """Every code is reached for real, `request_timeout` and `internal_error` in other files."""

    def reach(self, response, code):
        body = response.json()
        assert (STATUSES[code], code) == (response.status_code, body["code"])
        assert "application/problem+json" == response.headers["content-type"]
        assert {"type", "title", "status", "code", "detail"} == set(body)
        assert (response.status_code in {429, 503}) is ("retry-after" in response.headers)

    def test_table_is_whole(self):
        """The table in docs/api.md, the code's and this test's are the same."""
        documented = {}
        for status, codes in re.findall(r"(?m)^\| (\d{3}) \| ([^|]+) \|", API.read_text()):
            documented |= dict.fromkeys(re.findall(r"`(\w+)`", codes), int(status))

        assert STATUSES == {problem.code: problem.status for problem in PROBLEMS}
        assert STATUSES == documented

    @pytest.mark.parametrize("code", CASES)
    def test_of_a_request(self, serve, code):
        """A wrong request has its code."""
        self.reach(CASES[code](serve(max_body_bytes=2000)), code)

    def test_id_conflict(self, serve):
        """A known id with another text."""
        client = serve()
        client.post("/check", json={"text": TEXT, "id": "a"})
        self.reach(client.post("/check", json={"text": TEXT[:20], "id": "a"}), "id_conflict")

    def test_keys(self, serve):
        """No key, and a key that may not."""
        client = serve(api_keys=entry_of("desk", Scope.READ, "reader-key"))
        self.reach(client.get("/articles"), "unauthorized")
        headers = {"Authorization": "Bearer reader-key"}
        self.reach(client.post("/check", json={"text": TEXT}, headers=headers), "forbidden")

    def test_rate_limited(self, serve):
        """Asked too often."""
        client = serve(rate_limit=1)
        client.get("/articles")
        self.reach(client.get("/articles"), "rate_limited")

    def test_overloaded(self, serve, monkeypatch):
        """Too many wait to be remembered."""
        client = serve()
        monkeypatch.setattr("app.committer._MAX_WAITING", 0)
        self.reach(client.post("/check", json={"text": TEXT}), "overloaded")

    def test_not_ready(self, serve):
        """The store is not open yet."""
        self.reach(serve(opened=False).post("/check", json={"text": TEXT}), "not_ready")

    @pytest.mark.parametrize(
        ("error", "code"),
        [(apsw.FullError, "storage_full"), (apsw.IOError, "store_unavailable")],
    )
    def test_store(self, serve, monkeypatch, error, code):
        """A disk that is full, and one that fails."""
        client = serve()
        real = SqliteStore.write

        def write(store):
            from dedup.store.sqlite import translated

            real(store)
            raise translated(error("of the disk"))

        monkeypatch.setattr(SqliteStore, "write", write)
        self.reach(client.post("/check", json={"text": TEXT}), code)


class TestCommands:
    def test_are_there(self):
        """Every command of the contract exists, and tells what it does."""
        command = get_command(cli)

        assert set(command.commands) >= COMMANDS | {"store"}
        assert set(command.commands["store"].commands) == STORE_COMMANDS
        for each in (*command.commands.values(), *command.commands["store"].commands.values()):
            assert each.help

    def test_options_of_serve(self):
        """The service is told where to listen, what to serve and with how many workers."""
        options = {
            name for option in get_command(cli).commands["serve"].params for name in option.opts
        }
        assert options >= {"--host", "--port", "--store", "--workers"}


class TestSettings:
    def test_documented(self):
        """docs/operations.md and the code have the same settings with the same defaults."""
        rows = re.findall(r"^\| `(DEDUP_\w+)` \|([^|]*)\|", OPERATIONS.read_text(), re.MULTILINE)
        documented = {name: default.strip().strip("`") for name, default in rows}
        fields = Settings.model_fields
        real = {
            f"DEDUP_{name}".upper(): "" if field.default is None else str(field.default)
            for name, field in fields.items()
        }

        assert real == documented
        assert set(real) >= SETTINGS

    def test_read_from_the_environment(self, monkeypatch):
        """Each setting is a variable, and workers read back what was set."""
        monkeypatch.setenv("DEDUP_MIN_CHARS", "50")
        monkeypatch.setenv("DEDUP_API_KEYS", "read:reader-key")
        settings = Settings()
        for name, value in settings.as_environment().items():
            monkeypatch.setenv(name, value)

        assert 50 == settings.min_chars
        assert settings == Settings()

    @pytest.mark.parametrize(
        ("name", "value"),
        [("DEDUP_API_KEYS", "desk:read:"), ("DEDUP_MIN_CHARS", "-1"), ("DEDUP_COPY_THRESHOLD", "7"),
         ("DEDUP_MAX_BODY_BYTES", "many"), ("DEDUP_API_KEYS_FILE", "/nowhere/keys")],
    )  # fmt: skip
    def test_wrong_values(self, tmp_path, monkeypatch, capsys, name, value):
        """A wrong value is wrong usage, told by its name, before anything is opened."""
        from app.cli import main

        monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as exit_:
            main(["serve", "--store", str(tmp_path / "store"), "--port", "0"])

        assert 2 == exit_.value.code
        told = capsys.readouterr().err
        assert "Traceback" not in told
        assert not (tmp_path / "store").exists()
