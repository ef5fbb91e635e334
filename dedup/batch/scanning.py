"""Scanning: what the articles of a whole collection are to one another.

Which articles are the originals does not depend on how a collection is listed, so articles
must be seen before any can be taken. That goes in three passes, all on all cores, with the
articles in a scratch file in between:

1. Outline. Every article is prepared and listed in an index.
2. Relate. The index is asked which others come near each one, and those are compared as far
   as it takes to know that they are not alike: most are not. Those that may be, directly or
   through others, make a group.
3. Compare. Groups are checked as any articles are, each in `taking_order`: into the store,
   or, if that is to be thrown away, on all cores. An article that no other comes near is
   new, whatever the order.

In memory are the index, an id an article, and the articles that are being compared.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from enum import StrEnum
from itertools import chain
from typing import TypeVar

import numpy as np

from dedup.batch.comparing import check_in_order
from dedup.batch.groups import Groups
from dedup.batch.parallel import (
    Chunk,
    Nearby,
    Outlines,
    Packed,
    Worker,
    Workers,
    article_of,
    packed,
)
from dedup.batch.scratch import Scratch
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator, founded_cluster_id
from dedup.errors import DedupError
from dedup.index.candidates import CandidateIndex
from dedup.models import Article, CheckResult, Damage, Scores, Verdict
from dedup.sketch.keys import KeyBatch

__all__ = ["Keep", "ProgressReport", "scan"]

_OUTLINED_AT_ONCE = 128  # articles
_OUTLINED_CHARS = 300_000
_RELATED_AT_ONCE = 1_000  # pairs
_RELATED_BYTES = 4 << 20
_COMPARED_BYTES = 2 << 20
_LARGE_BYTES = 8 << 20  # a group that is compared here, where it need not all be in memory

_Value = TypeVar("_Value")


class Keep(StrEnum):
    """Which articles of a scan the store is for."""

    ALL = "all"
    """Each is remembered."""
    RELATED = "related"
    """Those that others are like, which is faster: the store can be asked about copies."""
    NOTHING = "nothing"
    """The store is thrown away when the answers are there, which is faster again."""


ProgressReport = Callable[[str, int, int | None], None]
Answer = CheckResult | DedupError


def scan(
    dedup: Deduplicator,
    articles: Iterable[Article],
    *,
    keep: Keep = Keep.ALL,
    jobs: int | None = None,
    progress: ProgressReport | None = None,
) -> Iterator[Answer]:
    """Check and remember a whole collection, whatever order it comes in.

    A scan that was interrupted goes on where it stopped when it is run again over the same
    store: what is remembered already is not compared again.

    Args:
        dedup: Checks the articles; other scans and a service may use its store meanwhile.
        articles: The collection; read once, and never as a whole in memory.
        keep: Which articles to remember. It makes no difference to the answers; other than
            `ALL` is for an empty store.
        jobs: Processes that prepare articles; None means one a core.
        progress: Called with the name of a stage, articles done, and their number if it
            is known.

    Yields:
        For each article, in the order given, its answer or why it was refused.
    """
    report = progress or _report_nothing
    with (
        closing(Scratch()) as texts,
        closing(Scratch()) as compared,
        closing(Scratch()) as keys,
        closing(Scratch()) as answers,
        closing(Workers(dedup.config, jobs)) as workers,
    ):
        collection = _Collection(dedup.config, texts, compared, keys)
        for batch, outlines in workers.each(Worker.outline, map(packed, _batches(articles))):
            collection.add(batch, outlines)
            report("reading", len(texts), None)
        report("reading", len(texts), len(texts))
        for done in collection.relate(workers):
            report("relating", done, len(texts))
        report("relating", len(texts), len(texts))
        places: dict[int, int] = {}
        total = len(texts) if keep is Keep.ALL else collection.num_related
        for checked in collection.compare(dedup, keep, workers):
            for position, answer in checked:
                places[position] = len(places)
                answers.extend([answer])
            report("comparing", len(places), total)
        for position in range(len(texts)):
            place = places.get(position)
            if place is None:
                yield collection.answer_alone(position)
            else:
                yield pickle.loads(answers.get(place))  # noqa: S301  pickled above


def _batches(articles: Iterable[Article]) -> Iterator[list[Article]]:
    """Yield articles some at a time, fewer of long ones."""
    batch: list[Article] = []
    num_chars = 0
    for article in articles:
        batch.append(article)
        num_chars += len(article.text)
        if len(batch) == _OUTLINED_AT_ONCE or num_chars >= _OUTLINED_CHARS:
            yield batch
            batch, num_chars = [], 0
    if batch:
        yield batch


class _Collection:
    """The articles of a scan: which were refused, and which come near which."""

    def __init__(
        self, config: DedupConfig, texts: Scratch, compared: Scratch, keys: Scratch
    ) -> None:
        self._config = config
        self._texts = texts
        self._compared = compared
        self._keys = keys  # of a batch together
        self._ids: list[str] = []
        self._refused: dict[int, DedupError] = {}
        self._damages: dict[int, Damage] = {}
        self._too_short: set[int] = set()
        self._index = CandidateIndex()
        self._first_places: dict[str, int] = {}
        self._groups = Groups()

    @property
    def num_related(self) -> int:
        """How many articles others come near."""
        return len(self._groups)

    def add(self, batch: Packed, outlines: Outlines) -> None:
        """Take in the next articles."""
        start = len(self._texts)
        self._texts.extend(batch)
        self._compared.extend(outlines.compared)
        self._ids += outlines.ids
        self._refused.update(_moved(outlines.refused, start))
        self._damages.update(_moved(outlines.damages, start))
        self._too_short.update(start + place for place in outlines.too_short)
        numbers = np.arange(start + 1, start + 1 + len(batch), dtype=np.uint32)
        self._index.add_batch(outlines.keys, numbers)
        self._keys.extend([pickle.dumps(outlines.keys.without_pieces())])
        self._relate_namesakes(start, outlines)

    def _relate_namesakes(self, start: int, outlines: Outlines) -> None:
        """Put articles of one id in one group: they are for the store to tell apart."""
        for position, article_id in enumerate(outlines.ids, start):
            if position in self._refused:
                continue
            namesake = self._first_places.setdefault(article_id, position)
            if namesake != position:
                self._groups.join(position, namesake)

    def relate(self, workers: Workers) -> Iterator[int]:
        """Put articles that may be alike in groups; yield up to which position it has come."""
        for nearby, related in workers.each(Worker.relate, self._nearby()):
            for pair in related:
                self._groups.join(*pair)
            yield nearby.candidates[-1][0]

    def _nearby(self) -> Iterator[Nearby]:
        nearby = Nearby([], {})
        num_pairs = num_bytes = 0
        for position, others in self._candidates():
            nearby.candidates.append((position, others))
            for one in (position, *others):
                if one not in nearby.compared:
                    nearby.compared[one] = self._compared.get(one)
                    num_bytes += self._compared.size(one)
            num_pairs += len(others)
            if num_pairs >= _RELATED_AT_ONCE or num_bytes >= _RELATED_BYTES:
                yield nearby
                nearby = Nearby([], {})
                num_pairs = num_bytes = 0
        if nearby.candidates:
            yield nearby

    def _candidates(self) -> Iterator[tuple[int, list[int]]]:
        """Yield articles and those that come near, each pair once.

        One may find the other and not be found by it. All are asked when all are listed, so
        that their order makes no difference.
        """
        pairs: set[tuple[int, int]] = set()  # of whom the second is not asked yet
        start = 0
        limit = self._config.max_candidates + 1  # each finds itself, too
        for place in range(len(self._keys)):
            keys: KeyBatch = pickle.loads(self._keys.get(place))  # noqa: S301  pickled above
            upto = np.full(keys.num_articles, len(self._texts), np.int64)
            for offset, numbers in self._index.find_batch(keys, limit=limit, upto=upto):
                position = start + offset
                found = [number - 1 for number in numbers if number - 1 != position]
                others = [other for other in found if (other, position) not in pairs]
                pairs.difference_update((other, position) for other in found)
                pairs.update((position, other) for other in others if other > position)
                if others:
                    yield position, others
            start += keys.num_articles

    def compare(
        self, dedup: Deduplicator, keep: Keep, workers: Workers
    ) -> Iterator[Iterable[tuple[int, bytes]]]:
        """Check groups of articles, and yield positions with answers, pickled.

        Args:
            dedup: Checks them into its store.
            keep: Whether it checks all articles, those in groups, or of these only groups
                that are too large for others.
            workers: Check the other groups.
        """
        # What is looked at together makes a difference to the index, and where little is
        # shared to what it finds. By id, it does not depend on the order of articles.
        groups = [sorted(group, key=self._ids.__getitem__) for group in self._groups.all()]
        groups.sort(key=lambda group: self._ids[group[0]])
        if keep is not Keep.NOTHING:
            singles = ([place] for place in range(len(self._texts)) if self._is_alone(place))
            wanted = chain(groups, singles) if keep is Keep.ALL else groups
            for positions in self._together(wanted, _LARGE_BYTES):
                yield check_in_order(positions, self._article, dedup)
            return
        large = [group for group in groups if self._size(group) > _LARGE_BYTES]
        small = (group for group in groups if self._size(group) <= _LARGE_BYTES)
        chunks = (
            Chunk(positions, [self._texts.get(position) for position in positions])
            for positions in self._together(small, _COMPARED_BYTES)
        )
        for _, checked in workers.each(Worker.compare, chunks):
            yield checked
        for group in large:
            yield check_in_order(group, self._article, dedup)

    def _together(self, groups: Iterable[Sequence[int]], size: int) -> Iterator[list[int]]:
        """Yield the positions of whole groups, together of about this size in bytes."""
        together: list[int] = []
        room = size
        for group in groups:
            room -= self._size(group)
            if together and room < 0:
                yield together
                together, room = [], size - self._size(group)
            together += group
        if together:
            yield together

    def _size(self, group: Sequence[int]) -> int:
        """Return the bytes of articles in the scratch file."""
        return sum(map(self._texts.size, group))

    def _article(self, position: int) -> Article:
        return article_of(self._texts.get(position))

    def answer_alone(self, position: int) -> Answer:
        """Return the answer to an article that was refused or that no other comes near."""
        if position in self._refused:
            return self._refused[position]
        article_id = self._ids[position]
        return CheckResult(
            id=article_id,
            verdict=Verdict.NEW,
            cluster_id=founded_cluster_id(article_id),
            original=None,
            scores=Scores(),
            matches=(),
            damage=self._damages.get(position, Damage()),
            too_short=position in self._too_short,
        )

    def _is_alone(self, position: int) -> bool:
        return position not in self._groups and position not in self._refused


def _moved(by_place: Mapping[int, _Value], start: int) -> dict[int, _Value]:
    """Return values by position: so far from `start` on as their place says."""
    return {start + place: value for place, value in by_place.items()}


def _report_nothing(stage: str, done: int, total: int | None) -> None:
    """Stand in for a progress report that nobody wants."""
