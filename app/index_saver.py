"""Saves the index now and then, so that the next start need not make it anew."""

import logging
import threading

from dedup import DedupError, Deduplicator

__all__ = ["IndexSaver"]

_LOG = logging.getLogger(__name__)
_EVERY_S = 60.0


class IndexSaver:
    """Saves the index beside the store, on a thread of its own, whenever much has changed.

    Every worker tries to: what one has saved, the others find saved.
    """

    def __init__(self, dedup: Deduplicator) -> None:
        """Start."""
        self._dedup = dedup
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="index saver")
        self._thread.start()

    def close(self) -> None:
        """End the thread, after what it is saving."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            try:
                self._dedup.save_index()
            except (DedupError, OSError) as error:
                _LOG.warning(
                    "the index cannot be saved, and the next start takes longer: %s", error
                )
