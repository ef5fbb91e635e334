"""What was acknowledged survives a power cut, and nothing is half written."""

import pytest
from power_cuts import cut_power

from dedup import StoreError

CUTS = 60

# APSW warns of a fault that comes while SQLite deals with the one before.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.mark.slow
def test_nothing_acknowledged_is_lost(tmp_path):
    """Whenever the power goes, whatever survives of what was not synced."""
    works = [cut_power(tmp_path / str(seed), seed=seed) for seed in range(CUTS)]

    # The cuts came at all stages: before the first answer, and after many.
    assert any(not work.known for work in works)
    assert any(len(work.known) > 50 for work in works)
    assert any(work.in_doubt for work in works)


def test_the_simulation_loses_what_is_not_synced(tmp_path):
    """A store that does not sync loses articles: the test above can fail."""
    for seed in range(5):
        with pytest.raises((AssertionError, StoreError)):
            cut_power(tmp_path / str(seed), seed=seed, durable=False)
