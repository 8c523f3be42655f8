"""Runs of an administrator on the data of another key."""

from collections.abc import Callable

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage import usage
from service.storage.database import Database
from tests.api_keys import Key
from tests.service.helpers import counts, fit_body, problem_of, stored_run

DATA = {"x": [[1], [2], [3]], "y": [1, 2, 4]}
FORK = {"from_step": 0, "changes": {"descent": {"learning_rate": 0.02}}}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Keys are required, on loopback too."""
    return settings.model_copy(update={"keys": "required"})


def forked(api: TestClient, admin: Key, run_id: str) -> str:
    answer = api.post(f"/runs/{run_id}/fork", json=FORK, headers=admin.headers)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def dataset_of(api: TestClient, caller: Key, run_id: str) -> str:
    return str(api.get(f"/runs/{run_id}", headers=caller.headers).json()["dataset"]["id"])


@pytest.fixture
def stored(database: Database) -> Callable[[Key], int]:
    """The bytes that a key stores."""

    def ask(key: Key) -> int:
        with database.reading() as connection:
            return usage.stored_bytes(connection, key.id)

    return ask


def test_a_run_of_an_administrator_does_not_keep_an_owner_from_deleting_its_dataset(
    api: TestClient, key: Key, admin: Key, database: Database, stored: Callable[[Key], int]
) -> None:
    dataset_id = api.post("/datasets", json=DATA, headers=key.headers).json()["id"]
    body = fit_body(dataset=...) | {"dataset": {"id": dataset_id}}
    run_id = stored_run(database, body, np.ones((2, 2)), owner=key.id)
    fork = forked(api, admin, run_id)
    assert problem_of(api.delete(f"/datasets/{dataset_id}", headers=key.headers), 409)["runs"] == 1
    assert problem_of(api.delete(f"/datasets/{dataset_id}", headers=admin.headers), 409)["runs"] == 2
    assert api.delete(f"/runs/{run_id}", headers=key.headers).status_code == 204
    before, data = stored(admin), stored(key)
    assert data > 3 * 2 * 8
    assert api.delete(f"/datasets/{dataset_id}", headers=key.headers).status_code == 204
    problem_of(api.get(f"/datasets/{dataset_id}", headers=key.headers), 404)
    assert (stored(key), stored(admin)) == (0, before + data)
    assert api.get(f"/datasets/{dataset_of(api, admin, fork)}/rows", headers=admin.headers).json()["y"] == [1, 2, 4]
    assert api.delete(f"/runs/{fork}", headers=admin.headers).status_code == 204
    assert (counts(database)["datasets"], counts(database)["dataset_chunks"]) == (0, 0)


def test_the_fork_of_an_administrator_inherits_inline_data(
    api: TestClient, key: Key, admin: Key, database: Database, stored: Callable[[Key], int]
) -> None:
    run_id = api.post("/fit", json=fit_body(), headers=key.headers).json()["id"]
    dataset_id = dataset_of(api, key, run_id)
    body = fit_body(dataset=...) | {"dataset": {"id": dataset_id}}
    theirs = api.post("/fit", json=body, headers=admin.headers).json()["id"]
    before = stored(admin)
    assert api.delete(f"/runs/{run_id}", headers=key.headers).status_code == 204
    assert stored(key) == 0
    assert stored(admin) > before
    problem_of(api.get(f"/datasets/{dataset_id}", headers=key.headers), 404)
    assert dataset_of(api, admin, theirs) == dataset_id


@pytest.mark.parametrize("way", ["/datasets", "/fit"])
def test_an_owner_that_sends_the_data_again_has_it_again(way: str, api: TestClient, key: Key, admin: Key) -> None:
    dataset_id = api.post("/datasets", json=DATA, headers=key.headers).json()["id"]
    body = fit_body(dataset=...) | {"dataset": {"id": dataset_id}}
    theirs = api.post("/fit", json=body, headers=admin.headers).json()["id"]
    assert api.delete(f"/datasets/{dataset_id}", headers=key.headers).status_code == 204
    sent = DATA if way == "/datasets" else fit_body(dataset=...) | {"dataset": DATA}
    assert api.post(way, json=sent, headers=key.headers).status_code < 300
    assert api.get(f"/datasets/{dataset_id}", headers=key.headers).status_code == 200
    assert api.delete(f"/runs/{theirs}", headers=admin.headers).status_code == 204
    assert api.get(f"/datasets/{dataset_id}/rows", headers=key.headers).status_code == 200
