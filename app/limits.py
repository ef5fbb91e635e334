"""How much one client may ask, and how much the service takes on at once."""

import time
from collections import OrderedDict
from math import ceil

__all__ = ["RateLimiter"]

_MOST_CLIENTS = 10_000
_ROUNDING = 1e-9


class RateLimiter:
    """A token bucket for each client: a steady rate, and a burst of a second's worth.

    The clients seen longest ago are forgotten; a forgotten one starts with a full bucket,
    which it would have by then anyway.
    """

    def __init__(self, rate: float) -> None:
        """Let each client do this much a second.

        Args:
            rate: Requests, and lines of batches, a second.
        """
        self._rate = rate
        self._burst = max(rate, 1.0)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, cost: int = 1) -> int:
        """Take a client's tokens.

        Returns:
            0 if it may go on; else the seconds after which it may, and nothing is taken.
        """
        left, now = self._refilled(client)
        missing = min(cost, self._burst) - left
        if missing > _ROUNDING:
            return max(1, ceil(missing / self._rate))
        self._keep(client, left - cost, now)
        return 0

    def wait(self, client: str, cost: int) -> float:
        """Take a client's tokens, on credit if need be; return the seconds to wait first."""
        left, now = self._refilled(client)
        self._keep(client, left - cost, now)
        return max(0.0, (cost - left) / self._rate)

    def _refilled(self, client: str) -> tuple[float, float]:
        now = time.monotonic()
        left, at = self._buckets.get(client, (self._burst, now))
        return min(self._burst, left + (now - at) * self._rate), now

    def _keep(self, client: str, left: float, now: float) -> None:
        self._buckets[client] = left, now
        self._buckets.move_to_end(client)
        if len(self._buckets) > _MOST_CLIENTS:
            self._buckets.popitem(last=False)
