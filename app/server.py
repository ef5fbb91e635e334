"""Runs the HTTP service in worker processes."""

import multiprocessing
import os
import signal
import threading
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess as ParentProcess

__all__ = ["create_worker_app", "run_server"]


def run_server(settings: Settings, *, host: str, port: int, workers: int) -> None:
    """Serve until told to stop, in processes that follow one another's changes.

    Args:
        settings: The same for every worker.
        host: Address to listen on.
        port: Port to listen on; 0 lets the system choose one.
        workers: Number of processes.
    """
    # Workers are started anew and know the settings from their environment alone.
    os.environ.update(settings.as_environment())
    uvicorn.run(
        "app.server:create_worker_app",
        factory=True,
        workers=workers,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
    )


def create_worker_app() -> FastAPI:
    """Return the service of one worker, set up from the environment."""
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        threading.Thread(target=_end_with, args=(supervisor,), daemon=True).start()
    return create_app(Settings())


def _end_with(supervisor: "ParentProcess") -> None:
    """Stop this worker when its supervisor is killed, or it would hold the port forever."""
    supervisor.join()
    os.kill(os.getpid(), signal.SIGTERM)
