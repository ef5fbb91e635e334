"""Health and version."""

from dataclasses import asdict

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST

from app.dependencies import ServiceDependency, in_thread
from app.lifecycle import DRAINING
from app.metrics import exposition
from app.openapi import problems
from app.problems import NOT_READY, ProblemError
from app.schemas import StatusAnswer, VersionAnswer
from app.version import RELEASE

__all__ = ["router"]

router = APIRouter(tags=["operations"])


@router.get("/health/live", summary="Is the process alive?")
async def live() -> StatusAnswer:
    """Answer without touching anything."""
    return StatusAnswer(status="live")


@router.get("/health/ready", summary="Can it check articles?", responses=problems(503))
async def ready(service: ServiceDependency) -> StatusAnswer:
    """Answer after a look into the store; not any more once the service was asked to stop."""
    if DRAINING.is_set():
        raise ProblemError(NOT_READY, "the service is about to stop")
    await in_thread(service.dedup.sequence)
    return StatusAnswer(status="ready")


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
    responses=problems(503),
)
async def metrics(service: ServiceDependency) -> Response:
    """Return what was counted, and the figures of the store."""
    content = await in_thread(exposition, service)
    return Response(content, media_type=CONTENT_TYPE_LATEST)


@router.get("/version", summary="What is running?", responses=problems(503))
async def version(service: ServiceDependency) -> VersionAnswer:
    """Return the release, the scheme and the numbers that verdicts rest on."""
    config = service.dedup.config
    return VersionAnswer(
        release=RELEASE,
        scheme=service.dedup.scheme,
        k=config.sketch.shingle_length,
        min_chars=config.min_chars,
        thresholds=asdict(config.thresholds),
    )
