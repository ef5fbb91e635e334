"""More than a service can answer, and backups while it is busy."""

from statistics import median

import pytest
from backups import run_backups
from overload import run_overload

pytestmark = pytest.mark.slow


def test_three_times_capacity(store):
    """Throughput holds, the excess is refused quickly, and nothing acknowledged is lost."""
    outcome = run_overload(store, seconds=2, seed=1)

    assert outcome.excessive.refused_s, "there was no excess"
    assert outcome.excessive.rate > 0.4 * outcome.usual.rate
    assert median(outcome.excessive.refused_s) < median(outcome.excessive.answered_s)


def test_backup_under_load(store, tmp_path):
    """It holds all that was acknowledged before it began, and a service starts from it."""
    [num_known] = run_backups(store, tmp_path / "backups", count=1, seed=1)

    assert num_known > 50
