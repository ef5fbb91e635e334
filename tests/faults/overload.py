"""More requests than a service can answer, and what becomes of each."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from articles import make_prose
from invariants import known_articles, violations
from service import Service

_PENDING = 24  # requests that the service takes on at once
_TIMES = 3
_EXCESS = {429, 503}


@dataclass
class Phase:
    """Requests sent in some seconds, and their answers.

    Attributes:
        acknowledged: Texts by id.
        answered_s: How long each of them took.
        refused_s: How long each took that was answered 429 or 503.
        wrong: Answers that are neither, or that do not say when to come again.
        seconds: From the first request to the last answer.
    """

    acknowledged: dict[str, str] = field(default_factory=dict)
    answered_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    wrong: list[tuple[int, bytes]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Acknowledged articles a second."""
        return len(self.acknowledged) / self.seconds


@dataclass
class Overload:
    """The same service at its capacity and beyond."""

    usual: Phase
    excessive: Phase


def run_overload(store: Path, *, seconds: float, seed: int) -> Overload:
    """Measure what a service can answer, offer it three times that, and look what is left.

    Raises:
        AssertionError: An answer was neither an acknowledgement nor a refusal that says
            when to come again, an acknowledged article is missing, or the store is not whole.
    """
    with Service(store, DEDUP_MAX_PENDING=str(_PENDING)) as service:
        sender = _Sender(service.port, seed)
        asyncio.run(sender.keep_busy("warm up", seconds / 4))
        usual = asyncio.run(sender.keep_busy("usual", seconds))
        excessive = asyncio.run(sender.offer("excessive", _TIMES * usual.rate, seconds))
    for phase in (usual, excessive):
        assert [] == phase.wrong
    acknowledged = usual.acknowledged | excessive.acknowledged
    known = known_articles(store)
    assert acknowledged == {
        name: known[name].text for name in acknowledged.keys() & known.keys()
    }, "an acknowledged article is missing"
    assert [] == violations(store)
    return Overload(usual, excessive)


class _Sender:
    """Sends articles that are like no others, over connections that are used again."""

    def __init__(self, port: int, seed: int) -> None:
        self._port = port
        self._random = Random(seed)

    async def keep_busy(self, name: str, seconds: float) -> Phase:
        """Send as much as the service takes on, the next article with every answer."""
        phase = Phase()
        end = time.perf_counter() + seconds

        async def be_busy(lane: int) -> None:
            connection = await asyncio.open_connection("127.0.0.1", self._port)
            number = 0
            while time.perf_counter() < end:
                await self._send(connection, f"{name}-{lane}-{number}", phase)
                number += 1
            connection[1].close()

        start = time.perf_counter()
        await asyncio.gather(*(be_busy(lane) for lane in range(_PENDING)))
        phase.seconds = time.perf_counter() - start
        return phase

    async def offer(self, name: str, rate: float, seconds: float) -> Phase:
        """Send articles at a rate, whatever becomes of those before them."""
        phase = Phase()
        idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

        async def send_one(number: int) -> None:
            connection = (
                idle.pop() if idle else await asyncio.open_connection("127.0.0.1", self._port)
            )
            await self._send(connection, f"{name}-{number}", phase)
            idle.append(connection)

        start = time.perf_counter()
        sending = []
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            sending.append(asyncio.create_task(send_one(number)))
        await asyncio.gather(*sending)
        phase.seconds = time.perf_counter() - start
        for _, writer in idle:
            writer.close()
        return phase

    async def _send(
        self,
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        article_id: str,
        phase: Phase,
    ) -> None:
        reader, writer = connection
        text = make_prose(self._random)
        body = json.dumps({"id": article_id, "text": text}).encode()
        start = time.perf_counter()
        writer.write(
            b"POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
        answer = await reader.readexactly(size)
        seconds = time.perf_counter() - start
        status = int(head[9:12])
        if status == 200:
            phase.acknowledged[article_id] = text
            phase.answered_s.append(seconds)
        elif status in _EXCESS and b"\r\nretry-after: " in head:
            phase.refused_s.append(seconds)
        else:
            phase.wrong.append((status, answer))
