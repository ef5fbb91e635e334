"""Everything at once, for a short time; benchmarks/soak.py does it for an hour."""

import pytest
from mixed import growing, run_mixed

pytestmark = pytest.mark.slow


def test_everything_at_once(store):
    """Every request is answered as it should be, and the store keeps its limit."""
    readings = list(run_mixed(store, minutes=0.2, rate=40, keep=100, seed=1, every_s=3))

    assert len(readings) >= 3
    assert readings[-1]["known"] < 200
    assert min(reading["requests"] for reading in readings) > 0


def test_growth_is_seen():
    """A figure that is larger in the last quarter than in the second is named."""
    flat = {"minute": 1.0, "requests": 10.0, "store MB": 100.0, "CPU ms": 3.0}
    readings = [flat | {"minute": minute} for minute in range(1, 9)]
    assert {} == growing(readings)

    readings[-2:] = [flat | {"store MB": 120.0, "requests": 90.0, "CPU ms": 5.0}] * 2
    assert {"store MB": (100.0, 120.0), "CPU ms": (3.0, 5.0)} == growing(readings)
