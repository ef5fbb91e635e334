"""What this service keeps in the scope of a request, and reads from it."""

from starlette.types import Scope

__all__ = ["BODY_IS_THERE", "CALLER", "PENDING", "header_of"]

BODY_IS_THERE = "dedup.body_is_there"
"""Set once the whole body has come: nobody needs to wait for it."""

CALLER = "dedup.caller"
"""Who makes the request."""

PENDING = "dedup.pending"
"""How many requests the process has taken on, this one included."""


def header_of(scope: Scope, name: bytes) -> bytes | None:
    """Return the first header of this name, given in lower case.

    A request has few headers, and few of them are asked for: a mapping of all of them costs
    more than it saves.
    """
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return None
