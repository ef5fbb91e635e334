"""Exactly one of simultaneous first copies is the original, whichever worker they reach."""

import os
import threading
from random import Random

import pytest
from articles import make_story
from churn import run_churn
from invariants import violations
from races import run_races

from dedup import Article, Deduplicator

RACES = int(os.environ.get("DEDUP_RACES", "500"))


@pytest.mark.slow
def test_exactly_one_original(store):
    """Eight editions at once over two workers: one is new, all are in its cluster."""
    assert max(run_races(store, count=RACES, seed=1)) == RACES


@pytest.mark.slow
def test_all_changes_at_once(store):
    """Checks, replacements, deletions and an editor's words leave a whole store."""
    assert run_churn(store, requests=4_000, seed=1) == 4_000


@pytest.mark.slow
def test_a_store_is_created_once(tmp_path):
    """Those who find no store at the same moment create one, and all can use it."""
    for attempt in range(100):
        store = tmp_path / str(attempt)
        outcomes = _all_at_once(6, lambda store=store: Deduplicator.open(store).close())
        assert outcomes == [None] * 6
        assert violations(store) == []


def test_a_cluster_is_there_while_its_original_changes(store):
    """A look at a cluster sees the state before a hand-over or the one after it."""
    text = make_story(Random(1))
    with Deduplicator.open(store) as dedup:
        for name in "abc":
            cluster_id = dedup.check(Article(text=text, id=name)).cluster_id
        done = threading.Event()

        def change():
            try:
                for round_number in range(200):
                    name = "abc"[round_number % 3]
                    dedup.remove(name)
                    dedup.check(Article(text=text, id=name))
            finally:
                done.set()

        def look():
            while not done.is_set():
                cluster = dedup.catalogue.cluster(cluster_id)
                assert cluster.size == 1 + len(cluster.copies.items)

        changer = threading.Thread(target=change)
        changer.start()
        try:
            look()
        finally:
            changer.join()
    assert violations(store) == []


def _all_at_once(count, call):
    """Return what each of several simultaneous calls returned or raised."""
    start = threading.Barrier(count)
    outcomes = []

    def run():
        start.wait(60)
        try:
            outcomes.append(call())
        except Exception as error:  # noqa: BLE001  whatever it is, the test shows it
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
