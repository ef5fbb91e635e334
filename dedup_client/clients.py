"""The client, for ordinary code and for async code.

Every request may be sent twice without harm: an article has the same id each time. So
both clients send again, with growing pauses, what met a broken connection or a service
that was busy, and no sooner than the service asked for.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from itertools import islice
from types import TracebackType
from typing import Any, Self, Unpack

import httpx2 as httpx
import stamina

from dedup_client import calls
from dedup_client.answers import (
    ArticlesAnswer,
    ChangesAnswer,
    CheckAnswer,
    ClusterAnswer,
    ClustersAnswer,
    KnownArticleAnswer,
    ProblemAnswer,
    RepairAnswer,
    StatusAnswer,
    VersionAnswer,
)
from dedup_client.calls import Call, CheckFields, ReplaceFields
from dedup_client.errors import Problem

__all__ = ["AsyncClient", "Client"]

_LINES_AT_ONCE = 500

Article = Mapping[str, Any]
BatchAnswer = CheckAnswer | ProblemAnswer


class Client:
    """Talks to the service. Safe to share between threads; close it, or use `with`."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        attempts: int = 5,
    ) -> None:
        """Make a client; nothing is sent yet.

        Args:
            url: Of the service.
            key: API key, where the service has keys.
            timeout_s: For each attempt.
            attempts: How often a request is sent at most.
        """
        self._http = httpx.Client(base_url=url, headers=_headers(key), timeout=timeout_s)
        self._attempts = attempts

    def check(self, text: str | bytes, **fields: Unpack[CheckFields]) -> CheckAnswer:
        """Say what an article is to the known ones, and remember it unless told not to.

        Args:
            text: The text, or the page or text as the crawler got it.
            **fields: As in docs/api.md.

        Raises:
            Problem: The service refused it.
            httpx2.TransportError: The service cannot be reached.
        """
        return self._answer(calls.check(text, fields))

    def check_batch(self, articles: Iterable[Article]) -> Iterator[BatchAnswer]:
        """Check many articles, each a mapping of the fields of a check with its `text`.

        Yields:
            For each article, in order, its answer or the problem that stands in its place.
        """
        remaining = iter(articles)
        while lines := list(islice(remaining, _LINES_AT_ONCE)):
            yield from _lines_of(self._send(calls.check_batch(lines)))

    def repair(self, text: str) -> RepairAnswer:
        """Return a text without its damage, and the steps that led there."""
        return self._answer(calls.of_path("POST", "repair", body={"text": text}))

    def article(self, article_id: str) -> KnownArticleAnswer:
        """Return a known article."""
        return self._answer(calls.of_path("GET", "articles", article_id))

    def articles(self, *, url: str | None = None, cursor: str | None = None) -> ArticlesAnswer:
        """Return a page of the known articles, or of those found at a URL."""
        return self._answer(calls.of_path("GET", "articles", params={"url": url, "cursor": cursor}))

    def replace(self, article_id: str, text: str, **fields: Unpack[ReplaceFields]) -> CheckAnswer:
        """Remember another text under an id, known or not."""
        return self._answer(calls.replace(article_id, text, fields))

    def delete(self, article_id: str) -> None:
        """Forget an article."""
        self._send(calls.of_path("DELETE", "articles", article_id))

    def cluster(self, cluster_id: str, *, cursor: str | None = None) -> ClusterAnswer:
        """Return an original and a page of its copies."""
        return self._answer(calls.of_path("GET", "clusters", cluster_id, params={"cursor": cursor}))

    def clusters(self, *, order: str = "size", cursor: str | None = None) -> ClustersAnswer:
        """Return a page of clusters, the largest (`size`) or the newest (`time`) first."""
        params = {"order": order, "cursor": cursor}
        return self._answer(calls.of_path("GET", "clusters", params=params))

    def pin(self, cluster_id: str, article_id: str) -> ClusterAnswer:
        """Make a member the original, whatever arrives later."""
        return self._answer(
            calls.of_path("PATCH", "clusters", cluster_id, body={"pin": article_id})
        )

    def not_a_copy(self, cluster_id: str, article_id: str) -> ClusterAnswer:
        """Say that a member is no copy of this cluster."""
        body = {"not_a_copy": article_id}
        return self._answer(calls.of_path("PATCH", "clusters", cluster_id, body=body))

    def changes(self, *, since: int = 0) -> ChangesAnswer:
        """Return what is to be corrected in earlier answers; pass `next_since` on."""
        return self._answer(calls.of_path("GET", "changes", params={"since": since}))

    def ready(self) -> StatusAnswer:
        """Return whether the service can check articles; a Problem says why not."""
        return self._answer(calls.of_path("GET", "health", "ready"))

    def version(self) -> VersionAnswer:
        """Return what is running, and with which numbers."""
        return self._answer(calls.of_path("GET", "version"))

    def close(self) -> None:
        """Close the connections; may be called twice."""
        self._http.close()

    def __enter__(self) -> Self:
        """Use as a context manager that closes at the end."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

    def _answer(self, call: Call) -> Any:
        return self._send(call).json()

    def _send(self, call: Call) -> httpx.Response:
        for attempt in stamina.retry_context(on=_pause, attempts=self._attempts):
            with attempt:
                return _accepted(self._http.request(call.method, call.path, **_parts(call)))
        raise AssertionError("the last attempt returns or raises")


class AsyncClient:
    """The same for async code; see `Client` for what the methods do."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = 30.0,
        attempts: int = 5,
    ) -> None:
        """Make a client; nothing is sent yet."""
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(key), timeout=timeout_s)
        self._attempts = attempts

    async def check(self, text: str | bytes, **fields: Unpack[CheckFields]) -> CheckAnswer:
        """Say what an article is to the known ones, and remember it unless told not to."""
        return await self._answer(calls.check(text, fields))

    async def check_batch(self, articles: Iterable[Article]) -> AsyncIterator[BatchAnswer]:
        """Check many articles; yields an answer or a problem for each, in order."""
        remaining = iter(articles)
        while lines := list(islice(remaining, _LINES_AT_ONCE)):
            for answer in _lines_of(await self._send(calls.check_batch(lines))):
                yield answer

    async def repair(self, text: str) -> RepairAnswer:
        """Return a text without its damage, and the steps that led there."""
        return await self._answer(calls.of_path("POST", "repair", body={"text": text}))

    async def article(self, article_id: str) -> KnownArticleAnswer:
        """Return a known article."""
        return await self._answer(calls.of_path("GET", "articles", article_id))

    async def articles(
        self, *, url: str | None = None, cursor: str | None = None
    ) -> ArticlesAnswer:
        """Return a page of the known articles, or of those found at a URL."""
        params = {"url": url, "cursor": cursor}
        return await self._answer(calls.of_path("GET", "articles", params=params))

    async def replace(
        self, article_id: str, text: str, **fields: Unpack[ReplaceFields]
    ) -> CheckAnswer:
        """Remember another text under an id, known or not."""
        return await self._answer(calls.replace(article_id, text, fields))

    async def delete(self, article_id: str) -> None:
        """Forget an article."""
        await self._send(calls.of_path("DELETE", "articles", article_id))

    async def cluster(self, cluster_id: str, *, cursor: str | None = None) -> ClusterAnswer:
        """Return an original and a page of its copies."""
        params = {"cursor": cursor}
        return await self._answer(calls.of_path("GET", "clusters", cluster_id, params=params))

    async def clusters(self, *, order: str = "size", cursor: str | None = None) -> ClustersAnswer:
        """Return a page of clusters, the largest (`size`) or the newest (`time`) first."""
        params = {"order": order, "cursor": cursor}
        return await self._answer(calls.of_path("GET", "clusters", params=params))

    async def pin(self, cluster_id: str, article_id: str) -> ClusterAnswer:
        """Make a member the original, whatever arrives later."""
        body = {"pin": article_id}
        return await self._answer(calls.of_path("PATCH", "clusters", cluster_id, body=body))

    async def not_a_copy(self, cluster_id: str, article_id: str) -> ClusterAnswer:
        """Say that a member is no copy of this cluster."""
        body = {"not_a_copy": article_id}
        return await self._answer(calls.of_path("PATCH", "clusters", cluster_id, body=body))

    async def changes(self, *, since: int = 0) -> ChangesAnswer:
        """Return what is to be corrected in earlier answers; pass `next_since` on."""
        return await self._answer(calls.of_path("GET", "changes", params={"since": since}))

    async def ready(self) -> StatusAnswer:
        """Return whether the service can check articles; a Problem says why not."""
        return await self._answer(calls.of_path("GET", "health", "ready"))

    async def version(self) -> VersionAnswer:
        """Return what is running, and with which numbers."""
        return await self._answer(calls.of_path("GET", "version"))

    async def close(self) -> None:
        """Close the connections; may be called twice."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        """Use as a context manager that closes at the end."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close."""
        await self.close()

    async def _answer(self, call: Call) -> Any:
        return (await self._send(call)).json()

    async def _send(self, call: Call) -> httpx.Response:
        async for attempt in stamina.retry_context(on=_pause, attempts=self._attempts):
            with attempt:
                return _accepted(await self._http.request(call.method, call.path, **_parts(call)))
        raise AssertionError("the last attempt returns or raises")


def _headers(key: str | None) -> dict[str, str]:
    return {} if key is None else {"Authorization": f"Bearer {key}"}


def _parts(call: Call) -> dict[str, Any]:
    return {"params": call.params, "headers": call.headers, "content": call.content}


def _accepted(response: httpx.Response) -> httpx.Response:
    """Return an answer that is none of the service's problems."""
    if response.is_success:
        return response
    try:
        details = response.json()
    except ValueError:
        details = None
    if not isinstance(details, dict):  # of a proxy in between
        details = {"detail": response.text[:200]}
    retry_after = response.headers.get("Retry-After", "")
    raise Problem(
        {**details, "status": response.status_code},
        retry_after=float(retry_after) if retry_after.isdigit() else None,
    )


def _pause(error: Exception) -> bool | float:
    """Return whether to try again, or after how many seconds."""
    if isinstance(error, Problem) and error.retryable:
        return True if error.retry_after is None else error.retry_after
    return isinstance(error, httpx.TransportError)


def _lines_of(response: httpx.Response) -> Iterator[BatchAnswer]:
    for line in response.iter_lines():
        yield json.loads(line)
