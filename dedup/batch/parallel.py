"""Work on the articles of a scan, in as many processes as there are cores.

Threads would not do: kernels run without the interpreter's lock, but repair, decoding and
building results hold it.
"""

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import chain, islice
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import numpy as np

from dedup.batch.comparing import check_in_order
from dedup.comparison import until_fruitless
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.errors import DedupError
from dedup.models import Article, Damage, Scores, TextFormat
from dedup.preparation import Preparer
from dedup.sketch.keys import KeyBatch
from dedup.sketch.similarity import ShingleSet
from dedup.verdicts import may_be_related

__all__ = ["Chunk", "Nearby", "Outlines", "Packed", "Worker", "Workers", "article_of", "packed"]

_FEW = 4  # pieces of work that are sooner done than other processes are started

_Work = TypeVar("_Work")
_Result = TypeVar("_Result")

Packed = list[bytes]
"""Articles, each pickled: what goes to other processes and into the scratch file."""


class Outlines(NamedTuple):
    """What a scan has to know of articles before it can compare them with others.

    Attributes:
        ids: As given, or made from the text; empty where refused for the lack of one.
        damages: Of the texts, by place; those with nothing to tell are left out.
        too_short: The places of articles of which only equal text is looked for.
        keys: As in `PreparedBatch`.
        compared: The characters to compare as UTF-8, NUL for a break.
        refused: Why an article was refused, by its place.
    """

    ids: list[str]
    damages: dict[int, Damage]
    too_short: list[int]
    keys: KeyBatch
    compared: list[bytes]
    refused: Mapping[int, DedupError]


class Nearby(NamedTuple):
    """Articles, and for some of them others that may be like them, by their positions.

    Attributes:
        candidates: Positions with those of others, the most promising first.
        compared: As in `Outlines`, of all of these.
    """

    candidates: list[tuple[int, Sequence[int]]]
    compared: dict[int, bytes]


class Chunk(NamedTuple):
    """Articles of a collection together with all that come near them, by their positions."""

    positions: list[int]
    articles: Packed


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


class Worker:
    """What one process does for a scan."""

    def __init__(self, config: DedupConfig) -> None:
        """Load what preparing needs."""
        self._config = config
        self._preparer = Preparer(config)

    def outline(self, articles: Packed) -> Outlines:
        """Prepare articles and return their outlines."""
        batch = self._preparer.prepare_batch([article_of(data) for data in articles])
        damages = (one.damage for one in batch.normalized.repaired)
        return Outlines(
            ids=[article.id or "" for article in batch.articles],
            damages={place: damage for place, damage in enumerate(damages) if damage.kinds},
            too_short=np.flatnonzero(~batch.is_signed).tolist(),
            keys=batch.keys,
            compared=[text.encode() for text in batch.normalized.compared.as_texts()],
            refused=batch.refused,
        )

    def relate(self, nearby: Nearby) -> list[tuple[int, int]]:
        """Return the pairs of articles that share enough for a closer look."""
        sets = {
            position: self._preparer.shingles_of(text.decode(), is_normalized=True)
            for position, text in nearby.compared.items()
        }

        def related_to(one: int) -> Callable[[Sequence[int]], list[int]]:
            return lambda others: [other for other in others if self._share(sets[one], sets[other])]

        return [
            (one, other)
            for one, others in nearby.candidates
            for other in until_fruitless(others, related_to(one))
        ]

    def _share(self, one: ShingleSet, other: ShingleSet) -> bool:
        return np.array_equal(one.codes, other.codes) or may_be_related(
            Scores(*one.overlap(other)), self._config.thresholds
        )

    def compare(self, chunk: Chunk) -> list[tuple[int, bytes]]:
        """Check articles over a store of their own; see `check_in_order`."""
        data = dict(zip(*chunk, strict=True))

        def fetch(position: int) -> Article:
            return article_of(data[position])

        with (
            TemporaryDirectory(prefix="dedup-") as folder,
            Deduplicator.open(folder, self._config, durable=False) as dedup,
        ):
            return list(check_in_order(chunk.positions, fetch, dedup))


class Workers:
    """A process a core, started when there is work for several."""

    def __init__(self, config: DedupConfig, jobs: int | None) -> None:
        """Start no process yet.

        Args:
            config: How to prepare and compare articles.
            jobs: Processes; None means one a core.
        """
        self._config = config
        self._jobs = jobs or os.cpu_count() or 1
        self._here = Worker(config)
        self._pool: ProcessPoolExecutor | None = None

    def each(
        self, task: Callable[[Worker, _Work], _Result], work: Iterable[_Work]
    ) -> Iterator[tuple[_Work, _Result]]:
        """Yield pieces of work with their results, in order; a few are in memory at a time."""
        pieces = iter(work)
        if self._pool is None:
            first = list(islice(pieces, _FEW))
            is_alone = self._jobs == 1 or len(first) < _FEW
            # The first piece loads what work needs, once for all forked processes.
            here: Iterable[_Work] = chain(first, pieces) if is_alone else first[:1]
            for piece in here:
                yield piece, task(self._here, piece)
            if is_alone:
                return
            pieces = chain(first[1:], pieces)
            self._pool = ProcessPoolExecutor(
                self._jobs, mp_context=_context(), initializer=_begin, initargs=(self._config,)
            )
        waiting: deque[tuple[_Work, Future[_Result]]] = deque()
        for piece in pieces:
            waiting.append((piece, self._pool.submit(_run, task, piece)))
            if len(waiting) > 2 * self._jobs:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()

    def close(self) -> None:
        """End the processes; what they have not begun is left undone."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _context() -> multiprocessing.context.BaseContext:
    # A forked process has everything loaded; elsewhere than on Linux forking is unsafe.
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


_worker: Worker


def _begin(config: DedupConfig) -> None:
    """Make a process ready to work."""
    global _worker  # noqa: PLW0603  the only state that a process has
    _worker = Worker(config)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it ends it


def _run(task: Callable[[Worker, _Work], _Result], piece: _Work) -> _Result:
    return task(_worker, piece)
