"""Known articles and clusters."""

import asyncio
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response

from app.dependencies import ServiceDependency
from app.openapi import problems
from app.schemas import ClusterAnswer, KnownArticleAnswer
from dedup.serialization import cluster_to_dict, known_article_to_dict

__all__ = ["router"]

router = APIRouter(tags=["known articles"])

_MAX_PAGE = 1000


@router.get(
    "/articles/{article_id:path}",
    summary="Show a known article",
    response_model=KnownArticleAnswer,
    responses=problems(404, 503),
)
async def get_article(article_id: str, service: ServiceDependency) -> Response:
    """Return a known article, its text as received and what it is today."""
    return _json(known_article_to_dict(service.dedup.get(article_id)))


@router.delete(
    "/articles/{article_id:path}",
    summary="Forget an article",
    status_code=204,
    responses=problems(404, 503, 507),
)
async def delete_article(article_id: str, service: ServiceDependency) -> Response:
    """Forget an article; a cluster that loses its original goes on with its best copy."""
    await asyncio.to_thread(service.dedup.remove, article_id)
    return Response(status_code=204)


@router.get(
    "/clusters/{cluster_id}",
    summary="Show a cluster",
    response_model=ClusterAnswer,
    responses=problems(404, 422, 503),
)
async def get_cluster(
    cluster_id: str,
    service: ServiceDependency,
    cursor: Annotated[int, Query(ge=0, description="`next_cursor` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MAX_PAGE, description="Copies a page.")] = 100,
) -> Response:
    """Return a cluster's original and a page of its copies, each as it stands today."""
    cluster = await asyncio.to_thread(service.dedup.cluster, cluster_id, after=cursor, limit=limit)
    return _json(cluster_to_dict(cluster))


def _json(answer: dict[str, Any]) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
