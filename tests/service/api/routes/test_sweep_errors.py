"""POST /sweeps refuses invalid sweeps: the error has the pointer, the member and the limit."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.storage.database import Database
from tests.service.api.routes.test_sweeps import MOMENTUM, RATE, sweep_body
from tests.service.helpers import NOTHING, counts, fit_body, problem_of, resolves


@pytest.mark.parametrize(
    ("changes", "pointer", "member"),
    [
        ({"grid": {RATE: [0.1, -1]}}, "/grid/~1descent~1learning_rate/1", 1),
        ({"grid": {RATE: {"from": -1, "to": 1, "count": 3}}}, "/grid/~1descent~1learning_rate", 0),
        ({"grid": {MOMENTUM: [0.5]}}, "/grid/~1descent~1optimizer~1momentum/0", 0),
        ({"grid": {RATE: [0.1], "/descent": [1]}}, "/grid/~1descent", None),
        ({"grid": {"/descent": [1]}}, "/grid/~1descent/0", 0),
        ({"grid": {"/objective": [1]}}, "/grid/~1objective/0", 0),
        ({"grid": {"/objective": [{"loss": "mse"}, {"loss": "huber", "delta": 0}]}}, "/grid/~1objective/1/delta", 1),
        ({"grid": {"/dataset/id": ["a"]}}, "/grid/~1dataset~1id", None),
        ({"grid": {"/descent/steps": [5, 2**64]}}, "/grid/~1descent~1steps/1", 1),
        ({"grid": ..., "list": [{"descent": {"theta0": [1, 10**400]}}]}, "/list/0/descent/theta0/1", 0),
        ({"grid": {RATE: []}}, "/grid/~1descent~1learning_rate", None),
        ({"grid": {}}, "/grid", None),
        ({"grid": ..., "list": [{}, {"descent": {"steps": 0}}]}, "/list/1/descent/steps", 1),
        ({"grid": ..., "list": [{"dataset": {"id": "a"}}]}, "/list/0/dataset", None),
        ({"grid": ..., "list": [{"descent": {"theta0": [1, 2, 3]}}]}, "/list/0/descent/theta0", 0),
        ({"grid": {"/model/kind": ["linear", "logistic"]}}, "/base/dataset/y", 1),
        ({"base": {"dataset": {"id": "nothing"}}}, "/base/dataset/id", None),
        ({"base": fit_body(descent={"steps": 0})}, "/base/descent/steps", None),
        ({"base": ...}, "/base", None),
        ({"base": ..., "run": "nothing"}, "/run", None),
        ({"run": "latest"}, "/base", None),
        ({"list": [{}]}, "/grid", None),
        ({"rank_by": "validation_mse"}, "/rank_by", 0),
        ({"rank_by": "test_accuracy"}, "/rank_by", 0),
        ({"rank_by": "nonsense"}, "/rank_by", None),
        (
            {"grid": {RATE: {"from": 0, "to": 1, "count": 3, "scale": "log"}}},
            "/grid/~1descent~1learning_rate/from",
            None,
        ),
        ({"grid": {RATE: {"from": 0.1, "to": 1, "count": 1}}}, "/grid/~1descent~1learning_rate/count", None),
        ({"grid": {RATE: {"from": 0.1, "to": 1, "count": 501}}}, "", None),
        ({"grid": {"/" + "a/" * 150: [1]}}, None, None),
        ({"base": fit_body(descent={"steps": 10_000_000}), "grid": {RATE: [0.1] * 4}}, "", None),
        ({"unknown": 1}, "/unknown", None),
    ],
)
def test_errors_have_the_pointer_and_the_member(
    changes: dict[str, Any], pointer: str | None, member: int | None, api: TestClient, database: Database
) -> None:
    body = sweep_body(**changes)
    answer = api.post("/sweeps", json=body)
    [error] = problem_of(answer, 404 if "nothing" in str(changes) else 422)["errors"]
    assert pointer is None or error["pointer"] == pointer
    assert error.get("member") == member
    assert pointer is None or resolves(error["pointer"], body)
    assert counts(database) == NOTHING


@pytest.mark.parametrize("members", [60, 500])
def test_the_total_size_of_the_requests_is_limited(members: int, api: TestClient, database: Database) -> None:
    rows = list(range(20_000))
    base = fit_body(
        dataset={"x": [[row] for row in range(30_000)], "y": rows + rows[:10_000]}, split={"test_rows": rows}
    )
    error = problem_of(api.post("/sweeps", json=sweep_body(base=base, grid={RATE: [0.1] * members})), 422)
    assert "all runs together" in error["detail"]
    assert counts(database) == NOTHING


@pytest.mark.parametrize("key", ["descent/learning_rate", "learning_rate", "/learning_rate", "/descent/lr"])
def test_a_key_that_is_no_field_gets_the_nearest_pointer(key: str, api: TestClient) -> None:
    body = sweep_body(grid={key: [0.1]})
    [error] = problem_of(api.post("/sweeps", json=body), 422)["errors"]
    assert resolves(error["pointer"], body)
    assert ("JSON pointer" in error["message"]) is (key[0] != "/")
    assert error["hint"] == "Write /descent/learning_rate."


def test_values_of_a_wrong_type_name_both_alternatives(api: TestClient) -> None:
    [error] = problem_of(api.post("/sweeps", json=sweep_body(grid={RATE: 0.1})), 422)["errors"]
    assert error["message"] == "This is neither a list nor a range."


def test_a_whole_number_beyond_64_bits_is_a_learning_rate_as_in_a_fit(api: TestClient) -> None:
    body, key = sweep_body(grid={RATE: [2**70]}), {"Idempotency-Key": "k"}
    assert api.post("/sweeps?validate_only=true", json=body).status_code == 200
    [member] = api.post("/sweeps", json=body, headers=key).json()["ranking"]
    assert member["values"] == {RATE: 2.0**70}
    run = api.get(f"/runs/{member['run_id']}").json()
    assert run["request"]["descent"] == api.post("/fit", json=run["request"]).json()["request"]["descent"]


@pytest.mark.parametrize("digits", [400, 5000])
def test_a_number_of_many_digits_is_refused(digits: int, api: TestClient) -> None:
    body = json.dumps(sweep_body(grid={RATE: [12345]})).replace("12345", "1" * digits)
    answer = api.post("/sweeps", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
