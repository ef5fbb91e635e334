"""Known articles, one at a time and page by page."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.bodies import parse_json, read_body, require_length, require_media_type
from app.dependencies import ServiceDependency, in_thread, run
from app.metrics import count_answer
from app.openapi import json_body, problems
from app.readings import add_readings
from app.responses import Cursor, Limit, json_response
from app.schemas import (
    ArticlesAnswer,
    CheckAnswer,
    KnownArticleAnswer,
    Readings,
    ReplaceRequest,
)
from dedup import Article
from dedup.serialization import articles_to_dict, check_result_to_dict, known_article_to_dict

__all__ = ["router"]

router = APIRouter(tags=["articles"])


@router.get(
    "/articles",
    summary="List articles, or those found at a URL or with words in the title",
    response_model=ArticlesAnswer,
    responses=problems(422, 503),
)
async def list_articles(
    service: ServiceDependency,
    url: Annotated[str | None, Query(description="Only articles found here.")] = None,
    title: Annotated[
        str | None,
        Query(min_length=1, max_length=4096, description="Only articles with this in their title."),
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Response:
    """Return a page of articles in the order in which they were remembered."""
    page = await in_thread(
        service.dedup.catalogue.articles, url=url, title=title, cursor=cursor, limit=limit
    )
    return json_response(articles_to_dict(page))


@router.get(
    "/articles/{article_id:path}",
    summary="Show an article",
    response_model=KnownArticleAnswer,
    responses=problems(404, 422, 503),
)
async def get_article(
    article_id: str,
    service: ServiceDependency,
    readings: Annotated[Readings, Query()],
) -> Response:
    """Return an article, its text as received and what it is today."""
    known = await in_thread(service.dedup.catalogue.article, article_id)
    answer = known_article_to_dict(known)
    if readings.are_wanted:
        article = Article(id=article_id, text=known.text, format=known.format)
        add_readings(answer, readings, await in_thread(service.dedup.prepare, article))
    return json_response(answer)


@router.put(
    "/articles/{article_id:path}",
    summary="Set the text of an article",
    response_model=CheckAnswer,
    responses=problems(400, 404, 413, 415, 422, 503, 507),
    openapi_extra=json_body(ReplaceRequest),
)
async def put_article(article_id: str, request: Request, service: ServiceDependency) -> Response:
    """Check and remember an article, in place of the one that has its id."""
    require_media_type(request, "application/json")
    body = await read_body(request, service.settings)
    fields = parse_json(body, ReplaceRequest)
    require_length(fields.text, service.settings.max_received_chars)
    article = Article(id=article_id, **dict(fields))
    dedup = service.dedup
    survey = await run(
        lambda: dedup.survey(dedup.prepare(article), replaces=True),
        num_chars=len(article.text),
    )
    result = await service.committer.remember(survey)
    count_answer(result)
    return json_response(check_result_to_dict(result))


@router.delete(
    "/articles/{article_id:path}",
    summary="Forget an article",
    status_code=204,
    responses=problems(404, 503, 507),
)
async def delete_article(article_id: str, service: ServiceDependency) -> Response:
    """Forget an article; a cluster that loses its original goes on with its best copy."""
    await in_thread(service.dedup.remove, article_id)
    return Response(status_code=204)
