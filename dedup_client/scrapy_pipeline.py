"""A Scrapy item pipeline that tags copies, or drops them.

In the project's settings:

    ITEM_PIPELINES = {"dedup_client.scrapy_pipeline.DedupPipeline": 300}
    DEDUP_URL = "http://127.0.0.1:8000"
    DEDUP_KEY = None                 # an API key with write scope, where there are keys
    DEDUP_ACTION = "tag"             # or "drop"
    DEDUP_ATTEMPTS = 5               # while the service is away or busy
    DEDUP_FIELDS = {"text": "text", "id": "id", "title": "title", "url": "url",
                    "published_at": "published_at"}       # field of a check: of an item

An item is tagged in its field `dedup`, with the whole answer. While the service is away
items go on without a verdict, `dedup` is None, and the statistics count them.
"""

from typing import Any, Self

import httpx2 as httpx
from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem, NotConfigured

from dedup_client.clients import AsyncClient
from dedup_client.errors import Problem

__all__ = ["COPIES", "DedupPipeline"]

COPIES = frozenset({"garbled_mirror", "exact", "reprint", "excerpt"})
"""The verdicts of articles that are remembered as copies."""

_FIELDS = ("text", "id", "title", "url", "published_at")
_ACTIONS = ("tag", "drop")


class DedupPipeline:
    """Asks the service about every item that has a text."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the settings.

        Raises:
            NotConfigured: An action that there is not.
        """
        settings = crawler.settings
        self._action = settings.get("DEDUP_ACTION", "tag")
        if self._action not in _ACTIONS:
            msg = f"DEDUP_ACTION must be one of {_ACTIONS}, got {self._action!r}"
            raise NotConfigured(msg)
        self._fields = {name: name for name in _FIELDS} | settings.getdict("DEDUP_FIELDS")
        self._client = AsyncClient(
            settings.get("DEDUP_URL", "http://127.0.0.1:8000"),
            key=settings.get("DEDUP_KEY"),
            attempts=settings.getint("DEDUP_ATTEMPTS", 5),
        )
        self._stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the pipeline of a crawler, as Scrapy asks for it."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Tag an item with its answer.

        Raises:
            DropItem: It is a copy, and copies are dropped.
        """
        adapter = ItemAdapter(item)
        fields = {
            field: adapter[name]
            for field, name in self._fields.items()
            if name in adapter and adapter[name] is not None
        }
        text = fields.pop("text", None)
        if text is None:
            return item
        try:
            answer = await self._client.check(text, **fields)
        except (Problem, httpx.TransportError) as error:
            self._count(error.code if isinstance(error, Problem) else "unreachable")
            adapter["dedup"] = None
            return item
        self._count(answer["verdict"])
        if self._action == "drop" and answer["verdict"] in COPIES:
            msg = f"{answer['verdict']} of {_id_of(answer['original'])}"
            raise DropItem(msg)
        adapter["dedup"] = answer
        return item

    async def close_spider(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _count(self, what: str) -> None:
        if self._stats is not None:
            self._stats.inc_value(f"dedup/{what}")


def _id_of(original: Any) -> str:
    return "?" if original is None else original["id"]
