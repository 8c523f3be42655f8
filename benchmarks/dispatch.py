"""The latency of an idle service: from submission to a run's start, and to the client's result of a small run."""

import random
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import Any

import httpx2

from benchmarks.harness import Measure, Result, absolute, seconds, until
from service.server.live_server import running_service

RUNS, WAITED_RUNS = 120, 40
BODY = {"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}}


def run() -> Iterator[Result]:
    """Measures with two workers and irregular pauses."""
    with (
        TemporaryDirectory() as home,
        running_service(
            "--workers", "2", "--database", f"sqlite:///{home}/descent.db", log=subprocess.DEVNULL
        ) as service,
        httpx2.Client(base_url=service.url, timeout=30) as client,
    ):
        for _ in range(5):
            _post(client, wait=True)  # until both workers have surely started
        delays = [1000 * _delay(client) for _ in range(RUNS)]
        waited = []
        for _ in range(WAITED_RUNS):
            _pause()
            waited.append(1000 * seconds(lambda: _post(client, wait=True)))
    yield absolute("from a run's created_at to its started_at", Measure(delays, "ms"))
    yield absolute("from POST /fit to its finished run, `Prefer: wait`", Measure(waited, "ms"))


def _post(client: httpx2.Client, *, wait: bool) -> dict[str, Any]:
    answer = client.post("/fit", json=BODY, headers={"Prefer": "wait=10"} if wait else {})
    answer.raise_for_status()
    assert answer.status_code == (200 if wait else 202)
    return dict(answer.json())


def _delay(client: httpx2.Client) -> float:
    _pause()
    path = _post(client, wait=False)["links"]["self"]
    time.sleep(0.1)  # an immediate request would wake the workers' core

    def finished() -> Any:
        found = client.get(path).raise_for_status().json()
        return found if found["finished_at"] else None

    found = until(finished, within=20, pause=0.1)
    created, started = (datetime.fromisoformat(found[name]) for name in ("created_at", "started_at"))
    return (started - created).total_seconds()


def _pause() -> None:
    time.sleep(random.uniform(0.05, 0.15))
