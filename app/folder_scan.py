"""A scan as the command line runs it: what it read, what it found, what it had to skip."""

from collections.abc import Callable, Iterator
from pathlib import Path

from app.report import Report
from dedup import Article, CheckResult, DedupError, Deduplicator
from dedup import scan as scan_articles
from dedup.batch.readers import UnreadableSource, read_folder
from dedup.batch.scanning import Keep, ProgressReport

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
        self._paths: list[str] = []

    def rows(
        self,
        dedup: Deduplicator,
        *,
        keep: Keep,
        jobs: int | None,
        progress: ProgressReport,
    ) -> Iterator[tuple[str, CheckResult]]:
        """Yield path and answer of each article, in the order in which they are read."""
        answers = scan_articles(dedup, self._articles(), keep=keep, jobs=jobs, progress=progress)
        for position, answer in enumerate(answers):
            if isinstance(answer, DedupError):
                self._skip(UnreadableSource(self._paths[position], str(answer)))
                continue
            if self._report is not None:
                self._report.add(position, answer)
            yield self._paths[position], answer

    def _articles(self) -> Iterator[Article]:
        for source in read_folder(self._folder):
            if isinstance(source, UnreadableSource):
                self._skip(source)
                continue
            self._paths.append(source.path)
            if self._report is not None:
                self._report.describe(source)
            yield source.article

    def _skip(self, source: UnreadableSource) -> None:
        self.skipped += 1
        self._tell_skipped(source)
