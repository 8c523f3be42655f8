"""Quotas of runs and datasets: for each API key, or for all clients without keys."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.api.app import create_app
from service.core.exceptions import ConflictError, TooManyRequestsError
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.jobs.quotas import Quotas
from service.storage import usage
from service.storage.database import Database
from tests.api_keys import Key
from tests.service.helpers import CSV, X, Y, fit_body, problem_of, stored_run
from tests.service.helpers import counts as rows_of

FEW: dict[str, Any] = {"max_queued_runs": 3, "max_stored_runs": 5, "max_stored_datasets": 2}


@pytest.fixture
def few(settings: Settings, database: Database) -> TestClient:
    """A service where there may be few."""
    return TestClient(create_app(settings.model_copy(update=FEW), database))


def finish_all(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET status = 'succeeded', finished_at = 1"))


def test_too_many_unfinished_runs_are_refused(few: TestClient, database: Database) -> None:
    for _ in range(3):
        assert few.post("/fit", json=fit_body()).status_code == 202
    before = rows_of(database)
    refused = few.post("/fit", json=fit_body())
    problem = problem_of(refused, 429)
    assert problem["most"] == 3
    assert int(refused.headers["Retry-After"]) >= 1
    assert rows_of(database) == before
    assert few.post("/fit?validate_only=true", json=fit_body()).status_code == 200


def test_a_run_that_is_cancelled_makes_room_at_once(few: TestClient) -> None:
    runs = [few.post("/fit", json=fit_body()).json()["id"] for _ in range(3)]
    problem_of(few.post("/fit", json=fit_body()), 429)
    assert few.post(f"/runs/{runs[1]}/pause").status_code == 202
    problem_of(few.post("/fit", json=fit_body()), 429)
    assert few.post(f"/runs/{runs[0]}/cancel").status_code == 202
    assert few.post("/fit", json=fit_body()).status_code == 202
    problem_of(few.post("/fit", json=fit_body()), 429)


def test_too_many_kept_runs_are_refused(few: TestClient, database: Database) -> None:
    for _ in range(5):
        assert few.post("/fit", json=fit_body()).status_code == 202
        finish_all(database)
    problem = problem_of(few.post("/fit", json=fit_body()), 409)
    assert problem["most"] == 5
    assert "DELETE" in problem["detail"]
    assert few.delete(f"/runs/{few.get('/runs/latest').json()['id']}").status_code == 204
    assert few.post("/fit", json=fit_body()).status_code == 202


def test_a_retry_is_answered_however_full_it_is(few: TestClient) -> None:
    first = few.post("/fit", json=fit_body(), headers={"Idempotency-Key": "k"})
    for _ in range(2):
        few.post("/fit", json=fit_body())
    again = few.post("/fit", json=fit_body(), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    problem_of(few.post("/fit", json=fit_body(), headers={"Idempotency-Key": "other"}), 429)


def test_forks_and_verifications_are_counted_too(settings: Settings, database: Database) -> None:
    parent = stored_run(database, fit_body(), np.ones((3, 2)))
    client = TestClient(create_app(settings.model_copy(update=FEW | {"max_waits": 0}), database))

    def fork() -> Any:
        return client.post(f"/runs/{parent}/fork", json={"from_step": 1})

    assert [fork().status_code for _ in range(2)] == [202, 202]
    assert client.post(f"/runs/{parent}/verify").status_code == 202
    problem_of(fork(), 429)
    assert client.post(f"/runs/{parent}/verify").status_code == 202  # the one that waits already
    problem_of(client.post("/fit", json=fit_body()), 429)
    with database.reading() as connection:
        assert (usage.unfinished(connection, None), usage.kept(connection, None)) == (3, 3)


def test_a_verification_waits_for_room(few: TestClient, database: Database) -> None:
    parent = stored_run(database, fit_body(), np.ones((3, 2)))
    for _ in range(3):
        few.post("/fit", json=fit_body())
    problem_of(few.post(f"/runs/{parent}/verify"), 429)


def test_too_many_datasets_are_refused(few: TestClient) -> None:
    def upload(number: int) -> Any:
        return few.post("/datasets", json={"x": X, "y": [number, *Y[1:]]})

    assert [upload(number).status_code for number in range(2)] == [201, 201]
    assert problem_of(upload(3), 409)["most"] == 2
    problem_of(few.post("/datasets", content=CSV, headers={"Content-Type": "text/csv"}), 409)
    assert upload(1).status_code == 201  # it is there already
    assert few.post("/fit", json=fit_body()).status_code == 202  # data that comes along counts with its run
    assert few.delete(f"/datasets/{few.get('/datasets/latest').json()['id']}").status_code == 204
    assert upload(3).status_code == 201


def test_each_key_has_its_own(settings: Settings, database: Database, key: Key, other: Key) -> None:
    client = TestClient(create_app(settings.model_copy(update=FEW | {"keys": "required"}), database))
    for _ in range(3):
        assert client.post("/fit", json=fit_body(), headers=key.headers).status_code == 202
    problem_of(client.post("/fit", json=fit_body(), headers=key.headers), 429)
    assert client.post("/fit", json=fit_body(), headers=other.headers).status_code == 202


def test_what_comes_at_once_is_counted_exactly(settings: Settings, database: Database) -> None:
    client = TestClient(create_app(settings.model_copy(update={"max_queued_runs": 20}), database))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/fit", json=fit_body()).status_code, range(60)))
    assert sorted(set(answers)) == [202, 429]
    assert answers.count(202) == 20
    assert rows_of(database)["runs"] == 20


def test_what_another_process_adds_is_seen_when_the_count_is_old(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotas = Quotas(Settings(**FEW))
    with database.writing() as connection:
        quotas.admit_run(connection, None)
    for _ in range(FEW["max_queued_runs"]):
        stored_run(database, fit_body(), status=None)
    monkeypatch.setattr("service.jobs.quotas.FRESH_SECONDS", -1.0)
    with database.writing() as connection, pytest.raises(TooManyRequestsError):
        quotas.admit_run(connection, None)


@pytest.mark.parametrize("status", list(RunStatus))
def test_what_is_not_finished_is_counted(status: RunStatus, database: Database) -> None:
    stored_run(database, fit_body())
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET status = :status, owner = 'k'"), {"status": status})
        found = [usage.unfinished(connection, owner) for owner in (None, "k", "other")]
        kept = [usage.kept(connection, owner) for owner in (None, "k", "other")]
    live = status in {"queued", "running", "paused", "cancelling"}
    assert found == [live, live, False]
    assert kept == [1, 1, 0]


def test_many_kept_runs_are_a_conflict(database: Database) -> None:
    stored_run(database, fit_body())
    with database.writing() as connection, pytest.raises(ConflictError, match="DELETE"):
        Quotas(Settings(max_stored_runs=1)).admit_run(connection, None)
