"""POST /fit: defaults, sources of data, and every example run to its end."""

from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from gd_engine import split_by_fraction
from service.api.openapi_examples import FIT_EXAMPLES
from service.schemas.responses.runs import Run
from tests.service.helpers import LINE, WAIT, X, Y, check_answer, fit_body, until_finished

DEFAULTS = {
    "split": {"test_fraction": 0.25, "seed": 0, "shuffle": True, "validation_fraction": 0.0, "stratify": False},
    "standardize": False,
    "model": {"kind": "linear", "intercept": True},
    "objective": {"loss": "mse", "l1": 0.0, "l2": 0.0},
    "descent": {
        "steps": 100,
        "learning_rate": "auto",
        "optimizer": {"kind": "gd"},
        "schedule": {"kind": "constant"},
        "theta0": "zeros",
        "batch_size": None,
        "seed": 0,
        "clip_norm": None,
        "stop": {"gradient_norm": None, "loss_change": None, "patience": None},
    },
    "preset": None,
    "name": None,
    "tags": {},
    "deadline_seconds": None,
}


def test_the_minimal_request_is_queued_with_every_default(api: TestClient) -> None:
    answer = api.post("/fit", json=LINE)
    assert answer.status_code == 202
    run = answer.json()
    check_answer(Run, run)
    assert answer.headers["Location"] == f"/runs/{run['id']}"
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Preference-Applied" not in answer.headers
    assert run["request"] == DEFAULTS | {"dataset": {"id": run["dataset"]["id"]}}
    assert (run["status"], run["steps_done"], run["steps_total"]) == ("queued", 0, 100)
    assert run["parameters"] == ["intercept", "x1"]
    sizes = {"rows": 4, "train_rows": 3, "validation_rows": 0, "test_rows": 1}
    assert run["dataset"] == sizes | {"id": run["dataset"]["id"], "features": ["x1"], "target": "y"}
    assert api.get(answer.headers["Location"]).json() == run
    assert run["queue"] == {"position": 1, "starts_in_seconds": 0.0}


def test_a_request_with_every_field_is_accepted(api: TestClient) -> None:
    body = {
        "dataset": {"x": [[1.0], [2.0]], "y": [2.0, 4.0], "feature_names": ["age"], "target_name": "height"},
        **{name: value for name, value in DEFAULTS.items() if name != "preset"},
    }
    run = api.post("/fit", json=body).json()
    assert run["request"] == DEFAULTS | {"dataset": {"id": run["dataset"]["id"]}}
    assert run["parameters"] == ["intercept", "age"]
    assert (run["dataset"]["features"], run["dataset"]["target"]) == (["age"], "height")


def test_the_defaults_of_each_kind_of_model(api: TestClient) -> None:
    def filled(**changes: Any) -> dict[str, Any]:
        request: dict[str, Any] = api.post("/fit", json=fit_body(**changes)).json()["request"]
        return request

    assert filled(model={"kind": "polynomial"})["model"] == {"kind": "polynomial", "degree": 2, "intercept": True}
    logistic = filled(model={"kind": "logistic"}, dataset={"y": [0, 1] * 4})
    assert logistic["model"] == {"kind": "logistic", "intercept": True}
    assert logistic["objective"]["loss"] == "log_loss"
    shuffled = {"seed": 0, "shuffle": True, "validation_fraction": 0.0, "stratify": False}
    assert filled(split={"test_rows": [7, 1]})["split"] == {"test_rows": [7, 1], **shuffled}


@pytest.mark.parametrize(
    ("body", "loss", "rate", "steps"),
    [
        ({}, "sse", 1.0, 100),
        ({"objective": {"l2": 0.5}}, "sse", 1.0, 100),
        ({"objective": {"loss": "mse"}}, "mse", 1.0, 100),
        ({"descent": {"learning_rate": "auto"}}, "sse", "auto", 100),
        ({"descent": {"steps": 7, "learning_rate": 0.5}, "objective": {"loss": "mse"}}, "mse", 0.5, 7),
    ],
)
def test_the_preset_fills_missing_fields(body: Any, loss: str, rate: Any, steps: int, api: TestClient) -> None:
    request = api.post("/fit", json=LINE | {"preset": "course"} | body).json()["request"]
    assert request["objective"]["loss"] == loss
    assert (request["descent"]["learning_rate"], request["descent"]["steps"]) == (rate, steps)
    assert request["descent"]["optimizer"] == {"kind": "gd"}
    assert request["preset"] == "course"


def test_the_course_algorithm_is_the_sum_of_squares_with_rate_one(client: httpx2.Client) -> None:
    body = LINE | {"preset": "course", "split": {"test_fraction": 0}, "descent": {"steps": 1}}
    run = client.post("/fit", json=body, headers=WAIT).json()
    # ∇E(0) = −2 Σ yᵢ (1, xᵢ) = −2 (20, 60)
    assert run["final"]["theta"] == [40.0, 120.0]
    assert (run["best"], run["final"]["test_mse"]) == (None, None)


def test_stored_inline_and_sample_data_are_named(api: TestClient) -> None:
    stored = api.post("/datasets", json={"x": X, "y": Y}).json()["id"]
    for given in ({"id": stored}, {"id": "latest"}, {"x": X, "y": Y}):
        run = api.post("/fit", json={"dataset": given}).json()
        assert run["dataset"]["id"] == stored
        assert run["request"]["dataset"] == {"id": stored}
    sample = api.post("/fit", json={"dataset": {"sample": "norris"}}).json()
    assert sample["request"]["dataset"] == {"sample": "norris"}
    assert (sample["dataset"]["rows"], sample["dataset"]["train_rows"]) == (36, 27)
    again = api.post("/fit", json={"dataset": sample["request"]["dataset"]}).json()
    assert again["dataset"] == sample["dataset"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [(["no", "yes"], ["no", "yes"]), (["zebra", "ant"], ["ant", "zebra"]), ([0, 1], [0, 1]), ([7, -3], [-3, 7])],
)
def test_class_labels_get_codes_in_order(labels: list[Any], classes: list[Any], client: httpx2.Client) -> None:
    body = fit_body(
        dataset={"y": [labels[0]] * 4 + [labels[1]] * 4},
        split={"test_rows": [0, 7]},
        model={"kind": "logistic"},
        descent={"steps": 300, "learning_rate": 0.5},
    )
    run = client.post("/fit", json=body, headers=WAIT).json()
    assert run["classes"] == classes
    # The second class is the one whose probability is σ(θ₀ + θ₁ x); the large x are labels[1].
    assert (run["final"]["theta"][1] > 0) == (labels[1] == classes[1])
    assert run["final"]["train_accuracy"] == run["final"]["test_accuracy"] == 1.0
    assert set(run["final"]) >= {"test_precision", "test_recall", "test_f1", "train_f1"}


def test_the_given_rows_are_the_test_rows(client: httpx2.Client) -> None:
    body = fit_body(split={"test_rows": [6, 0]}, descent={"steps": 1, "learning_rate": 1e-6, "theta0": [0.0, 0.0]})
    run = client.post("/fit", json=body, headers=WAIT).json()
    assert (run["dataset"]["train_rows"], run["dataset"]["test_rows"]) == (6, 2)
    first = client.get(f"/runs/{run['id']}/trajectory?to_step=0").json()
    assert first["test_mse"] == [pytest.approx((Y[0] ** 2 + Y[6] ** 2) / 2, rel=1e-14)]


def test_the_fraction_rounds_up_and_follows_its_seed(client: httpx2.Client) -> None:
    body = fit_body(split={"test_fraction": 0.3, "seed": 5}, descent={"steps": 1, "theta0": [0.0, 0.0]})
    run = client.post("/fit", json=body, headers=WAIT).json()
    assert run["dataset"]["test_rows"] == 3
    rows = split_by_fraction(8, 0.3, seed=5).test
    first = client.get(f"/runs/{run['id']}/trajectory?to_step=0").json()
    assert first["test_mse"] == [pytest.approx(float(np.mean(np.square(np.array(Y)[rows]))), rel=1e-14)]


def test_coefficients_are_in_the_units_of_the_data(client: httpx2.Client) -> None:
    line = [[1000.0 + v] for v in range(8)]
    body = fit_body(
        dataset={"x": line, "y": [3 * row[0] - 7 for row in line]}, standardize=True, descent={"steps": 400}
    )
    body["descent"]["learning_rate"] = "auto"
    run = client.post("/fit", json=body, headers=WAIT).json()
    assert run["final"]["coefficients"] == {"intercept": pytest.approx(-7, abs=1e-6), "x1": pytest.approx(3, rel=1e-9)}
    assert run["final"]["theta"][1] != pytest.approx(3, rel=1e-3)


def test_name_tags_and_theta0_are_kept(client: httpx2.Client) -> None:
    body = fit_body(name="Ünï ☃", tags={"a": "b", "empty": ""}, descent={"theta0": {"x1": 2.5, "intercept": -1}})
    run = client.post("/fit", json=body, headers=WAIT).json()
    assert (run["name"], run["tags"]) == ("Ünï ☃", {"a": "b", "empty": ""})
    first = client.get(f"/runs/{run['id']}/trajectory?to_step=0").json()
    assert first["theta"] == [[-1.0, 2.5]]


@pytest.mark.parametrize("example", FIT_EXAMPLES)
def test_every_example_of_the_description_runs_to_its_end(example: str, client: httpx2.Client) -> None:
    answer = client.post("/fit", json=FIT_EXAMPLES[example]["value"])
    assert answer.status_code == 202, answer.text
    run = until_finished(client, answer.json()["id"])
    assert run["status"] == ("diverged" if example == "course" else "succeeded")
