"""Answers of batches that their clients have not read yet: kept, but not without end."""

import asyncio

__all__ = ["Outbox", "Unread"]

_UNREAD_BYTES = 32 << 20  # of a batch: tens of thousands of answers
_UNREAD_BYTES_IN_ALL = 128 << 20  # of all batches of a worker; beyond, each has the next
_UNREAD_BYTES_AT_LEAST = 256 << 10


class Unread:
    """Bytes of answers that wait to be read by the clients of all batches of a worker."""

    def __init__(self) -> None:
        """Begin with none."""
        self._size = 0
        self._less = asyncio.Event()

    def add(self, size: int) -> None:
        """Count answers that wait, or with a negative size that are gone."""
        self._size += size
        if size < 0:
            self._less.set()

    async def room(self, outbox: "Outbox") -> None:
        """Wait until a batch may have more answers waiting."""
        while outbox.size > self._most():
            self._less.clear()
            await self._less.wait()

    def _most(self) -> int:
        is_full = self._size > _UNREAD_BYTES_IN_ALL
        return _UNREAD_BYTES_AT_LEAST if is_full else _UNREAD_BYTES


class Outbox:
    """Answers that wait for the client to read them; too many of them stop the work."""

    def __init__(self, unread: Unread) -> None:
        """Begin with none, and count them with those of all batches."""
        self.size = 0
        self._unread = unread
        self._answers: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def put(self, answers: bytes) -> None:
        """Take more answers once there is room for any."""
        await self._unread.room(self)
        self._answers.put_nowait(answers)
        self._add(len(answers))

    def end(self) -> None:
        """Say that there are no more."""
        self._answers.put_nowait(None)

    async def get(self) -> bytes | None:
        """Return the next answers, None at the end."""
        answers = await self._answers.get()
        self._add(-len(answers or b""))
        return answers

    def close(self) -> None:
        """Forget what nobody will read."""
        self._add(-self.size)

    def _add(self, size: int) -> None:
        self.size += size
        self._unread.add(size)
