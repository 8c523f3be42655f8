"""Keeping house: old runs go, what is deleted gives its room back, the log is short; and what is left half done."""

import time
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.maintenance.retention import Retention
from service.storage import job_queue, runs
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.sqlite import vacuum
from service.storage.sqlite.engine import sqlite_module, wal_is_safe
from service.storage.sqlite.readonly import wal_of
from service.storage.trajectories import DELETED_AT_ONCE
from tests.service.helpers import NOTHING, counts, fit_body, stored_run
from tests.waiting import until

LONG = np.zeros((1024 * (DELETED_AT_ONCE + 100), 3))
"""A trajectory of more chunks than are deleted at once, and of more pages than are kept."""


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
    """A finished run of many chunks; its id."""
    return stored_run(database, fit_body(descent={"steps": len(LONG) - 1}), LONG)


def test_a_deleted_run_gives_its_room_back(
    long_run: str, settings: Settings, api: TestClient, database: Database
) -> None:
    before = file_of(settings).stat().st_size
    assert api.delete(f"/runs/{long_run}").status_code == 204
    with Retention(settings, database):
        until(lambda: free_pages(database) <= vacuum.KEPT_PAGES and counts(database) == NOTHING)
        until(lambda: file_of(settings).stat().st_size < before / 2)
    assert is_sound(settings)


def test_a_run_that_is_being_taken_away_is_gone_for_everybody(
    settings: Settings, api: TestClient, database: Database
) -> None:
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


def test_what_was_half_taken_away_is_finished_by_the_next_keeper(
    long_run: str, settings: Settings, api: TestClient, database: Database
) -> None:
    api.delete(f"/runs/{long_run}")
    before = counts(database)["trajectory_chunks"]
    with database.writing() as connection:  # a slice, and then the service dies
        connection.execute(text("DELETE FROM trajectory_chunks WHERE first_step < 5000"))
    assert 0 < counts(database)["trajectory_chunks"] < before
    assert is_sound(settings)
    with Retention(settings, database):
        until(lambda: counts(database) == NOTHING)


def test_the_data_of_a_run_that_is_being_taken_away_can_be_deleted(api: TestClient, database: Database) -> None:
    uploaded = api.post("/datasets", json=fit_body()["dataset"]).json()["id"]
    body = fit_body(dataset=..., descent={"steps": len(LONG) - 1}) | {"dataset": {"id": uploaded}}
    api.delete(f"/runs/{stored_run(database, body, LONG)}")
    assert api.delete(f"/datasets/{uploaded}").status_code == 204
    assert counts(database) == NOTHING


def test_a_worker_of_a_run_that_is_being_taken_away_has_lost_it(api: TestClient, database: Database) -> None:
    run_id = stored_run(database, fit_body(descent={"steps": len(LONG)}), LONG, status=None)
    with database.reading() as connection:
        held = runs.find(connection, run_id)
    assert held is not None
    api.delete(f"/runs/{run_id}")
    with pytest.raises(job_queue.LeaseLostError), database.writing() as connection:
        job_queue.progress(connection, job_queue.Claim(held, held.lease_token), 15.0, {})
    with database.writing() as connection:
        assert job_queue.claim(connection, "another", 15.0) is None


def test_old_runs_are_deleted_and_no_others(settings: Settings, api: TestClient, database: Database) -> None:
    old, new, waiting = (stored_run(database, fit_body(name=name), status=RunStatus.SUCCEEDED) for name in "abc")
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
    with Retention(settings.model_copy(update={"keep_days": 7.0}), database):
        until(lambda: api.get(f"/runs/{old}").status_code == 404)
    assert [run["id"] for run in api.get("/runs").json()["data"]] == [waiting, new]


@pytest.mark.skipif(not wal_is_safe(sqlite_module().sqlite_version_info), reason="there is no write-ahead log")
def test_the_log_is_empty_when_nobody_writes(
    long_run: str, settings: Settings, api: TestClient, database: Database
) -> None:
    log = wal_of(file_of(settings))
    assert log.stat().st_size > 0
    with Retention(settings, database):
        until(lambda: log.stat().st_size == 0)
    assert api.get(f"/runs/{long_run}").status_code == 200


def test_however_many_runs_there_are_a_look_walks_over_none(database: Database) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _keep(_connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        asked.append((statement, values))

    with database.reading() as connection:
        vacuum.has_removed(connection)
        runs.finished_before(connection, time.time(), 8)
        for statement, values in [each for each in asked if each[0].startswith("SELECT")]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            assert len(plan) == 1
            assert plan[0].detail.startswith("SEARCH runs USING")
