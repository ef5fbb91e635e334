"""Scanning: what the articles of a whole collection are to one another.

Which articles are the originals does not depend on how a collection is listed, so articles
must be seen before any can be taken. That goes in two passes, with the articles in a
scratch file in between:

1. Outline. Every article is prepared, on all cores, and asked of the index which others
   come near it. Those that do, directly or through others, make a group.
2. Compare. Groups are taken one after another, each in `taking_order`, and checked as any
   article is. An article that no other comes near is new, whatever the order.

In memory are the index, an id an article, and the articles that are being compared.
"""

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TypeVar, overload

import numpy as np
from cachetools import LRUCache

from dedup.batch.groups import Groups
from dedup.batch.parallel import Outlines, Packed, article_of, outlined
from dedup.batch.scratch import Scratch
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator, founded_cluster_id
from dedup.errors import DedupError
from dedup.index.candidates import CandidateIndex
from dedup.models import Article, CheckResult, Damage, Scores, Verdict
from dedup.ordering import taking_order
from dedup.preparation import PreparedArticle

__all__ = ["ProgressReport", "scan"]

_REMEMBERED_AT_ONCE = 500
_ORDERED_AT_ONCE = 2_000

_CACHED_BYTES = 256 << 20
_BYTES_A_CHAR = 60  # of a prepared article, its shingles included

_Value = TypeVar("_Value")

ProgressReport = Callable[[str, int, int | None], None]
Answer = CheckResult | DedupError


def scan(
    dedup: Deduplicator,
    articles: Iterable[Article],
    *,
    keep_all: bool = True,
    jobs: int | None = None,
    progress: ProgressReport | None = None,
) -> Iterator[Answer]:
    """Check and remember a whole collection, whatever order it comes in.

    A scan that was interrupted goes on where it stopped when it is run again over the same
    store: what is remembered already is not compared again.

    Args:
        dedup: Checks the articles; other scans and a service may use its store meanwhile.
        articles: The collection; read once, and never as a whole in memory.
        keep_all: False to remember only articles that others come near, which is faster
            and makes no difference to the answers, over an empty store that is then
            thrown away.
        jobs: Processes that prepare articles; None means one a core.
        progress: Called with the name of a stage, articles done, and their number if it
            is known.

    Yields:
        For each article, in the order given, its answer or why it was refused.
    """
    report = progress or _report_nothing
    with Scratch() as texts, Scratch() as answers:
        collection = _Collection(dedup.config, texts)
        for batch, outlines in outlined(articles, dedup.config, jobs):
            collection.add(batch, outlines)
            report("reading", len(texts), None)
        report("reading", len(texts), len(texts))
        places: dict[int, int] = {}
        order = collection.order(dedup, alone=keep_all)
        total = len(texts) if keep_all else collection.num_related
        while group := list(islice(order, _REMEMBERED_AT_ONCE)):
            surveys = [dedup.survey(prepared) for _, prepared in group]
            for position, _ in group:
                places[position] = len(places)
            answers.extend([pickle.dumps(answer) for answer in dedup.remember(surveys)])
            report("comparing", len(places), total)
        for position in range(len(texts)):
            place = places.get(position)
            if place is None:
                yield collection.answer_alone(position)
            else:
                yield pickle.loads(answers.get(place))  # noqa: S301  pickled above


class _Collection:
    """The articles of a scan: which were refused, and which come near which."""

    def __init__(self, config: DedupConfig, texts: Scratch) -> None:
        self._config = config
        self._texts = texts
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
        self._ids += outlines.ids
        self._refused.update(_moved(outlines.refused, start))
        self._damages.update(_moved(outlines.damages, start))
        self._too_short.update(start + place for place in outlines.too_short)
        positions = np.arange(start, start + len(batch))
        self._index.add_batch(outlines.keys, (positions + 1).astype(np.uint32))
        self._relate_namesakes(start, outlines)
        limit = self._config.max_candidates
        for place, numbers in self._index.find_batch(outlines.keys, limit=limit, upto=positions):
            for number in numbers:
                self._groups.join(start + place, number - 1)

    def _relate_namesakes(self, start: int, outlines: Outlines) -> None:
        """Put articles of one id in one group: they are for the store to tell apart."""
        for position, article_id in enumerate(outlines.ids, start):
            if position in self._refused:
                continue
            namesake = self._first_places.setdefault(article_id, position)
            if namesake != position:
                self._groups.join(position, namesake)

    def order(self, dedup: Deduplicator, *, alone: bool) -> Iterator[tuple[int, PreparedArticle]]:
        """Yield the articles in the order in which to take them, prepared anew.

        Only within a group does the order matter. Whole groups are put in order together
        up to some number, which saves time.
        """
        waiting: list[int] = []
        singles = ([position] for position in range(len(self._texts)) if self._is_alone(position))
        for group in chain(self._groups.all(), singles if alone else ()):
            if waiting and len(waiting) + len(group) > _ORDERED_AT_ONCE:
                yield from self._ordered(waiting, dedup)
                waiting = []
            waiting += group
        yield from self._ordered(waiting, dedup)

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

    def _ordered(
        self, positions: list[int], dedup: Deduplicator
    ) -> Iterator[tuple[int, PreparedArticle]]:
        prepared = _PreparedAnew(positions, self._texts, dedup)
        for place in taking_order(prepared, self._config):
            yield positions[place], prepared[place]


class _PreparedAnew(Sequence[PreparedArticle]):
    """Articles out of the scratch file; those asked for lately stay prepared."""

    _AT_ONCE = 64

    def __init__(self, positions: Sequence[int], texts: Scratch, dedup: Deduplicator) -> None:
        self._positions = positions
        self._texts = texts
        self._dedup = dedup
        self._next = 0
        self._cache: LRUCache[int, PreparedArticle] = LRUCache(
            _CACHED_BYTES, getsizeof=lambda one: 1000 + _BYTES_A_CHAR * len(one.article.text)
        )

    def __len__(self) -> int:
        return len(self._positions)

    @overload
    def __getitem__(self, place: int) -> PreparedArticle: ...
    @overload
    def __getitem__(self, place: slice) -> list[PreparedArticle]: ...
    def __getitem__(self, place: int | slice) -> PreparedArticle | list[PreparedArticle]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if place >= len(self):
            raise IndexError(place)
        found = self._cache.get(place)
        return self._prepare(place) if found is None else found

    def _prepare(self, place: int) -> PreparedArticle:
        # Whoever goes through them in order will want those behind this one next.
        count = self._AT_ONCE if place == self._next else 1
        positions = self._positions[place : place + count]
        self._next = place + len(positions)
        articles = [article_of(self._texts.get(position)) for position in positions]
        wanted: PreparedArticle | None = None
        for offset, prepared in enumerate(self._dedup.prepare_many(articles)):
            assert not isinstance(prepared, DedupError)  # it was prepared once before
            wanted = wanted or prepared
            if 1000 + _BYTES_A_CHAR * len(prepared.article.text) <= _CACHED_BYTES:
                self._cache[place + offset] = prepared
        assert wanted is not None
        return wanted


def _moved(by_place: Mapping[int, _Value], start: int) -> dict[int, _Value]:
    """Return values by position: so far from `start` on as their place says."""
    return {start + place: value for place, value in by_place.items()}


def _report_nothing(stage: str, done: int, total: int | None) -> None:
    """Stand in for a progress report that nobody wants."""
