"""The `dedup` command: parses arguments, calls the library, prints.

Results go to standard output, everything else to standard error, so that output can be
piped. Exit status: 0 done, 1 done with skipped inputs or failed, 2 wrong usage.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated

import orjson
import typer

from app.folder_scan import FolderScan
from app.keys import Scope, entry_of, new_key, parse_keys
from app.output import (
    Progress,
    ScanSummary,
    print_answer,
    print_damage,
    print_error,
    print_summary,
    print_verdict,
)
from app.report import Report
from app.settings import Settings
from app.spark_command import scan_on_cluster
from app.store_commands import store_cli
from app.version import RELEASE
from dedup import DedupError, Deduplicator, Keep, repair_article
from dedup.batch.readers import (
    UnreadableSource,
    read_file,
)
from dedup.errors import ConfigError
from dedup.serialization import (
    check_result_to_dict,
    damage_to_dict,
    repaired_text_to_dict,
    scan_result_to_dict,
)
from dedup.temporary import temporary_folder

__all__ = ["main"]

cli = typer.Typer(
    help="Find copies among Chinese articles: reprints, garbled mirrors, excerpts.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
cli.add_typer(store_cli, name="store")
cli.command("spark")(scan_on_cluster)

Store = Annotated[
    str | None,
    typer.Option(
        metavar="LOCATION",
        help="Directory of a durable store to check against and add to. Default: a temporary one.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Print the result alone: no progress, no details."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]


class ExitStatus(IntEnum):
    """What the command tells its caller."""

    DONE = 0
    SKIPPED = 1
    USAGE = 2


@cli.command()
def scan(
    folder: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Where to look.")],
    store: Store = None,
    as_json: AsJson = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that prepare articles. Default: one a core."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Also write a report that opens in a browser, without a network.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Group the copies among all articles under a folder."""
    report = None if html is None else Report(html, folder=str(folder))
    keep = Keep.ALL if store else Keep.NOTHING if report is None else Keep.RELATED
    folder_scan = FolderScan(folder, report, _ignore if quiet else _report)
    with _deduplicator(store) as dedup, Progress(quiet=quiet) as progress:
        found = folder_scan.rows(dedup, keep=keep, jobs=jobs, progress=progress)
        if as_json:
            _print_json(scan_result_to_dict(path, result) for path, result in found)
        else:
            summary = ScanSummary(found)
        if report is not None:
            report.write(dedup, skipped=folder_scan.skipped, progress=progress)
    if not as_json:
        print_summary(summary, skipped=folder_scan.skipped, quiet=quiet)
    _exit(folder_scan.skipped)


@cli.command()
def check(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="FILE…")],
    store: Store = None,
    as_json: AsJson = False,
    remember: Annotated[
        bool, typer.Option(help="Add the articles to the store given by --store.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Say what each file is to the articles of a store, or to the files before it."""
    skipped = 0
    with _deduplicator(store) as dedup:
        for source in (source for file in files for source in read_file(file, name=str(file))):
            if isinstance(source, UnreadableSource):
                skipped += 1
                _report(source)
                continue
            try:
                result = dedup.check(
                    source.article, remember=remember or store is None, passages=not quiet
                )
            except DedupError as error:
                skipped += 1
                _report(UnreadableSource(source.path, str(error)))
                continue
            if as_json:
                _print_json([check_result_to_dict(result)])
            elif quiet:
                print_verdict(source.path, result)
            else:
                prepared = dedup.prepare(source.article)
                print_answer(source.path, result, dedup.catalogue, prepared=prepared)
    _exit(skipped)


@cli.command()
def repair(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE")],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print text, damage and steps as a JSON object.")
    ] = False,
) -> None:
    """Print a text, or the main text of a page, without its damage."""
    skipped = 0
    for source in read_file(file, name=str(file)):
        if isinstance(source, UnreadableSource):
            skipped += 1
            _report(source)
            continue
        repaired = repair_article(source.article)
        if as_json:
            _print_json([repaired_text_to_dict(repaired)])
        else:
            sys.stdout.write(repaired.text)
            print_damage(damage_to_dict(repaired.damage))
    _exit(skipped)


@cli.command()
def serve(
    store: Annotated[
        str | None, typer.Option(metavar="LOCATION", help="Directory of the store.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes over the one store.")] = 1,
) -> None:
    """Serve checks over HTTP."""
    # No other command needs the web framework, and loading it takes time.
    from app.server import run_server

    run_server(_settings(store), host=host, port=port, workers=workers)


@cli.command()
def key(
    name: Annotated[str, typer.Argument(help="For logs and metrics.")],
    scope: Annotated[Scope, typer.Option(help="What the key is good for.")] = Scope.WRITE,
) -> None:
    """Make an API key: prints it, and on a second line its entry for DEDUP_API_KEYS."""
    secret = new_key()
    entry = entry_of(name, scope, secret)
    parse_keys(entry)
    typer.echo(f"{secret}\n{entry}")


@cli.callback(invoke_without_command=True)
def callback(
    version: Annotated[bool, typer.Option("--version", help="Print the release.")] = False,
) -> None:
    """Print the release when asked."""
    if version:
        typer.echo(RELEASE)
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit."""
    try:
        cli(arguments)
    except BrokenPipeError:
        # Whoever read the output has enough. Python would complain of it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitStatus.SKIPPED)
    except ConfigError as error:
        print_error(str(error))
        sys.exit(ExitStatus.USAGE)
    except DedupError as error:
        print_error(str(error))
        sys.exit(ExitStatus.SKIPPED)


def _settings(store: str | None) -> Settings:
    return Settings.load() if store is None else Settings.load(store=store)


@contextmanager
def _deduplicator(store: str | None) -> Iterator[Deduplicator]:
    settings = _settings(store)
    config = settings.dedup_config()
    if store is not None:
        with Deduplicator.open(settings.store, config, index=settings.index) as dedup:
            yield dedup
        return
    with (
        temporary_folder() as folder,
        Deduplicator.open(folder, config, durable=False) as dedup,
    ):
        yield dedup


def _ignore(source: UnreadableSource) -> None:
    """Say nothing of what was skipped; the counts tell of it."""


def _report(source: UnreadableSource) -> None:
    print_error(f"skipped {source.path}: {source.reason}")


def _print_json(values: Iterator[object] | Sequence[object]) -> None:
    for value in values:
        sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.flush()


def _exit(skipped: int) -> None:
    if skipped:
        raise typer.Exit(ExitStatus.SKIPPED)
