"""Sweeps over the starts of functions without data."""

from typing import Any

import numpy as np
from fastapi.testclient import TestClient

from gd_engine import BENCHMARK_FUNCTIONS
from tests.service.api.routes.test_functions import Work, finished


def test_a_sweep_over_starts(api: TestClient, work: Work) -> None:
    grid = {"/descent/theta0/a": [-4, 4], "/descent/theta0/b": [-4, 4]}
    base = {"function": {"name": "himmelblau"}, "descent": {"steps": 200, "learning_rate": 0.005}}
    sweep = api.post("/sweeps", json={"base": base, "grid": grid}).json()
    work()
    ends = [each["final"]["theta"] for each in api.get(f"/runs?sweep={sweep['id']}").json()["data"]]
    minima = [list(minimum.theta.values()) for minimum in BENCHMARK_FUNCTIONS["himmelblau"].minima]
    assert sorted(np.round(ends, 6).tolist()) == sorted(np.round(minima, 6).tolist())
    one = {"base": base, "list": [{"descent": {"theta0": {"a": 2}}}, {"descent": {"theta0": {"kind": "normal"}}}]}
    starts = [each["request"]["descent"]["theta0"] for each in _members(api, one)]
    assert starts == [{"kind": "normal", "scale": 1.0}, {"a": 2.0, "b": 4.0}]
    run = finished(api, work, base)
    again = {"run": run["id"], "grid": {"/descent/theta0/b": [1, 5]}}
    starts = [each["request"]["descent"]["theta0"] for each in _members(api, again)]
    assert starts == [{"a": 0.0, "b": 5.0}, {"a": 0.0, "b": 1.0}]


def _members(api: TestClient, sweep: dict[str, Any]) -> list[dict[str, Any]]:
    answer = api.post("/sweeps", json=sweep)
    assert answer.status_code == 202, answer.text
    found: list[dict[str, Any]] = api.get(f"/runs?sweep={answer.json()['id']}").json()["data"]
    return found
