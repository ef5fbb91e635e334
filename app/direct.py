"""The way to a check past the framework's layers, which take longer than the check does.

A direct route is one of the framework's for the OpenAPI document alone. Requests to it are
answered here, outside of the framework's middleware and routing: its endpoint takes the
request and the service, and returns a response.
"""

from collections.abc import Awaitable, Callable, Iterable

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.dependencies import Service, service_of
from app.problems import ProblemError, handle_dedup_error, handle_problem, handle_unexpected
from dedup import DedupError

__all__ = ["DirectAnswers", "DirectRoute"]

Endpoint = Callable[[Request, Service], Awaitable[Response]]


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request and the service, and nothing else."""

    endpoint: Endpoint


class DirectAnswers:
    """Answers requests to direct routes itself, and hands all others on. Pure ASGI."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        """Stand before an application.

        Args:
            app: What answers the other requests.
            routes: Of the application; the direct ones among them have fixed paths.
        """
        self._app = app
        self._routes = {
            (method, route.path): route
            for route in routes
            if isinstance(route, DirectRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        route = None
        if scope["type"] == "http":
            route = self._routes.get((scope["method"], scope["path"]))
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        has_begun = False

        async def send_and_tell(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        request = Request(scope, receive)
        try:
            response = await _respond(route.endpoint, request)
            await response(scope, receive, send_and_tell)
        except Exception as error:
            if not has_begun:
                response = await handle_unexpected(request, error)
                await response(scope, receive, send)
            raise  # whoever watches is told of a bug


async def _respond(endpoint: Endpoint, request: Request) -> Response:
    try:
        return await endpoint(request, service_of(request))
    except DedupError as error:
        return await handle_dedup_error(request, error)
    except ProblemError as error:
        return await handle_problem(request, error)
