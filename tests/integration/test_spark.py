"""`dedup spark` on a real standalone cluster of a master and two workers."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spark_cluster import Cluster, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DEDUP = Path(sys.executable).with_name("dedup")
NUM_STORIES = int(os.environ.get("DEDUP_SPARK_STORIES", "60"))


@pytest.fixture(scope="module", autouse=True)
def java():
    pytest.importorskip("pyspark")
    if shutil.which("java") is None:
        pytest.skip("Java is not installed")


@pytest.fixture(scope="module")
def cluster(java, tmp_path_factory):
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
    wait_until(lambda: any(tmp_path.glob("out/_stages/*/outlines/_SUCCESS")), process.poll)
    cluster.kill_worker()
    printed = finished(process)

    assert expected == told(tmp_path / "out")
    assert {"new", "reprint", "excerpt"} <= {row["verdict"] for row in expected.values()}
    assert "skipped" in printed
    assert not (tmp_path / "out" / "_stages").exists()


def test_goes_on_where_it_stopped(cluster, corpus, expected, tmp_path):
    """A job that was killed goes on behind its last whole stage; answers may be Parquet."""
    process = spark(corpus, tmp_path / "out", "--parquet", master=cluster.url)
    wait_until(lambda: any(tmp_path.glob("out/_stages/*/outlines/_SUCCESS")), process.poll)
    process.kill()
    process.communicate()

    again = spark(corpus, tmp_path / "out", "--parquet", master=cluster.url)
    _, err = again.communicate(timeout=500)

    assert "outlines: was there" in err
    rows = pq.read_table(tmp_path / "out" / "verdicts").to_pylist()
    assert {row["id"]: row["verdict"] for row in rows} == {
        name: row["verdict"] for name, row in expected.items()
    }


@pytest.fixture
def session(java):
    """A session in this process, for what no command reaches."""
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", value=False)
        session = builder.config("spark.sql.shuffle.partitions", 2).getOrCreate()
        yield session
        session.stop()


def test_more_pairs_than_a_task_holds(session, corpus, expected, tmp_path, monkeypatch):
    """Pairs grouped in rounds over the cluster give the same; a file system may be named."""
    from dedup.batch import spark

    monkeypatch.setattr(spark, "_PAIRS_OF_A_TASK", 1)
    output = f"file://{tmp_path}/out"
    counts = spark.scan_on_spark(session, f"file://{corpus}", output)

    assert expected == told(tmp_path / "out")
    assert (len(expected) + 1, 1) == (counts.articles, counts.skipped)


def test_groups(session, tmp_path, monkeypatch):
    """The groups of long chains, rings and stars are their connected components."""
    import networkx as nx

    from dedup.batch import spark

    chosen = random.Random(3)
    graph = nx.Graph([(n, n + 1) for n in range(40)] + [(100 + n, 100) for n in range(30)])
    graph.add_edges_from((200 + n, 200 + (n + 1) % 25) for n in range(25))
    graph.add_edges_from(
        (chosen.randrange(300, 360), chosen.randrange(300, 360)) for _ in range(30)
    )
    graph.remove_edges_from(list(nx.selfloop_edges(graph)))
    edges = [chosen.choice([(a, b), (b, a)]) for a, b in graph.edges]
    pairs = session.createDataFrame(edges, "doc long, other long")
    rows = {}
    for limit in (1, 1_000):
        monkeypatch.setattr(spark, "_PAIRS_OF_A_TASK", limit)
        folder = tmp_path / str(limit)

        def keep(name, frame, folder=folder):
            frame.write.mode("overwrite").parquet(f"{folder}/{name}")
            return session.read.parquet(f"{folder}/{name}")

        stages = SimpleNamespace(rows={"pairs": len(edges)}, keep=keep)
        rows[limit] = {(row.doc, row.group) for row in spark._groups(pairs, stages).collect()}

    assert rows[1] == rows[1_000]
    assert rows[1] == {
        (doc, min(group)) for group in nx.connected_components(graph) for doc in group
    } - {(doc, doc) for doc in nx.isolates(graph)}


def test_hot_keys(session):
    """Of the articles under a hot key the same few are kept, however they are spread."""
    from dedup.batch import spark

    rows = [(doc, f"id{doc}", [7, 1_000 + doc, 5_000 + doc // 2]) for doc in range(300)]
    kept = []
    for order, parts in ((rows, 1), (rows[::-1], 5)):
        outlines = session.createDataFrame(order, "doc long, id string, listed array<long>")
        buckets = spark._buckets(outlines.repartition(parts)).collect()
        kept.append({row.key: set(row.docs) for row in buckets})

    assert kept[0] == kept[1]
    assert 64 == len(kept[0][7])
    assert {7, *range(5_000, 5_150)} == set(kept[0])


def test_no_input(cluster, tmp_path):
    """A folder without articles is told."""
    (tmp_path / "in").mkdir()
    process = spark(tmp_path / "in", tmp_path / "out", master="local[1]")
    _, err = process.communicate(timeout=200)

    assert process.returncode == 1
    assert "there is no Parquet or JSONL file" in err
    assert "Traceback" not in err
