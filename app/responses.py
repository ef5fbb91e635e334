"""JSON answers, and the parameters of paged ones."""

from typing import Annotated, Any

import orjson
from fastapi import Query, Response

__all__ = ["Cursor", "Limit", "json_response"]

Cursor = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,18}(\.[0-9]{1,18})?$", description="`next_cursor` of the page before."
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="Most items to return.")]


def json_response(answer: dict[str, Any]) -> Response:
    """Return an answer as JSON."""
    return Response(orjson.dumps(answer), media_type="application/json")
