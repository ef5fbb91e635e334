"""Preparing articles in as many processes as there are cores."""

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from typing import NamedTuple

import numpy as np

from dedup.config import DedupConfig
from dedup.errors import DedupError
from dedup.models import Article, Damage, TextFormat
from dedup.preparation import Preparer
from dedup.sketch.keys import KeyBatch

__all__ = ["Outlines", "article_of", "outline", "outlined", "packed"]

_BATCH_ARTICLES = 128
_BATCH_CHARS = 300_000
_FEW_BATCHES = 4  # prepared at once: sooner done than other processes are started


class Outlines(NamedTuple):
    """What a scan has to know of articles before it can compare them with others.

    Attributes:
        ids: As given, or made from the text; empty where refused for the lack of one.
        damages: Of the texts, by place; those with nothing to tell are left out.
        too_short: The places of articles of which only equal text is looked for.
        keys: As in `PreparedBatch`.
        refused: Why an article was refused, by its place.
    """

    ids: list[str]
    damages: dict[int, Damage]
    too_short: list[int]
    keys: KeyBatch
    refused: Mapping[int, DedupError]


Packed = list[bytes]
"""Articles, each pickled: what goes to other processes and into the scratch file."""


def outlined(
    articles: Iterable[Article], config: DedupConfig, jobs: int | None
) -> Iterator[tuple[Packed, Outlines]]:
    """Yield batches of articles with their outlines, in order; a few are in memory at a time.

    Args:
        articles: Any number.
        config: How to prepare them.
        jobs: Processes; None means one a core.
    """
    num_jobs = jobs or os.cpu_count() or 1
    batches = _batches(articles)
    first = list(islice(batches, _FEW_BATCHES))
    is_alone = num_jobs == 1 or len(first) < _FEW_BATCHES
    # The first batch loads the tables that preparing needs, once for all forked processes.
    own: Iterable[list[Article]] = chain(first, batches) if is_alone else first[:1]
    preparer = Preparer(config)
    for batch in own:
        yield packed(batch), outline(batch, preparer)
    if is_alone:
        return
    with ProcessPoolExecutor(
        num_jobs, mp_context=_context(), initializer=_begin, initargs=(config,)
    ) as pool:
        waiting: deque[tuple[Packed, Future[Outlines]]] = deque()
        for data in map(packed, chain(first[1:], batches)):
            waiting.append((data, pool.submit(_outline_packed, data)))
            if len(waiting) > 2 * num_jobs:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Yield articles some at a time, fewer of long ones."""
    batch: list[Article] = []
    num_chars = 0
    for article in articles:
        batch.append(article)
        num_chars += len(article.text)
        if len(batch) == _BATCH_ARTICLES or num_chars >= _BATCH_CHARS:
            yield batch
            batch, num_chars = [], 0
    if batch:
        yield batch


def _context() -> multiprocessing.context.BaseContext:
    # A forked process has everything loaded; elsewhere than on Linux forking is unsafe.
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def packed(articles: Iterable[Article]) -> Packed:
    """Return each article pickled: as a tuple, which takes a third of the time."""
    return [
        pickle.dumps(
            (one.text, one.id, one.title, one.url, one.published_at, one.format.value),
            protocol=pickle.HIGHEST_PROTOCOL,
        )
        for one in articles
    ]


def article_of(data: bytes) -> Article:
    """Return an article that this process, or the one that it was forked from, has packed."""
    text, article_id, title, url, published_at, text_format = pickle.loads(data)  # noqa: S301
    return Article(
        text=text,
        id=article_id,
        title=title,
        url=url,
        published_at=published_at,
        format=TextFormat(text_format),
    )


_preparer: Preparer


def _begin(config: DedupConfig) -> None:
    """Make a process ready to prepare articles."""
    global _preparer  # noqa: PLW0603  the only state that a process has
    _preparer = Preparer(config)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it ends it


def _outline_packed(batch: Packed) -> Outlines:
    return outline([article_of(data) for data in batch], _preparer)


def outline(articles: Sequence[Article], preparer: Preparer) -> Outlines:
    """Prepare articles and return their outlines."""
    batch = preparer.prepare_batch(articles)
    damages = (one.damage for one in batch.normalized.repaired)
    return Outlines(
        ids=[article.id or "" for article in batch.articles],
        damages={place: damage for place, damage in enumerate(damages) if damage.kinds},
        too_short=np.flatnonzero(~batch.is_signed).tolist(),
        keys=batch.keys,
        refused=batch.refused,
    )
