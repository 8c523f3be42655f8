"""A queued run whose row cannot be read fails alone; the runs behind it are claimed."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, runs, usage
from service.storage.damaged_rows import error_of
from service.storage.database import Database
from service.storage.job_queue import LeaseLostError
from tests.api_keys import make_key
from tests.damage import damage
from tests.service.helpers import fit_body, problem_of
from tests.service.storage.helpers import new_run, queue_run
from tests.service.worker.test_batching import train_all, worker_with


@pytest.mark.parametrize("column", ["request", "tags", "parameters", "timings"])
@pytest.mark.parametrize("stored", ["'{'", "x'ff00'", "5e300 || 'x'", "CAST(x'ff22' AS TEXT)"])
def test_claiming_passes_over_a_damaged_row(
    column: str, stored: str, api: TestClient, database: Database, settings: Settings
) -> None:
    damaged, sound = [api.post("/fit", json=fit_body()).json()["id"] for _ in range(2)]
    with database.writing() as connection:
        connection.execute(text(f"UPDATE runs SET {column} = {stored} WHERE id = '{damaged}'"))
    with worker_with(settings) as worker:
        train_all(worker)
    assert api.get(f"/runs/{sound}").json()["status"] == "succeeded"
    with database.reading() as connection:
        status, error = connection.execute(text(f"SELECT status, error FROM runs WHERE id = '{damaged}'")).one()
    assert status == "failed"
    assert "damaged_data" in error


@pytest.mark.parametrize("labels", [[2**53, 2**53 + 1], [-(2**53), 0], [0, 2**53]])
def test_labels_that_may_be_one_number_are_refused(labels: list[int], api: TestClient) -> None:
    answer = api.post("/fit", json=fit_body(dataset={"y": labels * 4}, model={"kind": "logistic"}))
    assert problem_of(answer, 422)["errors"][0]["pointer"] == "/dataset/y"


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("runs", "owner", "CAST(x'ff' AS TEXT)"),
        ("runs", "losses", "'many'"),
        ("runs", "lease_token", "'x'"),
        ("runs", "lease_expires_at", "'then'"),
        ("runs", "stored_bytes", str(2**62)),
        ("runs", "created_at", "CAST(x'ff' AS TEXT)"),
        ("runs", "dataset_seq", "'x'"),
        ("datasets", "features", "'{'"),
        ("api_keys", "weight", "CAST(x'ff' AS TEXT)"),
        ("api_keys", "max_running", "'none'"),
        ("api_keys", "scopes", "'{'"),
        ("computing_times", "seconds", "1e300"),
        ("computing_times", "charged_at", "CAST(x'ff' AS TEXT)"),
        ("computing_times", "owner", "CAST(x'ff' AS TEXT)"),
    ],
)
def test_a_damaged_value_stops_no_claim(
    table: str, column: str, value: str, database: Database, settings: Settings
) -> None:
    keys = [make_key(database) for _ in range(2)]
    damaged, sound = [queue_run(database, key.id, owner=key.id) for key in keys]
    with database.writing() as connection:
        for key in keys:
            fair_shares.charge(connection, key.id, 1.0)
    damage(settings, table, column, value, "rowid = 1")
    claimed = set()
    with database.writing() as connection:
        while (claim := fair_shares.claim(connection, "w", 15.0)) is not None:
            claimed.add(claim.run.id)
            job_queue.finish(connection, claim, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
        runs.create(connection, new_run(connection, "other"), {})
        assert usage.stored_bytes(connection, None) >= 0
    assert sound in claimed
    assert claimed <= {damaged, sound}


def test_a_running_run_whose_row_is_damaged_fails_after_its_lease(database: Database, settings: Settings) -> None:
    run_id = queue_run(database)
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", 15.0)
        assert claim is not None
    damage(settings, "runs", "request", "'{\"a\": 1}'", "1")
    with database.writing() as connection:
        with pytest.raises(LeaseLostError):
            job_queue.status(connection, claim)
        assert job_queue.expire_leases(connection, "w", is_loss=False) == 1
        assert fair_shares.claim(connection, "w", 15.0) is None
        found = runs.find_readable(connection, run_id)
    assert found is not None
    assert found.error == error_of("run")
