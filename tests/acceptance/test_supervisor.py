"""The supervisor survives a failed start of a worker; /readyz reports when no worker is alive."""

import logging
import os
import signal
import sys
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.server.live_server import running_service
from service.storage import fair_shares
from service.storage.connect import open_database
from service.storage.database import Database
from service.worker.supervisor import Supervisor
from tests.acceptance.helpers import finished, long_run
from tests.acceptance.test_crash import children_of
from tests.service.helpers import fit_body, problem_of, until_finished
from tests.waiting import LONGEST, until


def one_worker(settings: Settings) -> Settings:
    return settings.model_copy(update={"workers": 1})


def pid_of(supervisor: Supervisor) -> int:
    [slot] = supervisor._slots
    assert slot.process is not None
    return slot.process.pid


def test_a_worker_that_cannot_be_started_is_tried_again_with_a_growing_pause(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/missing/python")
    with Supervisor(one_worker(settings), database) as supervisor:
        assert "No such file" in (supervisor.fault() or "")
        first = supervisor._slots[0]._backoff
        until(lambda: supervisor._slots[0]._backoff > 2 * first)
        assert "supervisor.worker_not_started" in caplog.text
        monkeypatch.undo()
        until(lambda: supervisor.fault() is None)


def test_the_supervision_goes_on_after_a_failure_of_its_own(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert settings.database_file is not None
    settings.database_file.mkdir()  # SQLite cannot open this file
    with Supervisor(one_worker(settings), Database(settings.database_url)) as supervisor:
        until(lambda: "change_feed.failed" in caplog.text)
        settings.database_file.rmdir()
        open_database(settings.database_url, 5.0).dispose()
        first = pid_of(supervisor)
        os.kill(first, signal.SIGKILL)
        until(lambda: pid_of(supervisor) != first)


def test_a_worker_that_was_told_to_stop_is_not_reported_as_dead(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Ctrl-C in a terminal reaches the workers before the supervisor stops them."""
    caplog.set_level(logging.INFO)
    with TestClient(create_app(settings, database)) as api, Supervisor(one_worker(settings), database) as supervisor:
        until_finished(api, api.post("/fit", json=fit_body()).json()["id"])  # the worker now handles signals
        first = pid_of(supervisor)
        os.kill(first, signal.SIGINT)
        until(lambda: pid_of(supervisor) != first)
    assert "supervisor.worker_stopped" in caplog.text
    assert "supervisor.worker_died" not in caplog.text


@pytest.mark.usefixtures("stuck_workers")
def test_a_worker_that_exits_to_end_a_computation_is_replaced_at_once(
    settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with TestClient(create_app(settings, database)) as api, Supervisor(one_worker(settings), database) as supervisor:
        for _ in range(2):
            cancel_in_worker(api, supervisor)
            assert supervisor._slots[0]._backoff == 0.0
    assert "supervisor.worker_died" not in caplog.text


@pytest.mark.usefixtures("stuck_workers")
def test_what_a_dead_worker_has_computed_since_its_last_heartbeat_is_charged(
    settings: Settings, database: Database
) -> None:
    patient = one_worker(settings).model_copy(update={"heartbeat_seconds": 1000.0, "lease_seconds": 3000.0})
    with TestClient(create_app(settings, database)) as api, Supervisor(patient, database) as supervisor:
        run_id = api.post("/fit", json=fit_body()).json()["id"]
        until(lambda: api.get(f"/runs/{run_id}").json()["status"] == "running")
        first = pid_of(supervisor)
        os.kill(first, signal.SIGKILL)
        until(lambda: pid_of(supervisor) != first)
        with database.reading() as connection:
            assert fair_shares.computed(connection, None) > 0.0


def cancel_in_worker(api: TestClient, supervisor: Supervisor) -> None:
    """Cancels a run in the worker, and returns when another worker is there."""
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    until(lambda: api.get(f"/runs/{run_id}").json()["status"] == "running")
    process = supervisor._slots[0].process
    assert process is not None
    api.post(f"/runs/{run_id}/cancel")
    process.wait(LONGEST)
    assert supervisor.fault() is None
    until(lambda: supervisor._slots[0].process is not process)


def test_readiness_tells_that_no_worker_is_alive_and_why(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings, database)
    monkeypatch.setattr(sys, "executable", "/missing/python")
    with TestClient(app) as api, Supervisor(one_worker(settings), database) as supervisor:
        app.state.descent.workers_fault = supervisor.fault
        answer = api.get("/readyz")
        assert "No such file" in problem_of(answer, 503)["detail"]
        assert answer.headers["Retry-After"] == "1"
        monkeypatch.undo()
        until(lambda: api.get("/readyz").status_code == 200)


def test_readiness_without_workers_does_not_depend_on_them(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)
    with TestClient(app) as api, Supervisor(settings.model_copy(update={"workers": 0}), database) as supervisor:
        app.state.descent.workers_fault = supervisor.fault
        assert api.get("/readyz").status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="sets another process's limits")
def test_a_service_without_a_free_file_starts_its_worker_as_soon_as_there_is_one(tmp_path: Path) -> None:
    import resource  # noqa: PLC0415 - not on Windows

    options = ("--database", f"sqlite:///{tmp_path}/d.db", "--workers", "1")
    with (
        (tmp_path / "log").open("w") as log,
        running_service(*options, log=log) as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        assert client.get("/readyz").status_code == 200
        pid = service.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, limits[1]))
        [worker] = children_of(pid)
        os.kill(worker, signal.SIGKILL)
        until(lambda: "worker_not_started" in (tmp_path / "log").read_text())
        assert "Too many open files" in problem_of(client.get("/readyz"), 503)["detail"]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        until(lambda: client.get("/readyz").status_code == 200)
        assert finished(client, long_run(client, 10))["status"] == "succeeded"
