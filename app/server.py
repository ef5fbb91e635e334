"""Runs the HTTP service in worker processes."""

import os

import uvicorn
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings

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
    return create_app(Settings())
