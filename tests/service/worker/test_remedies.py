"""Remedies: which settings are tried for a descent that went wrong, and where they lead."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.worker import judgement, trials
from service.worker.process import Worker
from service.worker.remedies import remedies
from tests.gd_engine.diagnosis.test_findings import merged
from tests.service.worker.test_trials import NOISE, finished, of_data, offered, worker

__all__ = ["worker"]


def test_a_formula_goes_on_from_its_last_step_where_another_rate_suits(api: TestClient, worker: Worker) -> None:
    """At θ₀ E is steep, so that the rate for it is too small near the minimum."""
    x = np.linspace(0.1, 3.0, 40)
    y = 0.6 * np.exp(0.4 * x) + 0.1 * NOISE[:40]
    growth = {"kind": "formula", "formula": "a*exp(b*x1)"}
    run = finished(api, worker, of_data(x[:, None], y, model=growth, descent={"steps": 230, "learning_rate": "auto"}))
    change = offered(run)["change"]
    assert change["descent"]["theta0"] == run["final"]["coefficients"]
    again = finished(api, worker, merged(run["request"], change))
    assert (again["convergence"]["state"], again["diagnosis"]) == ("converged", [])


def test_the_start_of_a_function_stays(api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rosenbrock's default start is its minimum: from there every change keeps any promise."""
    monkeypatch.setattr(judgement, "LEAST_SECONDS", 1.0)
    theta0 = {"a": -1.2, "b": 1.0}
    function = {"formula": "(1-a)**2 + 100*(b-a**2)**2"}
    run = finished(api, worker, {"function": function, "descent": {"theta0": theta0, "steps": 500}})
    change = offered(run)["change"]
    again = finished(api, worker, merged(run["request"], change))
    assert again["request"]["descent"]["theta0"] == theta0
    assert again["final"]["train_loss"] < 0.1 * run["final"]["train_loss"]


@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_the_remedies_for_huber_do_not_depend_on_the_unit_of_the_target(
    unit: float, api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The errors of a constant are 6,000 δ, or 6 δ."""
    seen: list[str] = []

    def looked(*given: Any) -> Any:
        found = remedies(*given)
        descent: Any = found[0]["descent"]
        seen.append(descent["optimizer"]["kind"])
        return found

    monkeypatch.setattr(trials, "remedies", looked)
    x = np.linspace(0.0, 1.0, 20)
    for far in (24_000.0, 24.0):
        y = unit * far * x + unit * np.cos(50.0 * x)
        huber = {"loss": "huber", "delta": unit}
        finished(api, worker, of_data(x[:, None], y, objective=huber, descent={"steps": 3, "learning_rate": 1e-9}))
    assert (seen[0], seen[-1]) == ("adam", "nesterov")
