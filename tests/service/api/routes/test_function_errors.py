"""Refusals of requests with a function without data."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.api.routes.test_functions import ROSENBROCK, Work, finished
from tests.service.helpers import LINE, problem_of


@pytest.mark.parametrize(
    ("body", "pointer", "message"),
    [
        ({}, "/dataset", "Missing field."),
        ({"function": None}, "/dataset", "Missing field."),
        ({**LINE, "function": {"name": "bowl"}}, "/dataset", "A function has no data, and so no dataset."),
        ({"function": {"name": "bowl"}, "model": {"kind": "linear"}}, "/model", "and so no model"),
        ({"function": {"name": "bowl"}, "split": {"test_fraction": 0}}, "/split", "and so no split"),
        ({"function": {"name": "bowl"}, "standardize": False}, "/standardize", "and so no standardize"),
        ({"function": {"name": "bowl"}, "objective": {"loss": "mse"}}, "/objective/loss", "has no loss"),
        ({"function": {"name": "bowl"}, "objective": {"delta": 1}}, "/objective/delta", "no delta"),
        ({"function": {"name": "bowl"}, "descent": {"batch_size": 3}}, "/descent/batch_size", "no rows"),
        ({"function": {"name": "bowl"}, "descent": {"stop": {"patience": 3}}}, "/descent/stop/patience", "validation"),
        ({"function": {"name": "bowls"}}, "/function/name", "There is no function bowls."),
        ({"function": {"name": "bowl", "formula": "a"}}, "/function/formula", "Unknown field."),
        ({"function": {}}, "/function/formula", "Missing field."),
        ({"function": "a**2"}, "/function", "This is not an object."),
        ({"function": {"formula": "2"}}, "/function/formula", "no parameter"),
        ({"function": {"formula": "a*" * 500 + "a"}}, "/function/formula", "1001 characters"),
        ({"function": {"formula": "+".join(f"a{i}" for i in range(51))}}, "/function/formula", "more than 50"),
        ({**ROSENBROCK, "descent": {"theta0": {"a": 1}}}, "/descent/theta0", "b is missing."),
        ({**ROSENBROCK, "descent": {"theta0": [1]}}, "/descent/theta0", "θ₀ has 1 number, the function 2 parameters."),
        ({**ROSENBROCK, "descent": {"steps": 10**9}}, "/descent/steps", "At most"),
    ],
)
def test_a_refusal_names_the_field(body: dict[str, Any], pointer: str, message: str, api: TestClient) -> None:
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert error["pointer"] == pointer
    assert message in error["message"]


def test_a_fork_refuses_a_loss(api: TestClient, work: Work) -> None:
    run = finished(api, work, ROSENBROCK)
    body = {"from_step": 1, "changes": {"objective": {"loss": "mse"}}}
    [error] = problem_of(api.post(f"/runs/{run['id']}/fork", json=body), 422)["errors"]
    assert error["pointer"] == "/changes/objective/loss"
    penalised = api.post(f"/runs/{run['id']}/fork", json={"from_step": 1, "changes": {"objective": {"l2": 1}}})
    assert penalised.json()["request"]["objective"] == {"l1": 0.0, "l2": 1.0}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("/model/kind", "mlp"), ("/standardize", True), ("/split/test_fraction", 0.5), ("/objective/loss", "mse")],
)
def test_a_sweep_does_not_vary_what_a_function_lacks(pointer: str, value: object, api: TestClient) -> None:
    answer = api.post("/sweeps", json={"base": ROSENBROCK, "grid": {pointer: [value]}})
    [error] = problem_of(answer, 422)["errors"]
    assert error["pointer"] == f"/grid/{pointer.replace('/', '~1')}/0"
    assert "function" in error["message"]


def test_a_function_predicts_nothing(api: TestClient, work: Work) -> None:
    run = finished(api, work, ROSENBROCK)
    for answer in (
        api.post(f"/runs/{run['id']}/predict", json={"x": [[1]]}),
        api.get(f"/runs/{run['id']}/predictions"),
    ):
        [error] = problem_of(answer, 422)["errors"]
        assert "function without data" in error["message"]
        assert "landscape" in error["hint"]
