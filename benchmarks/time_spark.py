"""Scan a made-up collection here and on a standalone Spark cluster; compare answers and costs.

    python benchmarks/time_spark.py CORPUS --articles 20000 --kill

CORPUS is a directory of `news_*.jsonl.gz` files with a `text` in each line. The cluster, a
master and two workers of one core each, is started on this machine and ended afterwards. The
articles lie shuffled in several files. Compare within one run: times depend on what else the
machine does, and processor time counts the start of every process.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from spark_cluster import Cluster, wait_until
from speed.collection import make_articles, read_texts

_FILES = 7
_STAGE_S = 3_600  # for a stage, however busy the machine
_DEDUP = Path(sys.executable).with_name("dedup")


def write_files(corpus: Path, folder: Path, count: int) -> None:
    """Write articles, shuffled, into several files."""
    articles = make_articles(read_texts(corpus), count, length=None, seed=1)
    random.Random(2).shuffle(articles)
    for number in range(_FILES):
        lines = (
            json.dumps({"id": one.id, "text": one.text}, ensure_ascii=False) + "\n"
            for one in articles[number::_FILES]
        )
        (folder / f"{number}.jsonl").write_text("".join(lines), encoding="utf-8")


def scan_here(folder: Path) -> dict[str, Any]:
    """Return the answers of `dedup scan`."""
    with measured("dedup scan"):
        done = subprocess.run([_DEDUP, "scan", folder, "--json"], capture_output=True, check=True)
    return _by_id(done.stdout.splitlines())


def scan_on(
    cluster: Cluster, folder: Path, output: Path, settings: Sequence[str], *, kill: bool
) -> dict[str, Any]:
    """Return the answers of `dedup spark`, of whose cluster a worker may be killed halfway."""
    command = [str(_DEDUP), "spark", str(folder), str(output), "--master", cluster.url]
    for setting in (
        "spark.driver.host=127.0.0.1", "spark.driver.bindAddress=127.0.0.1",
        "spark.ui.enabled=false", "spark.executor.memory=768m", *settings,
    ):  # fmt: skip
        command += ["--conf", setting]
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    title = "dedup spark, a worker killed" if kill else "dedup spark"
    with measured(title, cluster.processor_seconds):
        job = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        if kill:
            done = "_stages/*/outlines/_SUCCESS"
            wait_until(lambda: any(output.glob(done)), job.poll, _STAGE_S)
            cluster.kill_worker()
        assert job.stderr is not None
        start = time.monotonic()
        for line in job.stderr:
            if ": " in line and line.split(":")[0].isalpha():
                print(f"  {time.monotonic() - start:6.1f} s  {line.strip()}", flush=True)
        if job.wait():
            msg = "the job failed"
            raise RuntimeError(msg)
    return _by_id(
        line
        for file in (output / "verdicts").glob("*.json")
        for line in file.read_bytes().splitlines()
    )


@contextmanager
def measured(title: str, others: Callable[[], float] = lambda: 0.0) -> Iterator[None]:
    """Print the time that a block takes, and the processor time of it and of others."""
    start, before = time.monotonic(), _children_seconds() + others()
    yield
    spent = _children_seconds() + others() - before
    print(f"{title}: {time.monotonic() - start:.1f} s, {spent:.1f} s of processor time", flush=True)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _by_id(lines: Any) -> dict[str, Any]:
    answers = {}
    for line in lines:
        row = json.loads(line)
        row.pop("path")
        row["damage"]["kinds"] = {k: v for k, v in row["damage"]["kinds"].items() if v is not None}
        answers[row["id"]] = row
    return answers


def main() -> None:
    """Make the collection, scan it on both, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--articles", type=int, default=20_000)
    parser.add_argument("--kill", action="store_true", help="kill a worker in a second job")
    parser.add_argument("--conf", action="append", default=[], help="a setting of Spark")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="dedup-") as temporary:
        folder, logs = Path(temporary, "in"), Path(temporary, "cluster")
        folder.mkdir()
        logs.mkdir()
        write_files(options.corpus, folder, options.articles)
        expected = scan_here(folder)
        expected = scan_here(folder)  # now that kernels are compiled and files are cached
        cluster = Cluster(logs)
        try:
            for kill in (False, True)[: 1 + options.kill]:
                output = Path(temporary, f"out-{kill}")
                answers = scan_on(cluster, folder, output, options.conf, kill=kill)
                same = sum(answers.get(name) == row for name, row in expected.items())
                print(f"{same} of {len(expected)} answers are the same, {len(answers)} in all")
        finally:
            cluster.close()


if __name__ == "__main__":
    main()
