"""What the judgement of a run costs: its seconds as a share of the run, and of its allowance.

The allowance is what the service promises: a fifth of the seconds of the run, or 50 ms. The worker keeps to it by
estimates (`worker/budget.py`), so that both are measured here.
"""

import subprocess
from collections.abc import Iterator
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import numpy as np

from benchmarks.harness import Measure, Result, absolute
from service.core.run_record import KINDS_OF_WORK
from service.server.live_server import running_service
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
            _shares(client, random, changes)
        for name, changes in MODELS.items():
            shares, ratios = zip(*[_shares(client, random, changes) for _ in range(ROUNDS)], strict=True)
            yield absolute(f"judging a run as a share of its allowance, {name}", Measure(shares, "×"))
            yield absolute(f"… and of the run, {name}", Measure(ratios, "×"))


def _shares(client: httpx2.Client, random: np.random.Generator, changes: dict[str, Any]) -> tuple[float, float]:
    """The seconds of a judgement as a share of its allowance, and of the run."""
    x = random.standard_normal((1000, 4))
    scores = x @ [1.0, -1.0, 0.5, 0.2] + random.standard_normal(1000)
    y = (scores > 0).astype(int) if changes.get("model", {}).get("kind") == "logistic" else scores
    body = {"dataset": {"x": x.tolist(), "y": y.tolist()}, **changes}
    run = client.post("/fit", json=body, headers={"Prefer": "wait=60"}).raise_for_status().json()
    while run["convergence"] is None:
        run = client.get(f"/runs/{run['id']}").json()
    timings = run["timings"]
    seconds, judgement = sum(timings[name] for name in KINDS_OF_WORK), timings["judgement_seconds"]
    return judgement / max(SHARE * seconds, LEAST_SECONDS), judgement / seconds
