"""The HTTP service: `create_app` puts its parts together."""

from functools import lru_cache, partial

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from app.direct import DirectAnswers
from app.gate import Gate
from app.keys import KeyRing
from app.lifecycle import lifespan
from app.limits import RateLimiter
from app.openapi import describe
from app.outbox import Unread
from app.problems import install_handlers
from app.routes import articles, batch, check, clusters, console, documentation, operations
from app.settings import Settings
from app.telemetry import Telemetry
from app.version import RELEASE

__all__ = ["create_app"]

_DESCRIPTION = """
Says of each incoming article whether it is new, a reprint, a garbled mirror, an excerpt
or a compilation of a known one, of which one, and shows why. Errors are problem details
(RFC 9457) with a stable `code`.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the service; the store is opened when it starts."""
    keys = KeyRing(settings.api_keys, settings.api_keys_file)
    limiter = RateLimiter(settings.rate_limit) if settings.rate_limit else None

    class Application(FastAPI):
        def build_middleware_stack(self) -> ASGIApp:
            # Outside of everything, so that no answer passes it by.
            stack = super().build_middleware_stack()
            direct = DirectAnswers(stack, [*check.router.routes, *batch.router.routes])
            gate = Gate(direct, keys=keys, limiter=limiter, max_pending=settings.max_pending)
            return Telemetry(gate)

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            # The framework would look for OpenTelemetry's settings at each request.
            scope["app"] = self
            if self.middleware_stack is None:
                self.middleware_stack = self.build_middleware_stack()
            await self.middleware_stack(scope, receive, send)

    app = Application(
        title="dedup-service",
        version=RELEASE,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the framework's own pages load scripts from elsewhere
        redoc_url=None,
    )
    app.openapi = lru_cache(partial(describe, app))  # type: ignore[method-assign]
    app.state.settings = settings
    app.state.service = None
    app.state.limiter = limiter
    app.state.unread = Unread()
    install_handlers(app)
    for module in (check, batch, articles, clusters, operations, documentation, console):
        app.include_router(module.router)
    return app
