"""POST /fit of 100 rows × 4 features, each body new, beside a bare FastAPI route and one INSERT."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson

from benchmarks.harness import Measure, Result, compared, interleaved
from benchmarks.http_load import post_request, rate
from service.server.live_server import running_service

ROUNDS, REQUESTS, CONNECTIONS = 9, 400, 8


def run() -> Iterator[Result]:
    """Submissions a second, by the same eight keep-alive connections."""
    random = np.random.default_rng(0)
    cpu: list[float] = []

    def measured(url: str) -> float:
        requests = [_request(random) for _ in range(REQUESTS)]
        begun, wall = time.process_time(), time.perf_counter()
        found = rate(url, CONNECTIONS, requests)
        cpu.append((time.process_time() - begun) / (time.perf_counter() - wall))
        return found

    with (
        TemporaryDirectory() as home,
        running_service("--workers", "0", "--database", f"sqlite:///{home}/ours.db", log=subprocess.DEVNULL) as service,
        bare_service(Path(home) / "bare.db") as bare_url,
    ):
        rates = interleaved(ROUNDS, lambda: measured(service.url), lambda: measured(bare_url))
    unit = "requests/s"
    yield compared("POST /fit, 100 rows × 4", Measure(rates[0], unit), Measure(rates[1], unit), "FastAPI + INSERT")
    yield Result("… the client's share of a core meanwhile", str(Measure([100 * share for share in cpu], "%")))


def _request(random: np.random.Generator) -> bytes:
    x, y = random.standard_normal((100, 4)), random.standard_normal(100)
    return post_request("/fit", orjson.dumps({"dataset": {"x": x, "y": y}}, option=orjson.OPT_SERIALIZE_NUMPY))


@contextmanager
def bare_service(database: Path) -> Iterator[str]:
    """The yardstick as a process of its own; its URL."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare_api", str(database)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with closing(process.stdout):
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
            process.wait()
