"""`dedup spark` on a real standalone cluster of a master and two workers."""

import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DEDUP = Path(sys.executable).with_name("dedup")
NUM_STORIES = int(os.environ.get("DEDUP_SPARK_STORIES", "60"))


class Cluster:
    """A master and two workers, each a process, on this machine."""

    def __init__(self, folder):
        import pyspark

        self._folder = folder
        self._home = Path(pyspark.__file__).parent
        self._port = _free_port()
        self.url = f"spark://127.0.0.1:{self._port}"
        self.master = self._start("master.Master", "--port", self._port)
        self.workers = [self._start_worker() for _ in range(2)]
        _wait_until(lambda: self.log().count("Registering worker") == 2, self.log)

    def _start_worker(self):
        return self._start("worker.Worker", "--cores", 1, "--memory", "1g", self.url)

    def _start(self, name, *arguments):
        command = [
            self._home / "bin" / "spark-class", f"org.apache.spark.deploy.{name}",
            "--host", "127.0.0.1", "--webui-port", 0, *arguments,
        ]  # fmt: skip
        with (self._folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                list(map(str, command)), stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "SPARK_WORKER_DIR": str(self._folder / "work"),
                     "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"},
            )  # fmt: skip

    def log(self):
        return (self._folder / "master.Master.log").read_text()

    def kill_worker(self):
        """Kill a worker with its executors, and start another one."""
        victim = self.workers.pop()
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        self.workers.append(self._start_worker())

    def close(self):
        for process in (*self.workers, self.master):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory, seeds):
    """Stories with copies of every sort, as JSONL and as Parquet."""
    folder = tmp_path_factory.mktemp("corpus")
    articles = list(_articles(seeds))
    half = len(articles) // 2
    with (folder / "first.jsonl").open("w") as file:
        file.writelines(
            json.dumps(article, ensure_ascii=False) + "\n" for article in articles[:half]
        )
    pq.write_table(pa.Table.from_pylist(articles[half:]), folder / "second.parquet")
    return folder


def _articles(seeds):
    clauses = [
        c for name in ("002", "004") for c in re.split("[，。\n]", seeds[name]) if len(c) > 7
    ]
    chosen = random.Random(5)
    for number in range(NUM_STORIES):
        story = "，".join(chosen.sample(clauses, 25)) + "。"
        day = f"2020-03-{1 + number % 28:02}T00:00:00+00:00"
        yield {"id": f"s{number}", "text": story, "published_at": day}
        if number % 3 == 0:
            yield {"id": f"c{number}", "text": story[:-30] + "转载完", "published_at": day}
        if number % 10 == 0:
            yield {"id": f"e{number}", "text": story[60:200], "published_at": day}
    for name, text in seeds.items():
        yield {"id": f"seed{name}", "text": text, "published_at": None}
    yield {"id": "empty", "text": "……", "published_at": None}


def spark(corpus, output, *options, master):
    command = [
        DEDUP, "spark", str(corpus), str(output), "--master", master,
        "--conf", "spark.driver.host=127.0.0.1", "--conf", "spark.driver.bindAddress=127.0.0.1",
        "--conf", "spark.executor.memory=768m", "--conf", "spark.sql.shuffle.partitions=4",
        "--conf", "spark.ui.enabled=false", *options,
    ]  # fmt: skip
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"},
    )  # fmt: skip


def finished(process):
    out, err = process.communicate(timeout=500)
    assert process.returncode == 1, err[-3000:]  # an article without a text was skipped
    assert "Traceback" not in err, err[-3000:]
    return out


def told(output):
    rows = [
        json.loads(line)
        for file in Path(output, "verdicts").glob("*.json")
        for line in file.read_text().splitlines()
    ]
    for row in rows:
        row.pop("path")
        row["damage"]["kinds"] = {k: v for k, v in row["damage"]["kinds"].items() if v is not None}
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def expected(corpus):
    done = subprocess.run(
        [DEDUP, "scan", corpus, "--json"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["id"]: {k: v for k, v in row.items() if k != "path"} for row in rows}


def test_same_as_a_local_scan(cluster, corpus, expected, tmp_path):
    """Every article has the answer of `dedup scan`, though a worker is lost in the middle."""
    process = spark(corpus, tmp_path / "out", master=cluster.url)
    _wait_until(lambda: any(tmp_path.glob("out/_stages/*/outlines/_SUCCESS")), process.poll)
    cluster.kill_worker()
    printed = finished(process)

    assert expected == told(tmp_path / "out")
    assert {"new", "reprint", "excerpt"} <= {row["verdict"] for row in expected.values()}
    assert "skipped" in printed
    assert not (tmp_path / "out" / "_stages").exists()


def test_goes_on_where_it_stopped(cluster, corpus, expected, tmp_path):
    """A job that was killed goes on behind its last whole stage; answers may be Parquet."""
    process = spark(corpus, tmp_path / "out", "--parquet", master=cluster.url)
    _wait_until(lambda: any(tmp_path.glob("out/_stages/*/outlines/_SUCCESS")), process.poll)
    process.kill()
    process.communicate()

    again = spark(corpus, tmp_path / "out", "--parquet", master=cluster.url)
    _, err = again.communicate(timeout=500)

    assert "outlines: was there" in err
    rows = pq.read_table(tmp_path / "out" / "verdicts").to_pylist()
    assert {row["id"]: row["verdict"] for row in rows} == {
        name: row["verdict"] for name, row in expected.items()
    }


def test_no_input(cluster, tmp_path):
    """A folder without articles is told."""
    (tmp_path / "in").mkdir()
    process = spark(tmp_path / "in", tmp_path / "out", master="local[1]")
    _, err = process.communicate(timeout=200)

    assert process.returncode == 1
    assert "there is no Parquet or JSONL file" in err
    assert "Traceback" not in err


def _free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _wait_until(is_true, explain):
    deadline = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.1)
