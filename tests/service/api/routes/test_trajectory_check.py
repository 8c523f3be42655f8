"""POST /check: the check of a student's trajectory over HTTP."""

from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from gd_engine.analysis.descent_mistakes import Mistake
from gd_engine.arrays import FloatArray
from service.api.openapi_examples import CHECK_EXAMPLES
from tests.gd_engine.analysis.student_descents import RATE, STEPS, data, explanations, planted, posed, students
from tests.service.helpers import merged, problem_of, strict_json


def case(seed: int, loss: str) -> tuple[dict[str, Any], Any, float]:
    """A request, its problem, and its learning rate."""
    x, y = data(seed, features=1 + seed % 3, rows=16 + seed)
    rate = RATE if loss == "mse" else RATE / 30
    body = {
        "dataset": {"x": x.tolist(), "y": y.tolist()},
        "split": {"test_fraction": 0.25},
        "objective": {"loss": loss},
        "descent": {"steps": STEPS, "learning_rate": rate},
    }
    return body, posed(x, y, loss), rate


def verdict(client: httpx2.Client, body: dict[str, Any], path: FloatArray) -> dict[str, Any]:
    """The result of the check of a path."""
    answer = client.post("/check", json=body | {"trajectory": {"theta": path.tolist()}})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = strict_json(answer.content)
    return found


@pytest.mark.parametrize(("seed", "loss", "mistake"), list(planted()))
def test_a_planted_mistake_is_named(seed: int, loss: str, mistake: Mistake, client: httpx2.Client) -> None:
    body, problem, rate = case(seed, loss)
    path, right = students(problem, loss, rate, mistake=mistake), students(problem, loss, rate)
    found = verdict(client, body, path)
    assert [each["code"] for each in found["mistakes"]] == explanations(mistake)
    assert found["right"] is False
    assert found["step"] == (0 if mistake == "off_by_one" else 1)
    assert list(found["given"]) == found["parameters"]
    np.testing.assert_allclose(list(found["expected"].values()), right[found["step"]], rtol=1e-9)
    np.testing.assert_allclose(list(found["given"].values()), path[found["step"]])


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("loss", ["mse", "sse"])
def test_a_correct_path_passes(seed: int, loss: str, client: httpx2.Client) -> None:
    body, problem, rate = case(seed, loss)
    found = verdict(client, body, students(problem, loss, rate))
    assert (found["right"], found["step"], found["mistakes"], found["steps"]) == (True, None, [], STEPS)


def test_a_check_may_use_stored_data(client: httpx2.Client) -> None:
    body, problem, rate = case(3, "mse")
    dataset = client.post("/datasets", json=body["dataset"]).json()["id"]
    found = verdict(client, body | {"dataset": {"id": dataset}}, students(problem, "mse", rate))
    assert found["right"] is True


def test_the_trajectory_of_a_run_passes(client: httpx2.Client) -> None:
    body = {"dataset": {"sample": "penguins"}, "standardize": True, "model": {"kind": "logistic"}}
    run = client.post("/fit", json=body, headers={"Prefer": "wait=60"}).json()
    path = np.array(client.get(f"/runs/{run['id']}/trajectory").json()["theta"])
    assert verdict(client, body, path)["right"] is True
    path[7] *= 1.5
    found = verdict(client, body, path)
    assert (found["step"], found["mistakes"]) == (7, [])


def test_all_given_steps_are_checked(client: httpx2.Client) -> None:
    body, problem, rate = case(1, "mse")
    del body["descent"]["steps"]
    assert verdict(client, body, students(problem, "mse", rate)[:5])["steps"] == 4


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"trajectory": {"theta": [[0.0]]}}, "/trajectory/theta"),
        ({"trajectory": {"theta": [[0.0], [0.1, 0.2]]}}, "/trajectory/theta/1"),
        ({"trajectory": {"theta": [[0.0, 1.0], [0.1, 0.2]]}}, "/trajectory/theta/0"),
        ({"trajectory": ...}, "/trajectory"),
        ({"tolerance": 0.0}, "/tolerance"),
        ({"tolerance": 0.5}, "/tolerance"),
        ({"descent": {"batch_size": 2}}, "/descent/batch_size"),
        ({"descent": {"schedule": {"kind": "backtracking"}}}, "/descent/schedule"),
        ({"dataset": {"y": [1.0]}}, "/dataset/y"),
        ({"steps": 3}, "/steps"),
    ],
)
def test_invalid_requests_are_refused(changes: dict[str, Any], pointer: str, api: TestClient) -> None:
    body = merged(CHECK_EXAMPLES["factor"]["value"], changes)
    errors = problem_of(api.post("/check", json=body), 422)["errors"]
    assert pointer in {error["pointer"] for error in errors}


def test_the_example_runs(client: httpx2.Client) -> None:
    answer = client.post("/check", json=CHECK_EXAMPLES["factor"]["value"])
    assert [each["code"] for each in answer.json()["mistakes"]] == ["missing_factor_2", "halved_rate"]


def test_a_correct_path_that_was_printed_to_five_decimals_is_right_to_five_decimals(client: httpx2.Client) -> None:
    x, y = [[1.0], [2.0], [3.0], [4.0], [5.0]], [2.1, 3.9, 6.2, 7.8, 10.1]
    theta, path = np.zeros(2), [[0.0, 0.0]]
    design = np.column_stack([np.ones(5), np.array(x)])
    for _ in range(10):
        theta = theta - 0.01 * 2 / 5 * design.T @ (design @ theta - np.array(y))
        path.append([float(f"{number:.5f}") for number in theta])
    body = {
        "dataset": {"x": x, "y": y},
        "split": {"test_fraction": 0},
        "descent": {"steps": 10, "learning_rate": 0.01},
    }
    found = verdict(client, body, np.array(path))
    assert (found["right"], found["precision"]) == (True, {"unit": "decimals", "number": 5})
    path[6][1] = round(path[6][1] + 0.00002, 5)
    assert verdict(client, body, np.array(path))["step"] == 6


@pytest.mark.parametrize(("language", "sentence"), [("en", "Every step is 3 times"), ("fr", "Chaque pas vaut 3 fois")])
def test_an_unusual_factor_is_in_the_sentence(language: str, sentence: str, client: httpx2.Client) -> None:
    body, problem, rate = case(4, "mse")
    theta = students(problem, "mse", 3 * rate).tolist()
    headers = {"Accept-Language": language}
    answer = client.post("/check", json=body | {"trajectory": {"theta": theta}}, headers=headers)
    [mistake] = strict_json(answer.content)["mistakes"]
    assert mistake["code"] == "other_factor"
    assert mistake["detail"].startswith(sentence)
