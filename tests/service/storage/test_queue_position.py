"""Position of a waiting run."""

from typing import Any

import pytest
from sqlalchemy import text

from service.core.run_record import Timings
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, queue_position, runs
from service.storage.database import Database
from service.storage.queue_position import QueuePosition, QueueSnapshots, position_of
from tests.service.storage.helpers import queue_run
from tests.service.storage.test_fair_shares import add


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


def compute(database: Database, owner: str | None, done: int, seconds: float, steps: int = 10) -> None:
    """A run in a worker that has stored so many of its steps 0, 1, … in this time."""
    run_id = queue_run(database, owner=owner, steps=steps)
    with database.writing() as connection:
        run = runs.find(connection, run_id)
        assert run is not None
        claim = job_queue.claim(connection, "w", 60.0, run.seq)
        assert claim is not None
        timings: Timings = {"descent_seconds": seconds}
        job_queue.progress(connection, claim, 60.0, {"rows_done": done, "timings": timings})


def starts(database: Database, run_id: str, workers: int) -> float | None:
    return position(database, run_id, workers).starts_in_seconds


def test_a_run_starts_at_once_as_long_as_workers_are_free(database: Database) -> None:
    queued = [queue_run(database) for _ in range(3)]
    assert [starts(database, run_id, 2) for run_id in queued] == [0.0, 0.0, None]
    assert starts(database, queued[0], 0) is None


def test_a_run_starts_when_the_runs_of_its_owner_end_at_their_pace(database: Database) -> None:
    compute(database, "a", done=5, seconds=50.0)
    compute(database, "a", done=10, seconds=60.0)
    queued = [queue_run(database, owner="a") for _ in range(3)]
    assert [starts(database, run_id, 2) for run_id in queued] == [6.0, 60.0, None]
    assert [starts(database, run_id, 3) for run_id in queued] == [0.0, 6.0, 60.0]


def test_the_last_runs_do_not_tell_when_a_run_starts(database: Database) -> None:
    queue_run(database, owner="b")
    with database.writing() as connection:
        finished = fair_shares.claim(connection, "w", 60.0)
        assert finished is not None
        job_queue.finish(connection, finished, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
    compute(database, "a", done=5, seconds=50.0)
    assert starts(database, queue_run(database, owner="a"), 1) == 60.0


def test_the_start_is_unknown_before_the_first_block_of_the_run_in_the_worker(database: Database) -> None:
    compute(database, "a", done=0, seconds=0.0)
    assert starts(database, queue_run(database, owner="a"), 1) is None
    assert starts(database, queue_run(database, owner="b"), 1) is None


@pytest.mark.parametrize(("charged", "seconds"), [({"a": 60.0}, 1.0), ({}, 3.0), ({"b": 5.0}, 7.2)])
def test_a_run_starts_when_that_of_another_owner_yields(
    charged: dict[str, float], seconds: float, database: Database
) -> None:
    """The other run has a pace of a second a step, after each of which it can yield."""
    compute(database, "a", done=1, seconds=1.0, steps=10_000)
    with database.writing() as connection:
        for owner, computed in charged.items():
            fair_shares.charge(connection, owner, computed)
    assert starts(database, queue_run(database, owner="b"), 1) == pytest.approx(seconds, rel=0.2)


@pytest.mark.parametrize("maximum", [1, 2, 3])
def test_the_start_is_unknown_if_the_run_waits_for_the_maximum_of_its_owner(maximum: int, database: Database) -> None:
    add(database, "a", max_running=maximum)
    compute(database, "a", done=5, seconds=5.0)
    queued = [queue_run(database, owner="a") for _ in range(3)]
    assert [starts(database, run_id, 4) for run_id in queued].count(0.0) == maximum - 1


def test_damaged_timings_of_another_run_make_the_start_unknown(database: Database) -> None:
    compute(database, "a", done=5, seconds=5.0)
    waiting = queue_run(database, owner="a")
    for damaged in ("{", "3.5", "[]"):
        with database.writing() as connection:
            connection.execute(
                text("UPDATE runs SET timings = :damaged WHERE status = 'running'"), {"damaged": damaged}
            )
        assert starts(database, waiting, 1) is None


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The snapshots of the queue from now on."""
    taken: list[object] = []
    take = queue_position._queue_of

    def count(*given: Any, **more: Any) -> Any:
        taken.append(given)
        return take(*given, **more)

    monkeypatch.setattr(queue_position, "_queue_of", count)
    return taken


def answers(database: Database, snapshots: QueueSnapshots, queued: list[str]) -> list[QueuePosition | None]:
    with database.reading() as connection:
        found = [runs.find(connection, run_id) for run_id in queued]
    return [snapshots.position_of(run) for run in found if run is not None]


def test_runs_of_one_commit_share_a_snapshot(
    database: Database, taken: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_position, "FRESH_SECONDS", 60.0)
    snapshots = QueueSnapshots(database, Settings(workers=2))
    compute(database, "c", done=5, seconds=50.0)
    for owners in ("aabab", "aca", "bbb"):
        queued = [queue_run(database, owner=owner) for owner in owners]
        expected = [position(database, run_id) for run_id in queued]
        taken.clear()
        own = [run_id for run_id, owner in zip(queued, owners, strict=True) if owner == owners[0]]
        assert answers(database, snapshots, own) == [
            each for each, owner in zip(expected, owners, strict=True) if owner == owners[0]
        ]
        assert len(taken) == 1
    assert answers(database, snapshots, queued) == expected
    assert len(taken) == 1


def test_a_snapshot_is_recent(database: Database, taken: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    """The position counts the runs that wait now."""
    monkeypatch.setattr(queue_position, "FRESH_SECONDS", 0.0)
    snapshots = QueueSnapshots(database, Settings(workers=0))
    queued = [queue_run(database) for _ in range(3)]
    assert answers(database, snapshots, queued) == [QueuePosition(place, None) for place in (1, 2, 3)]
    with database.writing() as connection:
        assert runs.pause(connection, queued[0])
    assert answers(database, snapshots, queued[1:]) == [QueuePosition(place, None) for place in (1, 2)]
    assert answers(database, snapshots, queued[:1]) == [None]


def test_a_run_older_than_the_newest_has_its_place(
    database: Database, taken: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_position, "NEWEST", 2)
    queued = [queue_run(database) for _ in range(5)]
    found = answers(database, QueueSnapshots(database, Settings(workers=0)), queued)
    assert [each and each.position for each in found] == [1, 2, 3, 4, 5]
    assert len(taken) > 5  # a snapshot lists the last two only
