"""Backups taken while articles arrive, and services that start from them."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from invariants import known_articles, violations
from kills import Load
from service import DEDUP, Client, Service, wait_until

_CLIENTS = 8
_WARM_UP_S = 30


def run_backups(store: Path, destination: Path, *, count: int, seed: int) -> Iterator[int]:
    """Back a store up under load again and again; yield how many articles each must hold.

    Raises:
        AssertionError: A backup lacks what was acknowledged before it began or is not
            whole, or a service does not start from it.
    """
    load = Load(f"backup-{seed}", reconnects=False)
    with Service(store, workers=2) as service, ThreadPoolExecutor(_CLIENTS) as pool:
        runs = [pool.submit(load.run, service, lane) for lane in range(_CLIENTS)]
        try:
            wait_until(lambda: len(load.acknowledged) > 50, _WARM_UP_S, "articles", service.log)
            for number in range(count):
                yield _back_up(store, destination / str(number), load)
        finally:
            load.stopped.set()
        for run in runs:
            run.result()
    assert [] == load.errors


def _back_up(store: Path, copy: Path, load: Load) -> int:
    before = dict(load.acknowledged)
    subprocess.run([DEDUP, "store", "backup", copy, "--store", store], check=True)
    subprocess.run([DEDUP, "store", "verify", "--store", copy], check=True, capture_output=True)
    assert [] == violations(copy)
    known = known_articles(copy)
    assert before == {name: known.get(name) for name in before}
    with Service(copy) as restored, Client(restored) as client:
        for name in list(before)[:: max(1, len(before) // 20)]:
            status, article = client.get("articles", name)
            assert (status, article.get("text")) == (200, before[name].text)
    return len(before)
