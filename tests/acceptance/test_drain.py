"""A stopped worker hands back its run and does not count as lost, even during a long block."""

import signal
import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage import fair_shares, job_queue, runs
from service.storage.database import Database
from service.worker.lease import UNHEEDED
from service.worker.process import Worker
from service.worker.supervisor import Supervisor
from tests.acceptance.helpers import run_of
from tests.service.helpers import fit_body
from tests.waiting import until

FRAIL = {"max_losses": 1}
"""With these settings the first loss of a worker is the end of the run."""


def row_of(database: Database, run_id: str) -> Any:
    with database.reading() as connection:
        return runs.find(connection, run_id)


def is_running(api: TestClient, run_id: str) -> bool:
    return bool(run_of(api, run_id)["status"] == "running")


def queued(api: TestClient) -> str:
    return str(api.post("/fit", json=fit_body()).json()["id"])


def supervisor_of(settings: Settings, database: Database, **changes: Any) -> Supervisor:
    return Supervisor(settings.model_copy(update={"workers": 1, **changes}), database)


def process_of(supervisor: Supervisor) -> Any:
    return supervisor._slots[0].process


@pytest.mark.usefixtures("stuck_workers")
def test_a_block_that_takes_longer_than_the_drain_survives_restarts(
    settings: Settings, database: Database, api: TestClient
) -> None:
    run_id = queued(api)
    for _ in range(FRAIL["max_losses"] + 1):
        with supervisor_of(settings, database, drain_seconds=1.5, **FRAIL) as supervisor:
            until(lambda: is_running(api, run_id))
        assert process_of(supervisor).returncode == UNHEEDED
        run = row_of(database, run_id)
        assert (run.status, run.losses) == ("queued", 0)
    worker = Worker(settings.model_copy(update=FRAIL), "w")
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    assert run_of(api, run_id)["status"] == "succeeded"


@pytest.mark.usefixtures("stuck_workers")
def test_a_worker_that_the_stopping_supervisor_kills_is_no_loss(
    settings: Settings, database: Database, api: TestClient
) -> None:
    run_id = queued(api)
    for _ in range(FRAIL["max_losses"] + 1):
        with supervisor_of(settings, database, drain_seconds=0.1, **FRAIL) as supervisor:
            until(lambda: is_running(api, run_id) and row_of(database, run_id).lease_expires_at > 0)
            process_of(supervisor).send_signal(signal.SIGSTOP)  # the worker cannot hand back its run
        assert process_of(supervisor).returncode == -signal.SIGKILL
        with database.writing() as connection:
            claim = fair_shares.claim(connection, "next", 60.0)
            assert claim is not None, "the next claim need not wait for the lease"
            assert claim.run.losses == 0
            job_queue.hand_back(connection, claim)


@pytest.mark.usefixtures("stuck_workers")
def test_the_run_of_a_worker_that_dies_while_it_drains_is_free_at_once_and_no_loss(
    settings: Settings, database: Database, api: TestClient
) -> None:
    run_id = queued(api)
    with supervisor_of(settings, database, lease_seconds=1_000.0, drain_seconds=1_000.0) as supervisor:
        until(lambda: is_running(api, run_id))
        process = process_of(supervisor)
        process.terminate()
        until(lambda: row_of(database, run_id).lease_owner.startswith(job_queue.STOPPING))
        supervisor._stopping = True  # like a stopped container, whose processes all end at once
        supervisor._thread.join()
        process.kill()
        process.wait()
    claim = claimed(database)
    assert claim is not None
    assert claim.run.losses == 0


@pytest.mark.usefixtures("stuck_workers")
def test_the_run_of_a_worker_that_exits_by_itself_during_the_shutdown_is_free_at_once_and_no_loss(
    settings: Settings, database: Database, api: TestClient
) -> None:
    run_id = queued(api)
    with supervisor_of(settings, database, lease_seconds=1_000.0, drain_seconds=1_000.0) as supervisor:
        until(lambda: is_running(api, run_id))
        process = process_of(supervisor)
        process.send_signal(signal.SIGSTOP)  # the lease is not marked
        killer = threading.Thread(target=lambda: (until(lambda: process.stdin.closed), process.kill()))
        killer.start()
    killer.join()
    claim = claimed(database)
    assert claim is not None
    assert claim.run.losses == 0


def test_a_stopping_worker_hands_back_a_run_that_it_could_not_store(
    settings: Settings, database: Database, api: TestClient
) -> None:
    run_id = queued(api)
    worker = Worker(settings.model_copy(update={"busy_seconds": 0.05}), "w")
    claim = worker._claim()
    assert claim is not None
    with database.writing():  # this transaction blocks all other writers
        worker._train(claim)
    worker.stop()
    worker.work()
    assert row_of(database, run_id).status == "queued"


def test_a_stopping_worker_ends_a_run_that_was_cancelled(
    settings: Settings, database: Database, api: TestClient
) -> None:
    run_id = queued(api)
    worker = Worker(settings, "w")
    claim = worker._claim()
    assert claim is not None
    api.post(f"/runs/{run_id}/cancel")
    worker.stop()
    worker._train(claim)
    assert row_of(database, run_id).status == "cancelled"


def claimed(database: Database) -> job_queue.Claim | None:
    with database.writing() as connection:
        return fair_shares.claim(connection, "next", 60.0)
