"""In which order the articles of a collection are taken, so that originals come first.

The rule: undamaged before damaged; a more complete article before those it completes;
then earlier published; then smaller id. It looks at the articles alone, never at their
order, so the originals of a collection do not depend on how it was listed or split.
"""

import heapq
from collections.abc import Sequence
from datetime import UTC, datetime

from dedup.config import DedupConfig
from dedup.index.candidates import CandidateIndex
from dedup.models import Scores
from dedup.preparation import PreparedArticle
from dedup.verdicts import is_more_complete

__all__ = ["taking_order"]

_Key = tuple[bool, datetime, str]


def taking_order(articles: Sequence[PreparedArticle], config: DedupConfig) -> list[int]:
    """Return the positions of articles in the order in which to take them.

    Kahn's topological sort over "is more complete than", with a heap that yields the
    best of those that wait for no one. That relation has no circle: it always leads
    from more shingles to fewer.
    """
    completed = _completed_by(articles, config)
    waiting_for = [0] * len(articles)
    for lesser in completed:
        for position in lesser:
            waiting_for[position] += 1
    keys = [_key(article) for article in articles]
    ready = [(keys[i], i) for i, waits in enumerate(waiting_for) if not waits]
    heapq.heapify(ready)
    order = []
    while ready:
        _, position = heapq.heappop(ready)
        order.append(position)
        for waiting in completed[position]:
            waiting_for[waiting] -= 1
            if not waiting_for[waiting]:
                heapq.heappush(ready, (keys[waiting], waiting))
    return order


def _key(article: PreparedArticle) -> _Key:
    published_at = article.article.published_at or datetime.max.replace(tzinfo=UTC)
    return article.damaged, published_at, article.id


def _completed_by(articles: Sequence[PreparedArticle], config: DedupConfig) -> list[list[int]]:
    """Return for each article the positions of those it is more complete than."""
    index = CandidateIndex()
    index.add([article.keys for article in articles], range(1, len(articles) + 1))
    completed: list[list[int]] = [[] for _ in articles]
    for position, article in enumerate(articles):
        if article.too_short:
            continue
        for number in index.find(article.probe, limit=config.max_candidates, upto=position):
            other = number - 1
            if articles[other].damaged is not article.damaged:
                continue
            shared, size, other_size = article.shingles.overlap(articles[other].shingles)
            if is_more_complete(Scores(shared, size, other_size), config.thresholds):
                completed[other].append(position)
            elif is_more_complete(Scores(shared, other_size, size), config.thresholds):
                completed[position].append(other)
    return completed
