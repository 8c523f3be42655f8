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

SMALL_QUOTAS: dict[str, Any] = {"max_queued_runs": 3, "max_stored_runs": 5, "max_stored_datasets": 2}


@pytest.fixture
def small_quotas(settings: Settings, database: Database) -> TestClient:
    """A service with small quotas."""
    return TestClient(create_app(settings.model_copy(update=SMALL_QUOTAS), database))


def finish_all(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET status = 'succeeded', finished_at = 1"))


def test_too_many_unfinished_runs_are_refused(small_quotas: TestClient, database: Database) -> None:
    for _ in range(3):
        assert small_quotas.post("/fit", json=fit_body()).status_code == 202
    before = rows_of(database)
    refused = small_quotas.post("/fit", json=fit_body())
    problem = problem_of(refused, 429)
    assert problem["most"] == 3
    assert int(refused.headers["Retry-After"]) >= 1
    assert rows_of(database) == before
    problem_of(small_quotas.post("/fit?validate_only=true", json=fit_body()), 429)


def test_a_cancelled_run_frees_its_quota_at_once(small_quotas: TestClient) -> None:
    runs = [small_quotas.post("/fit", json=fit_body()).json()["id"] for _ in range(3)]
    problem_of(small_quotas.post("/fit", json=fit_body()), 429)
    assert small_quotas.post(f"/runs/{runs[1]}/pause").status_code == 202
    problem_of(small_quotas.post("/fit", json=fit_body()), 429)
    assert small_quotas.post(f"/runs/{runs[0]}/cancel").status_code == 202
    assert small_quotas.post("/fit", json=fit_body()).status_code == 202
    problem_of(small_quotas.post("/fit", json=fit_body()), 429)


def test_too_many_kept_runs_are_refused(small_quotas: TestClient, database: Database) -> None:
    for _ in range(5):
        assert small_quotas.post("/fit", json=fit_body()).status_code == 202
        finish_all(database)
    problem = problem_of(small_quotas.post("/fit", json=fit_body()), 409)
    assert problem["most"] == 5
    assert "DELETE" in problem["detail"]
    assert small_quotas.delete(f"/runs/{small_quotas.get('/runs/latest').json()['id']}").status_code == 204
    assert small_quotas.post("/fit", json=fit_body()).status_code == 202


def test_a_repeated_request_is_answered_beyond_the_quota(small_quotas: TestClient) -> None:
    first = small_quotas.post("/fit", json=fit_body(), headers={"Idempotency-Key": "k"})
    for _ in range(2):
        small_quotas.post("/fit", json=fit_body())
    again = small_quotas.post("/fit", json=fit_body(), headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    problem_of(small_quotas.post("/fit", json=fit_body(), headers={"Idempotency-Key": "other"}), 429)


def test_forks_and_verifications_count(settings: Settings, database: Database) -> None:
    parent = stored_run(database, fit_body(), np.ones((3, 2)))
    client = TestClient(create_app(settings.model_copy(update=SMALL_QUOTAS | {"max_waits": 0}), database))

    def fork() -> Any:
        return client.post(f"/runs/{parent}/fork", json={"from_step": 1})

    assert [fork().status_code for _ in range(2)] == [202, 202]
    assert client.post(f"/runs/{parent}/verify").status_code == 202
    problem_of(fork(), 429)
    assert client.post(f"/runs/{parent}/verify").status_code == 202  # the queued verification
    problem_of(client.post("/fit", json=fit_body()), 429)
    with database.reading() as connection:
        assert (usage.unfinished(connection, None), usage.kept(connection, None)) == (3, 3)


def test_a_verification_beyond_the_quota_is_refused(small_quotas: TestClient, database: Database) -> None:
    parent = stored_run(database, fit_body(), np.ones((3, 2)))
    for _ in range(3):
        small_quotas.post("/fit", json=fit_body())
    problem_of(small_quotas.post(f"/runs/{parent}/verify"), 429)


def test_too_many_datasets_are_refused(small_quotas: TestClient) -> None:
    def upload(number: int) -> Any:
        return small_quotas.post("/datasets", json={"x": X, "y": [number, *Y[1:]]})

    assert [upload(number).status_code for number in range(2)] == [201, 201]
    assert problem_of(upload(3), 409)["most"] == 2
    problem_of(small_quotas.post("/datasets", content=CSV, headers={"Content-Type": "text/csv"}), 409)
    assert upload(1).status_code == 201  # this dataset exists
    assert small_quotas.post("/fit", json=fit_body()).status_code == 202  # inline data counts with its run
    assert small_quotas.delete(f"/datasets/{small_quotas.get('/datasets/latest').json()['id']}").status_code == 204
    assert upload(3).status_code == 201


def test_each_key_has_separate_quotas(settings: Settings, database: Database, key: Key, other: Key) -> None:
    client = TestClient(create_app(settings.model_copy(update=SMALL_QUOTAS | {"keys": "required"}), database))
    for _ in range(3):
        assert client.post("/fit", json=fit_body(), headers=key.headers).status_code == 202
    problem_of(client.post("/fit", json=fit_body(), headers=key.headers), 429)
    assert client.post("/fit", json=fit_body(), headers=other.headers).status_code == 202


def test_concurrent_requests_are_counted_exactly(settings: Settings, database: Database) -> None:
    client = TestClient(create_app(settings.model_copy(update={"max_queued_runs": 20}), database))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post("/fit", json=fit_body()).status_code, range(60)))
    assert sorted(set(answers)) == [202, 429]
    assert answers.count(202) == 20
    assert rows_of(database)["runs"] == 20


def test_an_outdated_count_is_read_again(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotas = Quotas(settings.model_copy(update=SMALL_QUOTAS))
    with database.writing() as connection:
        quotas.admit_run(connection, None, 0)
    for _ in range(SMALL_QUOTAS["max_queued_runs"]):
        stored_run(database, fit_body(), status=None)
    monkeypatch.setattr("service.jobs.quotas.FRESH_SECONDS", -1.0)
    with database.writing() as connection, pytest.raises(TooManyRequestsError):
        quotas.admit_run(connection, None, 0)


@pytest.mark.parametrize("status", list(RunStatus))
def test_unfinished_and_kept_runs_of_each_status(status: RunStatus, database: Database) -> None:
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
        Quotas(Settings(max_stored_runs=1)).admit_run(connection, None, 0)
