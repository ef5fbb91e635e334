"""Simultaneous first copies of one article, over several workers."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from articles import make_editions, make_story
from invariants import violations
from service import Client, Service, clients_of

COPIES = {"garbled_mirror", "exact", "reprint", "excerpt"}

_CLIENTS = 8
_WORKERS = 2


def run_races(store: Path, *, count: int, seed: int) -> Iterator[int]:
    """Hold races over two workers and yield how many were held, one by one.

    Raises:
        AssertionError: A race had no winner or several, or an answer was an error.
    """
    with Service(store, workers=_WORKERS) as service:
        yield from hold_races([service], clients=_CLIENTS, count=count, seed=seed)
        assert violations(store) == []


def hold_races(
    services: Sequence[Service], *, clients: int, count: int, seed: int
) -> Iterator[int]:
    """Hold races over services of one store and yield how many were held, one by one.

    In each, the clients, as many on each service and worker, send a different edition of
    one article that nobody knew before.

    Raises:
        AssertionError: A race had no winner or several, or an answer was an error.
    """
    random = Random(seed)
    runners = clients_of(services, clients)
    with ThreadPoolExecutor(clients) as pool:
        for number in range(count):
            editions = make_editions(make_story(random), clients, random)
            answers = _race(pool, runners, number, editions)
            _assert_one_original(answers, f"race {number} of seed {seed}")
            _assert_whole_cluster(runners[-1], answers)
            yield number + 1
    for runner in runners:
        runner.close()


def _race(
    pool: ThreadPoolExecutor, clients: Sequence[Client], number: int, editions: Sequence[str]
) -> list[dict]:
    start = threading.Barrier(len(clients))

    def send(client: Client, lane: int) -> dict:
        start.wait(60)
        status, answer = client.check(f"{number}-{lane}", editions[lane])
        assert status == 200, answer
        return answer

    return list(pool.map(send, clients, range(len(clients))))


def _assert_one_original(answers: Sequence[dict], race: str) -> None:
    originals = [answer for answer in answers if answer["verdict"] not in COPIES]
    assert [answer["verdict"] for answer in originals] == ["new"], (race, answers)
    assert len({answer["cluster_id"] for answer in answers}) == 1, (race, answers)


def _assert_whole_cluster(client: Client, answers: Sequence[dict]) -> None:
    """All who took part are in the cluster: one original, the others as its copies."""
    status, cluster = client.get("clusters", answers[0]["cluster_id"])
    assert status == 200, cluster
    members = [cluster["original"]["id"], *(copy["id"] for copy in cluster["copies"])]
    assert sorted(members) == sorted(answer["id"] for answer in answers), cluster
    assert cluster["size"] == len(members), cluster
    assert {copy["verdict"] for copy in cluster["copies"]} <= COPIES, cluster
