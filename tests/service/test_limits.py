"""What the settings limit: rows, features, parameters, steps, bytes. Checked before anything is computed or stored."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.settings import Settings
from service.store.database import Database
from tests.service.support import NOTHING, X, Y, counts, fit_body, problem_of

TWO_FEATURES = {"x": [[v, v * v] for v in Y], "y": Y}
# (setting, the largest value at which the request is refused, the request, the pointer)
LIMITS: dict[str, tuple[str, int, dict[str, Any], str]] = {
    "rows": ("max_rows", 7, {}, "/dataset/x"),
    "features": ("max_features", 1, {"dataset": TWO_FEATURES}, "/dataset/x/0"),
    "parameters": ("max_parameters", 1, {}, "/model"),
    "degree": ("max_parameters", 3, {"model": {"kind": "polynomial", "degree": 3}}, "/model/degree"),
    "steps": ("max_steps", 4, {}, "/descent/steps"),
    # 6 rows of θ (2), train_loss, two mse, gradient_norm, learning_rate and optimality_gap
    "trajectory": ("max_trajectory_bytes", 6 * 8 * 8 - 1, {}, "/descent/steps"),
}


def answer(settings: Settings, database: Database, body: dict[str, Any]) -> Any:
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        return client.post("/fit", json=body)


@pytest.mark.parametrize("name", LIMITS)
def test_one_more_than_a_limit_is_refused(name: str, settings: Settings, database: Database) -> None:
    setting, limit, changes, pointer = LIMITS[name]
    refused = answer(settings.model_copy(update={setting: limit}), database, fit_body(**changes))
    [error] = problem_of(refused, 422)["errors"]
    assert error["pointer"] == pointer
    assert str(limit) in error["message"]
    assert error["hint"]
    assert counts(database) == NOTHING


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_itself_is_allowed(name: str, settings: Settings, database: Database) -> None:
    setting, limit, changes, _ = LIMITS[name]
    accepted = answer(settings.model_copy(update={setting: limit + 1}), database, fit_body(**changes))
    assert accepted.status_code == 202, accepted.text


def test_a_polynomial_of_astronomic_size_is_refused_at_once(api: TestClient, database: Database) -> None:
    rows = [[float(row * 1000 + column) for column in range(1000)] for row in range(2)]
    body = fit_body(
        dataset={"x": rows, "y": [1, 2]}, split={"test_fraction": 0}, model={"kind": "polynomial", "degree": 30}
    )
    begun = time.process_time()
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert time.process_time() - begun < 0.5
    assert error["pointer"] == "/model/degree"
    assert counts(database) == NOTHING


def test_the_default_limits_refuse_ten_billion_steps(api: TestClient) -> None:
    [error] = problem_of(api.post("/fit", json=fit_body(descent={"steps": 10**10})), 422)["errors"]
    assert error["pointer"] == "/descent/steps"


@pytest.mark.parametrize(("limit", "status"), [(2, 422), (3, 202)])
def test_the_parameters_are_counted_as_they_are(
    limit: int, status: int, settings: Settings, database: Database
) -> None:
    body = fit_body(dataset=TWO_FEATURES)
    assert answer(settings.model_copy(update={"max_parameters": limit}), database, body).status_code == status


def test_uploads_have_the_same_limits(settings: Settings, database: Database) -> None:
    small = settings.model_copy(update={"max_rows": 7, "max_features": 1})
    with TestClient(create_app(small, database)) as client:
        problem = problem_of(client.post("/datasets", json={"x": X, "y": Y}), 422)
        assert problem["errors"][0]["pointer"] == "/x"
        problem = problem_of(client.post("/datasets", json={"x": [[1, 2], [3, 4]], "y": [1, 2]}), 422)
        assert problem["errors"][0]["pointer"] == "/x/0"
        csv = "\n".join(["a,y", *(f"{n},{n}" for n in range(8))])
        problem = problem_of(client.post("/datasets", content=csv, headers={"Content-Type": "text/csv"}), 422)
        assert problem["errors"][0]["row"] == 9
        problem = problem_of(
            client.post("/datasets", content="a,b,y\n1,2,3\n4,5,6\n", headers={"Content-Type": "text/csv"}), 422
        )
        assert "3 columns" in problem["detail"]
    assert counts(database) == NOTHING
