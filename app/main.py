"""The HTTP service: `create_app` puts its parts together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache, partial

from fastapi import FastAPI

from app.dependencies import Service
from app.openapi import describe
from app.problems import install_handlers
from app.routes import articles, batch, check, clusters, console, documentation, operations
from app.settings import Settings
from app.version import RELEASE
from dedup import Deduplicator

__all__ = ["create_app"]

_DESCRIPTION = """
Says of each incoming article whether it is new, a reprint, a garbled mirror, an excerpt
or a compilation of a known one, of which one, and shows why. Errors are problem details
(RFC 9457) with a stable `code`.
"""


def create_app(settings: Settings) -> FastAPI:
    """Return the service; the store is opened when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        dedup = await asyncio.to_thread(Deduplicator.open, settings.store, settings.dedup_config())
        service = app.state.service = Service(settings, dedup)
        yield
        app.state.service = None
        await asyncio.to_thread(service.close)

    app = FastAPI(
        title="dedup-service",
        version=RELEASE,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # the framework's own pages load scripts from elsewhere
        redoc_url=None,
    )
    app.openapi = lru_cache(partial(describe, app))  # type: ignore[method-assign]
    app.state.service = None
    install_handlers(app)
    for module in (check, batch, articles, clusters, operations, documentation, console):
        app.include_router(module.router)
    return app
