"""Metrics in the text format of Prometheus. Its library is imported by the first scrape: few services have one."""

import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from service.api.request_times import BOUNDS, RequestTimes
from service.core.run_status import RunStatus
from service.storage import run_counts
from service.storage.database import Database
from service.storage.sqlite import disk_space

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
UPPER = (*map(str, BOUNDS), "+Inf")


class StoreState(NamedTuple):
    """State of the database: runs by status, age of the oldest queued run in seconds, size of the files in bytes."""

    runs: dict[str, int]
    oldest_seconds: float
    size: int


def store_state(database: Database, file: Path) -> StoreState:
    """The state of the database at this moment."""
    with database.reading() as connection:
        oldest = run_counts.oldest_queued(connection)
        age = 0.0 if oldest is None else max(0.0, time.time() - oldest)
        counts = {status.value: 0 for status in RunStatus} | run_counts.by_status(connection)
    return StoreState(counts, age, disk_space.file_bytes(file))


def metrics_text(state: StoreState | None, times: RequestTimes, *, is_ready: bool) -> bytes:
    """The metrics as text; without those of the database if its state is unknown."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest  # noqa: PLC0415
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    ready = GaugeMetricFamily("descent_ready", "1 if the service can work, as /readyz says; else 0", value=is_ready)
    of_store = [] if state is None else _of_store(state)
    registry.register(_Collector([ready, *of_store, *_of_requests(times)]))
    return generate_latest(registry)


class _Collector:
    """Metrics that are made already, as a registry takes them."""

    def __init__(self, metrics: "Sequence[Metric]") -> None:
        self._metrics = metrics

    def collect(self) -> "Sequence[Metric]":
        return self._metrics


def _of_store(state: StoreState) -> "Iterator[Metric]":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    runs = GaugeMetricFamily("descent_runs", "Stored runs by status", labels=["status"])
    for status, count in state.runs.items():
        runs.add_metric([status], count)
    yield runs
    for name, text, value in (
        ("descent_oldest_queued_run_age_seconds", "Time since the oldest queued run was created", state.oldest_seconds),
        ("descent_database_size_bytes", "Size of the database file and its log", state.size),
    ):
        yield GaugeMetricFamily(name, text, value=value)


def _of_requests(times: RequestTimes) -> "Iterator[Metric]":
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily  # noqa: PLC0415

    answers = CounterMetricFamily(
        "descent_http_requests", "Answers of this process; HEAD counts as GET", labels=["method", "route", "code"]
    )
    for (endpoint, code), count in times.codes.copy().items():
        answers.add_metric([*endpoint, str(code)], count)
    yield answers
    seconds = HistogramMetricFamily(
        "descent_http_request_duration_seconds",
        "Time until an answer of this process began",
        labels=["method", "route"],
    )
    for endpoint, histogram in times.histograms.copy().items():
        buckets = list(zip(UPPER, map(float, accumulate(histogram.counts)), strict=True))
        seconds.add_metric([*endpoint], buckets, histogram.total)
    yield seconds
