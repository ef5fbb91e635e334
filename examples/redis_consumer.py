"""Runs the consumer on Redis Streams: `python redis_consumer.py REDIS_URL SERVICE_URL`."""

import asyncio
import os
import sys

from dedup_client.redis_consumer import consumer

if __name__ == "__main__":
    redis_url, service_url = sys.argv[1:]
    claim_after_ms = int(os.environ.get("CLAIM_AFTER_MS", "60000"))
    app = consumer(
        redis_url, service_url, key=os.environ.get("DEDUP_KEY"), claim_after_ms=claim_after_ms
    )
    asyncio.run(app.run())
