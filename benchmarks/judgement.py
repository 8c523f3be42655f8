"""What the judgement of a run costs: its seconds as a share of its allowance, a fifth of the run or 50 ms."""

import subprocess
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import numpy as np

from benchmarks.harness import Measure, Result, absolute
from service.core.run_record import KINDS_OF_WORK
from service.testing.live_server import running_service
from service.worker.judgement import LEAST_SECONDS, SHARE

ROUNDS = 5
MODELS: dict[str, dict[str, Any]] = {
    "linear": {},
    "linear, batches of 32": {"descent": {"batch_size": 32}},
    "logistic": {"model": {"kind": "logistic"}},
    "mae": {"objective": {"loss": "mae"}, "descent": {"learning_rate": 0.01}},
    "perceptron": {"model": {"kind": "mlp"}, "descent": {"steps": 2000}},
    "perceptron of 64": {"model": {"kind": "mlp", "hidden": [64]}, "descent": {"steps": 2000}},
}


def run() -> Iterator[Result]:
    """One worker, 1,000 rows × 4. Its first run of a perceptron imports SciPy, which is not counted."""
    random = np.random.default_rng(0)
    with (
        TemporaryDirectory() as home,
        running_service(
            "--workers", "1", "--database", f"sqlite:///{home}/descent.db", log=subprocess.DEVNULL
        ) as service,
        httpx2.Client(base_url=service.url, timeout=120) as client,
    ):
        for changes in MODELS.values():
            _share(client, random, changes)
        for name, changes in MODELS.items():
            shares = [_share(client, random, changes) for _ in range(ROUNDS)]
            yield absolute(f"judging a run as a share of its allowance, {name}", Measure(shares, "×"))


def _share(client: httpx2.Client, random: np.random.Generator, changes: dict[str, Any]) -> float:
    x = random.standard_normal((1000, 4))
    scores = x @ [1.0, -1.0, 0.5, 0.2] + random.standard_normal(1000)
    y = (scores > 0).astype(int) if changes.get("model", {}).get("kind") == "logistic" else scores
    body = {"dataset": {"x": x.tolist(), "y": y.tolist()}, **changes}
    run = client.post("/fit", json=body, headers={"Prefer": "wait=60"}).raise_for_status().json()
    while run["convergence"] is None:
        run = client.get(f"/runs/{run['id']}").json()
    timings = run["timings"]
    allowance = max(SHARE * sum(timings[name] for name in KINDS_OF_WORK), LEAST_SECONDS)
    return float(timings["judgement_seconds"] / allowance)
