"""A JSON body is what the model makes of it, whichever of two parsers read it."""

import json

import pytest
from pydantic import ValidationError

from app.bodies import parse_json
from app.problems import ProblemError
from app.schemas import CheckRequest
from dedup import DedupError

BODIES = (
    '{"text": "a", "text": "b"}',
    '{"text": "a\\u0000\\ud83d\\ude00", "format": "html", "remember": false}',
    '{"text": "a", "id": null, "published_at": null}',
    *(f'{{"text": "a", "{field}": {value}}}' for field in ("published_at", "repaired", "id", "x")
      for value in ("true", "1", "1.0", "null", "NaN", '"on"', '""', '"2020-01-01"', "[]",
                    '"2020-01-01T08:00:00+08:00"', '"2020-01-01T00:00:00Z"', '"1577836800"',
                    "1577836800", '"2020-01-01T00:00:00"', '"2020-13-01T00:00:00Z"')),
    '{"text": "\\ud800"}', '{"text": 1}', '{"id": "a"}', '{"text": "a"} x', '{"text": "a",}',
    "[]", "1", '""', "", "{", "nul", '\ufeff{"text": "a"}',
)  # fmt: skip


def model_says(body: bytes) -> CheckRequest | None:
    """Return what the model reads by itself, None for an error."""
    try:
        return CheckRequest.model_validate_json(body)
    except ValidationError:
        return None


@pytest.mark.parametrize("body", BODIES)
def test_read_as_the_model_reads_json(body):
    expected = model_says(body.encode())
    if expected is None:
        with pytest.raises((ProblemError, DedupError)):
            parse_json(body.encode(), CheckRequest)
    else:
        assert parse_json(body.encode(), CheckRequest) == expected


def test_large_body_with_a_value_that_is_no_text_is_refused_before_it_is_validated():
    body = json.dumps({"text": "字" * 400_000, "title": ["a"]}, ensure_ascii=False).encode()
    with pytest.raises(ProblemError, match="title: Input should be a single value"):
        parse_json(body, CheckRequest)


def test_large_body_that_is_no_json_says_so():
    with pytest.raises(ProblemError, match="EOF"):
        parse_json(b'{"text": "' + b"a" * (1 << 20), CheckRequest)
