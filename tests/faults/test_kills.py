"""What was acknowledged survives kill -9, and nothing is half written."""

import signal

import pytest
from kills import Victim, run_kills
from service import Service, is_alive, wait_until


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("workers", "victim", "count"),
    [(1, Victim.SERVICE, 3), (2, Victim.SERVICE, 2), (2, Victim.WORKER, 2)],
)
def test_killed_under_load(store, workers, victim, count):
    """Every acknowledged article is there with its text and cluster; retries are taken."""
    loads = list(run_kills(store, count=count, workers=workers, victim=victim, seed=workers))

    assert count == len(loads)
    assert all(load.acknowledged for load in loads)


def test_workers_end_with_their_supervisor(store):
    """Nobody is left to hold the port and the store when the first process is killed."""
    with Service(store, workers=2) as service:
        workers = service.worker_pids()
        service.process.send_signal(signal.SIGKILL)
        service.process.wait()
        assert len(workers) == 2
        wait_until(
            lambda: not any(map(is_alive, workers)), 5, "the workers have ended", service.log
        )
