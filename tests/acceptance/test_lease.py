"""A worker's lease: a run can be ended during any computation, and a worker with an expired lease exits."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerProcess
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, runs
from service.storage.database import Database
from service.storage.tables import computing_times
from service.worker import block_storage, lease
from service.worker.computing_time import ComputingTime
from service.worker.lease import DEADLINE, STALE, UNHEEDED, RunLease
from service.worker.process import Worker
from service.worker.yielding import FIRST_PATIENCE_SECONDS
from tests.acceptance import stuck_worker
from tests.acceptance.forks import FORKS
from tests.acceptance.helpers import long_run
from tests.service.helpers import fit_body
from tests.service.storage.helpers import queue_run
from tests.waiting import LONGEST, until


@contextmanager
def stuck(settings: Settings) -> Iterator[ForkServerProcess]:
    """A worker that computes forever once it claims a run."""
    process = FORKS.Process(target=stuck_worker.work, args=(settings,))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def exit_code(process: ForkServerProcess) -> int | None:
    """The exit code of a worker that ends itself."""
    process.join(LONGEST)
    return process.exitcode


def send(process: ForkServerProcess, number: signal.Signals) -> None:
    assert process.pid is not None
    os.kill(process.pid, number)


def suspend(process: ForkServerProcess, database: Database) -> None:
    """Stops the process outside its transactions, whose lock would keep all others from writing."""
    with database.writing():
        send(process, signal.SIGSTOP)


@contextmanager
def slow_to_commit(settings: Settings, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """An ordinary worker on a disk with slow commits."""
    environment = os.environ | {"DESCENT_FAILPOINTS": f"commit.before=stall:{seconds}"}
    command = [sys.executable, "-m", "service.worker", "slow"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    assert process.stdin is not None
    try:
        process.stdin.write(settings.model_dump_json().encode() + b"\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.stdin.close()
        process.wait()


def submitted(api: TestClient, **changes: Any) -> str:
    return str(api.post("/fit", json=fit_body(**changes)).json()["id"])


def run_of(api: TestClient, run_id: str) -> dict[str, Any]:
    return dict(api.get(f"/runs/{run_id}").json())


ENDS: dict[str, tuple[Callable[[TestClient, str], object], str | None]] = {
    "cancel": (lambda api, run_id: api.post(f"/runs/{run_id}/cancel"), "cancelled"),
    "pause": (lambda api, run_id: api.post(f"/runs/{run_id}/pause"), "paused"),
    "delete": (lambda api, run_id: api.delete(f"/runs/{run_id}"), None),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_computation_that_does_not_let_go_is_ended_with_its_process(
    name: str, settings: Settings, api: TestClient
) -> None:
    act, status = ENDS[name]
    run_id = submitted(api)
    with stuck(settings.model_copy(update={"heartbeat_seconds": 0.3})) as worker:
        until(lambda: run_of(api, run_id)["status"] == "running")
        act(api, run_id)
        assert exit_code(worker) == UNHEEDED
    assert run_of(api, run_id).get("status", 404) == (status or 404)


@pytest.mark.parametrize("name", ENDS)
def test_a_computation_that_does_not_let_go_is_charged_up_to_its_end(
    name: str, settings: Settings, api: TestClient, database: Database
) -> None:
    run_id = submitted(api)
    with stuck(settings.model_copy(update={"heartbeat_seconds": 0.3})) as worker:
        until(lambda: run_of(api, run_id)["status"] == "running")
        before = charged(database)
        ENDS[name][0](api, run_id)
        assert exit_code(worker) == UNHEEDED
    assert charged(database) - before > 0.8 * lease.HEED_SECONDS


def test_a_computation_that_does_not_let_go_is_interrupted_for_the_run_of_another(
    settings: Settings, api: TestClient, database: Database
) -> None:
    run_id, undisturbed = submitted(api), submitted(api)
    with stuck(settings.model_copy(update={"heartbeat_seconds": 0.3, "workers": 1})) as worker:
        until(lambda: run_of(api, run_id)["status"] == "running")
        queue_run(database, owner="other")
        assert exit_code(worker) == UNHEEDED
    interrupted = run_of(api, run_id)
    assert interrupted["status"] == "queued"
    assert interrupted["timings"]["interrupted_seconds"] >= FIRST_PATIENCE_SECONDS
    trained = Worker(settings, "w")
    for each in (run_id, undisturbed):
        claim = claim_by_id(database, each)
        assert claim.run.losses == 0
        trained._train(claim)
    digests = {run_of(api, each)["trajectory_sha256"] for each in (run_id, undisturbed)}
    assert len(digests - {None}) == len(digests) == 1


def claim_by_id(database: Database, run_id: str) -> job_queue.Claim:
    with database.writing() as connection:
        run = runs.find(connection, run_id)
        assert run is not None
        claim = job_queue.claim(connection, "w", 60.0, run.seq)
    assert claim is not None
    return claim


def charged(database: Database) -> float:
    """The computing time of the runs without an owner as it was stored."""
    with database.reading() as connection:
        return float(connection.execute(select(computing_times.c.seconds)).scalar_one_or_none() or 0.0)


def test_a_deadline_is_kept_by_a_computation_that_does_not_let_go(settings: Settings, api: TestClient) -> None:
    run_id = submitted(api, deadline_seconds=0.2)
    with stuck(settings) as worker:
        assert exit_code(worker) == UNHEEDED
    run = run_of(api, run_id)
    assert (run["status"], run["stop_reason"], run["error"]["code"]) == ("failed", "deadline", "deadline")


def test_the_longest_run_time_is_kept_too(settings: Settings, api: TestClient) -> None:
    run_id = submitted(api)
    with stuck(settings.model_copy(update={"max_run_seconds": 0.2})) as worker:
        assert exit_code(worker) == UNHEEDED
    run = run_of(api, run_id)
    assert (run["status"], run["error"]["code"]) == ("failed", "run_time_exceeded")


def test_a_worker_that_was_silent_for_longer_than_its_lease_ends_itself(
    settings: Settings, api: TestClient, database: Database
) -> None:
    run_id = submitted(api)
    brief = settings.model_copy(update={"heartbeat_seconds": 0.2, "lease_seconds": 1.0})
    with stuck(brief) as worker:
        until(lambda: run_of(api, run_id)["status"] == "running")
        suspend(worker, database)
        other = until(lambda: _claim(database))
        send(worker, signal.SIGCONT)
        assert exit_code(worker) == STALE
    assert other is not None
    with database.reading() as connection:
        assert job_queue.status(connection, other) == "running"


def test_the_lease_starts_at_the_heartbeat_and_not_at_its_commit(
    settings: Settings, api: TestClient, database: Database
) -> None:
    run_id = long_run(api, 1_000_000)
    brief = settings.model_copy(update={"lease_seconds": 4.0, "block_seconds": 0.4})
    with slow_to_commit(brief, 2.0) as worker:
        until(lambda: run_of(api, run_id)["steps_done"] > 0)
        first = _expiry(database, run_id)
        until(lambda: _expiry(database, run_id) > first)
        os.kill(worker.pid, signal.SIGSTOP)
        assert until(lambda: _claim(database)) is not None  # two seconds after that commit
        os.kill(worker.pid, signal.SIGCONT)
        assert worker.wait(LONGEST) == STALE


def test_a_silent_worker_continues_if_no_other_has_claimed_its_run(
    settings: Settings, api: TestClient, database: Database
) -> None:
    run_id = submitted(api)
    brief = settings.model_copy(update={"heartbeat_seconds": 0.2, "lease_seconds": 1.0})
    with stuck(brief) as worker:
        until(lambda: run_of(api, run_id)["status"] == "running")
        suspend(worker, database)
        until(lambda: _expiry(database, run_id) < time.monotonic())
        send(worker, signal.SIGCONT)
        until(lambda: _expiry(database, run_id) > time.monotonic())
        assert worker.is_alive()


def test_a_worker_that_cannot_send_heartbeats_exits(settings: Settings, api: TestClient, database: Database) -> None:
    run_id = submitted(api)
    brief = settings.model_copy(update={"heartbeat_seconds": 0.2, "lease_seconds": 1.0, "busy_seconds": 0.1})
    with stuck(brief) as worker:
        until(lambda: run_of(api, run_id)["status"] == "running")
        with database.writing():  # this transaction blocks all other writers
            assert exit_code(worker) == STALE


def test_a_worker_whose_run_has_just_ended_lives_on(
    settings: Settings, api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    caplog.set_level("INFO", "descent.lease")
    exit_codes: list[int] = []
    monkeypatch.setattr(os, "_exit", exit_codes.append)
    monkeypatch.setattr(lease, "HEED_SECONDS", LONGEST)
    submitted(api)
    claim = _claim(database)
    assert claim is not None
    late = RunLease(database, claim, settings, ComputingTime())
    with database.writing() as connection:
        job_queue.finish(connection, claim, RunStatus.SUCCEEDED, {})
    thread = threading.Thread(target=late._write_ending_and_exit, args=(lease.CANCELLED,))
    thread.start()
    until(lambda: "worker.lease_lost" in caplog.text)
    late._done.set()  # the main thread leaves the lease
    thread.join()
    assert exit_codes == []


def test_heartbeats_renew_the_lease(settings: Settings, api: TestClient, database: Database) -> None:
    submitted(api)
    brief = settings.model_copy(update={"heartbeat_seconds": 0.1, "lease_seconds": 5.0})
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", brief.lease_seconds)
    assert claim is not None
    with RunLease(database, claim, brief, ComputingTime()) as held:
        claimed_until = claim.run.lease_expires_at or 0.0
        until(lambda: _expiry(database, claim.run.id) > claimed_until + 0.3)
        assert held.ending is None


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_a_deadline_counts_the_work_and_not_the_wall_clock(
    seconds: float, settings: Settings, api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted(api, deadline_seconds=3000.0)
    brief = settings.model_copy(update={"heartbeat_seconds": 0.1, "lease_seconds": 5.0})
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", brief.lease_seconds)
    assert claim is not None
    clock = time.time
    monkeypatch.setattr(time, "time", lambda: clock() + seconds)
    with RunLease(database, claim, brief, ComputingTime()) as held:
        claimed_until = claim.run.lease_expires_at or 0.0
        until(lambda: _expiry(database, claim.run.id) > claimed_until + 0.3, 30)
        assert held.ending is None
    worked = claim._replace(run=claim.run._replace(timings={"descent_seconds": 3000.0}))
    with RunLease(database, worked, brief, ComputingTime()) as held:
        until(lambda: held.ending is DEADLINE)


def _expiry(database: Database, run_id: str) -> float:
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    assert run.lease_expires_at is not None
    return run.lease_expires_at


def _claim(database: Database) -> job_queue.Claim | None:
    with database.writing() as connection:
        return fair_shares.claim(connection, "other", 60.0)


def test_deaths_count_no_more_once_a_worker_has_lived_with_the_run(
    settings: Settings, api: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seconds, losses in ((60.0, 1), (0.0, 0)):
        monkeypatch.setattr(block_storage, "SURVIVED_SECONDS", seconds)
        run_id = submitted(api)
        with database.writing() as connection:
            assert fair_shares.claim(connection, "dies", -1.0) is not None
        worker = Worker(settings, "w")
        claim = worker._claim()
        assert claim is not None
        worker._train(claim)
        with database.reading() as connection:
            run = runs.find(connection, run_id)
        assert run is not None
        assert (run.status, run.losses) == ("succeeded", losses)
