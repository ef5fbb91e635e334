"""A consumer on Redis Streams: reads articles and publishes what each is, exactly once.

An entry of the stream of articles has a field `article`, a JSON object of the fields of a
check. Its answer, or the problem in its place, is published to the stream of verdicts in
the field `verdict`, with the id of the entry in the field `entry`.

Any number of consumers share a group. An entry that a consumer took and did not settle is
given to another one after a while. The check is idempotent by the article's id, and the
verdict is published in the same step that acknowledges the entry: so an entry is never
left out, and has one verdict however often consumers are killed.
"""

import json
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.redis import RedisBroker, RedisStreamMessage, StreamSub
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from dedup_client.clients import AsyncClient
from dedup_client.errors import Problem

__all__ = ["consumer"]

# Whoever acknowledges an entry publishes its verdict, in one step that Redis does not
# interrupt; a consumer that is late by then publishes nothing.
_SETTLE = """
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 1 then
    redis.call('XADD', KEYS[2], '*', 'entry', ARGV[2], 'verdict', ARGV[3])
end
"""


def consumer(
    redis_url: str,
    service_url: str,
    *,
    key: str | None = None,
    articles: str = "articles",
    verdicts: str = "verdicts",
    group: str = "dedup",
    claim_after_ms: int = 60_000,
    workers: int = 8,
) -> FastStream:
    """Make the consumer as a FastStream application; `await app.run()` runs it.

    Args:
        redis_url: `redis://…`
        service_url: Of the service.
        key: API key with write scope, where the service has keys.
        articles: Stream to read; created with its group if there is none.
        verdicts: Stream to publish to.
        group: Consumers of one group share the entries.
        claim_after_ms: When an entry that was not settled goes to another consumer;
            more than a check may take with all its attempts.
        workers: Entries that are checked at the same time.
    """
    broker = RedisBroker(redis_url)
    redis = Redis.from_url(redis_url)
    client = AsyncClient(service_url, key=key)
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        # From the first entry on; FastStream would begin with those to come.
        with suppress(ResponseError):  # the group is there
            await redis.xgroup_create(articles, group, id="0", mkstream=True)
        yield
        await client.close()
        await redis.aclose()

    async def settle(message: RedisStreamMessage) -> None:
        """Check the article of an entry, publish the verdict, acknowledge the entry."""
        raw = message.raw_message
        answer = await _answer(client, raw["data"].get(b"article", b""))
        verdict = json.dumps(answer, ensure_ascii=False)
        for entry in raw["message_ids"]:
            await redis.eval(_SETTLE, 2, articles, verdicts, group, entry, verdict)

    for claim in (None, claim_after_ms):
        stream = StreamSub(articles, group=group, consumer=name, max_records=1, min_idle_time=claim)
        subscriber = broker.subscriber(
            stream=stream, ack_policy=AckPolicy.MANUAL, max_workers=workers
        )
        subscriber(settle)
    return FastStream(broker, lifespan=lifespan)


async def _answer(client: AsyncClient, data: bytes) -> Any:
    """Return the answer to a check, or the problem that no later attempt would mend."""
    try:
        fields = json.loads(data)
        text = fields.pop("text")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return {"status": 400, "code": "malformed_request", "detail": str(error)}
    try:
        return await client.check(text, **fields)
    except Problem as problem:
        if problem.retryable:
            raise  # the entry stays unsettled, and is claimed again
        return {"status": problem.status, "code": problem.code, "detail": problem.detail}
