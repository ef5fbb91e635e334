"""A scan as the command line runs it: what it read, what it found, what it had to skip."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app.report import Report
from dedup import CheckResult, DedupError, Deduplicator
from dedup.batch.readers import UnreadableSource, read_folder_in_blocks
from dedup.batch.scanning import Keep, ProgressReport, scan_sources

__all__ = ["FolderScan"]


class FolderScan:
    """Scans a folder once.

    Attributes:
        skipped: How many articles and files could not be read, so far.
    """

    def __init__(
        self, folder: Path, report: Report | None, tell_skipped: Callable[[UnreadableSource], None]
    ) -> None:
        """Prepare to scan a folder.

        Args:
            folder: Where to look.
            report: Is told of everything that is found.
            tell_skipped: Called with what could not be read.
        """
        self.skipped = 0
        self._folder = folder
        self._report = report
        self._tell_skipped = tell_skipped

    def rows(
        self,
        dedup: Deduplicator,
        *,
        keep: Keep,
        jobs: int | None,
        progress: ProgressReport,
    ) -> Iterator[tuple[str, CheckResult]]:
        """Yield path and answer of each article, in the order in which they are read."""
        answers = scan_sources(
            dedup,
            read_folder_in_blocks(self._folder),
            keep=keep,
            jobs=jobs,
            progress=progress,
            tell_unreadable=self._skip,
        )
        for source, answer in answers:
            if isinstance(answer, DedupError):
                self._skip(UnreadableSource(source.path, str(answer)))
                continue
            if self._report is not None:
                self._report.add(source, answer)
            yield source.path, answer

    def _skip(self, source: UnreadableSource) -> None:
        self.skipped += 1
        self._tell_skipped(source)
