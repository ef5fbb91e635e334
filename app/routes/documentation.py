"""`GET /docs`: the OpenAPI document as a page, without anything from elsewhere."""

from importlib.resources import files

from fastapi import APIRouter, Response

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

# The package carries Swagger UI; its own way to install it brings scripts into the page.
_ASSETS = files("fastapi_offline") / "static"
_MEDIA_TYPES = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}

# Swagger UI styles its elements in place, and shows pictures that it carries in its style.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

# Addresses are relative, for a service behind a path of a proxy.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dedup-service: HTTP interface</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""


@router.get("/docs")
async def docs() -> Response:
    """Return the page."""
    return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
async def docs_start() -> Response:
    """Return the page's script."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/swagger-ui-bundle.js")
async def docs_script() -> Response:
    """Return Swagger UI's script."""
    return _asset("swagger-ui-bundle.js")


@router.get("/docs/swagger-ui.css")
async def docs_style() -> Response:
    """Return Swagger UI's style."""
    return _asset("swagger-ui.css")


def _asset(name: str) -> Response:
    headers = {"Cache-Control": "public, max-age=86400"}
    content = (_ASSETS / name).read_bytes()
    return Response(content, media_type=_MEDIA_TYPES[name], headers=headers)
