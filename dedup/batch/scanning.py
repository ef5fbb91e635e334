"""Scanning: what the articles of a whole collection are to one another.

Which articles are the originals does not depend on how a collection is listed, so articles
must be seen before any can be taken. That goes in three passes, all on all cores, with what
the articles are made of in a scratch file in between:

1. Outline. Every article is prepared; lines of JSON are read and decoded besides.
2. Relate. All articles are listed in an index, which processes forked from this one are then
   asked: which others come near each one. Their shingles are counted as hashes: most have a
   clause in common and no more. Those that may be alike, directly or through others, make
   a group.
3. Compare. Groups are checked as any articles are, each in `taking_order`: into the store,
   or, if that is to be thrown away, on all cores. An article that no other comes near is
   new, whatever the order.

In memory are some eighty bytes an article, for the second pass the index, for the third
the articles that are being compared.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from enum import StrEnum
from functools import partial
from itertools import chain

from dedup.batch.collection import Collection
from dedup.batch.comparing import Chunk, check_chunk, check_in_order
from dedup.batch.groups import Groups
from dedup.batch.json_lines import JsonLines
from dedup.batch.outlines import Facts, Outlines, outline
from dedup.batch.packing import unpack_answer
from dedup.batch.parallel import Workers, can_fork
from dedup.batch.pieces import KeptArticle, Piece, pieces_of
from dedup.batch.records import Source, SourceArticle, UnreadableSource
from dedup.batch.relating import Relating
from dedup.batch.scratch import Scratch
from dedup.clusters import founded_cluster_id
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.errors import DedupError
from dedup.models import Article, CheckResult, Scores, Verdict
from dedup.preparation import Preparer

__all__ = ["Answer", "Keep", "ProgressReport", "scan", "scan_sources"]

_COMPARED_BYTES = 2 << 20
_CHECKED_BYTES = 8 << 20  # the same into a store
_NO_SCORES = Scores()
_LARGE_BYTES = 64 << 20  # a group that is compared here, where it need not all be in memory


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
    sources = (SourceArticle("", article) for article in articles)
    answers = scan_sources(dedup, sources, keep=keep, jobs=jobs, progress=progress)
    return (answer for _, answer in answers)


def scan_sources(
    dedup: Deduplicator,
    sources: Iterable[SourceArticle | UnreadableSource | JsonLines],
    *,
    keep: Keep = Keep.ALL,
    jobs: int | None = None,
    progress: ProgressReport | None = None,
    tell_unreadable: Callable[[UnreadableSource], None] | None = None,
) -> Iterator[tuple[Source, Answer]]:
    """Do the same with articles that are partly yet to be read.

    Args:
        dedup: As for `scan`, like what is not told here.
        sources: The collection.
        keep: See there.
        jobs: See there.
        progress: See there.
        tell_unreadable: Called, in their order, with sources that give no article.

    Yields:
        For each article where it is from, and its answer or why it was refused.
    """
    report = progress or _say_nothing
    tell = tell_unreadable or _say_nothing
    with (
        Collection() as collection,
        closing(Scratch()) as answers,
        Workers(partial(_Worker, dedup.config), jobs) as workers,
    ):
        for piece, outlines in workers.each(_Worker.outline, pieces_of(sources)):
            for source in outlines.unreadable:
                tell(source)
            collection.add(piece, outlines)
            report("reading", len(collection), None)
        total = len(collection)
        report("reading", total, total)
        related = _Related(collection, dedup.config)
        for done in related.find(jobs):
            report("relating", done, total)
        report("relating", total, total)
        places: dict[int, int] = {}
        total = total if keep is Keep.ALL else len(related)
        for checked in related.compare(dedup, keep, workers):
            for position, packed in checked:
                places[position] = len(places)
                answers.append(packed)
            report("comparing", len(places), total)
        for first, facts in collection.facts():
            for place in range(len(facts.ids)):
                number = places.get(first + place)
                answer = (
                    _answer_alone(facts, place)
                    if number is None
                    else unpack_answer(answers.get(number))
                )
                yield facts.source(place), answer


class _Worker:
    """What one process does for a scan, but for what needs the collection."""

    def __init__(self, config: DedupConfig) -> None:
        """Load what preparing needs."""
        self._config = config
        self._preparer = Preparer(config)

    def outline(self, piece: Piece) -> Outlines:
        return outline(piece, self._preparer, self._config.thresholds)

    def check(self, chunk: Chunk) -> list[tuple[int, bytes]]:
        return check_chunk(chunk, self._config)


class _Related:
    """Which articles of a collection others come near, in groups."""

    def __init__(self, collection: Collection, config: DedupConfig) -> None:
        self._collection = collection
        self._config = config
        self._groups = Groups()

    def __len__(self) -> int:
        return len(self._groups)

    def find(self, jobs: int | None) -> Iterator[int]:
        """Put articles that may be alike in groups; yield up to which piece it has come.

        Articles of one id go in one group: they are for the store to tell apart.
        """
        for pair in self._collection.namesakes():
            self._groups.join(*pair)
        # It takes the index, which only forked processes have.
        make = partial(Relating, self._collection, self._config)
        with Workers(make, jobs if can_fork() else 1) as workers:
            pieces = range(self._collection.num_pieces)
            for piece, pairs in workers.each(Relating.related, pieces):
                for pair in pairs:
                    self._groups.join(*pair)
                yield self._collection.first_position(piece)

    def compare(
        self, dedup: Deduplicator, keep: Keep, workers: Workers[_Worker]
    ) -> Iterator[Iterable[tuple[int, bytes]]]:
        """Check groups of articles, and yield positions with answers, packed.

        Args:
            dedup: Checks them into its store.
            keep: Whether it checks all articles, those in groups, or of these only groups
                that are too large for others.
            workers: Check the other groups.
        """
        # What is looked at together makes a difference to the index, and where little is
        # shared to what it finds. By id, it does not depend on the order of articles.
        ids = {position: self._collection.id(position) for position in sorted(self._groups)}
        groups = [sorted(group, key=ids.__getitem__) for group in self._groups.all()]
        groups.sort(key=lambda group: ids[group[0]])

        def kept(position: int) -> KeptArticle:
            return self._collection.kept(
                position, ids.get(position) or self._collection.id(position)
            )

        def fetch(position: int) -> Article:
            return kept(position).article()

        if keep is not Keep.NOTHING:
            singles = ([place] for place in range(len(self._collection)) if self._is_alone(place))
            wanted = chain(groups, singles) if keep is Keep.ALL else groups
            for positions in self._together(wanted, _CHECKED_BYTES):
                yield check_in_order(positions, fetch, dedup)
            return
        large = [group for group in groups if self._size(group) > _LARGE_BYTES]
        # Who gets the largest of the others is soonest done if it begins with that.
        small = sorted(
            (group for group in groups if self._size(group) <= _LARGE_BYTES),
            key=lambda group: -(self._size(group) // _COMPARED_BYTES),
        )
        chunks = (
            Chunk(positions, list(map(kept, positions)))
            for positions in self._together(small, _COMPARED_BYTES)
        )
        for _, checked in workers.each(_Worker.check, chunks, in_order=False):
            yield checked
        for group in large:
            yield check_in_order(group, fetch, dedup)

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
        """Return the bytes that articles are made of."""
        return sum(map(self._collection.size, group))

    def _is_alone(self, position: int) -> bool:
        return position not in self._groups and not self._collection.is_refused(position)


def _answer_alone(facts: Facts, place: int) -> Answer:
    """Return the answer to an article that was refused or that no other comes near."""
    if place in facts.refused:
        return facts.refused[place]
    article_id = facts.ids[place]
    return CheckResult(
        id=article_id,
        verdict=Verdict.NEW,
        cluster_id=founded_cluster_id(article_id),
        original=None,
        scores=_NO_SCORES,
        matches=(),
        damage=facts.damage(place),
        too_short=place in facts.too_short,
    )


def _say_nothing(*_: object) -> None:
    """Stand in for a report that nobody wants."""
