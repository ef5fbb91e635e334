"""Replicas over one PostgreSQL store: they answer as one, whatever happens to them."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from kills import Load
from races import hold_races
from service import Client, Service, wait_until

from dedup.config import DedupConfig, IndexPlace
from dedup.preparation import Preparer
from dedup.store.opening import open_for_upkeep
from dedup.upkeep import signer

RACES = int(os.environ.get("DEDUP_RACES", "100"))

_CLIENTS = 16


@pytest.fixture(params=IndexPlace)
def replicas(request, database, tmp_path, monkeypatch):
    """Two services over one database, with an index of either sort."""
    monkeypatch.setenv("DEDUP_INDEX", request.param)
    services = [Service(database, log=tmp_path / f"{number}.log") for number in range(2)]
    yield services
    for service in services:
        service.kill()


@pytest.mark.slow
def test_exactly_one_original(replicas, database):
    """Sixteen editions at once over two replicas: one is new, all are in its cluster."""
    assert max(hold_races(replicas, clients=_CLIENTS, count=RACES, seed=1)) == RACES
    assert violations(database) == []


@pytest.mark.slow
def test_killed_under_load(replicas, database):
    """What a replica acknowledged before it was killed is known to the other one."""
    victim, survivor = replicas
    load = Load("kill", reconnects=False)
    with _under_load(load, [victim]):
        victim.kill()

    assert load.errors == []
    assert load.interruptions
    _assert_known(survivor, load)
    assert violations(database) == []


@pytest.mark.slow
def test_server_crashes_under_load(replicas, database, postgres_server):
    """Replicas say that the store is away, go on when it is back, and nothing is lost."""
    load = Load("crash", reconnects=True)
    with _under_load(load, replicas):
        postgres_server.crash()
        time.sleep(1)
        postgres_server.start()
        answered = len(load.acknowledged)
        wait_until(
            lambda: len(load.acknowledged) > answered + 50, 30, "answers go on", replicas[0].log
        )

    assert {(status, answer["code"]) for status, answer in load.errors} <= {
        (503, "store_unavailable")
    }
    for replica in replicas:
        _assert_known(replica, load)
    assert violations(database) == []


class _under_load:  # noqa: N801  used as a function
    """Sends articles to services while the body runs, once a first answer has come."""

    def __init__(self, load, services):
        self._load, self._services = load, services
        self._pool = ThreadPoolExecutor(_CLIENTS)

    def __enter__(self):
        services = self._services
        self._runs = [
            self._pool.submit(self._load.run, services[lane % len(services)], lane)
            for lane in range(_CLIENTS)
        ]
        wait_until(lambda: len(self._load.acknowledged) > 100, 30, "first answers", services[0].log)

    def __exit__(self, *exc_info):
        self._load.stopped.set()
        self._pool.shutdown()
        for run in self._runs:
            run.result()


def _assert_known(service, load):
    with Client(service) as client:
        for article_id, known in load.acknowledged.items():
            status, article = client.get("articles", article_id)
            assert (status, article.get("text"), article.get("cluster_id")) == (200, *known)
        for article_id, text in load.unanswered.items():
            assert client.check(article_id, text)[0] == 200


def violations(database):
    """Return every rule that a store breaks, signatures included."""
    store = open_for_upkeep(database)
    try:
        with store.snapshot() as reader:
            return [*reader.violations(signer(Preparer(DedupConfig())))]
    finally:
        store.close()
