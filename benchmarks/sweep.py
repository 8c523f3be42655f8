"""A sweep of 100 learning rates × 1,000 steps, 1,000 rows × 4: from its submission until it is ranked."""

import subprocess
import time
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import numpy as np

from benchmarks.harness import Measure, Result, absolute
from service.server.live_server import running_service

ROUNDS, RATES, STEPS = 5, 100, 1000


def run() -> Iterator[Result]:
    """Two workers, the data new and sent along each time, every step of every run stored."""
    random = np.random.default_rng(0)
    with (
        TemporaryDirectory() as home,
        running_service(
            "--workers", "2", "--database", f"sqlite:///{home}/descent.db", log=subprocess.DEVNULL
        ) as service,
        httpx2.Client(base_url=service.url, timeout=120) as client,
    ):
        _until_ranked(client, _body(random, {}))  # until both workers have surely started
        linear = [_until_ranked(client, _body(random, {})) for _ in range(ROUNDS)]
        logistic, small = (
            [_until_ranked(client, _body(random, {"model": {"kind": "logistic"}}, rows)) for _ in range(ROUNDS)]
            for rows in (1000, 100)
        )
    what = f"sweep of {RATES} learning rates × {STEPS:,} steps, 1,000 × 4, until ranked"
    yield absolute(what, Measure(linear, "s"))
    yield absolute("… of a logistic regression", Measure(logistic, "s"))
    yield absolute("… of a logistic regression, 100 × 4", Measure(small, "s"))


def _body(random: np.random.Generator, changes: dict[str, Any], rows: int = 1000) -> dict[str, Any]:
    x = random.standard_normal((rows, 4))
    scores = x @ [1.0, 2.0, 3.0, 4.0] + random.standard_normal(rows)
    y = (scores > 0).astype(int) if changes else scores
    base = {"dataset": {"x": x.tolist(), "y": y.tolist()}, "descent": {"steps": STEPS}, **changes}
    rates = {"from": 0.001, "to": 0.5, "count": RATES, "scale": "log"}
    return {"base": base, "grid": {"/descent/learning_rate": rates}}


def _until_ranked(client: httpx2.Client, body: dict[str, Any]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    answer = client.post("/sweeps", json=body, headers={"Prefer": "wait=60"}).raise_for_status()
    spent = time.perf_counter() - begun
    assert answer.status_code == 200
    assert [member["rank"] is not None for member in answer.json()["ranking"]] == [True] * RATES
    return spent
