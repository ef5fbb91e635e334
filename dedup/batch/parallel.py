"""Work on the articles of a scan, in as many processes as there are cores.

Threads would not do: kernels run without the interpreter's lock, but repair, decoding and
building results hold it.
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from itertools import chain, islice
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

__all__ = ["Workers", "can_fork"]

_FEW = 4  # pieces of work that are sooner done than other processes are started

_Worker = TypeVar("_Worker")
_Work = TypeVar("_Work")
_Result = TypeVar("_Result")


def can_fork() -> bool:
    """Return whether processes have all that this one has, elsewhere than on Linux not."""
    return sys.platform == "linux"


class Workers(Generic[_Worker]):
    """A process a core, started when there is work for several.

    Where processes can be forked, each has what this one had when the first of them was
    started, and shares its memory. Elsewhere each makes a worker of its own.
    """

    def __init__(self, make: Callable[[], _Worker], jobs: int | None) -> None:
        """Start no process yet.

        Args:
            make: Makes what does the work.
            jobs: Processes; None means one a core.
        """
        self._make = make
        self._jobs = jobs or os.cpu_count() or 1
        self._here = make()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Use as a context manager that ends the processes."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the processes; what they have not begun is left undone."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def each(
        self,
        task: Callable[[_Worker, _Work], _Result],
        work: Iterable[_Work],
        *,
        in_order: bool = True,
    ) -> Iterator[tuple[_Work, _Result]]:
        """Yield pieces of work with their results; a few are in memory at a time.

        Args:
            task: What is to be done.
            work: The pieces.
            in_order: False yields what is done first, and no piece waits for a longer one.
        """
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
            self._pool = self._start()
        waiting: dict[Future[_Result], _Work] = {}
        for piece in pieces:
            waiting[self._pool.submit(_run, task, piece)] = piece
            if len(waiting) > 2 * self._jobs:
                future = _next(waiting, in_order=in_order)
                yield waiting.pop(future), future.result()
        while waiting:
            future = _next(waiting, in_order=in_order)
            yield waiting.pop(future), future.result()

    def _start(self) -> ProcessPoolExecutor:
        here = self._here
        make = (lambda: here) if can_fork() else self._make
        context = multiprocessing.get_context("fork" if can_fork() else "spawn")
        return ProcessPoolExecutor(
            self._jobs, mp_context=context, initializer=_begin, initargs=(make,)
        )


_worker: Any


def _next(waiting: Mapping[Future[_Result], object], *, in_order: bool) -> Future[_Result]:
    """Return the first of some futures, or one that is done as soon as any is."""
    if in_order:
        return next(iter(waiting))
    done, _ = wait(waiting, return_when=FIRST_COMPLETED)
    return next(future for future in waiting if future in done)


def _begin(make: Callable[[], object]) -> None:
    """Make a process ready to work."""
    global _worker  # noqa: PLW0603  the only state that a process has
    _worker = make()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started it ends it
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when the one that started it was killed: it would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _run(task: Callable[[Any, _Work], _Result], piece: _Work) -> _Result:
    return task(_worker, piece)
