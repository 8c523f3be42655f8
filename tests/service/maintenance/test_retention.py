"""Retention: old runs, deleted runs, free pages, the write-ahead log, and work interrupted by a crash."""

import time
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, event, text

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.maintenance import retention
from service.maintenance.retention import Retention
from service.storage import deletion_state, fair_shares, job_queue, old_runs, runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.sqlite import purge, vacuum
from service.storage.sqlite.engine import sqlite_module, wal_is_safe
from service.storage.sqlite.readonly import wal_of
from service.storage.trajectories import DELETED_AT_ONCE
from tests.service.helpers import NOTHING, counts, fit_body, stored_run
from tests.waiting import until

LONG = np.zeros((1024 * 164, 3))
"""A trajectory with more chunks than one deletion removes, and more pages than a file keeps free."""

AT_ONCE = {"keep_notice_seconds": 0.0}


def file_of(settings: Settings) -> Path:
    assert settings.database_file is not None
    return settings.database_file


def is_sound(settings: Settings) -> bool:
    return not list(check(file_of(settings), lambda *_: None))


def free_pages(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


@pytest.fixture
def long_run(database: Database) -> str:
    """The id of a finished run with many chunks."""
    return stored_run(database, fit_body(descent={"steps": len(LONG) - 1}), LONG)


def test_a_deleted_run_returns_its_disk_space(
    long_run: str, settings: Settings, api: TestClient, database: Database
) -> None:
    before = file_of(settings).stat().st_size
    assert api.delete(f"/runs/{long_run}").status_code == 204
    with Retention(settings, database):
        until(lambda: free_pages(database) <= vacuum.KEPT_PAGES and counts(database) == NOTHING)
        until(lambda: file_of(settings).stat().st_size < before / 2)
    assert is_sound(settings)


def test_a_run_being_purged_is_invisible(settings: Settings, api: TestClient, database: Database) -> None:
    key = {"Idempotency-Key": "k"}
    run_id = stored_run(database, fit_body(descent={"steps": len(LONG) - 1}, tags={"a": "b"}), LONG)
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET idempotency_key = 'k', request_digest = 'd'"))
    assert api.delete(f"/runs/{run_id}").status_code == 204
    for path in (f"/runs/{run_id}", f"/runs/{run_id}/trajectory", "/runs/latest"):
        assert api.get(path).status_code == 404
    for path in ("/runs", "/runs?tag=a:b", "/runs?status=cancelled"):
        assert api.get(path).json()["data"] == []
    for path in ("cancel", "pause", "resume", "verify", "fork"):
        assert api.post(f"/runs/{run_id}/{path}", json={"from_step": 0}).status_code == 404
    assert api.delete(f"/runs/{run_id}").status_code == 404
    assert api.post("/fit", json=fit_body(), headers=key).status_code == 202
    assert counts(database)["runs"] == 2
    assert is_sound(settings)


def test_the_next_retention_finishes_an_interrupted_purge(
    long_run: str, settings: Settings, api: TestClient, database: Database
) -> None:
    api.delete(f"/runs/{long_run}")
    before = counts(database)["trajectory_chunks"]
    with database.writing() as connection:  # one slice before a crash of the service
        connection.execute(text("DELETE FROM trajectory_chunks WHERE first_step < 5000"))
    assert 0 < counts(database)["trajectory_chunks"] < before
    assert is_sound(settings)
    with Retention(settings, database):
        until(lambda: counts(database) == NOTHING)


def test_deleting_the_dataset_of_a_run_being_purged_leaves_the_chunks_to_the_purge(
    settings: Settings, api: TestClient, database: Database
) -> None:
    data = fit_body()["dataset"]
    uploaded = api.post("/datasets", json=data).json()["id"]
    body = fit_body(dataset=..., descent={"steps": len(LONG) - 1}) | {"dataset": {"id": uploaded}}
    api.delete(f"/runs/{stored_run(database, body, LONG)}")
    chunks = counts(database)["trajectory_chunks"]
    assert api.delete(f"/datasets/{uploaded}").status_code == 204
    assert counts(database)["trajectory_chunks"] == chunks  # else one transaction deletes all of them
    assert api.get(f"/datasets/{uploaded}").status_code == 404
    assert api.get("/datasets").json()["data"] == []
    assert api.post("/fit", json=body).status_code == 404
    assert is_sound(settings)
    with Retention(settings, database):
        until(lambda: counts(database) == NOTHING)


def test_a_dataset_uploaded_again_outlives_the_purge_of_its_deleted_runs(
    settings: Settings, api: TestClient, database: Database
) -> None:
    data = fit_body()["dataset"]
    uploaded = api.post("/datasets", json=data).json()["id"]
    body = fit_body(dataset=..., descent={"steps": len(LONG) - 1}) | {"dataset": {"id": uploaded}}
    api.delete(f"/runs/{stored_run(database, body, LONG)}")
    api.delete(f"/datasets/{uploaded}")
    assert api.post("/datasets", json=data).json()["id"] == uploaded
    with Retention(settings, database):
        until(lambda: counts(database)["runs"] == 0)
    assert api.get(f"/datasets/{uploaded}/rows").status_code == 200


def test_an_old_run_is_hidden_and_its_chunks_are_left_to_the_purge(settings: Settings, database: Database) -> None:
    rows = np.zeros((1024 * DELETED_AT_ONCE, 3))
    stored_run(database, fit_body(descent={"steps": len(rows) - 1}), rows)
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET finished_at = 0"))
    chunks = counts(database)["trajectory_chunks"]
    kept_rows = []

    @event.listens_for(database.engine, "commit")
    def _count(connection: Connection) -> None:
        left = connection.execute(text("SELECT count(*) FROM trajectory_chunks")).scalar_one()
        kept_rows.append((connection.execute(text("SELECT count(deleted_at) FROM runs")).scalar_one(), left))

    with Retention(settings.model_copy(update={"keep_days": 7.0} | AT_ONCE), database):
        until(lambda: counts(database) == NOTHING)
    assert (1, chunks) in kept_rows


def test_the_worker_of_a_run_being_purged_loses_its_lease(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": len(LONG)}), LONG, status=None)
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    api.delete(f"/runs/{run_id}")
    with pytest.raises(job_queue.LeaseLostError), database.writing() as connection:
        job_queue.progress(connection, job_queue.Claim(run), 15.0, {})
    with database.writing() as connection:
        assert fair_shares.claim(connection, "another", 15.0) is None


def test_only_old_finished_runs_are_deleted(settings: Settings, api: TestClient, database: Database) -> None:
    old, new, waiting, newest = (stored_run(database, fit_body(name=name)) for name in "abcd")
    day = 86_400
    with database.writing() as connection:
        connection.execute(
            text("UPDATE runs SET finished_at = finished_at - :t WHERE id = :id"), {"t": 8 * day, "id": old}
        )
        connection.execute(
            text("UPDATE runs SET finished_at = finished_at - :t WHERE id = :id"), {"t": 6 * day, "id": new}
        )
        connection.execute(
            text("UPDATE runs SET status = 'queued', finished_at = NULL, created_at = 0 WHERE id = :id"),
            {"id": waiting},
        )
    with Retention(settings, database):  # no setting, no deletion
        pass
    with Retention(settings.model_copy(update={"keep_days": 7.0} | AT_ONCE), database):
        until(lambda: api.get(f"/runs/{old}").status_code == 404)
    assert [run["id"] for run in api.get("/runs").json()["data"]] == [newest, waiting, new]


def test_retention_goes_on_after_a_failure_at_its_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "FAILED_SECONDS", 0.05)
    file_of(settings).mkdir()  # SQLite cannot open this file
    with Retention(
        settings.model_copy(update={"keep_days": 7.0} | AT_ONCE), Database(settings.database_url)
    ) as failing:
        until(lambda: "retention.failed" in caplog.text or not failing._thread.is_alive())
        file_of(settings).rmdir()
        database = open_database(settings.database_url, 5.0)
        stored_run(database, fit_body())
        with database.writing() as connection:
            connection.execute(text("UPDATE runs SET finished_at = 0"))
        until(lambda: counts(database) == NOTHING or not failing._thread.is_alive())
        assert counts(database) == NOTHING
    database.dispose()


@pytest.mark.skipif(not wal_is_safe(sqlite_module().sqlite_version_info), reason="there is no write-ahead log")
def test_the_write_ahead_log_of_an_idle_service_is_empty(
    long_run: str, settings: Settings, api: TestClient, database: Database
) -> None:
    log = wal_of(file_of(settings))
    assert log.stat().st_size > 0
    with Retention(settings, database):
        until(lambda: log.stat().st_size == 0)
    assert api.get(f"/runs/{long_run}").status_code == 200


def test_the_search_for_old_and_deleted_runs_uses_an_index(database: Database) -> None:
    statements: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _record(_connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        statements.append((statement, values))

    with database.reading() as connection:
        purge.has_deleted(connection)
        old_runs.finished_before(connection, time.time(), 8)
        for statement, values in [each for each in statements if each[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert len(plan) == 1
            assert plan[0].detail.startswith(("SEARCH runs USING", "SEARCH datasets USING INDEX"))


def test_old_runs_are_announced_and_kept_during_the_notice(
    settings: Settings, api: TestClient, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    run_id = stored_run(database, fit_body(), status=RunStatus.SUCCEEDED)
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET finished_at = 0"))
    with Retention(settings.model_copy(update={"keep_days": 7.0}), database):
        until(lambda: "will_delete_old_runs count=1" in caplog.text)
        time.sleep(2 * retention.IDLE_SECONDS)  # nothing follows, so there is no event to await
        assert api.get(f"/runs/{run_id}").status_code == 200


def test_a_damaged_state_of_the_deletion_by_age_is_replaced(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    stored_run(database, fit_body())
    with database.writing() as connection:
        deletion_state.store(connection, deletion_state.DeletionState(0.0, 0.0, []))
        connection.execute(text("UPDATE deletion_by_age SET leaps = '['"))
    with Retention(settings.model_copy(update={"keep_days": 7.0} | AT_ONCE), database):
        until(lambda: "retention.state_damaged" in caplog.text)
        with database.writing() as connection:
            connection.execute(text("UPDATE runs SET deleted_at = 1.0"))
        until(lambda: counts(database)["runs"] == 0)
