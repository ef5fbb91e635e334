"""What the client raises."""

from collections.abc import Mapping
from typing import Any

__all__ = ["Problem"]


class Problem(Exception):  # noqa: N818  the word of RFC 9457
    """The service refused a request, and said why.

    Attributes:
        status: Of the answer.
        code: Stable, for programs; `docs/api.md` lists all of them.
        detail: For people.
        retry_after: Seconds after which to try again, if the service said so.
    """

    def __init__(self, details: Mapping[str, Any], *, retry_after: float | None = None) -> None:
        """Take the problem details of an answer."""
        self.status = int(details.get("status", 500))
        self.code = str(details.get("code", "unknown"))
        self.detail = str(details.get("detail", ""))
        self.retry_after = retry_after
        super().__init__(f"{self.code}: {self.detail}")

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status in {429, 503}
