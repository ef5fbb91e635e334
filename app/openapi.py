"""The OpenAPI document: what handlers that read their body themselves take, errors, examples."""

import copy
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.examples import EXAMPLES, RAW_TEXT
from app.gate import is_open
from app.problems import PROBLEMS, problem_body
from app.schemas import CheckOptions, ProblemAnswer

__all__ = ["article_body", "describe", "json_body", "ndjson_answer", "ndjson_body", "problems"]

_REF = "#/components/schemas/"
_REQUESTS: dict[str, type[BaseModel]] = {}
_OPTIONS = "x-options"
_SCHEME = "key"


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a JSON request body."""
    return _body({"application/json": _content_of(model)})


def ndjson_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a request body with a JSON object a line."""
    return _body({"application/x-ndjson": _content_of(model)})


def ndjson_answer(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Describe an answer with a JSON object, or a problem, a line."""
    line = orjson.dumps(EXAMPLES[model.__name__], option=orjson.OPT_APPEND_NEWLINE).decode()
    description = f"A `{model.__name__}` or a `{ProblemAnswer.__name__}` for each line."
    content = {"schema": {"type": "string", "description": description}, "example": line}
    return {200: {"description": "Answers.", "content": {"application/x-ndjson": content}}}


def article_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe an article as JSON or as a raw text or page, whose options are in the query."""
    raw = {"schema": {"type": "string", "format": "binary"}, "example": RAW_TEXT}
    page = raw | {"example": f"<p>{RAW_TEXT}</p>"}
    content = {"application/json": _content_of(model), "text/plain": raw, "text/html": page}
    return _body(content) | {_OPTIONS: True}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a route answers with, an example of each code."""
    return {status: _problem_response(status) for status in statuses}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the service."""
    document = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    models: list[type[BaseModel]] = [*_REQUESTS.values(), CheckOptions, ProblemAnswer]
    _, definitions = models_json_schema(
        [(model, "validation") for model in models], ref_template=f"{_REF}{{model}}"
    )
    schemas.update(definitions["$defs"])
    options = _query_parameters(schemas.pop("CheckOptions"))
    document["components"]["securitySchemes"] = {_SCHEME: {"type": "http", "scheme": "bearer"}}
    for path, operation in _operations(document):
        responses = operation["responses"]
        _drop_foreign_problem(responses)
        statuses = [] if is_open(path) else [401, 403, 429, 503]
        statuses += [408] if "requestBody" in operation else []
        for status, response in problems(*statuses).items():
            responses.setdefault(str(status), response)
        if not is_open(path):
            operation["security"] = [{_SCHEME: []}, {}]
        if operation.pop(_OPTIONS, False):
            operation.setdefault("parameters", []).extend(copy.deepcopy(options))
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]
    return document


def _body(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": dict(content)}}


def _content_of(model: type[BaseModel]) -> dict[str, Any]:
    _REQUESTS[model.__name__] = model
    return {"schema": {"$ref": _REF + model.__name__}, "example": EXAMPLES[model.__name__]}


def _problem_response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": f"{_REF}{ProblemAnswer.__name__}"},
                "examples": {
                    problem.code: {"value": problem_body(problem, detail)}
                    for problem, detail in PROBLEMS.items()
                    if problem.status == status
                },
            }
        },
    }
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds after which to try again.",
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    return response


def _drop_foreign_problem(responses: dict[str, Any]) -> None:
    """Remove the error that the framework supposes where a route has parameters."""
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]


def _query_parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe the fields of a model as query parameters, none of them null."""
    parameters = []
    for name, field in schema["properties"].items():
        kinds = [kind for kind in field.pop("anyOf", []) if kind.get("type") != "null"]
        if kinds:
            del field["default"]
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": "Of a raw body only.",
                "schema": field | (kinds[0] if kinds else {}),
            }
        )
    return parameters


def _operations(document: Mapping[str, Any]) -> Iterable[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            yield path, operation
