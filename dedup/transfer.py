"""A store as lines of JSON, and a store from them: export and import.

An export holds what was received, answered and decided, and nothing that follows from the
texts: signatures are made anew, so that it can be imported under any scheme. Numbers stay at
home as well; articles are named by their ids. Importing an export and exporting it again
gives the same bytes.
"""

import os
import secrets
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from dedup.errors import StoreCorruptError, StoreError, StoreExistsError
from dedup.export_format import (
    ExportedArticle,
    ExportedNoCopy,
    Header,
    article_line,
    damaged,
    header_line,
    no_copy_line,
    parse_header,
    parse_line,
)
from dedup.preparation import Preparer
from dedup.restoring import restore
from dedup.store.maintenance import (
    UNFINISHED_IMPORT,
    MaintainedStore,
    MaintenanceWriter,
    NoCopy,
    Progress,
    Signed,
)
from dedup.upkeep import require_finished, signer

__all__ = ["export_lines", "import_lines"]

_BATCH_ARTICLES = 256
_BATCH_CHARS = 4 << 20
_SIGNED_AHEAD = 1  # batches, while one is written

_Numbered = tuple[int, ExportedArticle]
_Batch = dict[int, ExportedArticle]  # by line
_Waiting = tuple[_Batch, Iterable[Signed]]


def export_lines(store: MaintainedStore, *, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield the lines of an export, all from one committed state.

    Raises:
        StoreVersionError: The store is half imported.
        StoreCorruptError: Not every article can be told; `verify` says why.
    """
    require_finished(store)
    with store.snapshot() as reader:
        total = reader.figures().stats.articles
        no_copies = reader.no_copies()
        yield header_line(Header(store.scheme, total, len(no_copies)))
        ids: dict[bytes, list[str]] = {no_copy.normalized_digest: [] for no_copy in no_copies}
        done = 0
        for done, whole in enumerate(reader.whole_articles(), start=1):
            matches = whole.article.finding.matches
            yield article_line(whole, reader.ids_of([match.number for match in matches]))
            if whole.normalized_digest in ids:
                ids[whole.normalized_digest].append(whole.article.record.id)
            if progress is not None and done % _BATCH_ARTICLES == 0:
                progress("exporting", done, total)
        if done != total:
            msg = f"only {done} of {total} articles can be exported: run `dedup store verify`"
            raise StoreCorruptError(msg)
        for no_copy in no_copies:
            yield no_copy_line(ExportedNoCopy(no_copy, tuple(ids[no_copy.normalized_digest])))


def import_lines(
    store: MaintainedStore,
    lines: Iterable[bytes],
    preparer: Preparer,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> int:
    """Fill an empty store from the lines of an export; return the number of articles.

    All or nothing: after an error the store is empty. A store whose import was killed can
    be opened by nobody but another import, which starts anew.

    Args:
        store: Without articles; of any scheme.
        lines: Of an export.
        preparer: Signs the articles; its scheme becomes the store's.
        jobs: Threads that sign; None means one a core.
        progress: Told how many articles are written.

    Raises:
        StoreExistsError: The store holds articles.
        InvalidInputError: A line is damaged or missing, or of another format version.
        StoreError: The store cannot be written.
    """
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (1, b""))
    header = parse_header(first)
    _claim(store)
    try:
        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            _Import(store, preparer, header, pool, progress).run(numbered)
    except BaseException:
        # If this fails as well, the store stays marked as unfinished.
        with suppress(StoreError), store.switch(preparer.scheme) as writer:
            writer.clear()
        raise
    return header.articles


def _claim(store: MaintainedStore) -> None:
    """Take an empty or half imported store, from other imports too."""
    was_unfinished = store.scheme.startswith(UNFINISHED_IMPORT)
    # Each import has a mark of its own: if two meet, the earlier is refused from now on.
    with store.switch(f"{UNFINISHED_IMPORT}/{secrets.token_hex(4)}") as writer:
        if not was_unfinished and not writer.is_empty():
            msg = "the store holds articles: import into a new one"
            raise StoreExistsError(msg)
        writer.clear()


class _Import:
    """One run over the lines behind the header."""

    def __init__(
        self,
        store: MaintainedStore,
        preparer: Preparer,
        header: Header,
        pool: ThreadPoolExecutor,
        progress: Progress | None,
    ) -> None:
        self._store = store
        self._scheme = preparer.scheme
        self._sign = signer(preparer)
        self._header = header
        self._pool = pool
        self._progress = progress
        self._num_articles = 0
        self._no_copies: list[tuple[int, ExportedNoCopy]] = []

    def run(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Write all articles, then what refers to them, and make the store usable."""
        waiting: deque[_Waiting] = deque()
        for batch in _batches(self._articles_among(lines)):
            waiting.append((batch, self._pool.map(self._sign_article, batch.values())))
            if len(waiting) > _SIGNED_AHEAD:
                self._write(*waiting.popleft())
        for ready in waiting:
            self._write(*ready)
        with self._store.switch(self._scheme) as writer:
            for line, exported in self._no_copies:
                _restore_no_copy(line, exported, writer)
            self._require_complete(writer)

    def _articles_among(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[_Numbered]:
        for number, line in lines:
            exported = parse_line(number, line)
            if isinstance(exported, ExportedArticle):
                yield number, exported
            else:
                self._no_copies.append((number, exported))

    def _write(self, batch: _Batch, signed: Iterable[Signed]) -> None:
        rows = list(signed)
        with self._store.write() as writer:
            restore(batch, rows, writer)
        self._num_articles += len(batch)
        if self._progress is not None:
            self._progress("importing", self._num_articles, self._header.articles)

    def _sign_article(self, exported: ExportedArticle) -> Signed:
        return self._sign(exported.text, exported.format, exported.record.title)

    def _require_complete(self, writer: MaintenanceWriter) -> None:
        found = self._num_articles, len(self._no_copies)
        if found != (self._header.articles, self._header.no_copies):
            msg = (
                f"{self._header.articles} articles and {self._header.no_copies} decisions are "
                f"announced, {found[0]} and {found[1]} are there: the export was cut off"
            )
            raise damaged(1, msg)
        for cluster_id in writer.clusters_without_original(limit=1):
            raise damaged(1, f"the cluster {cluster_id!r} has no original")


def _batches(articles: Iterable[_Numbered]) -> Iterator[_Batch]:
    """Yield articles by line, in groups of bounded number and size."""
    batch: _Batch = {}
    num_chars = 0
    for line, exported in articles:
        batch[line] = exported
        num_chars += len(exported.text)
        if len(batch) == _BATCH_ARTICLES or num_chars >= _BATCH_CHARS:
            yield batch
            batch, num_chars = {}, 0
    if batch:
        yield batch


def _restore_no_copy(line: int, exported: ExportedNoCopy, writer: MaintenanceWriter) -> None:
    """Write an editor's word for the digests that its texts have under the scheme of today.

    Of a text that is no longer known there is only the former digest.
    """
    digest, cluster_id = exported.no_copy
    numbers = writer.numbers_of(exported.ids)
    for article_id in exported.ids:
        if article_id not in numbers:
            raise damaged(line, f"no line before it has the id {article_id!r}")
    digests = [writer.normalized_digest(numbers[article_id]) for article_id in exported.ids]
    for known in digests or [digest]:
        writer.restore_no_copy(NoCopy(known, cluster_id))
