"""Pieces of the OpenAPI document for handlers that read their body themselves."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from app.schemas import ProblemAnswer

__all__ = ["json_body", "ndjson_body", "problems"]


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a JSON request body."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def ndjson_body(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a request body with a JSON object a line."""
    content = json_body(model)["requestBody"]["content"]["application/json"]
    return {"requestBody": {"required": True, "content": {"application/x-ndjson": content}}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe the errors that a route answers with."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "model": ProblemAnswer,
            "content": {"application/problem+json": {}},
        }
        for status in statuses
    }
