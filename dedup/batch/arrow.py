"""Verdicts as columns of an Arrow table: for pandas, Polars and Hugging Face datasets too.

add_verdicts(pa.Table.from_pandas(frame)).to_pandas()
pl.from_arrow(add_verdicts(frame.to_arrow()))
Dataset(add_verdicts(dataset.data.table))
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from dedup.batch.records import article_from_fields
from dedup.batch.scanning import Keep, scan
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.errors import DedupError
from dedup.models import Article, CheckResult
from dedup.temporary import temporary_folder

__all__ = ["VERDICT_SCHEMA", "add_verdicts"]

VERDICT_SCHEMA = pa.schema(
    [
        ("dedup_id", pa.string()),
        ("dedup_verdict", pa.string()),
        ("dedup_original", pa.string()),
        ("dedup_cluster_id", pa.string()),
        ("dedup_jaccard", pa.float64()),
        ("dedup_containment", pa.float64()),
        ("dedup_coverage", pa.float64()),
        ("dedup_damaged", pa.bool_()),
        ("dedup_error", pa.string()),
    ]
)
"""The columns that are added. An article that was refused has its error and nothing else."""


def add_verdicts(
    table: pa.Table,
    *,
    columns: Mapping[str, str] | None = None,
    config: DedupConfig | None = None,
    deduplicator: Deduplicator | None = None,
) -> pa.Table:
    """Return a table with what each of its articles is, whatever their order.

    Args:
        table: An article a row.
        columns: Which column is the `text`, and which the `id`, `title`, `url` and
            `published_at`; what is left out goes by its usual names. Without an id, the
            number of the row is the id.
        config: Choices other than the defaults.
        deduplicator: Known articles to check against and to add to; the rows alone are
            compared, in a store that is thrown away, without one.

    Returns:
        The table with the columns of `VERDICT_SCHEMA` behind its own.

    Raises:
        InvalidFieldError: A column is missing or has values of the wrong type.
        StoreError: The store cannot be read or written.
    """
    articles = list(_articles(table, columns or {}))
    if deduplicator is None:
        with (
            temporary_folder() as folder,
            Deduplicator.open(folder, config, durable=False) as temporary,
        ):
            results = list(scan(temporary, articles, keep=Keep.NOTHING))
    else:
        results = list(scan(deduplicator, articles))
    rows = [_row(article, result) for article, result in zip(articles, results, strict=True)]
    verdicts = pa.Table.from_pylist(rows, VERDICT_SCHEMA)
    for name in VERDICT_SCHEMA.names:
        table = table.append_column(VERDICT_SCHEMA.field(name), verdicts[name])
    return table


def _articles(table: pa.Table, columns: Mapping[str, str]) -> Iterator[Article]:
    renamed = table.rename_columns({name: field for field, name in columns.items()})
    number = 0
    for batch in renamed.to_batches():
        for record in batch.to_pylist():
            yield article_from_fields(record, default_id=str(number))
            number += 1


def _row(article: Article, result: CheckResult | DedupError) -> dict[str, Any]:
    if isinstance(result, DedupError):
        return {"dedup_id": article.id, "dedup_error": f"{result.code}: {result}"}
    return {
        "dedup_id": result.id,
        "dedup_verdict": result.verdict.value,
        "dedup_original": result.original.id if result.original else None,
        "dedup_cluster_id": result.cluster_id,
        "dedup_jaccard": result.scores.jaccard,
        "dedup_containment": result.scores.containment,
        "dedup_coverage": result.scores.coverage,
        "dedup_damaged": result.damage.damaged,
    }
