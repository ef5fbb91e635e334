"""A spider whose items are tagged with their verdicts.

scrapy runspider scrapy_spider.py -a start=URL -O items.jsonl
"""

from collections.abc import Iterator
from typing import Any

import scrapy


class NewsSpider(scrapy.Spider):
    """Follows every link of a site and yields each page as the crawler got it."""

    name = "news"
    custom_settings = {  # noqa: RUF012  as Scrapy declares it
        "ITEM_PIPELINES": {"dedup_client.scrapy_pipeline.DedupPipeline": 300},
    }

    def __init__(self, start: str, **arguments: Any) -> None:
        """Start at a page."""
        super().__init__(**arguments)
        self.start_urls = [start]

    def parse(self, response: scrapy.http.Response, **_: Any) -> Iterator[Any]:
        """Yield the page, with its markup, and follow its links."""
        if not isinstance(response, scrapy.http.TextResponse):
            return
        if response.css("article"):
            yield {"url": response.url, "text": response.text}
        yield from response.follow_all(css="a[href]")
