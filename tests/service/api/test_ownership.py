"""Runs and datasets belong to the key that made them: to any other they are not there."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.core.settings import Settings
from service.storage import runs
from service.storage.database import Database
from tests.api_keys import Key, make_key
from tests.service.api.operations import OF_A_THING, Operation
from tests.service.helpers import CSV, LINE, counts, fit_body, problem_of, stored_run

DATA = {"x": [[1], [2], [3]], "y": [1, 2, 4]}
CHANGES = {"from_step": 0, "changes": {"descent": {"learning_rate": 0.02}}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Keys are asked for, on loopback too."""
    return settings.model_copy(update={"keys": "required"})


def fit(api: TestClient, key: Key, **headers: str) -> Any:
    return api.post("/fit", json=fit_body(), headers=key.headers | headers)


def upload(api: TestClient, key: Key, **parameters: str) -> Any:
    return api.post("/datasets", json=DATA, params=parameters, headers=key.headers)


def names(api: TestClient, key: Key, path: str) -> list[str]:
    return [entry["id"] for entry in api.get(path, headers=key.headers).json()["data"]]


@pytest.mark.parametrize("operation", OF_A_THING, ids=lambda each: f"{each.method} {each.path}")
def test_anothers_is_not_found(
    operation: Operation, api: TestClient, key: Key, other: Key, admin: Key, database: Database
) -> None:
    run_id, dataset_id = fit(api, key).json()["id"], upload(api, key).json()["id"]
    if operation.method == "GET":  # events have no end before the run has, and only what is stored can be asked about
        with database.writing() as connection:
            assert runs.remove(connection, run_id)
        run_id = stored_run(database, fit_body(), np.ones((2, 2)), owner=key.id)
    sweep = {"run": run_id, "grid": {"/split/seed": [1]}}
    sweep_id = api.post("/sweeps", json=sweep, headers=key.headers).json()["id"]
    name = {"runs": run_id, "sweeps": sweep_id, "datasets": dataset_id}[operation.path.split("/")[1]]
    before = counts(database)

    def ask(path: str, who: Key) -> Any:
        return api.request(
            operation.method, path, json=CHANGES if operation.method == "POST" else None, headers=who.headers
        )

    answer = ask(operation.of(name), other)
    unknown = ask(operation.of("0123456789abcdef"), other)
    assert problem_of(answer, 404)["detail"].replace(name, "0123456789abcdef") == problem_of(unknown, 404)["detail"]
    problem_of(ask(operation.of("latest"), other), 404)
    assert counts(database) == before
    assert ask(operation.of(name), admin).status_code != 404
    if operation.method == "GET":
        assert ask(operation.of(name), key).status_code == 200


def test_lists_and_latest_are_ones_own(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    mine, theirs = fit(api, key).json()["id"], fit(api, other).json()["id"]
    my_data, their_data = upload(api, key).json()["id"], upload(api, other).json()["id"]
    for who, own, data in ((key, [mine], [my_data]), (other, [theirs], [their_data])):
        assert names(api, who, "/runs") == names(api, who, "/runs?status=queued") == own
        assert names(api, who, "/datasets") == data
        assert api.get("/runs/latest", headers=who.headers).json()["id"] == own[0]
        assert api.get("/datasets/latest", headers=who.headers).json()["id"] == data[0]
    assert names(api, admin, "/runs") == [theirs, mine]
    assert names(api, admin, "/datasets") == [their_data, my_data]


def test_sweeps_are_ones_own(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    run_id = fit(api, key).json()["id"]
    body = {"run": run_id, "grid": {"/split/seed": [1, 2]}}
    again = {"Idempotency-Key": "k"}
    problem_of(api.post("/sweeps", json=body, headers=other.headers), 404)
    made = [
        api.post("/sweeps", json=body | {"run": "latest"}, headers=who.headers | again).json()["id"]
        for who in (key, admin)
    ]
    assert made[0] != made[1]
    assert names(api, key, "/sweeps") == [made[0]]
    assert names(api, other, "/sweeps") == []
    assert names(api, admin, "/sweeps") == made[::-1]
    assert len(names(api, key, f"/runs?sweep={made[0]}")) == 2
    assert names(api, other, f"/runs?sweep={made[0]}") == []
    assert names(api, key, "/runs?sweep=latest") == names(api, key, f"/runs?sweep={made[0]}")
    assert names(api, admin, "/runs?sweep=latest") == names(api, admin, f"/runs?sweep={made[1]}")
    assert names(api, other, "/runs?sweep=latest") == []
    assert len(names(api, admin, f"/runs?sweep={made[0]}")) == 2


def test_a_cursor_into_anothers_runs_leads_nowhere(api: TestClient, key: Key, other: Key) -> None:
    for _ in range(3):
        fit(api, key)
    page = api.get("/runs?limit=1", headers=key.headers).json()
    assert page["has_more"]
    assert names(api, other, f"/runs?after={page['next']}") == []


def test_the_same_data_of_two_keys_is_two_datasets(
    api: TestClient, key: Key, other: Key, admin: Key, database: Database
) -> None:
    mine, theirs, general = (upload(api, who, name="d").json() for who in (key, other, admin))
    assert len({mine["id"], theirs["id"], general["id"]}) == 3
    assert mine["sha256"] == theirs["sha256"] == general["sha256"]
    assert upload(api, key, name="d").json()["id"] == mine["id"]
    csv = {"Content-Type": "text/csv"}
    ids = {api.post("/datasets", content=CSV, headers=who.headers | csv).json()["id"] for who in (key, other)}
    assert len(ids) == 2
    assert api.delete(f"/datasets/{mine['id']}", headers=key.headers).status_code == 204
    assert api.get(f"/datasets/{theirs['id']}", headers=other.headers).status_code == 200
    assert counts(database)["datasets"] == 4


def test_the_same_request_of_two_keys_shares_no_data(api: TestClient, key: Key, other: Key, database: Database) -> None:
    for body in (LINE, {"dataset": {"sample": "norris"}}):
        mine, theirs = (api.post("/fit", json=body, headers=who.headers).json() for who in (key, other))
        assert mine["dataset"]["id"] != theirs["dataset"]["id"]
        assert api.delete(f"/runs/{mine['id']}", headers=key.headers).status_code == 204
        found = api.get(f"/datasets/{theirs['dataset']['id']}/rows", headers=other.headers)
        assert len(found.json()["x"]) == theirs["dataset"]["rows"]
    assert counts(database)["datasets"] == 2


def test_a_run_cannot_be_made_from_anothers_data(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    dataset_id = upload(api, key).json()["id"]
    for name in (dataset_id, "latest"):
        body = {"dataset": {"id": name}}
        [error] = problem_of(api.post("/fit", json=body, headers=other.headers), 404)["errors"]
        assert error["pointer"] == "/dataset/id"
        problem_of(api.post("/fit?validate_only=true", json=body, headers=other.headers), 404)
        assert api.post("/fit", json=body, headers=admin.headers).json()["dataset"]["id"] == dataset_id


def test_idempotency_keys_are_ones_own(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    again = {"Idempotency-Key": "monday"}
    first = {who: fit(api, who, **again).json()["id"] for who in (key, other, admin)}
    assert len(set(first.values())) == 3
    for who, run_id in first.items():
        assert fit(api, who, **again).json()["id"] == run_id
    # Nor can one be written so that it is another's: ids are known to those who run the service.
    assert fit(api, other, **{"Idempotency-Key": f"{key.id}/monday"}).json()["id"] not in first.values()


def test_a_fork_is_whose_key_asked_and_a_verification_whose_run_it_is(
    api: TestClient, key: Key, admin: Key, database: Database
) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET owner = :owner"), {"owner": key.id})
    fork = {"from_step": 1, "changes": {}}
    mine, general = (
        api.post(f"/runs/{run_id}/fork", json=fork, headers=who.headers).json()["id"] for who in (key, admin)
    )
    assert names(api, key, "/runs") == [mine, run_id]
    assert names(api, admin, "/runs") == [general, mine, run_id]
    problem_of(api.get(f"/runs/{general}", headers=key.headers), 404)
    with database.writing() as connection:
        runs.verify(connection, run_id)
        owners = connection.execute(text("SELECT owner FROM runs WHERE verifies IS NOT NULL")).scalars().all()
    assert owners == [key.id]


def test_idempotency_keys_of_forks_are_ones_own(api: TestClient, admin: Key, database: Database) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    general = make_key(database, "admin")
    again = {"Idempotency-Key": "monday"}

    def fork(who: Key) -> str:
        body = {"from_step": 1, "changes": {}}
        return str(api.post(f"/runs/{run_id}/fork", json=body, headers=who.headers | again).json()["id"])

    assert fork(admin) == fork(admin) != fork(general) == fork(general)
