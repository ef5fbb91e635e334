"""What the command line shows people: tables, progress, colours."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from app.evidence import print_evidence
from dedup import CheckResult, Verdict
from dedup.catalogue import Catalogue
from dedup.preparation import PreparedArticle

__all__ = [
    "Progress",
    "ScanSummary",
    "print_answer",
    "print_damage",
    "print_error",
    "print_facts",
    "print_summary",
    "print_verdict",
]

# A pipe has no width: lines there are as long as they need to be.
_PIPE_WIDTH = 500
_MOST_ROWS = 1_000

_out = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
_err = Console(stderr=True, highlight=False)

_STYLES = {
    Verdict.NEW: "green",
    Verdict.PARTIAL: "cyan",
    Verdict.COMPILATION: "cyan",
    Verdict.EXCERPT: "yellow",
    Verdict.REPRINT: "yellow",
    Verdict.EXACT: "yellow",
    Verdict.GARBLED_MIRROR: "red",
}


class Progress:
    """Shows how far each stage of a scan is, on a terminal only."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Prepare the bars, or show none."""
        self._progress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _RateColumn(),
            TimeRemainingColumn(),
            console=_err,
            transient=True,
            disable=quiet or not _err.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Start drawing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop drawing and leave no trace."""
        self._progress.stop()

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        """Show that a stage has got so far; its length need not be known yet."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


class _RateColumn(ProgressColumn):
    """Articles a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class ScanSummary:
    """What a scan found: counts, and as many articles as a person may want to read."""

    def __init__(self, rows: Iterable[tuple[str, CheckResult]]) -> None:
        """Go through the rows; memory does not grow with their number."""
        self.counts: Counter[Verdict] = Counter()
        self._first: list[CheckResult] = []
        self._copies: list[CheckResult] = []
        for _, result in rows:
            self.counts[result.verdict] += 1
            if len(self._first) < _MOST_ROWS:
                self._first.append(result)
            if result.original is not None and len(self._copies) < _MOST_ROWS:
                self._copies.append(result)

    @property
    def rows(self) -> Sequence[CheckResult]:
        """All articles of a small collection, the first copies of a large one."""
        return self._first if self.counts.total() <= _MOST_ROWS else self._copies


def print_summary(summary: ScanSummary, *, skipped: int, quiet: bool = False) -> None:
    """Print a line for each article, unless quiet, and how many there are of each verdict."""
    if not quiet:
        _print_rows(summary)
    parts = [f"{summary.counts[verdict]} {verdict}" for verdict in Verdict]
    parts = [part for part in parts if not part.startswith("0 ")]
    if skipped:
        parts.append(f"[red]{skipped} skipped[/red]")
    _out.print(f"{summary.counts.total()} articles: {', '.join(parts) or 'none'}")


def _print_rows(summary: ScanSummary) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("article", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("original", overflow="fold")
    for name in ("jaccard", "contained", "covered"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("damage", no_wrap=True)
    for result in summary.rows:
        scores = result.scores
        table.add_row(
            escape(result.id),
            _styled(result.verdict),
            escape(result.original.id) if result.original else "",
            *(
                f"{value:.3f}" if result.matches else ""
                for value in (scores.jaccard, scores.containment, scores.coverage)
            ),
            f"{result.damage.score:.0%}" if result.damage.damaged else "",
        )
    _out.print(table)
    if len(summary.rows) < summary.counts.total():
        _out.print(f"\nthe first {len(summary.rows)} copies; --json prints every article")
    _out.print()


def print_answer(
    path: str, result: CheckResult, catalogue: Catalogue, *, prepared: PreparedArticle
) -> None:
    """Print what an article is, to which known ones, and the evidence for the best match.

    Args:
        path: Where the article is from.
        result: With passages.
        catalogue: Has the texts of known articles.
        prepared: The article.
    """
    print_verdict(path, result)
    received = prepared.article.text
    for place, match in enumerate(result.matches):
        scores = match.scores
        _out.print(
            f"  {_styled(match.verdict)} of {escape(match.id)}:"
            f" jaccard {scores.jaccard:.3f}, containment {scores.containment:.3f},"
            f" coverage {scores.coverage:.3f}"
        )
        if match.differences is not None:
            differences = match.differences
            _out.print(
                f"    characters: {differences.substituted} substituted,"
                f" {differences.dropped} dropped, {differences.inserted} inserted,"
                f" {differences.moved} moved"
            )
        if not place and match.passages:
            marks = prepared.normalized.damage_marks(received)
            known = catalogue.article(match.id)
            print_evidence(_out, match, received, known.text, marks)
    if result.damage.kinds:
        _out.print(f"  damage: {_damage_summary(result)}")
    if result.too_short:
        _out.print("  too short to compare: only equal text was looked for")


def print_verdict(path: str, result: CheckResult) -> None:
    """Print what an article is."""
    _out.print(f"{escape(path)}: {_styled(result.verdict)}")


def print_damage(damage: dict[str, Any]) -> None:
    """Print what was wrong with a text, beside the text itself."""
    kinds = ", ".join(f"{kind} {count}" for kind, count in damage["kinds"].items())
    state = "damaged" if damage["damaged"] else "not damaged"
    _err.print(f"{state}, score {damage['score']:.2f}" + (f": {kinds}" if kinds else ""))


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print a name and a value a line."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, value in facts.items():
        shown = f"{value:,}" if isinstance(value, int) else "" if value is None else str(value)
        table.add_row(name, escape(shown))
    _out.print(table)


def print_error(message: str) -> None:
    """Print what went wrong."""
    _err.print(f"[red]dedup:[/red] {escape(message)}", soft_wrap=True)


def _styled(verdict: Verdict) -> str:
    return f"[{_STYLES[verdict]}]{verdict}[/]"


def _damage_summary(result: CheckResult) -> str:
    kinds = ", ".join(f"{kind} {count}" for kind, count in result.damage.kinds.items())
    return kinds if result.damage.damaged else f"[dim]{kinds}[/dim]" if kinds else ""
