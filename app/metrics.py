"""What Prometheus reads at `/metrics`: of every stage, of every worker.

Several workers write into files of one directory, which whichever of them is asked adds up
(`PROMETHEUS_MULTIPROC_DIR`, set by `app.server` before anything of this is imported).
Figures of the store are not kept but read when they are asked for.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from app.version import RELEASE
from dedup import CheckResult, Verdict
from dedup.observation import Observer, Stage

if TYPE_CHECKING:
    from app.dependencies import Service

__all__ = [
    "SHARED_DIRECTORY",
    "PrometheusObserver",
    "committed",
    "count_answer",
    "count_problem",
    "count_request",
    "expired",
    "exposition",
    "forget_dead_workers",
    "waiting",
]

SHARED_DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STAGE_SECONDS = (0.00005, 0.0001, 0.00025, *_SECONDS)
_COUNTS = (0, 1, 2, 4, 8, 16, 32, 64, 128, 256)

_CHECKS = Counter("dedup_checks", "Checks answered, by verdict.", ["verdict"])
_CHECK_SECONDS = Histogram(
    "dedup_check_seconds", "From a /check request to its answer.", buckets=_SECONDS
)
_REQUESTS = Counter("dedup_requests", "Requests answered.", ["route", "method", "status"])
_REQUEST_SECONDS = Histogram(
    "dedup_request_seconds", "From a request to its answer, by route.", ["route"], buckets=_SECONDS
)
_PROBLEMS = Counter("dedup_problems", "Problems told, in batches too, by code.", ["code"])
_STAGES = Histogram(
    "dedup_stage_seconds",
    "Time of a stage, of articles that came at once.",
    ["stage"],
    buckets=_STAGE_SECONDS,
)
_CANDIDATES = Histogram(
    "dedup_candidates", "Known articles compared with an incoming one.", buckets=_COUNTS
)
_GROUP = Histogram(
    "dedup_commit_articles", "Articles remembered in one transaction.", buckets=_COUNTS
)
_EXPIRED = Counter("dedup_expired_articles", "Articles forgotten for their age or number.")
_QUEUE = Gauge(
    "dedup_queue_articles", "Articles that wait to be remembered.", multiprocess_mode="livesum"
)

_VERDICTS = {verdict: _CHECKS.labels(verdict.value) for verdict in Verdict}
_STAGE = {stage: _STAGES.labels(stage.value) for stage in Stage}


class PrometheusObserver(Observer):
    """Measures the main path."""

    def took(self, stage: Stage, seconds: float) -> None:
        """Count a stage's time."""
        _STAGE[stage].observe(seconds)

    def met(self, num_candidates: int) -> None:
        """Count an article's candidates."""
        _CANDIDATES.observe(num_candidates)


def count_answer(result: CheckResult) -> None:
    """Count an answered check."""
    _VERDICTS[result.verdict].inc()


def count_problem(code: str) -> None:
    """Count a problem that a client was told."""
    _PROBLEMS.labels(code).inc()


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count an answered request."""
    requests, request_seconds = _of_request(route, method, status)
    requests.inc()
    request_seconds.observe(seconds)
    if route == "/check":
        _CHECK_SECONDS.observe(seconds)


@cache  # routes, methods and statuses are few, and looking labels up costs more than counting
def _of_request(route: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(route, method, status), _REQUEST_SECONDS.labels(route)


def waiting(num_articles: int) -> None:
    """Tell how many articles wait to be remembered."""
    _QUEUE.set(num_articles)


def committed(num_articles: int) -> None:
    """Count a transaction."""
    _GROUP.observe(num_articles)


def expired(num_articles: int) -> None:
    """Count articles that were forgotten."""
    _EXPIRED.inc(num_articles)


def exposition(service: "Service") -> bytes:
    """Return everything in Prometheus' text format."""
    if os.environ.get(SHARED_DIRECTORY):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry = REGISTRY
    own = CollectorRegistry()
    own.register(_StoreCollector(service))
    return generate_latest(registry) + generate_latest(own)


def forget_dead_workers() -> None:
    """Drop the gauges of workers that are gone; their counters stay counted."""
    folder = os.environ.get(SHARED_DIRECTORY)
    if not folder:
        return
    for file in Path(folder).glob("gauge_live*_*.db"):
        pid = int(file.stem.rpartition("_")[2])
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]


class _StoreCollector:
    """Figures of the store and of the answering worker's index, read when asked for."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    def collect(self) -> Iterator[GaugeMetricFamily]:
        dedup = self._service.dedup
        stats = dedup.stats()
        yield from _gauges(
            ("dedup_articles", "Articles in the store.", stats.articles),
            ("dedup_clusters", "Clusters in the store, each with one original.", stats.clusters),
            ("dedup_store_bytes", "Size of the store's database.", stats.bytes_on_disk),
            ("dedup_log_sequence", "Newest entry of the store's log.", stats.sequence),
            ("dedup_index_originals", "Originals in a worker's index.", dedup.index_size),
            ("dedup_index_bytes", "Memory of a worker's index.", dedup.index_nbytes),
        )
        info = GaugeMetricFamily("dedup_info", "What is running.", labels=["release", "scheme"])
        info.add_metric([RELEASE, stats.scheme], 1)
        yield info


def _gauges(*figures: tuple[str, str, float]) -> Iterable[GaugeMetricFamily]:
    return (GaugeMetricFamily(name, text, value=value) for name, text, value in figures)
