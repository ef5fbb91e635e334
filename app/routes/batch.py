"""Check many articles over one connection, a line each."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.bodies import LineReader, parse_json, require_length, require_media_type
from app.dependencies import Service, ServiceDependency, in_thread
from app.direct import DirectRoute
from app.gate import Caller, caller_of
from app.limits import RateLimiter
from app.metrics import count_answer, count_problem
from app.openapi import ndjson_answer, ndjson_body, problems
from app.outbox import Outbox, Unread
from app.problems import INTERNAL_ERROR, ProblemError, problem_body, problem_of
from app.readings import add_readings
from app.schemas import CheckAnswer, CheckRequest
from dedup import CheckResult, DedupError
from dedup.deduplicator import Survey
from dedup.serialization import check_result_to_dict

__all__ = ["router"]

_LOG = logging.getLogger(__name__)

router = APIRouter(tags=["check"], route_class=DirectRoute)

_LINES_AT_ONCE = 64

Answer = dict[str, Any]


class _DuplexResponse(StreamingResponse):
    """Streams an answer whose body is made from a request that is still being read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Send the answer; a client that goes away ends the request's stream.

        The usual response would take the request's messages for itself, to see whether
        the client is still there.
        """
        await self.stream_response(send)


@router.post(
    "/check/batch",
    summary="Check many articles, in order, as they come",
    response_class=StreamingResponse,
    responses=ndjson_answer(CheckAnswer) | problems(415, 503),
    openapi_extra=ndjson_body(CheckRequest),
)
async def check_batch(request: Request, service: ServiceDependency) -> StreamingResponse:
    """Answer each line with a line; a line sees those before it.

    A line that cannot be answered gets a problem in its place, and the rest goes on.
    Answers are written while lines are still read: a client reads while it sends, or
    sends no more lines than 32 MB of answers, some tens of thousands.
    """
    require_media_type(request, "application/x-ndjson")
    batch = _Batch(
        LineReader(request, service.settings),
        service,
        caller_of(request),
        request.app.state.limiter,
        request.app.state.unread,
    )
    return _DuplexResponse(_answers(batch), media_type="application/x-ndjson")


@dataclass(slots=True)
class _Batch:
    """Lines, and what they are answered with.

    Attributes:
        num_remembered: Lines of it that were handed over to be remembered so far.
    """

    lines: LineReader
    service: Service
    caller: Caller
    limiter: RateLimiter | None
    unread: Unread
    num_remembered: int = 0


class _Surveyed(NamedTuple):
    """Lines that were compared with what was known at one moment.

    Attributes:
        lines: Each with its survey, or why it has none.
        num_remembered: How many lines of the batch had been handed over by then.
    """

    lines: list[tuple[CheckRequest, Survey] | Exception]
    num_remembered: int


async def _answers(batch: _Batch) -> AsyncIterator[bytes]:
    # Reading must not wait for the client to read, who may still be sending.
    outbox = Outbox(batch.unread)
    worker = asyncio.create_task(_work(batch, outbox))
    try:
        while (answers := await outbox.get()) is not None:
            yield answers
        await worker
    finally:
        worker.cancel()
        outbox.close()


async def _work(batch: _Batch, outbox: Outbox) -> None:
    # While some lines are remembered, the next ones are read and compared.
    surveyed: asyncio.Queue[_Surveyed | None] = asyncio.Queue()
    try:
        async with asyncio.TaskGroup() as both:
            both.create_task(_survey(batch, surveyed))
            both.create_task(_answer(batch, surveyed, outbox))
    finally:
        outbox.end()


async def _survey(batch: _Batch, surveyed: "asyncio.Queue[_Surveyed | None]") -> None:
    """Compare the lines of a batch with what is known, some at a time."""
    with suppress(ClientDisconnect):
        async for group in batch.lines.groups(_LINES_AT_ONCE):
            if batch.limiter is not None:
                # Answers are on their way already: a batch is slowed down, not refused.
                await asyncio.sleep(batch.limiter.wait(batch.caller.name, len(group)))
            num_remembered = batch.num_remembered
            lines = await in_thread(_survey_lines, group, batch)
            await surveyed.join()  # no further ahead
            surveyed.put_nowait(_Surveyed(lines, num_remembered))
    surveyed.put_nowait(None)


async def _answer(
    batch: _Batch, surveyed: "asyncio.Queue[_Surveyed | None]", outbox: Outbox
) -> None:
    """Answer what was surveyed, in order."""
    while (group := await surveyed.get()) is not None:
        answers = await _answer_group(group, batch)
        await outbox.put(b"".join(map(_line, answers)))
        surveyed.task_done()


def _line(answer: Answer) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)


async def _answer_group(group: _Surveyed, batch: _Batch) -> list[Answer]:
    """Answer some lines: those to be remembered that follow one another share a commit."""
    answers: list[Answer] = []
    waiting: list[tuple[CheckRequest, Survey]] = []
    service = batch.service
    for line in group.lines:
        if isinstance(line, Exception):
            answers += await _remember(waiting, batch)
            answers.append(_problem(line))
            continue
        request, survey = line
        if request.remember:
            waiting.append(line)
            continue
        answers += await _remember(waiting, batch)
        if batch.num_remembered > group.num_remembered:  # lines before it, since
            survey = await in_thread(service.dedup.survey, survey.prepared)
        answers.append(await _shaped(service.dedup.answer(survey), request, survey, service))
    return answers + await _remember(waiting, batch)


def _survey_lines(
    lines: list[bytes | ProblemError], batch: _Batch
) -> list[tuple[CheckRequest, Survey] | Exception]:
    requests = [_read_line(line, batch) for line in lines]
    articles = [
        request.article(request.text) for request in requests if isinstance(request, CheckRequest)
    ]
    outcomes = iter(batch.service.dedup.survey_many(articles))
    surveyed: list[tuple[CheckRequest, Survey] | Exception] = []
    for request in requests:
        if not isinstance(request, CheckRequest):
            surveyed.append(request)
            continue
        outcome = next(outcomes)
        surveyed.append((request, outcome) if isinstance(outcome, Survey) else outcome)
    return surveyed


def _read_line(line: bytes | ProblemError, batch: _Batch) -> CheckRequest | Exception:
    if isinstance(line, ProblemError):
        return line
    try:
        request = parse_json(line, CheckRequest)
        require_length(request.text, batch.service.settings.max_received_chars)
        if request.remember:
            batch.caller.require_write()
    except (DedupError, ProblemError) as error:
        return error
    return request


async def _remember(waiting: list[tuple[CheckRequest, Survey]], batch: _Batch) -> list[Answer]:
    """Answer the lines that wait to be remembered, and clear them."""
    group, service = list(waiting), batch.service
    waiting.clear()
    batch.num_remembered += len(group)
    results = await asyncio.gather(
        *(service.committer.remember(survey) for _, survey in group), return_exceptions=True
    )
    return [
        await _shaped(result, request, survey, service)
        if isinstance(result, CheckResult)
        else _problem(result)
        for (request, survey), result in zip(group, results, strict=True)
    ]


async def _shaped(
    result: CheckResult, request: CheckRequest, survey: Survey, service: Service
) -> Answer:
    if request.passages:
        result = await in_thread(service.dedup.with_evidence, result, survey.prepared)
    count_answer(result)
    answer = check_result_to_dict(result)
    add_readings(answer, request, survey.prepared)
    return answer


def _problem(error: BaseException) -> Answer:
    problem, detail = INTERNAL_ERROR, "the line failed unexpectedly; the log says why"
    if isinstance(error, ProblemError):
        problem, detail = error.problem, error.detail
    elif isinstance(error, DedupError):
        problem, detail = problem_of(error), str(error)
    else:
        _LOG.error("a line of a batch failed", exc_info=error)
    count_problem(problem.code)
    return problem_body(problem, detail)
