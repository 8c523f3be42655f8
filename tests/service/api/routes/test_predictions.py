"""Predictions of a run: along its data, on a grid, and for rows of a request."""

from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.storage.database import Database
from tests.service.api.routes.test_analysis import CLASSES, TEST_ROWS, THREE, XS, answer_of, fitted, trajectory
from tests.service.helpers import X, Y, fit_body, problem_of, stored_run


def test_predictions_along_the_data(client: httpx2.Client) -> None:
    run = fitted(client)
    found, stored = answer_of(client, run, "predictions?points=4&max_steps=3"), trajectory(client, run)
    assert found["x"]["feature"] == "x1"
    assert (found["y"], found["held"], found["classes"]) == (None, {}, None)
    assert {0, run["best"]["step"], 5} <= {*found["step"]}
    for step, predicted, at_points in zip(found["step"], found["prediction"], found["fitted"], strict=True):
        a, b = stored["theta"][step]
        np.testing.assert_allclose(predicted, a + b * np.array(found["x"]["values"]))
        np.testing.assert_allclose(at_points, a + b * np.array(X)[:, 0])
    assert found["points"] == {"x": X, "y": Y, "test": [row in TEST_ROWS for row in range(len(Y))]}
    [one] = answer_of(client, run, "predictions?step=3&points=4")["step"]
    assert one == 3


def test_predictions_of_classes_lie_on_a_grid(client: httpx2.Client) -> None:
    run = fitted(client, **CLASSES, objective={})
    found = answer_of(client, run, "predictions?points=3&step=5")
    assert found["y"]["feature"] == "x2"
    assert found["points"]["y"] == [0, 0, 1, 0, 1, 2, 2, 2]
    rows = [[x, y] for y in found["y"]["values"] for x in found["x"]["values"]]
    answer = client.post(f"/runs/{run['id']}/predict", json={"x": rows, "step": 5})
    assert [run["classes"][int(code)] for code in found["prediction"][0]] == answer.json()["y"]


def test_other_features_are_held_at_their_mean(client: httpx2.Client) -> None:
    run = fitted(client, **THREE, split={"test_fraction": 0}, standardize=True)
    found = answer_of(client, run, "predictions?points=2&step=5")
    assert found["held"] == {"c": pytest.approx(np.mean([1 / x for x in XS]))}
    coefficients = run["final"]["coefficients"]
    rows = [(a, b) for b in found["y"]["values"] for a in found["x"]["values"]]
    wanted = [
        coefficients["intercept"]
        + coefficients["a"] * a
        + coefficients["b"] * b
        + coefficients["c"] * found["held"]["c"]
        for a, b in rows
    ]
    np.testing.assert_allclose(found["prediction"][0], wanted)


def test_predict(client: httpx2.Client) -> None:
    run = fitted(client)
    stored = trajectory(client, run)["theta"]
    for step, number in (("last", 5), ("best", run["best"]["step"]), (2, 2)):
        answer = client.post(f"/runs/{run['id']}/predict", json={"x": [[1.5], [-2]], "step": step})
        a, b = stored[number]
        assert answer.json() == {
            "run_id": run["id"],
            "step": number,
            "y": [pytest.approx(a + 1.5 * b), pytest.approx(a - 2 * b)],
        }


def test_predict_a_class(client: httpx2.Client) -> None:
    labels = ["no" if x < 5 else "yes" for x in XS]
    body = {"dataset": {"x": X, "y": labels}, "standardize": True, "model": {"kind": "logistic"}, "objective": {}}
    run = fitted(client, **body, split={"test_fraction": 0}, descent={"steps": 300, "learning_rate": 1.0})
    found = client.post(f"/runs/{run['id']}/predict", json={"x": [[-10], [20]]}).json()
    assert found["y"] == ["no", "yes"]
    np.testing.assert_allclose(np.sum(found["probabilities"], axis=1), 1.0)
    assert found["probabilities"][0][0] > 0.99


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"x": [[1.0, 2.0]]}, "/x/0"),
        ({"x": [[1.0], []]}, "/x/1"),
        ({"x": []}, "/x"),
        ({"x": [[1.0]], "step": 99}, "/step"),
        ({"x": [[1.0]], "step": "first"}, "/step"),
        ({}, "/x"),
    ],
)
def test_invalid_rows_and_steps_are_refused(
    body: dict[str, Any], pointer: str, api: TestClient, database: Database
) -> None:
    run = stored_run(database, fit_body(), np.ones((3, 2)))
    errors = problem_of(api.post(f"/runs/{run}/predict", json=body), 422)["errors"]
    assert pointer in {error["pointer"] for error in errors}


@pytest.mark.parametrize("model", [{"kind": "logistic"}, {"kind": "softmax"}])
def test_equally_probable_classes_are_predicted_as_the_metrics_count_them(
    model: dict[str, Any], client: httpx2.Client
) -> None:
    x, y = [[1.0], [2.0], [3.0]], [0, 0, 1]
    run = fitted(client, dataset={"x": x, "y": y}, model=model, split={"test_fraction": 0}, objective={})
    predicted = client.post(f"/runs/{run['id']}/predict", json={"x": x, "step": 0}).json()
    assert predicted["probabilities"] == [[0.5, 0.5]] * 3
    stored = trajectory(client, run)
    assert stored["train_accuracy"][0] == np.mean(np.array(predicted["y"]) == y)
    assert predicted["y"] == [1, 1, 1]
    assert stored["train_recall"][0] == 1.0
