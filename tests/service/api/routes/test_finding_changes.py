"""The service accepts the change of every finding, in a new run and in a fork of the first step."""

from typing import Any

import httpx2
import numpy as np
import pytest

from service.core.json_patch import merge_patch
from tests.service.helpers import WAIT

FORKED = {"descent", "objective"}
MODELS: list[dict[str, Any]] = [
    {"kind": "linear"},
    {"kind": "linear", "intercept": False},
    {"kind": "polynomial", "degree": 2},
    {"kind": "formula", "formula": "a*x1**2 + b"},
    {"kind": "formula", "formula": "a*(1 - exp(-b*x1))"},
    {"kind": "mlp", "hidden": [3]},
    {"kind": "mlp", "hidden": [3], "activation": "relu"},
    {"kind": "logistic"},
]
OPTIMIZERS = ["gd", "gd", "momentum", "nesterov", "adam", "rmsprop", "adagrad", "ista", "fista"]
SCHEDULES: list[dict[str, Any]] = [
    {"kind": "constant"},
    {"kind": "step", "every": 5, "factor": 0.5},
    {"kind": "exponential", "factor": 0.9},
    {"kind": "inverse_time", "rate": 0.1},
    {"kind": "cosine"},
    {"kind": "backtracking"},
]


def random_request(seed: int) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    model = MODELS[random.integers(len(MODELS))]
    classes = model["kind"] == "logistic"
    x = random.choice([0.1, 1.0, 30.0]) * random.normal(size=(20, 1)) + random.choice([0.0, 5.0])
    y = np.arange(20) % 2 if classes else np.round(x[:, 0] * 2 + random.normal(size=20), 3)
    descent: dict[str, Any] = {
        "steps": int(random.choice([3, 30, 100])),
        "learning_rate": float(10.0 ** random.integers(-8, 4)),
        "optimizer": {"kind": str(random.choice(OPTIMIZERS))},
        "schedule": SCHEDULES[random.integers(len(SCHEDULES))],
    }
    if descent["schedule"]["kind"] == "backtracking":
        descent["optimizer"] = {"kind": "gd"}
    elif random.integers(3) == 0:
        descent["batch_size"] = 4
    if random.integers(4) == 0:
        descent["clip_norm"] = 1.0
    if random.integers(4) == 0:
        descent["stop"] = {"gradient_norm": 10.0, "loss_change": 1e-9}
    losses = ["log_loss", "mse"] if classes else ["mse", "sse", "mae", "huber"]
    return {
        "dataset": {"x": np.round(x, 3).tolist(), "y": y.tolist()},
        "model": model,
        "standardize": model["kind"] != "formula" and bool(random.integers(2)),
        "objective": {"loss": str(random.choice(losses))},
        "descent": descent,
    }


def assert_accepted(client: httpx2.Client, body: dict[str, Any]) -> int:
    """The number of the run's findings, each with an accepted change."""
    run = client.post("/fit", json=body, headers=WAIT).json()
    for finding in run["diagnosis"]:
        change = finding["change"] or {}
        again = client.post("/fit?validate_only=true", json=merge_patch(body, change))
        assert again.status_code == 200, (body, finding, again.text)
        if change.keys() <= FORKED and "theta0" not in change.get("descent", {}):
            fork = client.post(f"/runs/{run['id']}/fork", json={"from_step": 0, "changes": change})
            assert fork.status_code == 202, (body, finding, fork.text)
    return len(run["diagnosis"])


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_the_change_of_each_finding_is_accepted(client: httpx2.Client, first: int) -> None:
    found = sum(assert_accepted(client, random_request(seed)) for seed in range(first, first + 50))
    assert found > 5


def test_a_line_search_replaces_mini_batches(client: httpx2.Client) -> None:
    body = {
        "dataset": {"x": [[float(i)] for i in range(20)], "y": [float(i % 3) for i in range(20)]},
        "model": {"kind": "formula", "formula": "a*x1**2+b"},
        "objective": {"loss": "huber"},
        "descent": {"steps": 100, "learning_rate": 10, "batch_size": 4},
    }
    assert assert_accepted(client, body) == 1


def test_a_finding_without_a_known_correction_has_no_change(client: httpx2.Client) -> None:
    body = {
        "dataset": {"x": [[float(i)] for i in range(8)], "y": [1e200 * i for i in range(8)]},
        "split": {"test_fraction": 0.0},
        "descent": {"learning_rate": 0.01},
    }
    run = client.post("/fit", json=body, headers=WAIT).json()
    assert run["status"] == "diverged"
    assert [(finding["code"], finding["change"]) for finding in run["diagnosis"]] == [("infinite_start", None)]


@pytest.mark.parametrize("rate", [0.001, "auto"])
def test_a_formula_without_a_value_at_the_start_is_told_by_row_and_part(
    client: httpx2.Client, rate: float | str
) -> None:
    """`log(0)` in the first row: no number comes of it, with any rate."""
    body = {
        "dataset": {"x": [[0], [1], [2], [3]], "y": [1, 2, 3, 4]},
        "model": {"kind": "formula", "formula": "a + b*log(x1)"},
        "split": {"test_fraction": 0},
        "descent": {"learning_rate": rate},
    }
    run = client.post("/fit", json=body, headers=WAIT).json()
    told = run["error"]["message"] if rate == "auto" else run["diagnosis"][0]["sentence"]
    assert "not a finite number at θ₀ in row 0 (x1 = 0): log(x1)" in told
