"""What a request handler works with."""

import asyncio
from collections.abc import Callable
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request

from app.committer import Committer
from app.index_saver import IndexSaver
from app.problems import NOT_READY, ProblemError
from app.retention import Retention
from app.settings import Settings
from app.surveyor import LONG_CHARS, Surveyor
from dedup import Deduplicator

__all__ = ["Service", "ServiceDependency", "in_thread", "run", "service_of"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Service:
    """A deduplicator being served."""

    def __init__(self, settings: Settings, dedup: Deduplicator) -> None:
        """Start committing for this deduplicator."""
        self.settings = settings
        self.dedup = dedup
        self.surveyor = Surveyor(dedup)
        self.committer = Committer(dedup)
        self.retention = Retention(settings, dedup)
        self.index_saver = IndexSaver(dedup)

    def close(self) -> None:
        """Commit what waits, then release the store."""
        self.retention.close()
        self.index_saver.close()
        self.committer.close()
        self.dedup.close()


def service_of(request: Request) -> Service:
    """Return the service that a request is for.

    Raises:
        ProblemError: It is not ready yet.
    """
    service: Service | None = request.app.state.service
    if service is None:
        raise ProblemError(NOT_READY, "the store is still being opened")
    return service


# Not `def`: the framework would call it in another thread.
async def _service(request: Request) -> Service:
    return service_of(request)


ServiceDependency = Annotated[Service, Depends(_service)]


async def in_thread(
    call: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
) -> _Result:
    """Run library code that may take a while, or wait for the disk, in another thread."""
    return await asyncio.to_thread(call, *args, **kwargs)


async def run(call: Callable[[], _Result], *, num_chars: int) -> _Result:
    """Run library code for a text of this length.

    The usual article takes less than handing it to a thread and back would; a long text
    must not keep everyone else waiting.
    """
    return call() if num_chars <= LONG_CHARS else await in_thread(call)
