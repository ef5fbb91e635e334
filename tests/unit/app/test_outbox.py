"""Answers of batches that nobody reads take bounded memory, and nobody is stopped too early."""

import asyncio

import pytest

from app.outbox import Outbox, Unread

LINE = b"x" * 100


@pytest.fixture(autouse=True)
def limits(monkeypatch):
    """Ten lines of a batch, thirty of all, then two of each."""
    monkeypatch.setattr("app.outbox._UNREAD_BYTES", 1_000)
    monkeypatch.setattr("app.outbox._UNREAD_BYTES_IN_ALL", 3_000)
    monkeypatch.setattr("app.outbox._UNREAD_BYTES_AT_LEAST", 200)


async def fill(outbox):
    """Put lines until there is room for no more."""
    while True:
        await asyncio.wait_for(outbox.put(LINE), 0.02)


async def filled(outbox):
    with pytest.raises(TimeoutError):
        await fill(outbox)
    return outbox.size


def test_one_batch():
    """A batch has its limit, and goes on when its client has read."""

    async def run():
        outbox = Outbox(Unread())
        assert 1_100 == await filled(outbox)
        waiting = asyncio.create_task(outbox.put(LINE))
        assert LINE == await outbox.get()
        await waiting
        assert 1_100 == await filled(outbox)

    asyncio.run(run())


def test_many_batches():
    """Together they have a limit, beyond which each has a little; closed ones make room."""

    async def run():
        unread = Unread()
        outboxes = [Outbox(unread) for _ in range(20)]
        sizes = [await filled(outbox) for outbox in outboxes]
        assert 1_100 == sizes[0]
        assert {300} == set(sizes[3:])
        assert sum(sizes) < 3_000 + 1_100 + 20 * 300

        waiting = asyncio.create_task(outboxes[-1].put(LINE))
        for outbox in outboxes[:-1]:
            outbox.close()
        await asyncio.wait_for(waiting, 60)

    asyncio.run(run())
