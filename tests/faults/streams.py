"""A stream of articles without end, through a store that keeps some of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple
from urllib.request import Request, urlopen

import psutil
from articles import make_edition, make_prose
from invariants import violations
from service import Service

_LINES = 500
_SHARE_OF_COPIES = 0.1
_NEWEST = 1_000  # articles that copies are made of


class Reading(NamedTuple):
    """What a service takes after some articles; sizes in bytes."""

    sent: int
    known: int
    store: int
    index: int
    process: int


def run_stream(
    store: Path, *, articles: int, keep: int, every: int, seed: int
) -> Iterator[Reading]:
    """Send articles in batches to a service that keeps so many; yield what it takes.

    Raises:
        AssertionError: An answer was an error, or the store is not whole in the end.
    """
    random = Random(seed)
    newest: list[str] = []
    with Service(store, DEDUP_MAX_ARTICLES=str(keep)) as service:
        for sent in range(_LINES, articles + 1, _LINES):
            _send(service, [_make(newest, random) for _ in range(_LINES)])
            if sent % every == 0:
                yield _read(service, sent)
    assert [] == violations(store)


def _make(newest: list[str], random: Random) -> str:
    if newest and random.random() < _SHARE_OF_COPIES:
        return make_edition(random.choice(newest), random)
    newest.append(make_prose(random))
    del newest[:-_NEWEST]
    return newest[-1]


def _send(service: Service, texts: list[str]) -> None:
    body = b"".join(json.dumps({"text": text}).encode() + b"\n" for text in texts)
    address = f"http://127.0.0.1:{service.port}/check/batch"
    with urlopen(Request(address, body, {"Content-Type": "application/x-ndjson"})) as response:
        answers = [json.loads(line) for line in response]
    assert len(texts) == sum("verdict" in answer for answer in answers), answers[-1]


def _read(service: Service, sent: int) -> Reading:
    with urlopen(f"http://127.0.0.1:{service.port}/metrics") as response:
        lines = response.read().decode().splitlines()
    values = dict(line.split(" ")[:2] for line in lines if not line.startswith("#"))
    known, size, index = (
        int(float(values[f"dedup_{name}"])) for name in ("articles", "store_bytes", "index_bytes")
    )
    memory = psutil.Process(service.process.pid).memory_info().rss
    return Reading(sent, known, size, index, memory)
