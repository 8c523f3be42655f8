"""Standardisation and stratified splits of requests: new ones by default, stored ones as they were stored."""

from collections.abc import Iterator
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from service.core.settings import Settings
from service.storage.database import Database
from service.storage.tables import runs
from service.worker.process import Worker
from tests.service.helpers import fit_body, problem_of
from tests.service.worker.test_batching import is_identical, train_all, worker_with

YEARS = [[year] for year in range(1990, 2021)]
CO2 = [36339 - 38 * year + 0.01 * year**2 for (year,) in YEARS]
QUADRATIC = {
    "dataset": {"x": YEARS, "y": CO2, "feature_names": ["year"]},
    "model": {"kind": "polynomial", "degree": 2},
    "standardize": True,
    "split": {"test_fraction": 0},
    "descent": {"steps": 2000},
}
RARE = {
    "dataset": {"x": [[i] for i in range(20)], "y": ["a"] * 17 + ["b"] * 3},
    "model": {"kind": "logistic"},
    "split": {"seed": 2},
    "descent": {"steps": 3},
}
ROOMS: dict[str, Any] = {
    "dataset": {"x": [[i] for i in range(1, 9)], "y": [120_000 + 30_000 * i for i in range(1, 9)]},
    "split": {"test_fraction": 0.25},
    "descent": {"steps": 300, "optimizer": {"kind": "adam"}, "learning_rate": 0.05},
}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def submitted(api: TestClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()
    return run


def finished(api: TestClient, worker: Worker, body: dict[str, Any]) -> dict[str, Any]:
    run_id = submitted(api, body)["id"]
    train_all(worker)
    run: dict[str, Any] = api.get(f"/runs/{run_id}").json()
    assert run["status"] == "succeeded", run["error"]
    return run


def as_earlier(database: Database, run_id: str) -> None:
    """Gives a queued run the request that an earlier version would have stored."""
    with database.writing() as connection:
        request = connection.execute(select(runs.c.request).where(runs.c.id == run_id)).scalar_one()
        split = {name: value for name, value in request["split"].items() if name != "stratify"}
        standardize = bool(request["standardize"])
        changed = {**request, "split": split, "standardize": standardize}
        connection.execute(update(runs).where(runs.c.id == run_id).values(request=changed))


def test_a_polynomial_of_years_is_fitted_in_the_units_of_the_data(api: TestClient, worker: Worker) -> None:
    run = finished(api, worker, QUADRATIC)
    assert run["request"]["standardize"] == {"features": True, "target": False}
    assert run["final"]["train_loss"] < 1e-8
    found = run["final"]["coefficients"]
    assert found == pytest.approx({"intercept": 36339, "year": -38, "year^2": 0.01}, rel=1e-8)
    assert run["optimum"]["coefficients"] == pytest.approx(found, rel=1e-6)
    predicted = api.post(f"/runs/{run['id']}/predict", json={"x": [[2000], [2050]]}).json()["y"]
    assert predicted == pytest.approx([339.0, 464.0], abs=1e-4)


@pytest.mark.parametrize("body", [QUADRATIC, RARE], ids=["polynomial", "classes"])
def test_a_run_of_an_earlier_version_verifies_and_forks_as_it_was(
    body: dict[str, Any], api: TestClient, worker: Worker, database: Database
) -> None:
    run_id = submitted(api, body)["id"]
    as_earlier(database, run_id)
    train_all(worker)
    assert is_identical(database, worker, run_id)
    fork = api.post(f"/runs/{run_id}/fork", json={"from_step": 0}).json()["id"]
    train_all(worker)
    newer = finished(api, worker, body)["id"]
    fields = "?fields=theta,train_loss,train_mse,test_mse"
    earlier, forked, now = (api.get(f"/runs/{each}/trajectory{fields}").json() for each in (run_id, fork, newer))
    for column in ("theta", "train_loss", "train_mse", "test_mse"):
        assert earlier[column] == forked[column]
    assert earlier["train_loss"] != now["train_loss"]
    assert is_identical(database, worker, fork)
    assert is_identical(database, worker, newer)


def test_a_split_of_classes_is_stratified_by_default(api: TestClient, worker: Worker) -> None:
    run = finished(api, worker, RARE)
    assert run["request"]["split"]["stratify"] is True
    points = api.get(f"/runs/{run['id']}/predictions").json()["points"]
    held = np.array(points["y"])[np.array(points["test"])]
    assert sorted(held) == [0.0] * 4 + [1.0]
    for split in ({"stratify": False}, {"shuffle": False}):
        assert submitted(api, {**RARE, "split": split})["request"]["split"]["stratify"] is False
    assert submitted(api, fit_body())["request"]["split"]["stratify"] is False
    for validation, stratify in ((0, False), (0.25, True)):
        named = {"test_rows": [0], "validation_fraction": validation}
        assert submitted(api, {**RARE, "split": named})["request"]["split"]["stratify"] is stratify


def test_a_stored_split_that_draws_no_rows_may_say_stratify(
    api: TestClient, worker: Worker, database: Database
) -> None:
    run = submitted(api, {**RARE, "split": {"test_rows": [0]}})
    request = run["request"] | {"split": run["request"]["split"] | {"stratify": True}}
    with database.writing() as connection:  # as earlier versions stored it
        connection.execute(update(runs).where(runs.c.id == run["id"]).values(request=request))
    train_all(worker)
    assert api.post(f"/runs/{run['id']}/fork", json={"from_step": 1}).status_code == 202
    sweep = {"run": run["id"], "grid": {"/descent/learning_rate": [0.1, 0.2]}}
    assert api.post("/sweeps", json=sweep).status_code == 202


def test_no_class_is_missing_from_training(api: TestClient, worker: Worker) -> None:
    body = {**RARE, "dataset": {"x": [[i] for i in range(12)], "y": ["a"] * 11 + ["b"]}}
    for seed in range(6):
        run = finished(api, worker, {**body, "split": {"test_fraction": 0.5, "seed": seed}})
        points = api.get(f"/runs/{run['id']}/predictions").json()["points"]
        assert not points["test"][11]


@pytest.mark.parametrize("model", [{"kind": "mlp"}, {"kind": "formula", "formula": "a + b*(x1 - 4.5)"}])
def test_a_standardised_target_is_shown_in_the_units_of_the_data(
    model: dict[str, Any], api: TestClient, worker: Worker, database: Database
) -> None:
    standardize = {"features": model["kind"] == "mlp", "target": True}
    run = finished(api, worker, {**ROOMS, "model": model, "standardize": standardize})
    assert run["request"]["standardize"] == standardize
    final = run["final"]
    scale = final["train_mse"] / final["train_loss"]
    assert scale > 1e8
    assert final["train_mse"] < 0.1 * scale
    answer = api.post(f"/runs/{run['id']}/predict", json={"x": ROOMS["dataset"]["x"]}).json()["y"]
    errors = np.square(np.array(answer) - ROOMS["dataset"]["y"])
    assert errors.mean() == pytest.approx((6 * final["train_mse"] + 2 * final["test_mse"]) / 8, rel=1e-9)
    drawn = api.get(f"/runs/{run['id']}/predictions").json()
    assert drawn["fitted"][-1] == pytest.approx(answer)
    shown = api.get(f"/runs/{run['id']}/steps/3").json()["contributions"]["y"]
    assert all(each >= 150_000 - 1e-6 for each in shown)
    assert is_identical(database, worker, run["id"])


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"standardize": {"target": True}}, "/standardize/target"),
        ({"standardize": {"target": True}, "model": {"kind": "mlp", "task": "classification"}}, "/dataset/y"),
        (
            {"standardize": {"features": True}, "model": {"kind": "formula", "formula": "a*x1"}},
            "/standardize/features",
        ),
        ({"standardize": True, "model": {"kind": "formula", "formula": "a*x1"}}, "/standardize"),
        ({"standardize": "yes"}, "/standardize"),
        ({"standardize": {"features": 1}}, "/standardize/features"),
        ({"standardize": {"other": True}}, "/standardize/other"),
        ({"split": {"stratify": True}}, "/split/stratify"),
        ({**RARE, "split": {"test_rows": [0], "stratify": True}}, "/split/stratify"),
    ],
)
def test_what_cannot_be_scaled_is_refused_by_name(changes: dict[str, Any], pointer: str, api: TestClient) -> None:
    problem = problem_of(api.post("/fit", json=fit_body(**changes)), 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("changes", "digest"),
    [
        ({}, "sent:17aca1e72032ebf129a"),
        (
            {"standardize": True, "split": {"test_rows": [1]}, "model": {"kind": "polynomial"}},
            "sent:ff14bcbdb7d42b58ea3",
        ),
    ],
)
def test_a_repeated_key_finds_the_run_of_an_earlier_version(
    changes: dict[str, Any], digest: str, api: TestClient, database: Database
) -> None:
    """The digest of the same body is that of the versions before `stratify`."""
    body = {"dataset": {"x": [[1.0], [2.0]], "y": [1.0, 2.0]}, **changes}
    answer = api.post("/fit", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 202
    with database.reading() as connection:
        found = connection.execute(select(runs.c.request_digest)).scalar_one()
    assert found.startswith(digest)


@pytest.mark.parametrize(
    ("standardize", "model"),
    [
        ({"features": True, "target": True}, {"kind": "mlp", "hidden": [2]}),
        ({"features": False, "target": True}, {"kind": "formula", "formula": "a + b*sin(x1)"}),
    ],
)
def test_a_scaled_target_has_no_coefficients(
    standardize: dict[str, bool], model: dict[str, Any], client: httpx2.Client
) -> None:
    data = {"x": [[1.0], [2.0], [3.0], [5.0]], "y": [501.0, 540.0, 480.0, 610.0]}
    body = {"dataset": data, "standardize": standardize, "model": model}
    run = client.post("/fit", json=body, headers={"Prefer": "wait=60"}).json()
    assert run["status"] == "succeeded"
    assert set(run["final"]["coefficients"].values()) == {None}
