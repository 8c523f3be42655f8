"""Position of a waiting run."""

import pytest
from sqlalchemy import text

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, runs
from service.storage.database import Database
from service.storage.queue_position import QueuePosition, position_of
from tests.service.storage.helpers import queue_run


def position(database: Database, run_id: str, workers: int = 2) -> QueuePosition:
    with database.reading() as connection:
        run = runs.find(connection, run_id)
        assert run is not None
        found = position_of(connection, run, Settings(workers=workers))
        assert found is not None
        return found


def test_a_run_waits_for_the_older_runs_of_its_owner_and_a_turn_of_the_others(database: Database) -> None:
    queued = [(owner, queue_run(database, owner=owner)) for owner in ("a", "a", "a", "a", "b", "b", "c")]
    found = {run_id: position(database, run_id).position for _, run_id in queued}
    assert [found[run_id] for _, run_id in queued] == [1, 4, 6, 7, 2, 5, 3]


def test_only_a_queued_run_has_a_position(database: Database) -> None:
    run_id = queue_run(database)
    with database.writing() as connection:
        assert runs.pause(connection, run_id)
        run = runs.find(connection, run_id)
        assert run is not None
        assert position_of(connection, run, Settings()) is None


@pytest.mark.parametrize("owners", ["aaab", "abab", "cabba", "aaaaa"])
def test_runs_are_claimed_in_the_order_of_their_positions(owners: str, database: Database) -> None:
    queued = [queue_run(database, owner=owner) for owner in owners]
    expected = sorted(queued, key=lambda run_id: position(database, run_id).position)
    claimed = []
    for _ in queued:
        with database.writing() as connection:
            found = fair_shares.claim(connection, "w", 60.0)
            assert found is not None
            claimed.append(found.run.id)
            fair_shares.charge(connection, found.run.owner, 2.0)
            job_queue.finish(connection, found, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
    assert claimed == expected


def test_the_time_is_an_estimate_by_the_last_runs_and_absent_without_one(database: Database) -> None:
    first, *others = [queue_run(database) for _ in range(4)]
    assert position(database, others[-1]) == QueuePosition(4, None)
    with database.writing() as connection:
        claimed = fair_shares.claim(connection, "w", 60.0)
        assert claimed is not None
        assert claimed.run.id == first
        job_queue.finish(connection, claimed, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
        connection.execute(text("UPDATE runs SET started_at = 100.0, finished_at = 104.0 WHERE started_at > 0"))
    assert position(database, others[0], workers=2) == QueuePosition(1, 0.0)
    assert position(database, others[2], workers=2) == QueuePosition(3, 4.0)
    assert position(database, others[2], workers=0) == QueuePosition(3, None)
