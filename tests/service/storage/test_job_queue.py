"""Claims, leases, lease tokens, and the permitted writers of a run."""

import multiprocessing
import time
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from service.core.run_status import FINISHED, TRANSITIONS, RunStatus, before
from service.core.settings import Settings
from service.storage import datasets, fair_shares, job_queue, run_deletion, run_list, runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.job_queue import Claim, LeaseLostError
from service.storage.run_list import Asked
from tests.service.storage.helpers import queue_run
from tests.waiting import LONGEST


def claim(database: Database, owner: str = "w", lease: float = 15.0) -> Claim:
    with database.writing() as connection:
        found = fair_shares.claim(connection, owner, lease)
    assert found is not None
    return found


def status(database: Database, run_id: str) -> str:
    with database.reading() as connection:
        found = runs.find(connection, run_id)
    assert found is not None
    return str(found.status)


def test_runs_are_claimed_oldest_first_and_once(database: Database) -> None:
    queued = [queue_run(database) for _ in range(3)]
    assert [claim(database).run.id for _ in range(3)] == queued
    with database.writing() as connection:
        assert not fair_shares.waiting(connection, 15.0)
        assert fair_shares.claim(connection, "w", 15.0) is None


def test_a_claim_starts_the_run_and_counts_its_token(database: Database) -> None:
    queue_run(database)
    first = claim(database)
    assert (first.run.status, first.run.lease_token, first.run.losses) == ("running", 1, 0)
    assert first.run.started_at is not None


def test_another_worker_claims_the_run_of_an_expired_lease(database: Database) -> None:
    queue_run(database)
    first = claim(database, "silent", lease=-1)
    second = claim(database, "other")
    assert (second.run.id, second.run.lease_token, second.run.losses) == (first.run.id, 2, 1)
    assert second.run.started_at == first.run.started_at


WRITES: dict[str, Callable[[Connection, Claim], object]] = {
    "progress": lambda connection, held: job_queue.progress(connection, held, 15.0, {"rows_done": 5}),
    "finish": lambda connection, held: job_queue.finish(connection, held, RunStatus.SUCCEEDED, {"rows_done": 5}),
    "hand_back": job_queue.hand_back,
}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("loss", ["claimed by another", "deleted", "finished", "cancelled while queued again"])
def test_a_worker_without_the_lease_writes_nothing(database: Database, write: str, loss: str) -> None:
    run_id = queue_run(database)
    held = claim(database, lease=-1)
    if loss == "claimed by another":
        claim(database, "other")
    elif loss == "deleted":
        with database.writing() as connection:
            run_deletion.remove(connection, run_id)
    elif loss == "finished":
        with database.writing() as connection:
            job_queue.finish(connection, held, RunStatus.SUCCEEDED, {})
    else:
        with database.writing() as connection:
            job_queue.hand_back(connection, held)
            runs.cancel(connection, run_id)
    before_write = _row(database)
    with pytest.raises(LeaseLostError), database.writing() as connection:
        WRITES[write](connection, held)
    assert _row(database) == before_write


def _row(database: Database) -> list[tuple[object, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT * FROM runs"))]


def test_cancelling_a_queued_run_ends_it(database: Database) -> None:
    run_id = queue_run(database)
    with database.writing() as connection:
        assert runs.cancel(connection, run_id)
        assert not runs.cancel(connection, run_id)
        assert not fair_shares.waiting(connection, 15.0)
    assert status(database, run_id) == "cancelled"


def test_cancelling_a_running_run_sets_cancelling(database: Database) -> None:
    run_id = queue_run(database)
    held = claim(database)
    with database.writing() as connection:
        assert runs.cancel(connection, run_id)
        assert job_queue.progress(connection, held, 15.0, {}) == RunStatus.CANCELLING
        job_queue.finish(connection, held, RunStatus.CANCELLED, {})
    assert status(database, run_id) == "cancelled"


def test_a_cancelled_run_that_is_handed_back_is_over(database: Database) -> None:
    run_id = queue_run(database)
    held = claim(database)
    with database.writing() as connection:
        job_queue.progress(connection, held, 15.0, {"checkpoint": b"state"})
        runs.cancel(connection, run_id)
        job_queue.hand_back(connection, held)
        run, checkpoint = runs.claimed(connection, held.run.seq)
    assert (run.status, run.stop_reason, run.lease_owner, checkpoint) == ("cancelled", "cancelled", None, None)
    assert run.finished_at is not None


def test_a_paused_run_loses_its_lease_and_is_claimed_after_a_resume(database: Database) -> None:
    run_id = queue_run(database)
    held = claim(database)
    with database.writing() as connection:
        assert runs.pause(connection, run_id)
        assert not runs.pause(connection, run_id)
        assert not fair_shares.waiting(connection, 15.0)
    for write in WRITES.values():
        with pytest.raises(LeaseLostError), database.writing() as connection:
            write(connection, held)
    assert status(database, run_id) == "paused"
    with database.writing() as connection:
        assert runs.resume(connection, run_id)
        assert not runs.resume(connection, run_id)
    again = claim(database)
    assert (again.run.id, again.run.losses) == (run_id, 0)
    assert again.run.lease_token > held.run.lease_token


def test_a_paused_run_can_be_cancelled(database: Database) -> None:
    run_id = queue_run(database)
    with database.writing() as connection:
        assert runs.pause(connection, run_id)
        assert runs.cancel(connection, run_id)
        assert not runs.resume(connection, run_id)
    assert status(database, run_id) == "cancelled"


def test_queries_of_an_owner_exclude_the_objects_of_others(database: Database) -> None:
    run_id = queue_run(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE runs SET owner = 'a'"))
        connection.execute(text("UPDATE datasets SET owner = 'a', uploaded = 1"))
    with database.reading() as connection:
        for owner, found in (("a", True), ("b", False), (None, True)):
            for name in (run_id, "latest"):
                assert (runs.find(connection, name, owner) is not None) == found
            for name in ("d", "latest"):
                assert (datasets.find(connection, name, owner) is not None) == found
            page = list(run_list.page(connection, Asked(owner), limit=5))
            assert len(page) == found
            assert len(list(datasets.page(connection, limit=5, before=None, owner=owner))) == found


def test_a_cancelling_run_with_an_expired_lease_is_claimed(database: Database) -> None:
    run_id = queue_run(database)
    claim(database, lease=-1)
    with database.writing() as connection:
        runs.cancel(connection, run_id)
    assert claim(database, "other").run.status == "cancelling"


def test_only_a_claim_reads_the_checkpoint(database: Database) -> None:
    run_id = queue_run(database)
    first = claim(database)
    with database.writing() as connection:
        job_queue.progress(connection, first, 60.0, {"rows_done": 1, "checkpoint": b"state"})
        job_queue.hand_back(connection, first)
    with database.reading() as connection:
        seen = [
            runs.find(connection, run_id),
            runs.find(connection, "latest"),
            runs.find_by_seq(connection, first.run.seq),
            *run_list.page(connection, Asked(), limit=1),
        ]
    assert len(seen) == 4
    assert not any(hasattr(run, "checkpoint") for run in seen)
    assert claim(database).checkpoint == b"state"


def test_only_the_leases_of_a_dead_worker_expire_at_once(database: Database) -> None:
    dead, alive = queue_run(database), queue_run(database)
    claim(database, "dead")
    claim(database, "alive")
    with database.writing() as connection:
        assert job_queue.expire_leases(connection, "dead", is_loss=True) == 1
    assert claim(database, "other").run.id == dead
    with database.reading() as connection:
        assert not fair_shares.waiting(connection, 15.0)
    assert status(database, alive) == "running"


def test_the_finished_statuses_have_no_transition() -> None:
    assert {status for status in RunStatus if not TRANSITIONS[status]} == FINISHED
    assert before(RunStatus.QUEUED) == [RunStatus.RUNNING, RunStatus.PAUSED]
    assert set(TRANSITIONS) == set(RunStatus)


def _claim_all(url: str, owner: str) -> None:
    database = open_database(url, 30.0)
    while True:
        with database.writing() as connection:
            found = fair_shares.claim(connection, owner, 60.0)
        if found is None:
            return
        with database.writing() as connection:
            job_queue.finish(connection, found, RunStatus.SUCCEEDED, {"stop_reason": owner})
        time.sleep(0)


def test_many_processes_claim_each_run_once(database: Database, settings: Settings) -> None:
    for _ in range(200):
        queue_run(database)
    context = multiprocessing.get_context("spawn")
    claimers = [context.Process(target=_claim_all, args=(settings.database_url, f"w{i}")) for i in range(4)]
    for process in claimers:
        process.start()
    for process in claimers:
        process.join(LONGEST)
    assert [process.exitcode for process in claimers] == [0] * 4
    with database.reading() as connection:
        counts = connection.execute(text("SELECT lease_token, status, count(*) FROM runs GROUP BY 1, 2")).all()
    assert [tuple(row) for row in counts] == [(1, "succeeded", 200)]
