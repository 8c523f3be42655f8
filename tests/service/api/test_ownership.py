"""Ownership: runs, sweeps and datasets are visible only to their key and to admin keys."""

from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.api.app import create_app
from service.core.settings import Settings
from service.storage import run_deletion, runs
from service.storage.database import Database
from tests.api_keys import Key, make_key
from tests.service.api.operations import OF_AN_OBJECT, Operation
from tests.service.helpers import CSV, LINE, counts, fit_body, problem_of, stored_run

DATA = {"x": [[1], [2], [3]], "y": [1, 2, 4]}
BODIES = {"POST": {"from_step": 0, "changes": {"descent": {"learning_rate": 0.02}}}, "PATCH": {"name": "mine"}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Keys are required, on loopback too."""
    return settings.model_copy(update={"keys": "required"})


def fit(api: TestClient, key: Key, **headers: str) -> Any:
    return api.post("/fit", json=fit_body(), headers=key.headers | headers)


def upload(api: TestClient, key: Key, **parameters: str) -> Any:
    return api.post("/datasets", json=DATA, params=parameters, headers=key.headers)


def listed_ids(api: TestClient, key: Key, path: str) -> list[str]:
    return [entry["id"] for entry in api.get(path, headers=key.headers).json()["data"]]


@pytest.mark.parametrize("operation", OF_AN_OBJECT, ids=lambda each: f"{each.method} {each.path}")
def test_an_object_of_another_key_is_not_found(
    operation: Operation, api: TestClient, key: Key, other: Key, admin: Key, database: Database
) -> None:
    run_id, dataset_id = fit(api, key).json()["id"], upload(api, key).json()["id"]
    if operation.method == "GET":  # finished: the events of other runs never end, and analyses need steps
        with database.writing() as connection:
            assert run_deletion.remove(connection, run_id)
        run_id = stored_run(database, fit_body(), np.ones((2, 2)), owner=key.id)
    sweep = {"run": run_id, "grid": {"/split/seed": [1]}}
    sweep_id = api.post("/sweeps", json=sweep, headers=key.headers).json()["id"]
    name = {"runs": run_id, "sweeps": sweep_id, "datasets": dataset_id}[operation.path.split("/")[1]]
    before = counts(database)

    def ask(path: str, caller: Key) -> Any:
        return api.request(operation.method, path, json=BODIES.get(operation.method), headers=caller.headers)

    answer = ask(operation.of(name), other)
    unknown = ask(operation.of("0123456789abcdef"), other)
    assert problem_of(answer, 404)["detail"].replace(name, "0123456789abcdef") == problem_of(unknown, 404)["detail"]
    problem_of(ask(operation.of("latest"), other), 404)
    assert counts(database) == before
    assert ask(operation.of(name), admin).status_code != 404
    if operation.method == "GET":
        assert ask(operation.of(name), key).status_code == 200


def test_a_page_has_no_place_behind_the_run_of_another_key(api: TestClient, key: Key, other: Key) -> None:
    for caller, names in ((key, ("a", "secret")), (other, ("b", "z"))):
        for name in names:
            api.post("/fit", json=fit_body(name=name), headers=caller.headers)
    for seq in range(1, 5):
        answer = api.get(f"/runs?sort=name&after={seq}", headers=other.headers)
        assert (answer.status_code == 200) == (seq > 2), "a foreign run gives no place"
        if seq > 2:
            assert [run["name"] for run in answer.json()["data"]] == [["z"], []][seq - 3]


def test_lists_and_latest_have_only_objects_of_the_key(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    mine, theirs = fit(api, key).json()["id"], fit(api, other).json()["id"]
    my_data, their_data = upload(api, key).json()["id"], upload(api, other).json()["id"]
    for caller, own, data in ((key, [mine], [my_data]), (other, [theirs], [their_data])):
        assert listed_ids(api, caller, "/runs") == listed_ids(api, caller, "/runs?status=queued") == own
        assert listed_ids(api, caller, "/datasets") == data
        assert api.get("/runs/latest", headers=caller.headers).json()["id"] == own[0]
        assert api.get("/datasets/latest", headers=caller.headers).json()["id"] == data[0]
    assert listed_ids(api, admin, "/runs") == [theirs, mine]
    assert listed_ids(api, admin, "/datasets") == [their_data, my_data]


@pytest.mark.parametrize("seen", ["key", "all"])
def test_a_read_key_sees_the_objects_of_the_key_that_it_names(
    seen: str, api: TestClient, key: Key, other: Key, database: Database
) -> None:
    mine, theirs = fit(api, key).json()["id"], fit(api, other).json()["id"]
    my_data, their_data = upload(api, key).json()["id"], upload(api, other).json()["id"]
    sweep = api.post("/sweeps", json={"run": mine, "grid": {"/split/seed": [1]}}, headers=key.headers).json()
    reader = make_key(database, "read", sees=key.id if seen == "key" else "all")
    is_all = seen == "all"
    member = sweep["ranking"][0]["run_id"]
    assert listed_ids(api, reader, "/runs") == ([member, theirs, mine] if is_all else [member, mine])
    assert listed_ids(api, reader, "/datasets") == ([their_data, my_data] if is_all else [my_data])
    assert listed_ids(api, reader, "/sweeps") == [sweep["id"]]
    assert api.get("/runs/latest", headers=reader.headers).json()["id"] == member
    assert api.get("/datasets/latest", headers=reader.headers).json()["id"] == (their_data if is_all else my_data)
    assert api.get(f"/runs/{mine}", headers=reader.headers).status_code == 200
    assert api.get(f"/runs/{theirs}", headers=reader.headers).status_code == (200 if is_all else 404)
    problem_of(api.delete(f"/runs/{mine}", headers=reader.headers), 403)
    problem_of(fit(api, reader), 403)


def test_a_key_that_may_write_sees_its_own_objects_only(api: TestClient, key: Key, database: Database) -> None:
    """The command refuses such a key; a row that was changed by hand gains nothing."""
    fit(api, key)
    assert listed_ids(api, make_key(database, "write", sees="all"), "/runs") == []


def test_sweeps_are_separate_for_each_key(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    run_id = fit(api, key).json()["id"]
    body = {"run": run_id, "grid": {"/split/seed": [1, 2]}}
    again = {"Idempotency-Key": "k"}
    problem_of(api.post("/sweeps", json=body, headers=other.headers), 404)
    made = [
        api.post("/sweeps", json=body | {"run": "latest"}, headers=caller.headers | again).json()["id"]
        for caller in (key, admin)
    ]
    assert made[0] != made[1]
    assert listed_ids(api, key, "/sweeps") == [made[0]]
    assert listed_ids(api, other, "/sweeps") == []
    assert listed_ids(api, admin, "/sweeps") == made[::-1]
    assert len(listed_ids(api, key, f"/runs?sweep={made[0]}")) == 2
    assert listed_ids(api, other, f"/runs?sweep={made[0]}") == []
    assert listed_ids(api, key, "/runs?sweep=latest") == listed_ids(api, key, f"/runs?sweep={made[0]}")
    assert listed_ids(api, admin, "/runs?sweep=latest") == listed_ids(api, admin, f"/runs?sweep={made[1]}")
    assert listed_ids(api, other, "/runs?sweep=latest") == []
    assert len(listed_ids(api, admin, f"/runs?sweep={made[0]}")) == 2


def test_a_cursor_into_the_runs_of_another_key_gives_an_empty_page(api: TestClient, key: Key, other: Key) -> None:
    for _ in range(3):
        fit(api, key)
    page = api.get("/runs?limit=1", headers=key.headers).json()
    assert page["has_more"]
    assert listed_ids(api, other, f"/runs?after={page['next']}") == []


def test_the_same_data_of_two_keys_is_two_datasets(
    api: TestClient, key: Key, other: Key, admin: Key, database: Database
) -> None:
    mine, theirs, general = (upload(api, caller, name="d").json() for caller in (key, other, admin))
    assert len({mine["id"], theirs["id"], general["id"]}) == 3
    assert mine["sha256"] == theirs["sha256"] == general["sha256"]
    assert upload(api, key, name="d").json()["id"] == mine["id"]
    csv = {"Content-Type": "text/csv"}
    ids = {api.post("/datasets", content=CSV, headers=caller.headers | csv).json()["id"] for caller in (key, other)}
    assert len(ids) == 2
    assert api.delete(f"/datasets/{mine['id']}", headers=key.headers).status_code == 204
    assert api.get(f"/datasets/{theirs['id']}", headers=other.headers).status_code == 200
    assert counts(database)["datasets"] == 4


def test_the_same_request_of_two_keys_shares_no_data(api: TestClient, key: Key, other: Key, database: Database) -> None:
    for body in (LINE, {"dataset": {"sample": "norris"}}):
        mine, theirs = (api.post("/fit", json=body, headers=caller.headers).json() for caller in (key, other))
        assert mine["dataset"]["id"] != theirs["dataset"]["id"]
        assert api.delete(f"/runs/{mine['id']}", headers=key.headers).status_code == 204
        found = api.get(f"/datasets/{theirs['dataset']['id']}/rows", headers=other.headers)
        assert len(found.json()["x"]) == theirs["dataset"]["rows"]
    assert counts(database)["datasets"] == 2


def test_a_run_cannot_use_data_of_another_key(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    dataset_id = upload(api, key).json()["id"]
    for name in (dataset_id, "latest"):
        body = {"dataset": {"id": name}}
        [error] = problem_of(api.post("/fit", json=body, headers=other.headers), 404)["errors"]
        assert error["pointer"] == "/dataset/id"
        problem_of(api.post("/fit?validate_only=true", json=body, headers=other.headers), 404)
        assert api.post("/fit", json=body, headers=admin.headers).json()["dataset"]["id"] == dataset_id


def test_idempotency_keys_are_separate_for_each_key(api: TestClient, key: Key, other: Key, admin: Key) -> None:
    again = {"Idempotency-Key": "monday"}
    first = {caller: fit(api, caller, **again).json()["id"] for caller in (key, other, admin)}
    assert len(set(first.values())) == 3
    for caller, run_id in first.items():
        assert fit(api, caller, **again).json()["id"] == run_id
    # An idempotency key that contains the id of another key is separate too: operators know these ids.
    assert fit(api, other, **{"Idempotency-Key": f"{key.id}/monday"}).json()["id"] not in first.values()


def test_a_key_made_without_api_keys_never_meets_that_of_an_owner(
    api: TestClient, key: Key, settings: Settings, database: Database
) -> None:
    free = TestClient(create_app(settings.model_copy(update={"keys": "off"}), database))
    mine = fit(api, key, **{"Idempotency-Key": "monday"}).json()["id"]
    bare = {"Idempotency-Key": f"{key.id}/monday"}
    theirs = free.post("/fit", json=fit_body(), headers=bare).json()["id"]
    assert theirs != mine
    assert free.post("/fit", json=fit_body(), headers=bare).json()["id"] == theirs
    assert fit(api, key, **{"Idempotency-Key": "monday"}).json()["id"] == mine


def test_a_fork_belongs_to_the_requesting_key_and_a_verification_to_the_owner_of_its_run(
    api: TestClient, key: Key, admin: Key, database: Database
) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET owner = :owner"), {"owner": key.id})
    fork = {"from_step": 1, "changes": {}}
    mine, general = (
        api.post(f"/runs/{run_id}/fork", json=fork, headers=caller.headers).json()["id"] for caller in (key, admin)
    )
    assert listed_ids(api, key, "/runs") == [mine, run_id]
    assert listed_ids(api, admin, "/runs") == [general, mine, run_id]
    problem_of(api.get(f"/runs/{general}", headers=key.headers), 404)
    with database.writing() as connection:
        run = runs.find(connection, run_id)
        assert run is not None
        runs.create_verification(connection, run)
        owners = connection.execute(text("SELECT owner FROM runs WHERE verifies IS NOT NULL")).scalars().all()
    assert owners == [key.id]


def test_idempotency_keys_of_forks_are_separate_for_each_key(api: TestClient, admin: Key, database: Database) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    general = make_key(database, "admin")
    again = {"Idempotency-Key": "monday"}

    def fork(caller: Key) -> str:
        body = {"from_step": 1, "changes": {}}
        return str(api.post(f"/runs/{run_id}/fork", json=body, headers=caller.headers | again).json()["id"])

    assert fork(admin) == fork(admin) != fork(general) == fork(general)
