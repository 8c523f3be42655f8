"""A constant column never refuses a request: the run has the finding constant_column, and its weight stays at θ₀."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from tests.service.helpers import problem_of

PIXELS = {
    "dataset": {
        "x": [[0, 1, 5], [0, 2, 3], [0, 3, 8], [0, 4, 1], [0, 5, 7], [0, 6, 2]],
        "y": ["a", "a", "a", "b", "b", "b"],
        "feature_names": ["pixel_0", "pixel_1", "pixel_2"],
    },
    "split": {"test_fraction": 0},
}
NUMBERS = {"dataset": PIXELS["dataset"] | {"y": [1, 3, 4, 4, 6, 7]}}  # type: ignore[operator]
CLASSIFIERS: list[dict[str, Any]] = [
    {"kind": "mlp", "task": "classification"},
    {"kind": "logistic"},
    {"kind": "softmax"},
    {"kind": "logistic", "intercept": False},
]
REGRESSIONS: list[dict[str, Any]] = [
    {"kind": "linear"},
    {"kind": "linear", "intercept": False},
    {"kind": "polynomial", "degree": 2},
    {"kind": "mlp"},
]


def ended(api: TestClient, work: Callable[[], None], **body: Any) -> dict[str, Any]:
    answer = api.post("/fit", json=PIXELS | body)
    assert answer.status_code == 202, answer.text
    work()
    run: dict[str, Any] = api.get(f"/runs/{answer.json()['id']}").json()
    assert run["status"] == "succeeded", run["error"]
    return run


def evidence(run: dict[str, Any]) -> dict[str, Any]:
    [found] = [finding["evidence"] for finding in run["diagnosis"] if finding["code"] == "constant_column"]
    return dict(found)


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("model", CLASSIFIERS + REGRESSIONS, ids=str)
def test_a_constant_column_is_a_finding(
    model: dict[str, Any], standardize: bool, api: TestClient, work: Callable[[], None]
) -> None:
    data = NUMBERS if model in REGRESSIONS else {}
    run = ended(api, work, **data, model=model, standardize=standardize)
    assert "pixel_0" in evidence(run)["columns"]
    if model["kind"] in ("linear", "logistic"):
        assert run["final"]["coefficients"]["pixel_0"] == 0.0


@pytest.mark.parametrize("value", [3.0, -1e-3, 1e9, 0.1])
def test_the_weight_of_a_standardised_constant_is_zero(value: float, api: TestClient, work: Callable[[], None]) -> None:
    dataset = {"x": [[value, n] for n in range(8)], "y": [2.0 * n + 1.0 for n in range(8)]}
    run = ended(api, work, dataset=dataset, standardize=True)
    assert run["final"]["coefficients"] == {
        "intercept": pytest.approx(1.0),
        "x1": 0.0,
        "x2": pytest.approx(2.0),
    }
    assert evidence(run) == {"columns": ["x1"], "values": [pytest.approx(value)]}


def test_constant_columns_alone_give_the_mean(api: TestClient, work: Callable[[], None]) -> None:
    run = ended(api, work, dataset={"x": [[3.0]] * 8, "y": list(range(8))}, standardize=True)
    assert run["final"]["coefficients"] == {"intercept": pytest.approx(3.5), "x1": 0.0}
    assert evidence(run)["columns"] == ["x1"]


def test_the_finding_names_all_constant_columns(api: TestClient, work: Callable[[], None]) -> None:
    random = np.random.default_rng(0)
    digits = random.integers(0, 17, size=(40, 64)).astype(float)
    digits[:, [0, 32, 39]] = 0.0
    dataset = {"x": digits.tolist(), "y": (np.arange(40) % 10).tolist()}
    run = ended(api, work, dataset=dataset, model={"kind": "softmax"}, standardize=True)
    assert evidence(run)["columns"] == ["x1", "x33", "x40"]


def test_a_column_whose_deviation_underflows_is_refused(api: TestClient) -> None:
    body = {"dataset": {"x": [[1e-200], [3e-200], [2e-200]], "y": [1, 2, 3]}, "standardize": True}
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert (error["pointer"], error["hint"]) == ("/dataset/x", "Give the feature in a smaller unit.")
