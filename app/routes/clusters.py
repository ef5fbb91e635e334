"""Clusters, an editor's word on them, and what changed."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.bodies import parse_json, read_body, require_media_type
from app.dependencies import ServiceDependency, in_thread
from app.openapi import json_body, problems
from app.responses import Cursor, Limit, json_response
from app.schemas import ChangesAnswer, ClusterAnswer, ClusterDecision, ClustersAnswer
from dedup.serialization import changes_to_dict, cluster_to_dict, clusters_to_dict
from dedup.store.base import ClusterOrder

__all__ = ["router"]

router = APIRouter(tags=["clusters"])

_MAX_SEQUENCE = 2**63 - 1


@router.get(
    "/clusters",
    summary="List clusters, the largest or the newest first",
    response_model=ClustersAnswer,
    responses=problems(422, 503),
)
async def list_clusters(
    service: ServiceDependency,
    order: Annotated[ClusterOrder, Query(description="What comes first.")] = ClusterOrder.SIZE,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Return a page of clusters, each with its original."""
    page = await in_thread(
        service.dedup.catalogue.clusters, order=order, cursor=cursor, limit=limit
    )
    return json_response(clusters_to_dict(page))


@router.get(
    "/clusters/{cluster_id}",
    summary="Show a cluster",
    response_model=ClusterAnswer,
    responses=problems(404, 422, 503),
)
async def get_cluster(
    cluster_id: str, service: ServiceDependency, cursor: Cursor = None, limit: Limit = 100
) -> Response:
    """Return a cluster's original and a page of its copies, each as it stands today."""
    cluster = await in_thread(
        service.dedup.catalogue.cluster, cluster_id, cursor=cursor, limit=limit
    )
    return json_response(cluster_to_dict(cluster))


@router.patch(
    "/clusters/{cluster_id}",
    summary="Pin the original, or say that a member is no copy",
    response_model=ClusterAnswer,
    responses=problems(400, 404, 413, 415, 422, 503, 507),
    openapi_extra=json_body(ClusterDecision),
)
async def decide_cluster(cluster_id: str, request: Request, service: ServiceDependency) -> Response:
    """Take an editor's word, which outlives later checks; return the cluster after it."""
    require_media_type(request, "application/json")
    body = await read_body(request, service.settings)
    decision = parse_json(body, ClusterDecision)
    dedup = service.dedup
    if decision.pin is not None:
        await in_thread(dedup.pin, cluster_id, decision.pin)
    elif decision.not_a_copy is not None:
        await in_thread(dedup.separate, cluster_id, decision.not_a_copy)
    return json_response(cluster_to_dict(await in_thread(dedup.catalogue.cluster, cluster_id)))


@router.get(
    "/changes",
    summary="What to correct in earlier answers",
    response_model=ChangesAnswer,
    responses=problems(422, 503),
)
async def list_changes(
    service: ServiceDependency,
    since: Annotated[
        int, Query(ge=0, le=_MAX_SEQUENCE, description="`next_since` of the answer before.")
    ] = 0,
    limit: Limit = 1000,
) -> Response:
    """Return promotions, hand-overs, editors' decisions and removals, in order."""
    changes = await in_thread(service.dedup.catalogue.changes, since=since, limit=limit)
    return json_response(changes_to_dict(changes, since=since))
