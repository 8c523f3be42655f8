"""Leases, times and deadlines while the wall clock jumps."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from service.core.run_record import Run
from service.core.run_status import RunStatus
from service.storage import fair_shares, job_queue, old_runs, runs
from service.storage.database import Database
from service.storage.job_queue import Claim
from tests.service.storage.helpers import queue_run
from tests.waiting import until

HOUR = 3600.0
Jump = Callable[[float], None]


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Sets the wall clock forward by some seconds; the monotonic clock goes on."""
    clock, offset = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: clock() + offset[0])

    def jump(seconds: float) -> None:
        offset[0] += seconds

    return jump


def claim(database: Database, lease: float = 15.0) -> Claim | None:
    with database.writing() as connection:
        return fair_shares.claim(connection, "w", lease)


def claimed(database: Database, lease: float = 15.0) -> Claim:
    found = claim(database, lease)
    assert found is not None
    return found


def run_of(database: Database, run_id: str) -> Run:
    with database.reading() as connection:
        found = runs.find(connection, run_id)
    assert found is not None
    return found


def has_work(database: Database) -> bool:
    with database.reading() as connection:
        return bool(fair_shares.waiting(connection, 15.0))


def test_a_lease_runs_out_after_the_clock_went_back(database: Database, jump: Jump) -> None:
    run_id = queue_run(database)
    claimed(database, lease=0.1)
    jump(-HOUR)
    until(lambda: has_work(database), 10)
    assert claimed(database).run.id == run_id


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_a_lease_holds_while_the_clock_jumps(seconds: float, database: Database, jump: Jump) -> None:
    queue_run(database)
    held = claimed(database)
    jump(seconds)
    assert not has_work(database)
    assert claim(database) is None
    with database.writing() as connection:
        assert job_queue.renew(connection, held, 15.0) == RunStatus.RUNNING


def test_a_lease_from_before_a_restart_of_the_machine_has_run_out(database: Database) -> None:
    run_id = queue_run(database)
    claimed(database)
    with database.writing() as connection:  # the monotonic clock begins anew, and an earlier version stored wall time
        connection.execute(text("UPDATE runs SET lease_expires_at = lease_expires_at + 100000"))
    assert claimed(database).run.id == run_id


@pytest.mark.parametrize("end", ["finished", "handed back while cancelled", "cancelled while queued", "deleted"])
def test_no_run_ends_before_it_began(end: str, database: Database, jump: Jump) -> None:
    run_id = queue_run(database)
    jump(-HOUR)
    if end != "cancelled while queued":
        held = claimed(database)
    jump(-HOUR)
    with database.writing() as connection:
        if end == "finished":
            job_queue.finish(connection, held, RunStatus.SUCCEEDED, {})
        elif end == "deleted":
            old_runs.remove_old(connection, [run_id])
        else:
            runs.cancel(connection, run_id)
            if end != "cancelled while queued":
                job_queue.hand_back(connection, held)
    with database.reading() as connection:
        times = connection.execute(text("SELECT created_at, started_at, finished_at FROM runs")).one()
    assert times.created_at <= (times.started_at or times.created_at) <= times.finished_at
