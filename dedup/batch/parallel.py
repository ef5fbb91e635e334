"""Preparing articles in as many processes as there are cores."""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple

from dedup.config import DedupConfig
from dedup.errors import DedupError
from dedup.models import Article, Damage, TextFormat
from dedup.preparation import Preparer
from dedup.sketch.keys import ListedKeys, Probe

__all__ = ["Outline", "Outlined", "article_of", "fields_of", "outline", "outlined"]

_BATCH_ARTICLES = 128
_BATCH_CHARS = 300_000
_FEW_BATCHES = 4  # prepared at once: sooner done than other processes are started

_NOTHING_WRONG = Damage()


class Outline(NamedTuple):
    """What a scan has to know of an article before it can compare it with others.

    Attributes:
        id: As given, or made from the text.
        damage: Of its text.
        too_short: Whether only equal normalized text is looked for.
        keys: As in `PreparedArticle`.
        probe: As in `PreparedArticle`.
    """

    id: str
    damage: Damage
    too_short: bool
    keys: ListedKeys
    probe: Probe


Outlined = list[tuple[Article, Outline | DedupError]]

Fields = tuple[str, str | None, str | None, str | None, datetime | None, str]
"""An article as a tuple, which is pickled several times as fast."""


def outlined(
    articles: Iterable[Article], config: DedupConfig, jobs: int | None
) -> Iterator[Outlined]:
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
        yield list(zip(batch, outline(batch, preparer), strict=True))
    if is_alone:
        return
    with ProcessPoolExecutor(
        num_jobs, mp_context=_context(), initializer=_begin, initargs=(config,)
    ) as pool:
        waiting: deque[tuple[list[Article], Future[list[Outline | DedupError]]]] = deque()
        for batch in chain(first[1:], batches):
            waiting.append((batch, pool.submit(_outline_fields, [fields_of(one) for one in batch])))
            if len(waiting) > 2 * num_jobs:
                done, future = waiting.popleft()
                yield list(zip(done, future.result(), strict=True))
        for done, future in waiting:
            yield list(zip(done, future.result(), strict=True))


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


def fields_of(article: Article) -> Fields:
    """Return an article as a tuple."""
    return (
        article.text,
        article.id,
        article.title,
        article.url,
        article.published_at,
        article.format.value,
    )


def article_of(fields: Fields) -> Article:
    """Return the article that `fields_of` took apart."""
    text, article_id, title, url, published_at, text_format = fields
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


def _outline_fields(batch: list[Fields]) -> list[Outline | DedupError]:
    return outline([article_of(fields) for fields in batch], _preparer)


def outline(batch: list[Article], preparer: Preparer) -> list[Outline | DedupError]:
    """Return the outline of each article, or why it was refused."""
    outlines: list[Outline | DedupError] = []
    for outcome in preparer.prepare_many(batch):
        if isinstance(outcome, DedupError):
            outlines.append(outcome)
            continue
        damage = outcome.normalized.repaired.damage
        # One object for all that are clean, instead of one each to send and to keep.
        damage = _NOTHING_WRONG if damage == _NOTHING_WRONG else damage
        outlines.append(Outline(outcome.id, damage, outcome.too_short, outcome.keys, outcome.probe))
    return outlines
