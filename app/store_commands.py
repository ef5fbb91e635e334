"""`dedup store …`: upkeep of a store, also while it is served."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.output import Progress, print_facts
from app.settings import Settings
from dedup.errors import StoreCorruptError
from dedup.export_files import read_lines, write_whole
from dedup.preparation import Preparer
from dedup.store.maintenance import MaintainedStore, StoreFigures
from dedup.store.opening import create_for_upkeep, open_for_upkeep
from dedup.store.sqlite_maintenance import SqliteMaintenance
from dedup.transfer import export_lines, import_lines
from dedup.upgrading import upgrade as upgrade_store
from dedup.upkeep import require_scheme, signer

__all__ = ["store_cli"]

_MAX_VIOLATIONS = 100
_STANDARD = Path("-")
_EXPORT_NAME = "dedup-export.jsonl.zst"

store_cli = typer.Typer(help="Look after a store, also while it is served.", no_args_is_help=True)

Location = Annotated[
    str | None,
    typer.Option("--store", metavar="LOCATION", help="Directory, or postgresql://…"),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Threads that sign articles. Default: one a core.")
]


@store_cli.command()
def stats(
    location: Location = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
) -> None:
    """Print how much a store holds, and of which scheme it is."""
    with _opened(location) as store, store.snapshot() as reader:
        figures = figures_to_dict(reader.figures())
    if as_json:
        sys.stdout.buffer.write(orjson.dumps(figures, option=orjson.OPT_APPEND_NEWLINE))
    else:
        print_facts({name.replace("_", " "): value for name, value in figures.items()})


@store_cli.command()
def verify(
    location: Location = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Sign every text again and compare the signatures.")
    ] = False,
) -> None:
    """Check every rule that a store keeps; changes nothing.

    Prints each rule that is broken, and where; the exit status is then 1.
    """
    with _opened(location) as store:
        preparer = _preparer() if deep else None
        if preparer is not None:
            require_scheme(store, preparer)
        with store.snapshot() as reader:
            num_articles = reader.figures().stats.articles
            violations = reader.violations(signer(preparer) if preparer else None)
            found = list(islice(violations, _MAX_VIOLATIONS + 1))
    for violation in found[:_MAX_VIOLATIONS]:
        typer.echo(f"{violation.where}: not so: {violation.rule}")
    if found:
        count = f"more than {_MAX_VIOLATIONS}" if len(found) > _MAX_VIOLATIONS else len(found)
        msg = f"the store breaks its rules in {count} places: docs/operations.md says what to do"
        raise StoreCorruptError(msg)
    typer.echo(f"{num_articles} articles, every rule is kept", err=True)


@store_cli.command()
def backup(
    destination: Annotated[Path, typer.Argument(help="Directory of the new store.")],
    location: Location = None,
) -> None:
    """Copy a store, with everything acknowledged by now, while it goes on being written.

    Of a store in PostgreSQL the directory gets an export, for `dedup store import`.
    """
    with _opened(location) as store, Progress() as progress:
        if isinstance(store, SqliteMaintenance):
            store.back_up(destination, progress)
        else:
            destination.mkdir(parents=True, exist_ok=True)
            _export(store, destination / _EXPORT_NAME, progress)


@store_cli.command("export")
def export_store(
    file: Annotated[
        Path, typer.Argument(help="Compressed if it ends in .gz or .zst; - is standard output.")
    ] = _STANDARD,
    location: Location = None,
) -> None:
    """Write a store as lines of JSON; docs/operations.md describes them."""
    with _opened(location) as store, Progress() as progress:
        if file == _STANDARD:
            sys.stdout.buffer.writelines(export_lines(store, progress=progress))
            sys.stdout.flush()
        else:
            _export(store, file, progress)


def _export(store: MaintainedStore, file: Path, progress: Progress) -> None:
    with write_whole(file) as stream:
        for line in export_lines(store, progress=progress):
            stream.write(line)


@store_cli.command("import")
def import_store(
    file: Annotated[Path, typer.Argument(help="Of `dedup store export`; - is standard input.")],
    location: Location = None,
    jobs: Jobs = None,
) -> None:
    """Fill a new or empty store from an export, all of it or nothing."""
    lines: Iterable[bytes] = sys.stdin.buffer if file == _STANDARD else read_lines(file)
    settings = _settings(location)
    preparer = Preparer(settings.dedup_config())
    store = create_for_upkeep(settings.store, scheme=preparer.scheme)
    try:
        with Progress() as progress:
            count = import_lines(store, lines, preparer, jobs=jobs, progress=progress)
    finally:
        store.close()
    typer.echo(f"{count} articles imported", err=True)


@store_cli.command()
def upgrade(location: Location = None, jobs: Jobs = None) -> None:
    """Sign every article again under this release's scheme.

    Another release may go on serving the store until this is done; it is refused then. A
    run that was broken off goes on when the command is given again.
    """
    preparer = _preparer()
    with _opened(location) as store, Progress() as progress:
        was_other = upgrade_store(store, preparer, jobs=jobs, progress=progress)
    done = "the store is now of scheme" if was_other else "nothing to do: the store is of scheme"
    typer.echo(f"{done} {preparer.scheme}", err=True)


def figures_to_dict(figures: StoreFigures) -> dict[str, Any]:
    """Return a store in numbers."""
    stats = figures.stats
    return {
        "articles": stats.articles,
        "originals": figures.originals,
        "clusters": stats.clusters,
        "sequence": stats.sequence,
        "bytes_on_disk": figures.file_bytes,
        "bytes_an_article": round(figures.file_bytes / stats.articles) if stats.articles else None,
        "scheme": stats.scheme,
        "schema_version": figures.schema_version,
        "oldest_first_seen": _time_to_text(figures.oldest),
        "newest_first_seen": _time_to_text(figures.newest),
    }


def _time_to_text(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None


def _settings(location: str | None) -> Settings:
    return Settings.load() if location is None else Settings.load(store=location)


def _preparer() -> Preparer:
    return Preparer(Settings.load().dedup_config())


@contextmanager
def _opened(location: str | None) -> Iterator[MaintainedStore]:
    store = open_for_upkeep(_settings(location).store)
    try:
        yield store
    finally:
        store.close()
