"""Articles that come at once are surveyed at once, which takes half as long as one by one."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from dedup import Article, Deduplicator
from dedup.deduplicator import Survey

__all__ = ["LONG_CHARS", "Surveyor"]

LONG_CHARS = 20_000  # take longer than handing them to a thread, and keep others waiting
_MAX_GROUP_CHARS = 50_000
_ENOUGH = 16  # articles: more of them together take hardly less


class _Job(NamedTuple):
    """An article to be surveyed, and who waits for it."""

    article: Article
    survey: "asyncio.Future[Survey]"


class Surveyor:
    """Surveys articles in the event loop that it is asked in."""

    def __init__(self, dedup: Deduplicator) -> None:
        """Survey with this deduplicator."""
        self._dedup = dedup
        self._jobs: deque[_Job] = deque()

    async def survey(self, article: Article) -> Survey:
        """Prepare an article and compare it with what is known now.

        The usual article takes less than handing it to a thread and back would; a long text
        must not keep everyone else waiting.

        Raises:
            DedupError: The article is refused, or the store cannot be read.
        """
        if len(article.text) > LONG_CHARS:
            return await asyncio.to_thread(self._survey_alone, article)
        loop = asyncio.get_running_loop()
        if not self._jobs:
            loop.call_soon(self._await_others, loop, 0)
        job = _Job(article, loop.create_future())
        self._jobs.append(job)
        return await job.survey

    def _await_others(self, loop: asyncio.AbstractEventLoop, num_before: int) -> None:
        """Survey when a turn of the loop has read no further requests, or enough are there.

        Clients that were answered together send their next requests one after the other: else
        a few of them would fall behind, and smaller and smaller groups would come about.
        """
        if num_before < len(self._jobs) < _ENOUGH:
            loop.call_soon(self._await_others, loop, len(self._jobs))
        else:
            self._survey_some(loop)

    def _survey_alone(self, article: Article) -> Survey:
        return self._dedup.survey(self._dedup.prepare(article))

    def _survey_some(self, loop: asyncio.AbstractEventLoop) -> None:
        group = self._next_group()
        if self._jobs:
            loop.call_soon(self._survey_some, loop)
        outcomes = self._outcomes([job.article for job in group])
        for job, outcome in zip(group, outcomes, strict=True):
            if isinstance(outcome, Survey):
                job.survey.set_result(outcome)
            else:
                job.survey.set_exception(outcome)

    def _outcomes(self, articles: Sequence[Article]) -> Sequence[Survey | Exception]:
        try:
            return self._dedup.survey_many(articles)
        except Exception as error:  # noqa: BLE001  whoever waits must hear of it
            if len(articles) == 1:
                return [error]
            # One of them may have met a bug, of which the others need not suffer.
            return [outcome for one in articles for outcome in self._outcomes([one])]

    def _next_group(self) -> list[_Job]:
        """Take jobs whose clients are still there, no more than a long text would take."""
        group: list[_Job] = []
        room = _MAX_GROUP_CHARS
        while self._jobs and (not group or len(self._jobs[0].article.text) <= room):
            job = self._jobs.popleft()
            if not job.survey.cancelled():
                group.append(job)
                room -= len(job.article.text)
        return group
