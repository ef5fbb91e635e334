"""The rate of one client."""

import pytest

from app.limits import RateLimiter


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("app.limits.time.monotonic", lambda: now[0])
    return now


def test_burst_then_steady(clock):
    """A second's worth at once, then as many as the rate says, and told when to come again."""
    limiter = RateLimiter(5)

    assert [0] * 5 + [1] == [limiter.take("a") for _ in range(6)]
    clock[0] += 0.4
    assert [0, 0, 1] == [limiter.take("a") for _ in range(3)]
    assert 0 == limiter.take("b")


def test_slow_rate(clock):
    """Less than one a second still lets one in, then tells how long it takes."""
    limiter = RateLimiter(0.1)

    assert [0, 10] == [limiter.take("a"), limiter.take("a")]
    clock[0] += 10
    assert 0 == limiter.take("a")


def test_batches_wait(clock):
    """A batch takes on credit and is told how long to wait."""
    limiter = RateLimiter(10)

    assert 0 == limiter.wait("a", 10)
    assert 2 == limiter.wait("a", 20)
    assert 3 == limiter.take("a")


def test_forgets_the_oldest(clock):
    """The memory for clients has an end."""
    limiter = RateLimiter(1)
    for number in range(20_000):
        limiter.take(str(number))

    assert 10_000 == len(limiter._buckets)
