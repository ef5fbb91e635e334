"""Re-signs a store under this release's scheme while another process goes on serving it.

Rows of the new scheme are built beside those in use, a bounded transaction at a time; what
the old release adds or changes meanwhile is caught up with; then one short transaction
exchanges the two and renames the scheme. From that moment the old release is refused. A
run that was killed goes on where it stopped when the command is given again.

Articles, findings, clusters and the log stay as they are: they say what was answered.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from dedup.preparation import Preparer
from dedup.store.maintenance import MaintainedStore, MaintenanceWriter, Progress, Signed, TextRow
from dedup.upkeep import require_finished, signer

__all__ = ["upgrade"]

_SIGNED_AT_ONCE = 128
_CHANGES_AT_ONCE = 1_000
_SWEPT_AT_ONCE = 5_000


def upgrade(
    store: MaintainedStore,
    preparer: Preparer,
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> bool:
    """Bring a store to the scheme of a preparer; return whether it had another one.

    Args:
        store: May be served by another process, of the store's present scheme.
        preparer: Of the scheme to come.
        jobs: Threads that sign articles; None means one a core.
        progress: Told how many articles are signed.

    Raises:
        StoreVersionError: The store is half imported, or another upgrade was faster.
        StoreError: The store cannot be written; the command may be given again.
    """
    require_finished(store)
    _sweep(store)
    is_other = store.scheme != preparer.scheme
    if is_other:
        with ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
            signing = _Signing(preparer, pool)
            _sign_beside(store, signing, progress)
            _exchange(store, signing)
    else:
        with store.write() as writer:
            writer.give_up_upgrade()
    _sweep(store)
    return is_other


class _Signing:
    """Signs rows under the scheme to come, on all cores."""

    def __init__(self, preparer: Preparer, pool: ThreadPoolExecutor) -> None:
        self.scheme = preparer.scheme
        self._sign = signer(preparer)
        self._pool = pool

    def sign(self, rows: Sequence[TextRow]) -> dict[int, Signed]:
        """Return what follows from each article's text, by its number."""
        signed = self._pool.map(self._sign_row, rows)
        return {row.number: result for row, result in zip(rows, signed, strict=True)}

    def _sign_row(self, row: TextRow) -> Signed:
        return self._sign(row.text, row.format, row.title)


def _sign_beside(store: MaintainedStore, signing: _Signing, progress: Progress | None) -> None:
    """Sign all but the last few articles, holding the write lock to read and write only."""
    with store.snapshot() as reader:
        total = reader.figures().stats.articles
    with store.write() as writer:
        writer.begin_upgrade(signing.scheme)
        done = writer.num_signed()
    _sweep(store)  # an upgrade to yet another scheme may have been given up for this one
    signed: dict[int, Signed] = {}
    is_behind = True
    while is_behind:
        with store.write() as writer:
            writer.put_signed(signed)
            num_changes = writer.follow_changes(limit=_CHANGES_AT_ONCE)
            rows = writer.texts_to_sign(limit=_SIGNED_AT_ONCE)
        is_behind = len(rows) == _SIGNED_AT_ONCE or num_changes == _CHANGES_AT_ONCE
        done += len(signed)
        if progress is not None:
            progress("signing", done, max(total, done))
        signed = signing.sign(rows) if is_behind else {}


def _exchange(store: MaintainedStore, signing: _Signing) -> None:
    """Sign the rest while nobody else can write, and let the new rows take their place."""
    with store.switch(signing.scheme) as writer:
        while rows := writer.texts_to_sign(limit=_SIGNED_AT_ONCE):
            writer.put_signed(signing.sign(rows))
        _follow_to_the_end(writer)
        writer.exchange()


def _follow_to_the_end(writer: MaintenanceWriter) -> None:
    while writer.follow_changes(limit=_CHANGES_AT_ONCE):
        pass


def _sweep(store: MaintainedStore) -> None:
    """Delete what is out of use, with room for other writers in between."""
    is_more = True
    while is_more:
        with store.write() as writer:
            is_more = writer.sweep(limit=_SWEPT_AT_ONCE)
