"""Metrics of every stage and worker, log lines with request ids, truth about being ready."""

import json
import logging
import re
import signal
import threading
import time
import urllib.error
from pathlib import Path

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from server import Server
from starlette.testclient import TestClient

from app.logs import REQUEST_ID, JsonFormatter, LineFormatter
from app.main import create_app
from app.settings import Settings
from dedup import Deduplicator

MONITORING = Path(__file__).parents[2] / "monitoring"
TEXT = "县里的工作人员来到企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。" * 3


def samples(text):
    """Return the value of every sample by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def client(tmp_path):
    app = create_app(Settings(store=str(tmp_path / "store")))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


class TestMetrics:
    def test_what_happens_is_counted(self, client):
        """Verdicts, problems, stages, candidates and commits grow by what was done."""
        before = samples(client.get("/metrics").text)
        client.post("/check", json={"text": TEXT, "id": "a"})
        client.post("/check", json={"text": TEXT + "（完）", "id": "b"})
        client.post("/check", json={"text": ""})
        lines = f'{{"text": "{TEXT}", "remember": false}}\n{{nonsense\n'.encode()
        client.post("/check/batch", content=lines, headers={"Content-Type": "application/x-ndjson"})
        after = samples(client.get("/metrics").text)

        def grown(name, **labels):
            key = (name, *sorted(labels.items()))
            return after[key] - before.get(key, 0)

        assert 1 == grown("dedup_checks_total", verdict="new")
        assert 1 == grown("dedup_checks_total", verdict="reprint")
        assert 1 == grown("dedup_checks_total", verdict="exact")
        assert 3 == grown("dedup_check_seconds_count")
        assert 1 == grown("dedup_problems_total", code="empty_text")
        assert 1 == grown("dedup_problems_total", code="malformed_request")
        assert 2 == grown("dedup_requests_total", route="/check", method="POST", status="200")
        assert 1 == grown("dedup_requests_total", route="/check", method="POST", status="422")
        for stage in ("prepare", "find", "compare"):
            assert grown("dedup_stage_seconds_count", stage=stage) >= 3
        assert 2 == grown("dedup_stage_seconds_count", stage="commit")
        assert 2 == grown("dedup_commit_articles_sum")
        assert 2 <= grown("dedup_candidates_sum")
        assert (2, 1, 1) == tuple(
            after[name,] for name in ("dedup_articles", "dedup_clusters", "dedup_index_originals")
        )
        assert after["dedup_index_bytes",] > 0
        assert after["dedup_store_bytes",] > 0

    def test_names_are_few(self, client):
        """However many paths are asked for, the number of series does not grow."""
        for path in ("/a", "/b/c", "/articles/x", "/articles/y"):
            client.get(path)
        client.request("BREW", "/coffee")
        routes = {
            dict(key[1:]).get("route")
            for key in samples(client.get("/metrics").text)
            if key[0] == "dedup_requests_total"
        }
        assert {"none", "/articles/{article_id:path}"} <= routes
        assert not {"/a", "/b/c", "/articles/x", "/coffee"} & routes

    def test_of_all_workers(self, tmp_path):
        """Whichever worker is asked tells the sum of all."""
        with Server(tmp_path / "store", workers=2) as server:
            for number in range(40):
                server.post("/check", {"text": f"{TEXT}{number}", "id": str(number)})
            told = []
            for _ in range(10):
                read = samples(server.send("GET", "/metrics").decode())
                checks = [value for key, value in read.items() if key[0] == "dedup_checks_total"]
                told.append((sum(checks), read["dedup_articles",]))

            assert {(40.0, 40.0)} == set(told)


class TestMonitoringFiles:
    @pytest.fixture(scope="class")
    @classmethod
    def known(cls, tmp_path_factory):
        """Names of all series that the service has."""
        app = create_app(Settings(store=str(tmp_path_factory.mktemp("known") / "store")))
        with TestClient(app) as client:
            client.post("/check", json={"text": TEXT})
            client.get("/nowhere")
            return {key[0] for key in samples(client.get("/metrics").text)} | {"up"}

    @pytest.mark.parametrize(
        "name", ["alerts.yml", "grafana/dashboards/dedup.json", "prometheus.yml"]
    )
    def test_every_series_exists(self, known, name):
        """Dashboards and alerts ask for nothing that the service does not tell."""
        asked = set(re.findall(r"\b(?:dedup_\w+|up)\b(?=[{\[ )])", (MONITORING / name).read_text()))

        assert asked <= known
        assert asked or name == "prometheus.yml"

    def test_alert_rules_are_rules(self):
        """Prometheus refuses a file of which one rule is wrong, and then alerts nobody."""
        groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
        rules = [rule for group in groups for rule in group["rules"]]

        assert len(rules) == len({rule["alert"] for rule in rules}) > 5
        for rule in rules:
            assert {"alert", "expr", "labels", "annotations"} <= rule.keys()
            assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
            assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
            assert rule["labels"]["severity"] in {"page", "ticket"}
            assert {"summary", "description"} == rule["annotations"].keys()
            promql_parser.parse(rule["expr"])

    def test_dashboard_asks_what_can_be_asked(self):
        """Each panel has a query in Prometheus's language, and a place on the dashboard."""
        text = (MONITORING / "grafana/dashboards/dedup.json").read_text()
        panels = [panel for panel in json.loads(text)["panels"] if panel["type"] != "row"]

        assert panels
        for panel in panels:
            assert {"x", "y", "w", "h"} == panel["gridPos"].keys()
            assert panel["targets"]
            for target in panel["targets"]:
                promql_parser.parse(target["expr"])
        with pytest.raises(ValueError, match="invalid"):
            promql_parser.parse("sum by (le) rate(dedup_checks_total[5m])")

    def test_what_refers_to_what(self):
        """Prometheus's configuration names the rules and the service as compose has them."""
        compose = yaml.safe_load((MONITORING.parent / "docker-compose.yml").read_text())["services"]
        scraping = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
        mounted = {mount.split(":")[1] for mount in compose["prometheus"]["volumes"]}
        [job] = scraping["scrape_configs"]
        [target] = job["static_configs"][0]["targets"]
        [source] = yaml.safe_load(
            (MONITORING / "grafana/provisioning/datasources/prometheus.yml").read_text()
        )["datasources"]

        assert set(scraping["rule_files"]) <= mounted
        assert compose[target.split(":")[0]]["ports"][0].endswith(f":{target.split(':')[1]}")
        assert source["url"].split("/")[2].split(":")[0] in compose


class TestRequestIds:
    def test_in_and_out(self, client):
        """A client's id comes back; a wrong one is replaced; each request has one."""
        given = client.get("/version", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"]
        wrong = client.get("/version", headers={"X-Request-ID": "a b"}).headers["x-request-id"]

        assert "abc-1" == given
        assert re.fullmatch("[0-9a-f]{24}", wrong)
        assert client.get("/nowhere").headers["x-request-id"] != wrong


class TestLogs:
    def test_no_article_is_told(self, client, monkeypatch):
        """A bug is logged with its place and request, and without the text that met it."""

        def fail(self, prepared, **options):
            raise ValueError(prepared.article.text)

        monkeypatch.setattr(Deduplicator, "survey_many", fail)
        stream = _Lines(JsonFormatter())
        logging.getLogger().addHandler(stream)
        try:
            client.post("/check", json={"text": TEXT}, headers={"X-Request-ID": "r1"})
        finally:
            logging.getLogger().removeHandler(stream)

        [line] = [json.loads(line) for line in stream.lines if "unexpected" in line]
        assert ("r1", "error") == (line["request_id"], line["level"])
        assert "ValueError" in line["error"]
        assert "in fail" in line["error"]
        assert "县里" not in "".join(stream.lines)

    @pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
    def test_one_line_each(self, formatter):
        """A record is a line, with what was given beside the message."""
        record = logging.makeLogRecord({"msg": "did %s", "args": ("so",), "status": 200})
        token = REQUEST_ID.set("r2")
        line = formatter.format(record)
        REQUEST_ID.reset(token)

        assert "\n" not in line
        assert all(part in line for part in ("did so", "200", "r2"))

    def test_of_a_service(self, tmp_path):
        """The service logs JSON where nobody looks on, a line a request if asked to."""
        with Server(tmp_path / "store", DEDUP_ACCESS_LOG="true") as server:
            server.post("/check", {"text": TEXT, "id": "a"})
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(30)
            log = server.log()
            lines = [json.loads(line) for line in log.splitlines()]

        [access] = [line for line in lines if line["logger"] == "app.access"]
        assert ("POST", "/check", 200) == (access["method"], access["route"], access["status"])
        assert access["request_id"]
        assert "县里" not in log


class TestReadiness:
    def test_while_a_large_store_opens(self, tmp_path, monkeypatch):
        """The service listens, is alive and not ready, and becomes ready."""
        release = threading.Event()
        real = Deduplicator.open

        def slow(*args, **options):
            release.wait(30)
            return real(*args, **options)

        monkeypatch.setattr(Deduplicator, "open", slow)
        monkeypatch.setattr("app.lifecycle._WAIT_S", 0.05)
        with TestClient(create_app(Settings(store=str(tmp_path / "store")))) as client:
            assert 200 == client.get("/health/live").status_code
            assert "not_ready" == client.get("/health/ready").json()["code"]
            assert "not_ready" == client.post("/check", json={"text": TEXT}).json()["code"]
            release.set()
            deadline = time.monotonic() + 30
            while client.get("/health/ready").status_code != 200:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    @pytest.mark.parametrize("workers", [1, 2])
    def test_while_it_drains(self, tmp_path, workers):
        """Asked to stop, it is not ready, answers a while, and ends with status 0."""
        with Server(tmp_path / "store", workers=workers, DEDUP_DRAIN_SECONDS="2") as server:
            assert {"status": "ready"} == server.get("/health/ready")
            server.process.send_signal(signal.SIGTERM)
            deadline = time.monotonic() + 1.5
            codes = set()
            while time.monotonic() < deadline:
                try:
                    server.get("/health/ready")
                except urllib.error.HTTPError as error:
                    codes.add(json.load(error)["code"])
                    break
                time.sleep(0.02)
            assert {"not_ready"} == codes
            assert "new" == server.post("/check", {"text": TEXT, "id": "late"})["verdict"]
            server.process.wait(30)
            assert server.process.returncode in {0, -signal.SIGTERM}


class _Lines(logging.Handler):
    """Keeps what was logged, as it is written."""

    def __init__(self, formatter):
        super().__init__()
        self.setFormatter(formatter)
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))
