"""Runs the HTTP service in worker processes."""

import gc
import logging
import multiprocessing
import os
import signal
import threading
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from app.keys import KeyRing
from app.logs import log_config
from app.main import create_app
from app.metrics import SHARED_DIRECTORY
from app.settings import Settings
from dedup.preparation import Preparer
from dedup.store.opening import open_store
from dedup.temporary import temporary_folder

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess as ParentProcess

__all__ = ["create_worker_app", "run_server"]

_LOG = logging.getLogger(__name__)

# The supervisor kills a worker that does not answer for so long, and one that starts does
# not: on a busy machine the usual five seconds would end every worker before it is up.
_STUCK_S = 30
# A long damaged text has a hundred thousand marks: with the usual 700, a third of its time
# goes into looking through them for cycles, of which there are next to none.
_GARBAGE = (50_000, 20, 10)


def run_server(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until told to stop, in processes that follow one another's changes.

    Args:
        settings: The same for every worker.
        host: Address to listen on.
        port: Port to listen on; 0 lets the system choose one.
        workers: Number of processes.

    Raises:
        ConfigError: A setting is wrong.
        StoreError: The store cannot be used.
    """
    settings.require_place_for_index()
    keys = KeyRing(settings.api_keys, settings.api_keys_file)
    _require_store(settings)
    # Workers are started anew and know the settings from their environment alone.
    os.environ.update(settings.as_environment())
    if keys.is_open and not _is_loopback(host):
        _LOG.warning("there are no API keys: whoever reaches %s may add and delete articles", host)
    with temporary_folder() as folder:
        if workers > 1:
            os.environ[SHARED_DIRECTORY] = str(folder)
        uvicorn.run(
            "app.server:create_worker_app",
            factory=True,
            workers=workers,
            host=host,
            port=port,
            loop="uvloop",
            http="app.protocol:Connection",
            ws="none",
            access_log=False,
            log_config=log_config(
                log_format=settings.log_format, level=settings.log_level, access=settings.access_log
            ),
            server_header=False,
            timeout_keep_alive=settings.keep_alive,
            timeout_graceful_shutdown=settings.stop_timeout,
            timeout_worker_healthcheck=_STUCK_S,
        )


def create_worker_app() -> FastAPI:
    """Return the service of one worker, set up from the environment."""
    gc.set_threshold(*_GARBAGE)
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_with, args=(supervisor,), daemon=True).start()
    return create_app(Settings())


def _require_store(settings: Settings) -> None:
    """Open the store and close it: better now than in every worker, again and again."""
    preparer = Preparer(settings.dedup_config())
    open_store(settings.store, scheme=preparer.scheme).close()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _end_with(supervisor: "ParentProcess") -> None:
    """Stop this worker when its supervisor is killed, or it would hold the port forever."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
