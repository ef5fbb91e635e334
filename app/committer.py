"""Group commit: one transaction, one sync of the disk for all who wait meanwhile."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue

from app.problems import OVERLOADED, ProblemError
from dedup import CheckResult, DedupError, Deduplicator
from dedup.deduplicator import Survey

__all__ = ["Committer"]

_MAX_GROUP = 256
_MAX_WAITING = 4096

_Job = tuple[Survey, "Future[CheckResult]"]


class Committer:
    """Remembers surveyed articles on a thread of its own."""

    def __init__(self, dedup: Deduplicator) -> None:
        """Start the thread."""
        self._dedup = dedup
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="committer")
        self._thread.start()

    async def remember(self, survey: Survey) -> CheckResult:
        """Return an article's answer once it is durable.

        Raises:
            DedupError: The article was refused, or the store failed.
            ProblemError: Too many wait already.
        """
        if self._jobs.qsize() >= _MAX_WAITING:
            raise ProblemError(OVERLOADED, "too many articles wait to be remembered")
        job: Future[CheckResult] = Future()
        self._jobs.put((survey, job))
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Commit what waits, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            group, is_last = self._next_group()
            if group:
                self._commit(group)
            if is_last:
                return

    def _next_group(self) -> tuple[list[_Job], bool]:
        """Wait for a job and take along those that came with it."""
        job = self._jobs.get()
        group: list[_Job] = []
        while job is not None:
            group.append(job)
            if len(group) == _MAX_GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except Empty:
                return group, False
        return group, True

    def _commit(self, group: Sequence[_Job]) -> None:
        # A client that has gone away took its future with it.
        group = [(survey, job) for survey, job in group if job.set_running_or_notify_cancel()]
        try:
            results = self._dedup.remember([survey for survey, _ in group])
        except BaseException as error:  # noqa: BLE001  whoever waits must hear of it
            for _, job in group:
                job.set_exception(error)
            return
        for (_, job), result in zip(group, results, strict=True):
            if isinstance(result, DedupError):
                job.set_exception(result)
            else:
                job.set_result(result)
