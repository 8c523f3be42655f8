"""The quota of bytes: stored and promised trajectories, requests, inline and uploaded data; the free disk."""

import shutil
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, runs, unwritten_bytes, usage
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.sqlite import purge
from service.storage.sqlite.disk_space import log_bytes, on_disk
from service.worker.process import Worker
from tests.api_keys import Key
from tests.damage import damage
from tests.service.helpers import NOTHING, X, Y, counts, fit_body, problem_of, stored_run

STEPS = 1000
LONG = fit_body(descent={"steps": STEPS})
SWEEP = {"base": LONG, "grid": {"/split/seed": [1, 2, 3]}}
DATA_BYTES = 729
"""The eight rows, the names and the columns of the data of LONG."""
PRICE_BYTES = 8 * (STEPS + 1) * 8
"""The trajectory of LONG: θ has two numbers, and a step six columns more."""
UP_TO_ROW = 4000
"""More than the request, the names and the results of LONG take."""


def used(database: Database, owner: str | None = None) -> int:
    with database.reading() as connection:
        return usage.stored_bytes(connection, owner)


@pytest.fixture
def limited(settings: Settings, database: Database) -> TestClient:
    """A service for three runs like LONG, but not for four."""
    most = int(3.5 * PRICE_BYTES)
    return TestClient(create_app(settings.model_copy(update={"max_stored_bytes": most}), database))


def test_the_price_is_reserved_until_the_end_of_the_run(api: TestClient, database: Database) -> None:
    price = api.post("/fit?validate_only=true", json=LONG).json()
    assert used(database) == 0
    api.post("/fit", json=LONG)
    assert used(database) == price["bytes"]
    assert 0 < used(database) - PRICE_BYTES - DATA_BYTES < UP_TO_ROW


def test_an_ended_run_counts_with_its_stored_steps(database: Database) -> None:
    stored_run(database, LONG, np.ones((10, 2)))
    assert 0 < used(database) - 8 * 10 * 8 - DATA_BYTES < UP_TO_ROW


def test_a_cancelled_run_counts_without_the_missing_steps(api: TestClient, database: Database) -> None:
    queued = api.post("/fit", json=LONG).json()["id"]
    assert api.post(f"/runs/{queued}/cancel").status_code == 202
    assert used(database) - DATA_BYTES < UP_TO_ROW
    api.post("/fit", json=LONG)
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", 60.0)
        assert claim is not None
        runs.cancel(connection, claim.run.id)
    assert used(database) > PRICE_BYTES
    with database.writing() as connection:
        job_queue.hand_back(connection, claim)
    assert used(database) - DATA_BYTES < 2 * UP_TO_ROW


def test_a_deleted_run_counts_no_more_even_before_its_purge(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, LONG, np.ones((STEPS, 2)), chunks=[10] * 100)
    assert api.delete(f"/runs/{run_id}").status_code == 204
    assert counts(database)["runs"] == 1
    assert used(database) == DATA_BYTES
    with database.writing() as connection:
        while purge.has_deleted(connection):
            purge.purge_slice(connection)
    assert used(database) == 0


def test_a_run_beyond_the_quota_is_refused_by_its_price(limited: TestClient, database: Database) -> None:
    made = [limited.post("/fit", json=LONG).json()["id"] for _ in range(3)]
    before = counts(database)
    problem = problem_of(limited.post("/fit", json=LONG), 409)
    assert problem["most"] == int(3.5 * PRICE_BYTES)
    assert problem["used"] == used(database)
    assert PRICE_BYTES < problem["asked"] < PRICE_BYTES + DATA_BYTES + UP_TO_ROW
    assert "DELETE runs at /runs/{id}" in problem["detail"]
    assert counts(database) == before
    assert limited.post("/fit", json=fit_body()).status_code == 202
    assert limited.delete(f"/runs/{made[0]}").status_code == 204
    assert limited.post("/fit", json=LONG).status_code == 202


@pytest.mark.parametrize(
    ("path", "fits", "refused"),
    [
        ("/fit", LONG, fit_body(descent={"steps": 4 * STEPS})),
        ("/sweeps", SWEEP, {**SWEEP, "grid": {"/split/seed": [1, 2, 3, 4]}}),
    ],
)
def test_a_dry_run_says_what_the_request_would_get(
    path: str, fits: dict[str, Any], refused: dict[str, Any], limited: TestClient, database: Database
) -> None:
    dry = problem_of(limited.post(f"{path}?validate_only=true", json=refused), 409)
    real = problem_of(limited.post(path, json=refused), 409)
    assert all(dry[name] == real[name] for name in ("detail", "used", "asked", "most"))
    price = [limited.post(f"{path}?validate_only=true", json=fits).json()["bytes"] for _ in range(5)]
    assert limited.post(path, json=fits).status_code == 202
    assert set(price) == {used(database)}


def test_the_members_of_a_sweep_count_together(limited: TestClient, database: Database) -> None:
    grid = {"/split/seed": [1, 2, 3, 4]}
    assert problem_of(limited.post("/sweeps", json={"base": LONG, "grid": grid}), 409)["asked"] > 4 * PRICE_BYTES
    assert counts(database) == NOTHING
    grid["/split/seed"].pop()
    assert limited.post("/sweeps", json={"base": LONG, "grid": grid}).status_code == 202
    assert used(database) > 3 * PRICE_BYTES


def test_an_upload_counts(settings: Settings, database: Database) -> None:
    client = TestClient(create_app(settings.model_copy(update={"max_stored_bytes": int(2.5 * DATA_BYTES)}), database))

    def upload(number: float) -> Any:
        return client.post("/datasets", json={"x": X, "y": [number, *Y[1:]]})

    made = [upload(number).json()["id"] for number in (1, 3)]
    assert 1.9 * DATA_BYTES < used(database) < 2.1 * DATA_BYTES
    assert 0.9 * DATA_BYTES < problem_of(upload(4), 409)["asked"] < 1.1 * DATA_BYTES
    assert upload(3).status_code == 201  # this dataset exists
    assert client.delete(f"/datasets/{made[0]}").status_code == 204
    assert upload(4).status_code == 201


def test_each_key_has_its_own_bytes(settings: Settings, database: Database, key: Key, other: Key) -> None:
    changes = {"max_stored_bytes": int(1.5 * PRICE_BYTES), "keys": "required"}
    client = TestClient(create_app(settings.model_copy(update=changes), database))
    answers = [client.post("/fit", json=LONG, headers=each.headers).status_code for each in (key, other, key)]
    assert answers == [202, 202, 409]
    assert used(database, key.id) == used(database, other.id) == used(database) / 2


def test_a_large_request_counts_too(api: TestClient, database: Database) -> None:
    long = list(range(1_000_000_000, 1_000_000_000 + 20))
    api.post("/fit", json=fit_body(tags={str(number): "x" * 200 for number in long}))
    assert used(database) > 20 * 200


def test_unfinished_runs_count_on_the_free_disk(
    api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = api.post("/fit?validate_only=true", json=LONG).json()["bytes"]
    unwritten = 3 * price - 2 * DATA_BYTES  # the data are there after the first
    free = on_disk(unwritten) + log_bytes(unwritten) - 10
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    made = [api.post("/fit", json=LONG).json()["id"] for _ in range(2)]
    before = counts(database)
    problem = problem_of(api.post("/fit", json=LONG), 507)
    asked = problem["asked"]
    assert asked == on_disk(price)
    assert (problem["free"], problem["promised"] > 3 * asked) == (free, True)  # the two runs, and a log for all
    assert counts(database) == before
    assert api.post("/fit", json=fit_body()).status_code == 202
    assert api.post(f"/runs/{made[0]}/pause").status_code == 202
    problem_of(api.post("/fit", json=LONG), 507)  # a paused run may go on
    assert api.post(f"/runs/{made[0]}/cancel").status_code == 202
    assert api.post("/fit", json=LONG).status_code == 202


def test_the_results_of_unfinished_runs_count_on_the_free_disk(api: TestClient, database: Database) -> None:
    wide = {"kind": "mlp", "hidden": [300]}
    api.post("/fit", json=fit_body(model=wide, descent={"steps": 1}))
    with database.reading() as connection:
        unwritten = unwritten_bytes.kept(connection)
    assert unwritten == used(database) - DATA_BYTES > 5 * (2 * 8 * 1000)
    worker = Worker(Settings(database_url=str(database.engine.url), workers=1), "here")
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    worker._database.dispose()
    with database.reading() as connection:
        assert unwritten_bytes.kept(connection) == unwritten_bytes.counted(connection) == 0


def test_a_damaged_number_of_unwritten_bytes_is_corrected(api: TestClient, database: Database) -> None:
    api.post("/fit", json=LONG)
    for statement in ("UPDATE unwritten_bytes SET bytes = 'x'", "DELETE FROM unwritten_bytes"):
        with database.writing() as connection:
            connection.exec_driver_sql(statement)
        unwritten_bytes.correct(database)
        with database.reading() as connection:
            assert unwritten_bytes.kept(connection) == used(database) - DATA_BYTES


@pytest.mark.parametrize("value", ["'abc'", "x'ff00'", "CAST(x'ff00' AS TEXT)", "-5", "1 << 60", "9.5"])
def test_an_impossible_number_of_unwritten_bytes_refuses_nothing(
    value: str, api: TestClient, settings: Settings, database: Database
) -> None:
    assert api.post("/fit", json=LONG).status_code == 202
    damage(settings, "unwritten_bytes", "bytes", value, "1")
    assert settings.database_file is not None
    assert [found.where for found in check(settings.database_file, lambda *_: None)] == ["unwritten_bytes"]
    assert api.post("/fit?validate_only=true", json=fit_body()).status_code == 200
    assert api.post("/fit", json=LONG).status_code == 202
    with database.reading() as connection:
        assert unwritten_bytes.kept(connection) == unwritten_bytes.counted(connection) == used(database) - DATA_BYTES


def test_a_run_larger_than_the_free_disk_is_refused(settings: Settings, database: Database) -> None:
    exabyte = 10**18
    large = {"max_steps": exabyte, "max_trajectory_bytes": 100 * exabyte, "max_stored_bytes": 100 * exabyte}
    client = TestClient(create_app(settings.model_copy(update=large), database))
    answer = client.post("/fit", json=fit_body(descent={"steps": exabyte // 16}))
    problem = problem_of(answer, 507)
    assert problem["asked"] > exabyte > problem["free"] > 0
    assert int(answer.headers["Retry-After"]) >= 1
    assert counts(database) == NOTHING
