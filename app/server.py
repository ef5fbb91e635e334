"""Runs the HTTP service in this process."""

import uvicorn

from app.main import create_app
from app.settings import Settings

__all__ = ["run_server"]


def run_server(settings: Settings, *, host: str, port: int) -> None:
    """Serve until told to stop."""
    uvicorn.run(
        create_app(settings),
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        server_header=False,
    )
