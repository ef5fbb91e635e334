"""A typed client of the service, and adapters that plug it into a stack.

>>> with Client("http://127.0.0.1:8000") as client:              # doctest: +SKIP
...     answer = client.check("……", id="a17", url="https://example.org/17")
...     answer["verdict"], answer["original"]

`dedup_client.scrapy_pipeline` and `dedup_client.redis_consumer` are the adapters; they need
the extras `scrapy` and `redis`.
"""

from dedup_client.answers import CheckAnswer, RepairAnswer
from dedup_client.calls import CheckFields, ReplaceFields
from dedup_client.clients import AsyncClient, Client
from dedup_client.errors import Problem

__all__ = [
    "AsyncClient",
    "CheckAnswer",
    "CheckFields",
    "Client",
    "Problem",
    "RepairAnswer",
    "ReplaceFields",
]
