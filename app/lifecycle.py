"""From start to stop: opening the store beside serving, and telling that the end is near."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

from fastapi import FastAPI

from app.dependencies import Service
from app.metrics import PrometheusObserver, forget_dead_workers
from app.settings import Settings
from dedup import Article, Deduplicator

__all__ = ["DRAINING", "lifespan"]

_LOG = logging.getLogger(__name__)

DRAINING = threading.Event()
"""Set once the process was asked to stop: it is not ready any more, and still answers."""

_WAIT_S = 5.0
_WARM_UP = "县里的工作人员来到(dào)企业，了解复工复产遇到的困难，帮助解决口罩和用工的问题。" * 3
# Three times: a shorter text is not signed, and the code that signs would stay unloaded.


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the store of an application, and close it in the end.

    A small store is open before the first connection is taken. Indexing a large one takes
    longer than a probe waits: meanwhile the service answers that it is alive, and everything
    else with `not_ready`.
    """
    settings: Settings = app.state.settings
    _announce_stops(settings.drain_seconds)
    opening = asyncio.create_task(asyncio.to_thread(_open, settings))
    await asyncio.wait({opening}, timeout=_WAIT_S)
    if opening.done():
        _begin(app, opening.result())
    else:
        opening.add_done_callback(lambda _: _take_up(app, opening))
    yield
    app.state.service = None
    service = await opening
    await asyncio.to_thread(service.close)


def _announce_stops(drain_seconds: float) -> None:
    """When asked to stop, be not ready first, and stop once load balancers have seen it."""
    if threading.current_thread() is not threading.main_thread():
        return  # only a process of its own gets signals
    stop = signal.getsignal(signal.SIGTERM)

    def announce(number: int, frame: FrameType | None) -> None:
        is_again = DRAINING.is_set()
        DRAINING.set()
        if callable(stop):
            wait = 0.0 if is_again else drain_seconds
            threading.Timer(wait, stop, (number, frame)).start()

    signal.signal(signal.SIGTERM, announce)


def _open(settings: Settings) -> Service:
    forget_dead_workers()
    dedup = Deduplicator.open(
        settings.store,
        settings.dedup_config(),
        observer=PrometheusObserver(),
        index=settings.index,
    )
    # Code that is compiled or loaded at its first use would make the first client wait.
    dedup.check(Article(text=_WARM_UP), remember=False)
    return Service(settings, dedup)


def _take_up(app: FastAPI, opening: "asyncio.Task[Service]") -> None:
    error = opening.exception()
    if error is None:
        _begin(app, opening.result())
    else:
        _LOG.critical("the store cannot be opened: %s", error)
        os.kill(os.getpid(), signal.SIGTERM)


def _begin(app: FastAPI, service: Service) -> None:
    app.state.service = service
    _LOG.info("ready to check articles")
