"""Group commit: one transaction, one sync of the disk for all who wait meanwhile."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import NamedTuple

from app.metrics import committed, waiting
from app.problems import OVERLOADED, ProblemError
from dedup import CheckResult, Deduplicator
from dedup.deduplicator import Survey

__all__ = ["Committer"]

_MAX_GROUP = 256
_MAX_WAITING = 4096


class _Job(NamedTuple):
    """An article to be remembered, and who waits for it in which event loop."""

    survey: Survey
    answer: "asyncio.Future[CheckResult]"
    loop: asyncio.AbstractEventLoop


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
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[CheckResult] = loop.create_future()
        waiting(self._jobs.qsize())
        self._jobs.put(_Job(survey, answer, loop))
        return await answer

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
        # Whoever has gone away need not be remembered.
        group = [job for job in group if not job.answer.cancelled()]
        waiting(self._jobs.qsize())
        committed(len(group))
        results: Sequence[CheckResult | BaseException]
        try:
            results = self._dedup.remember([job.survey for job in group])
        except BaseException as error:  # noqa: BLE001  whoever waits must hear of it
            results = [error] * len(group)
        settled = list(zip(group, results, strict=True))
        # One wake-up for all who wait in a loop: each costs a write to a pipe.
        for loop in {job.loop for job in group}:
            own = [(job.answer, result) for job, result in settled if job.loop is loop]
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, own)


def _settle(
    settled: Sequence[tuple["asyncio.Future[CheckResult]", CheckResult | BaseException]],
) -> None:
    """Tell those who wait; runs in their event loop."""
    for answer, result in settled:
        if answer.done():
            continue
        if isinstance(result, BaseException):
            answer.set_exception(result)
        else:
            answer.set_result(result)
