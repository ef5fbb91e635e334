"""The OpenAPI document: complete, with examples that are true, and kept by every route."""

import json
import os

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings

EXAMPLES = int(os.environ.get("DEDUP_OPENAPI_EXAMPLES", "25"))

# What no schema can say: text without a letter, an unknown id, an id with another text.
REFUSALS = ["2xx", 400, 404, 409, 422]

CANNOT_BE_WRONG = {
    "DELETE /articles/{article_id}",
    "GET /health/live", "GET /health/ready", "GET /version", "GET /", "GET /console/{name}",
    "GET /metrics",
}  # fmt: skip

# A bad line gets a problem in its place, within an answer that is a success as a whole.
LENIENT = {"POST /check/batch": [negative_data_rejection]}

OPERATIONS = [
    f"{method.upper()} {path}"
    for path, methods in create_app(Settings()).openapi()["paths"].items()
    for method in methods
]


@schemathesis.serializer("application/x-ndjson")
def serialize_line(context, value):
    """Send a generated object as a body of one line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    app = create_app(Settings(store=str(tmp_path_factory.mktemp("openapi") / "store")))
    with TestClient(app):
        yield app


@pytest.fixture(scope="module")
def document(app):
    return app.openapi()


@pytest.fixture(scope="module")
def operations(app):
    config = SchemathesisConfig.from_dict(
        {"checks": {"positive_data_acceptance": {"expected-statuses": REFUSALS}}}
    )
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    return {result.ok().label: result.ok() for result in schema.get_all_operations()}


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", OPERATIONS)
def test_routes_keep_their_word(operations, label, mode):
    """Requests made from the document, valid and not, get the answers that it describes."""

    @given(case=operations[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(case):
        case.call_and_validate(excluded_checks=LENIENT.get(label))

    try:
        check()
    except Unsatisfiable:
        # A request without parameters or body, or with any string, cannot be made wrongly.
        assert mode is schemathesis.GenerationMode.NEGATIVE
        assert label in CANNOT_BE_WRONG


def test_every_body_and_answer_has_an_example(document):
    """Each JSON body and answer of a route has one, and it fits the schema."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            for body in [*bodies, *operation["responses"].values()]:
                for media_type, content in body.get("content", {}).items():
                    if not _examples(document, content):
                        assert media_type in {"application/x-ndjson", "text/plain"}, (method, path)
                    if "json" not in media_type:
                        continue
                    schema = {**content.get("schema", {}), "components": document["components"]}
                    for example in _examples(document, content):
                        jsonschema_rs.validate(schema, example, validate_formats=True)


def test_every_error_of_a_route_has_a_code(document):
    """Errors are problem details and nothing else, with an example of each code."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if status >= "400":
                    [(media_type, content)] = response["content"].items()
                    assert "application/problem+json" == media_type
                    examples = content["examples"]
                    assert examples
                    assert {int(status)} == {case["value"]["status"] for case in examples.values()}
                    assert list(examples) == [case["value"]["code"] for case in examples.values()]


class TestPage:
    def test_needs_nothing_from_elsewhere(self, app):
        """The page loads its own files alone, and no script stands in the page itself."""
        client = TestClient(app)
        page = client.get("/docs")

        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "http" not in page.text
        assert "<script>" not in page.text
        for name in ("docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/start.js"):
            assert f'"{name}"' in page.text
            assert 200 == client.get(f"/{name}").status_code
        assert "openapi.json" in client.get("/docs/start.js").text


def _examples(document, content):
    if "example" in content:
        return [content["example"]]
    if "examples" in content:
        return [case["value"] for case in content["examples"].values()]
    reference = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"].get(reference, {}).get("examples", [])
