"""Forgets the articles not seen for longest while the service runs, a few at a time."""

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from app.metrics import expired
from app.settings import Settings
from dedup import DedupError, Deduplicator

__all__ = ["Retention"]

_LOG = logging.getLogger(__name__)

_EVERY_S = 5.0
_LOOK_S = 0.2  # between two looks at how many there are: a stream may bring hundreds meanwhile
_EXCESS = 0.01  # of the limit, beyond which nobody waits for the usual moment
_PAUSE_S = 0.02  # between two transactions, for those who wait to write


class Retention:
    """Keeps a store within its limits, on a thread of its own.

    Every worker does so: what one has forgotten, the others find forgotten.
    """

    def __init__(self, settings: Settings, dedup: Deduplicator) -> None:
        """Start, if there is a limit."""
        self._settings = settings
        self._dedup = dedup
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        if settings.max_articles or settings.retention_days:
            self._thread = threading.Thread(target=self._run, name="retention")
            self._thread.start()

    def close(self) -> None:
        """End the thread after its transaction."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                num_expired = self._expire()
                if num_expired:
                    self._stopping.wait(_PAUSE_S)
                else:
                    self._rest()
            except DedupError as error:
                _LOG.warning("nothing can be forgotten yet: %s", error)
                self._stopping.wait(_EVERY_S)

    def _rest(self) -> None:
        """Wait for the next usual moment, or until far too many articles are known."""
        end = time.monotonic() + _EVERY_S
        most = (1 + _EXCESS) * self._settings.max_articles
        while time.monotonic() < end and not self._stopping.wait(_LOOK_S):
            if most and self._dedup.stats().articles > most:
                return

    def _expire(self) -> int:
        days = self._settings.retention_days
        num_expired = self._dedup.expire(
            before=datetime.now(UTC) - timedelta(days=days) if days else None,
            keep=self._settings.max_articles or None,
        )
        expired(num_expired)
        return num_expired
