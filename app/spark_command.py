"""`dedup spark`: a scan on a Spark cluster."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from app.output import print_error, print_facts
from app.settings import Settings
from dedup.errors import ConfigError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["scan_on_cluster"]


def scan_on_cluster(
    source: Annotated[
        str,
        typer.Argument(metavar="INPUT", help="Folder of Parquet or JSONL files."),
    ],
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="Folder for the answers.")],
    master: Annotated[
        str | None,
        typer.Option(help="As spark://host:7077. Default: what spark-submit says."),
    ] = None,
    conf: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="A setting of Spark; repeatable.")
    ] = None,
    as_parquet: Annotated[
        bool, typer.Option("--parquet", help="Write Parquet instead of JSONL.")
    ] = False,
) -> None:
    """Group the copies of a corpus on a Spark cluster, with the answers of `dedup scan`.

    A job that was broken off goes on behind its last whole stage when it is given again.
    """
    session = _session(master, conf or [])
    from dedup.batch.spark import scan_on_spark

    try:
        counts = scan_on_spark(
            session, source, output,
            config=Settings().dedup_config(), as_json=not as_parquet, report=_report,
        )  # fmt: skip
    finally:
        session.stop()
    print_facts({"articles": counts.articles, **counts.verdicts, "skipped": counts.skipped})
    if counts.skipped:
        raise typer.Exit(1)


def _session(master: str | None, settings: Sequence[str]) -> "SparkSession":
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
    except ImportError as error:
        msg = "Spark is not installed: pip install 'dedup-service[spark]'"
        raise ConfigError(msg) from error
    builder = SparkSession.builder.appName("dedup")
    if master is not None:
        builder = builder.master(master)
    for setting in settings:
        name, _, value = setting.partition("=")
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as error:
        msg = f"Spark does not start, which needs Java 17 or newer on the PATH: {error}"
        raise ConfigError(msg) from error


def _report(stage: str, outcome: str) -> None:
    print_error(f"{stage}: {outcome}")
