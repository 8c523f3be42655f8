"""Metrics in the text format of Prometheus. Its library is imported by the first scrape: few services have one."""

import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from service.api.request_times import BOUNDS, RequestTimes
from service.storage import run_counts
from service.storage.database import Database

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UPPER = (*map(str, BOUNDS), "+Inf")


class Stored(NamedTuple):
    """What the database tells: runs by status, seconds for which the oldest queued run waits, bytes of the files."""

    runs: dict[str, int]
    oldest_seconds: float
    size: int


def stored(database: Database, file: Path | None) -> Stored:
    """The state of the database at this moment."""
    with database.reading() as connection:
        oldest = run_counts.oldest_queued(connection)
        waits = 0.0 if oldest is None else max(0.0, time.time() - oldest)
        return Stored(run_counts.by_status(connection), waits, _size(file))


def _size(file: Path | None) -> int:
    """Bytes of the database file and its log."""
    files = [] if file is None else [file, file.with_name(f"{file.name}-wal")]
    return sum(each.stat().st_size for each in files if each.exists())


def text_of(found: Stored, times: RequestTimes, *, is_ready: bool) -> bytes:
    """The metrics as text."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    registry.register(_Collector([*_of_store(found, is_ready=is_ready), *_of_requests(times)]))
    return generate_latest(registry)


class _Collector:
    """Metrics that are made already, as a registry takes them."""

    def __init__(self, metrics: "Sequence[Metric]") -> None:
        self._metrics = metrics

    def collect(self) -> "Sequence[Metric]":
        return self._metrics


def _of_store(found: Stored, *, is_ready: bool) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    runs = GaugeMetricFamily("descent_runs", "Stored runs by status", labels=["status"])
    for status, count in found.runs.items():
        runs.add_metric([status], count)
    yield runs
    for name, text, value in (
        ("descent_oldest_queued_seconds", "Time for which the oldest queued run waits", found.oldest_seconds),
        ("descent_database_bytes", "Size of the database file and its log", found.size),
        ("descent_ready", "1 if the service can work, as /readyz says; else 0", float(is_ready)),
    ):
        yield GaugeMetricFamily(name, text, value=value)


def _of_requests(times: RequestTimes) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily  # noqa: PLC0415

    answers = CounterMetricFamily(
        "descent_http_requests", "Answers of this process", labels=["method", "route", "status"]
    )
    for (endpoint, status), count in times.statuses.copy().items():
        answers.add_metric([*endpoint, str(status)], count)
    yield answers
    seconds = HistogramMetricFamily(
        "descent_http_request_seconds", "Time until an answer of this process began", labels=["method", "route"]
    )
    for endpoint, of_endpoint in times.times.copy().items():
        buckets = list(zip(UPPER, map(float, accumulate(of_endpoint.counts)), strict=True))
        seconds.add_metric([*endpoint], buckets, of_endpoint.total)
    yield seconds
