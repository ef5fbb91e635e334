"""Check an article; repair a text."""

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from app.bodies import decoded, parse_json, read_body, require_length, require_media_type
from app.dependencies import Service, ServiceDependency, run
from app.direct import DirectRoute
from app.gate import caller_of
from app.metrics import count_answer
from app.openapi import article_body, json_body, problems
from app.problems import INVALID_FIELD, ProblemError
from app.readings import add_readings
from app.responses import json_response
from app.schemas import CheckAnswer, CheckOptions, CheckRequest, RepairAnswer, RepairRequest
from dedup import Article, repair_article
from dedup.serialization import check_result_to_dict, repaired_text_to_dict

__all__ = ["router"]

router = APIRouter(tags=["check"], route_class=DirectRoute)


@router.post(
    "/check",
    summary="Say what an article is to the known ones",
    response_model=CheckAnswer,
    responses=problems(400, 409, 413, 415, 422, 503, 507),
    openapi_extra=article_body(CheckRequest),
)
async def check(request: Request, service: ServiceDependency) -> Response:
    """Check an article and, unless told otherwise, remember it durably."""
    article, options = await _article(request, service)
    if options.remember:
        caller_of(request).require_write()
    dedup = service.dedup
    survey = await service.surveyor.survey(article)
    if options.remember:
        result = await service.committer.remember(survey)
    else:
        result = dedup.answer(survey)
    if options.passages:
        result = await run(
            lambda: dedup.with_evidence(result, survey.prepared), num_chars=len(article.text)
        )
    count_answer(result)
    answer = check_result_to_dict(result)
    add_readings(answer, options, survey.prepared)
    return json_response(answer)


@router.post(
    "/repair",
    summary="Undo the damage of a text",
    response_model=RepairAnswer,
    responses=problems(400, 413, 415, 422),
    openapi_extra=json_body(RepairRequest),
)
async def repair_text(request: Request, service: ServiceDependency) -> Response:
    """Repair a text, of a page the main text; the steps replay on what was sent."""
    require_media_type(request, "application/json")
    body = await read_body(request, service.settings)
    asked = parse_json(body, RepairRequest)
    require_length(asked.text, service.settings.max_text_chars)
    article = Article(text=asked.text, title=asked.title, format=asked.format)
    repaired = await run(lambda: repair_article(article), num_chars=len(asked.text))
    return json_response(repaired_text_to_dict(repaired))


async def _article(request: Request, service: Service) -> tuple[Article, CheckOptions]:
    """Read the article and options of a JSON or raw text body."""
    media_type, charset = require_media_type(request, "application/json", "text/plain", "text/html")
    body = await read_body(request, service.settings)
    if media_type == "application/json":
        if request.scope["query_string"] and request.query_params:
            raise ProblemError(INVALID_FIELD, "with a JSON body, options are fields of it")
        options = parse_json(body, CheckRequest)
        require_length(options.text, service.settings.max_received_chars)
        return options.article(options.text), options
    query = _query_options(request, "html" if media_type == "text/html" else "auto")
    text = await decoded(body, charset=charset, settings=service.settings)
    return query.article(text), query


def _query_options(request: Request, text_format: str) -> CheckOptions:
    try:
        values = {"format": text_format, **request.query_params}
        return CheckOptions.model_validate(values, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProblemError(INVALID_FIELD, f"{place}: {first['msg']}") from None
