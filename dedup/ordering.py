"""In which order the articles of a collection are taken, so that originals come first.

The rule: undamaged before damaged; a more complete article before those it completes;
then earlier published; then smaller id. It looks at the articles alone, never at their
order, so the originals of a collection do not depend on how it was listed or split.
"""

import heapq
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Self

from dedup.config import DedupConfig
from dedup.index.candidates import earlier_candidates
from dedup.models import Scores
from dedup.preparation import PreparedArticle
from dedup.sketch.keys import KeyBatch, ListedKeys, Probe
from dedup.sketch.similarity import ShingleSet
from dedup.verdicts import is_more_complete

__all__ = ["Entrant", "taking_order"]

_Key = tuple[bool, datetime, str]


class Entrant(NamedTuple):
    """What must be known of an article before its place in the order is, but its shingles.

    Attributes:
        key: Orders articles of which none completes another.
        too_short: As in `PreparedArticle`, like those that follow.
        keys: What it is listed under.
        probe: What others are looked for by.
    """

    key: _Key
    too_short: bool
    keys: ListedKeys
    probe: Probe

    @classmethod
    def of(cls, prepared: PreparedArticle) -> Self:
        """Return this of an article."""
        published_at = prepared.article.published_at or datetime.max.replace(tzinfo=UTC)
        key = prepared.damaged, published_at, prepared.id
        return cls(key, prepared.too_short, prepared.keys, prepared.probe)

    @property
    def damaged(self) -> bool:
        """Whether the text as received is damaged."""
        return self.key[0]


def taking_order(
    entrants: Sequence[Entrant], shingles: Callable[[int], ShingleSet], config: DedupConfig
) -> list[int]:
    """Return the positions of articles in the order in which to take them.

    Kahn's topological sort over "is more complete than", with a heap that yields the
    best of those that wait for no one. That relation has no circle: it always leads
    from more shingles to fewer.

    Args:
        entrants: The articles.
        shingles: Returns what is compared of the article of a position.
        config: Tells what more complete means.
    """
    completed = _completed_by(entrants, shingles, config)
    waiting_for = [0] * len(entrants)
    for lesser in completed:
        for position in lesser:
            waiting_for[position] += 1
    ready = [(entrants[i].key, i) for i, waits in enumerate(waiting_for) if not waits]
    heapq.heapify(ready)
    order = []
    while ready:
        _, position = heapq.heappop(ready)
        order.append(position)
        for waiting in completed[position]:
            waiting_for[waiting] -= 1
            if not waiting_for[waiting]:
                heapq.heappush(ready, (entrants[waiting].key, waiting))
    return order


def _completed_by(
    entrants: Sequence[Entrant], shingles: Callable[[int], ShingleSet], config: DedupConfig
) -> list[list[int]]:
    """Return for each article the positions of those it is more complete than."""
    completed: list[list[int]] = [[] for _ in entrants]
    keys = KeyBatch.joined([(entrant.keys, entrant.probe) for entrant in entrants])
    for position, earlier in enumerate(earlier_candidates(keys, limit=config.max_candidates)):
        near = [other for other in earlier if entrants[other].damaged is entrants[position].damaged]
        if entrants[position].too_short or not near:
            continue
        own = shingles(position)
        for other in near:
            shared, size, other_size = own.overlap(shingles(other))
            if is_more_complete(Scores(shared, size, other_size), config.thresholds):
                completed[other].append(position)
            elif is_more_complete(Scores(shared, other_size, size), config.thresholds):
                completed[position].append(other)
    return completed
