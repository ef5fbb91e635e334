"""Scanning on a Spark cluster: the answers of `dedup.batch.scanning`, for any number.

Five stages, each kept beside the output until all is done, so that a job that was broken
off goes on behind the last one that is whole:

1. outlines: every article prepared, by the same kernels, in Arrow batches;
2. buckets: the articles under each key, of a hot one so many and no more;
3. pairs: articles that share enough keys;
4. groups: articles that pairs connect, under the smallest number of each group;
5. verdicts: whole groups spread over the cluster, and each partition scanned as a folder is.

An article that no other comes near is new. Which of a group are the originals is decided
by the articles alone, so the answers do not depend on how the input was split. Nothing
but counts is gathered on the driver.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Observation, SparkSession, Window
from pyspark.sql import functions as F  # noqa: N812  as everyone calls it

from dedup.batch.groups import Groups
from dedup.batch.records import article_from_fields, fields_by_name
from dedup.batch.scanning import Keep, scan
from dedup.clusters import founded_cluster_id
from dedup.config import DedupConfig
from dedup.deduplicator import Deduplicator
from dedup.errors import DedupError, InvalidFieldError
from dedup.index.postings import BUCKET_CAPACITY
from dedup.models import Article, TextFormat, Verdict
from dedup.preparation import PreparedArticle, Preparer
from dedup.serialization import damage_to_dict, scan_result_to_dict
from dedup.temporary import temporary_folder

__all__ = ["Counts", "Report", "scan_on_spark"]

# Wider than the rule of `dedup.index.candidates`, which the scan of a partition keeps to:
# here it only matters who is in one partition with whom.
_LEAST_WHOLE = 2
_LEAST_SHARE = 0.1
_LEAST_PROMISE = 0.25

_LAYOUT = "2"  # of what stages leave to one another
_ARTICLES_AT_ONCE = 256
_PIECE = 0x1E3779B9 << 32  # upper half of the key of every piece
_DOC_BITS = 33  # of a number within its partition

_PAIRS_OF_A_TASK = 1_000_000
"""Pairs that one task groups in its memory; more are grouped in rounds of several jobs."""

_PARTITIONS = "spark.sql.shuffle.partitions"
_PARTITION_BYTES = 64 << 20
_SHUFFLED = 2  # bytes of keys that are shuffled, for each byte of input

_OUTLINE = """
    doc long, path string, id string, text string, title string, url string, format string,
    skipped string, damage string, cluster_id string, published_at timestamp,
    listed array<long>, asked array<long>, num_whole int, num_pieces int
"""
_DAMAGE = "damaged boolean, score double, kinds map<string, int>"
_VERDICT = f"""
    path string, id string, verdict string, original string, cluster_id string,
    jaccard double, containment double, coverage double, damage struct<{_DAMAGE}>,
    skipped string
"""

# The same for Arrow, which makes the batches.
_TEXTS = ("path", "id", "text", "title", "url", "format", "skipped", "damage", "cluster_id")
_LISTS = ("listed", "asked")
_OUTLINE_ARROW = pa.schema(
    [
        ("doc", pa.int64()),
        *((name, pa.string()) for name in _TEXTS),
        ("published_at", pa.timestamp("us", "UTC")),
        *((name, pa.list_(pa.int64())) for name in _LISTS),
        ("num_whole", pa.int32()),
        ("num_pieces", pa.int32()),
    ]
)
_GROUP_ARROW = pa.schema([("doc", pa.int64()), ("group", pa.int64())])
_VERDICT_ARROW = pa.schema(
    [
        *((name, pa.string()) for name in ("path", "id", "verdict", "original", "cluster_id")),
        *((name, pa.float64()) for name in ("jaccard", "containment", "coverage")),
        (
            "damage",
            pa.struct(
                [
                    ("damaged", pa.bool_()),
                    ("score", pa.float64()),
                    ("kinds", pa.map_(pa.string(), pa.int32())),
                ]
            ),
        ),
        ("skipped", pa.string()),
    ]
)

Report = Callable[[str, str], None]
"""Told the name of a stage and what came out of it."""

Batches = Iterator[pa.RecordBatch]


@dataclass(frozen=True, slots=True)
class Counts:
    """What came out of a scan.

    Attributes:
        articles: How many were read.
        skipped: How many of them could not be checked.
        verdicts: How many articles have each verdict.
    """

    articles: int
    skipped: int
    verdicts: dict[str, int]


def scan_on_spark(
    spark: SparkSession,
    source: str,
    output: str,
    *,
    config: DedupConfig | None = None,
    as_json: bool = True,
    report: Report = lambda _stage, _outcome: None,
) -> Counts:
    """Say of every article of a corpus what it is to the others.

    Args:
        spark: The cluster's session.
        source: Folder of Parquet or JSONL files (.gz too) on any file system that the
            cluster has; read recursively.
        output: Folder for the answers, `verdicts` and `skipped`; must not hold any.
        config: Choices other than the defaults.
        as_json: Whether the answers are JSONL as `dedup scan --json` prints them, or
            Parquet.
        report: Told of every stage that is done.

    Raises:
        InvalidFieldError: There is nothing to read, or no column has the text.
    """
    config = config or DedupConfig()
    spark = _tuned(spark, source)
    articles = _articles(spark, source)
    stages = _Stages(spark, output, source, articles, config, report)
    outlines = stages.run("outlines", lambda: _outlines(articles, config))
    # Kept, so that Spark knows how large they are: where few articles are alike, they are
    # sent to all tasks, and the many keys that are asked for stay where they are.
    buckets = stages.run("buckets", lambda: _buckets(outlines))
    pairs = stages.run("pairs", lambda: _pairs(outlines, buckets))
    groups = stages.run("groups", lambda: _groups(pairs, stages))
    verdicts = stages.run("verdicts", lambda: _verdicts(outlines, groups, config))
    told = verdicts.where("skipped IS NULL").drop("skipped")
    columns = ["path", "id", "skipped"]
    skipped = (
        outlines.select(columns).unionByName(verdicts.select(columns)).where("skipped IS NOT NULL")
    )
    writer = told.write.mode("error")
    if as_json:
        writer.option("ignoreNullFields", value=False).json(f"{output}/verdicts")
    else:
        writer.parquet(f"{output}/verdicts")
    skipped.write.mode("error").json(f"{output}/skipped")
    by_verdict = {row["verdict"]: row["count"] for row in told.groupBy("verdict").count().collect()}
    num_articles = stages.rows["outlines"]
    counts = Counts(num_articles, num_articles - sum(by_verdict.values()), by_verdict)
    stages.clear()
    return counts


class _Stages:
    """The results of stages, each computed once, whatever happens to the job.

    Attributes:
        rows: How many each stage gave, by its name.
    """

    def __init__(
        self,
        spark: SparkSession,
        output: str,
        source: str,
        articles: DataFrame,
        config: DedupConfig,
        report: Report,
    ) -> None:
        # What another input, release or configuration left is never taken for one's own.
        self.rows: dict[str, int] = {}
        parts = [
            _LAYOUT,
            source,
            Preparer(config).scheme,
            repr(config),
            *sorted(articles.inputFiles()),
        ]
        digest = sha256("\n".join(parts).encode()).hexdigest()[:16]
        self._spark = spark
        self._folder = f"{output}/_stages/{digest}"
        self._all = f"{output}/_stages"
        self._report = report

    def run(self, name: str, compute: Callable[[], DataFrame]) -> DataFrame:
        """Return a stage's result, computing it if it is not there."""
        path = f"{self._folder}/{name}"
        if self._exists(f"{path}/_SUCCESS"):
            self._report(name, "was there")
            self.rows[name] = self._spark.read.parquet(path).count()
        else:
            counted = Observation(name)
            frame = compute().observe(counted, F.count(F.lit(1)).alias("rows"))
            frame.write.mode("overwrite").parquet(path)
            self.rows[name] = counted.get["rows"]
        self._report(name, f"{self.rows[name]} rows")
        return self._spark.read.parquet(path)

    def keep(self, name: str, frame: DataFrame) -> DataFrame:
        """Write a result in the middle of a stage and return it as read again.

        That cuts a long lineage, and unlike a checkpoint in memory it survives the
        workers.
        """
        path = f"{self._folder}/{name}"
        frame.write.mode("overwrite").parquet(path)
        return self._spark.read.parquet(path)

    def clear(self) -> None:
        """Delete what the stages left."""
        file_system, path = _located(self._spark, self._all)
        file_system.delete(path, True)

    def _exists(self, path: str) -> bool:
        file_system, located = _located(self._spark, path)
        return bool(file_system.exists(located))


def _tuned(spark: SparkSession, source: str) -> SparkSession:
    """Return a session with as many partitions as the input needs, unless somebody chose."""
    tuned = spark.newSession()
    if not spark.sparkContext.getConf().contains(_PARTITIONS):
        file_system, path = _located(spark, source)
        size = file_system.getContentSummary(path).getLength() if file_system.exists(path) else 0
        wanted = -(-size * _SHUFFLED // _PARTITION_BYTES)
        tuned.conf.set(_PARTITIONS, max(wanted, spark.sparkContext.defaultParallelism))
    return tuned


def _located(spark: SparkSession, path: str) -> tuple[Any, Any]:
    """Return the file system of a path, and the path, as Hadoop knows them."""
    gateway: Any = spark.sparkContext._jvm  # noqa: SLF001  Hadoop's own interface
    located = gateway.org.apache.hadoop.fs.Path(path)
    configuration = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
    return located.getFileSystem(configuration), located


def _articles(spark: SparkSession, source: str) -> DataFrame:
    """Return the records of a folder's files, each as JSON with the path of its file."""
    frames = [*_lines(spark, source), *_rows(spark, source)]
    if not frames:
        msg = f"there is no Parquet or JSONL file in {source}"
        raise InvalidFieldError(msg)
    articles = frames[0]
    for frame in frames[1:]:
        articles = articles.unionByName(frame)
    return articles


def _lines(spark: SparkSession, source: str) -> Iterator[DataFrame]:
    reader = spark.read.option("recursiveFileLookup", value=True)
    lines = reader.option("pathGlobFilter", "*.{jsonl,ndjson,jsonl.gz,ndjson.gz}").text(source)
    if lines.inputFiles():
        yield lines.select(F.input_file_name().alias("path"), F.col("value").alias("record"))


def _rows(spark: SparkSession, source: str) -> Iterator[DataFrame]:
    reader = spark.read.option("recursiveFileLookup", value=True)
    try:
        rows = reader.option("pathGlobFilter", "*.parquet").parquet(source)
    except AnalysisException:  # there is no such file to take the columns from
        return
    columns = fields_by_name(rows.columns)
    if "text" not in columns:
        msg = "no column has the text; docs/scaling.md lists the names that it may have"
        raise InvalidFieldError(msg)
    fields = [F.col(f"`{name}`").alias(field) for field, name in columns.items()]
    record = F.to_json(F.struct(*fields)).alias("record")
    yield rows.select(F.input_file_name().alias("path"), record)


def _outlines(articles: DataFrame, config: DedupConfig) -> DataFrame:
    """Prepare every article."""

    def prepare(batches: Batches) -> Batches:
        context = TaskContext.get()
        assert context is not None  # this runs in a task
        doc = context.partitionId() << _DOC_BITS
        for batch in batches:
            for start in range(0, batch.num_rows, _ARTICLES_AT_ONCE):
                records = batch.slice(start, _ARTICLES_AT_ONCE).to_pylist()
                rows = list(_outline_rows(records, doc, _preparer(config)))
                doc += len(rows)
                yield from _as_batches(rows, _OUTLINE_ARROW)

    return articles.mapInArrow(prepare, _OUTLINE)


@cache
def _preparer(config: DedupConfig) -> Preparer:
    return Preparer(config)


def _outline_rows(
    records: list[dict[str, Any]], doc: int, preparer: Preparer
) -> Iterator[dict[str, Any]]:
    parsed = [_article_or_reason(record["record"]) for record in records]
    articles = [one for one in parsed if isinstance(one, Article)]
    outlines = iter(preparer.prepare_batch(articles))
    for number, (record, article) in enumerate(zip(records, parsed, strict=True), start=doc):
        row = {"doc": number, "path": record["path"]}
        if isinstance(article, DedupError):
            yield {**row, "skipped": str(article)}
            continue
        outcome = next(outlines)
        if isinstance(outcome, DedupError):
            yield {**row, "id": article.id, "skipped": str(outcome)}
        else:
            yield {**row, **_article_columns(article), **_outline_columns(outcome)}


def _article_or_reason(record: str) -> Article | DedupError:
    try:
        fields = orjson.loads(record)
        if not isinstance(fields, dict):
            return InvalidFieldError("a line must be a JSON object")
        return article_from_fields(fields, default_id=None)
    except ValueError as error:  # of JSON too
        return error if isinstance(error, DedupError) else InvalidFieldError(str(error))


def _article_columns(article: Article) -> dict[str, Any]:
    return {
        "text": article.text,
        "title": article.title,
        "url": article.url,
        "published_at": article.published_at,
        "format": article.format.value,
    }


def _outline_columns(outcome: PreparedArticle) -> dict[str, Any]:
    keys, probe = outcome.keys, outcome.probe
    return {
        "id": outcome.id,
        "damage": orjson.dumps(damage_to_dict(outcome.normalized.repaired.damage)).decode(),
        "cluster_id": founded_cluster_id(outcome.id),
        "listed": _joined(keys.whole, keys.pieces),
        "asked": _joined(probe.whole, probe.pieces),
        "num_whole": len(probe.whole),
        "num_pieces": probe.num_pieces,
    }


def _joined(whole: NDArray[np.uint64], pieces: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Return keys of both sorts as one, apart from each other; int64, shape (n,)."""
    return np.concatenate([whole.view(np.int64), pieces.astype(np.int64) | _PIECE])


def _pairs(outlines: DataFrame, buckets: DataFrame) -> DataFrame:
    """Return the pairs of articles that come near each other, and those of one id."""
    asking = outlines.select("doc", F.explode("asked").alias("key"))
    near = (
        asking.join(buckets, "key")
        .select("doc", "key", F.explode("docs").alias("other"), F.size("docs").alias("length"))
        .where("doc <> other")
        .groupBy("doc", "other")
        .agg(
            F.count_if(~_is_piece()).alias("shared_whole"),
            F.count_if(_is_piece()).alias("shared_pieces"),
            F.sum(1 / F.col("length")).alias("rarity"),
        )
    )
    sizes = outlines.select("doc", "num_pieces", "num_whole")
    others = outlines.select(
        F.col("doc").alias("other"),
        (F.size("listed") - F.col("num_whole")).alias("other_pieces"),
    )
    smaller = F.greatest(F.least("num_pieces", "other_pieces"), F.lit(1))
    share = F.least(F.col("shared_pieces") / smaller, F.lit(1.0))
    is_near = (
        (F.col("shared_whole") >= F.least(F.lit(_LEAST_WHOLE), "num_whole"))
        | (share >= _LEAST_SHARE)
        | (F.col("rarity") * F.sqrt(share) >= _LEAST_PROMISE)
    )
    near = near.join(sizes, "doc").join(others, "other").where(is_near).select("doc", "other")
    first = F.min("doc").over(Window.partitionBy("id"))
    namesakes = outlines.where("skipped IS NULL").select("doc", first.alias("other"))
    return near.unionByName(namesakes.where("doc <> other")).distinct()


def _is_piece() -> Column:
    return F.shiftright("key", 32) == _PIECE >> 32


def _buckets(outlines: DataFrame) -> DataFrame:
    """Return the articles under each key, of a hot one no more than the index would keep.

    Which ones is a matter of their ids, so that it does not depend on the partitions. Spark
    ranks before it shuffles: no task ever holds all the articles of a hot key.
    """
    listed = outlines.select(
        "doc", F.xxhash64("id").alias("order"), F.explode("listed").alias("key")
    )
    place = F.row_number().over(Window.partitionBy("key").orderBy("order", "doc"))
    return (
        listed.withColumn("place", place)
        .where(F.col("place") <= BUCKET_CAPACITY)
        .groupBy("key")
        .agg(F.collect_list("doc").alias("docs"))
        .where(F.size("docs") > 1)
    )


def _groups(pairs: DataFrame, stages: _Stages) -> DataFrame:
    """Return, for each article that others come near, the smallest number of its group."""
    if stages.rows["pairs"] <= _PAIRS_OF_A_TASK:
        return pairs.coalesce(1).mapInArrow(_group_in_memory, "doc long, group long")
    return _group_in_rounds(pairs, stages)


def _group_in_memory(batches: Batches) -> Batches:
    groups = Groups()
    for batch in batches:
        for one, other in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            groups.join(one, other)
    rows = ({"doc": doc, "group": group[0]} for group in groups.all() for doc in group)
    yield from _as_batches(rows, _GROUP_ARROW)


def _group_in_rounds(pairs: DataFrame, stages: _Stages) -> DataFrame:
    """The same for more pairs than one task can hold.

    References:
        Kiveris et al., "Connected components in MapReduce and beyond", 2014.
    """
    edges = stages.keep("edges-0", pairs.select("doc", "other"))
    number, before = 0, None
    while True:
        edges = _small_star(_large_star(edges))
        number += 1
        edges = stages.keep(f"edges-{number}", edges)
        after = edges.agg(
            F.count("*").alias("count"), F.sum(F.xxhash64("doc", "other").cast("decimal(38)"))
        ).first()
        if after == before:
            break
        before = after
    members = edges.select("doc", F.col("other").alias("group"))
    roots = edges.select(F.col("other").alias("doc"), F.col("other").alias("group"))
    return members.unionByName(roots).distinct()


def _large_star(edges: DataFrame) -> DataFrame:
    """Connect each article's larger neighbours with its smallest one, or itself."""
    both = edges.unionByName(edges.select(F.col("other").alias("doc"), F.col("doc").alias("other")))
    smallest = both.groupBy("doc").agg(F.min("other").alias("least"))
    least = F.least("doc", "least").alias("other")
    joined = both.join(smallest, "doc").where("other > doc")
    return joined.select(F.col("other").alias("doc"), least).distinct()


def _small_star(edges: DataFrame) -> DataFrame:
    """Connect each article and its smaller neighbours with the smallest of them."""
    down = edges.select(
        F.greatest("doc", "other").alias("doc"), F.least("doc", "other").alias("other")
    )
    smallest = down.groupBy("doc").agg(F.min("other").alias("least"))
    joined = down.join(smallest, "doc")
    own = smallest.select("doc", F.col("least").alias("other"))
    others = joined.select(F.col("other").alias("doc"), F.col("least").alias("other"))
    return own.unionByName(others).where("doc <> other").distinct()


def _verdicts(outlines: DataFrame, groups: DataFrame, config: DedupConfig) -> DataFrame:
    """Return the answer of every article that was not refused."""
    checked = outlines.where("skipped IS NULL")
    zero = F.lit(0.0)
    alone = checked.join(groups, "doc", "left_anti").select(
        "path",
        "id",
        F.lit(Verdict.NEW.value).alias("verdict"),
        F.lit(None).cast("string").alias("original"),
        "cluster_id",
        zero.alias("jaccard"),
        zero.alias("containment"),
        zero.alias("coverage"),
        F.from_json("damage", _DAMAGE).alias("damage"),
        F.lit(None).cast("string").alias("skipped"),
    )
    columns = ["path", "id", "text", "title", "url", "published_at", "format"]
    related = checked.join(groups, "doc").select("group", "doc", *columns)

    def compare(batches: Batches) -> Batches:
        yield from _as_batches(_scan_rows(batches, config), _VERDICT_ARROW)

    spread = related.repartition("group").sortWithinPartitions("group", "doc").drop("group", "doc")
    return alone.unionByName(spread.mapInArrow(compare, _VERDICT))


def _scan_rows(batches: Batches, config: DedupConfig) -> Iterator[dict[str, Any]]:
    """Scan the articles of a partition, which holds whole groups, in a store of its own."""
    paths: list[str] = []

    def articles() -> Iterator[Article]:
        for batch in batches:
            for row in batch.to_pylist():
                paths.append(row.pop("path"))
                yield Article(**{**row, "format": TextFormat(row["format"])})

    with (
        temporary_folder() as folder,
        Deduplicator.open(folder, config, durable=False) as dedup,
    ):
        for number, answer in enumerate(scan(dedup, articles(), keep=Keep.NOTHING, jobs=1)):
            if isinstance(answer, DedupError):  # its id is another text's
                yield {"path": paths[number], "skipped": str(answer)}
            else:
                row = scan_result_to_dict(paths[number], answer)
                row["damage"]["kinds"] = list(row["damage"]["kinds"].items())
                yield row


def _as_batches(rows: Iterable[dict[str, Any]], schema: pa.Schema) -> Batches:
    some: list[dict[str, Any]] = []
    for row in rows:
        some.append(row)
        if len(some) == _ARTICLES_AT_ONCE:
            yield pa.RecordBatch.from_pylist(some, schema)
            some = []
    if some:
        yield pa.RecordBatch.from_pylist(some, schema)
