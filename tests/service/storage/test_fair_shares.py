"""Order of the claims: the owner that computed least lately, then its oldest run."""

import random
import time
from collections import Counter

import pytest
from sqlalchemy import event, select, update

from service.core.run_status import RunStatus
from service.storage import fair_shares, job_queue, runs
from service.storage.api_keys import add_key
from service.storage.database import Database
from service.storage.fair_shares import HALF_LIFE_SECONDS, QUANTUM_SECONDS
from service.storage.job_queue import Claim
from service.storage.tables import computing_times
from tests.service.storage.helpers import queue_run


def claim(database: Database) -> Claim:
    with database.writing() as connection:
        found = fair_shares.claim(connection, "w", 60.0)
    assert found is not None
    return found


def compute(database: Database, seconds: float) -> str | None:
    """Claims the next run and finishes it after this computing time; its owner."""
    claimed = claim(database)
    with database.writing() as connection:
        fair_shares.charge(connection, claimed.run.owner, seconds)
        job_queue.finish(connection, claimed, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
    return claimed.run.owner


def charge(database: Database, owner: str | None, seconds: float) -> None:
    with database.writing() as connection:
        fair_shares.charge(connection, owner, seconds)


def order(database: Database) -> list[str | None]:
    with database.reading() as connection:
        return [each.owner for each in fair_shares.waiting(connection, 15.0)]


def add(database: Database, owner: str, *, weight: float = 1.0, max_running: int | None = None) -> None:
    with database.writing() as connection:
        add_key(
            connection,
            owner,
            sha256=owner,
            name=owner,
            scopes=["write"],
            expires_at=None,
            weight=weight,
            max_running=max_running,
        )


def test_the_run_of_another_owner_does_not_wait_for_a_long_queue(database: Database) -> None:
    for _ in range(50):
        queue_run(database, owner="a")
    last = queue_run(database, owner="b")
    assert claim(database).run.owner == "a"
    assert claim(database).run.id == last


def test_an_owner_with_runs_in_workers_waits_for_one_without(database: Database) -> None:
    for owner in "aaabc":
        queue_run(database, owner=owner)
    assert [claim(database).run.owner for _ in range(5)] == ["a", "b", "c", "a", "a"]


def test_computing_time_decides_not_the_number_of_runs(database: Database) -> None:
    for _ in range(12):
        queue_run(database, owner="short")
        queue_run(database, owner="long")
    seconds = {"short": 1.0, "long": 5.0}
    found = []
    for _ in range(12):
        found.append(order(database)[0])
        compute(database, seconds[str(found[-1])])
    assert Counter(found) == {"short": 9, "long": 3}, "5 seconds count as 4.2, since the first of them are past"


def test_runs_without_an_owner_have_a_share_like_a_key(database: Database) -> None:
    for owner in (None, None, "a", "a"):
        queue_run(database, owner=owner)
    assert [compute(database, 3.0) for _ in range(4)] == [None, "a", None, "a"]


def test_within_an_owner_the_oldest_run_is_next(database: Database) -> None:
    queued = [queue_run(database, owner="a") for _ in range(4)]
    first = claim(database)
    with database.writing() as connection:
        job_queue.hand_back(connection, first)
    assert [claim(database).run.id for _ in range(4)] == queued


def test_an_expired_lease_is_claimed_by_its_age(database: Database) -> None:
    queued = [queue_run(database, owner="a") for _ in range(3)]
    with database.writing() as connection:
        fair_shares.claim(connection, "dies", -1.0)
    assert [claim(database).run.id for _ in range(3)] == queued


def test_computing_time_counts_half_after_a_half_life(database: Database) -> None:
    charge(database, "a", 1.0)
    with database.writing() as connection:
        before = fair_shares.computed(connection, "a")
        connection.execute(update(computing_times).values(charged_at=computing_times.c.charged_at - HALF_LIFE_SECONDS))
        assert fair_shares.computed(connection, "a") == pytest.approx(before / 2, rel=0.05)
        assert before == pytest.approx(1.0, rel=0.05)


def test_a_long_computation_counts_no_more_than_the_recent_past(database: Database) -> None:
    """Otherwise an owner that comes from idleness would keep all workers for as long as the other computed before."""
    charge(database, "a", 3_600.0)
    with database.reading() as connection:
        assert fair_shares.computed(connection, "a") < 1.5 * HALF_LIFE_SECONDS


def test_a_clock_that_goes_back_changes_no_computing_time(database: Database) -> None:
    charge(database, "a", 2.0)
    with database.writing() as connection:
        connection.execute(update(computing_times).values(charged_at=computing_times.c.charged_at + 3_600.0))
        assert fair_shares.computed(connection, "a") == pytest.approx(2.0, rel=0.1)
        fair_shares.charge(connection, "a", 1.0)
        assert fair_shares.computed(connection, "a") == pytest.approx(3.0, rel=0.1)
        assert connection.execute(select(computing_times.c.charged_at)).scalar_one() < time.time() + 1.0


def test_a_key_of_twice_the_weight_computes_twice_as_much(database: Database) -> None:
    add(database, "a", weight=2.0)
    add(database, "b")
    for _ in range(30):
        queue_run(database, owner="a")
        queue_run(database, owner="b")
    found = Counter(compute(database, 2.0) for _ in range(30))
    assert found == {"a": 20, "b": 10}


def test_a_key_has_at_most_its_number_of_runs_in_workers(database: Database) -> None:
    add(database, "a", max_running=2)
    for _ in range(4):
        queue_run(database, owner="a")
    held = [claim(database), claim(database)]
    with database.writing() as connection:
        assert fair_shares.claim(connection, "w", 60.0) is None
        job_queue.finish(connection, held[0], RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
        assert fair_shares.claim(connection, "w", 60.0) is not None


def test_a_run_of_a_dead_worker_does_not_wait_for_the_limit_of_its_key(database: Database) -> None:
    add(database, "a", max_running=1)
    queue_run(database, owner="a")
    with database.writing() as connection:
        assert fair_shares.claim(connection, "dies", -1.0) is not None
    assert claim(database).run.losses == 1


@pytest.mark.parametrize("other_is_older", [True, False])
def test_a_key_at_its_maximum_continues_the_run_of_a_dead_worker_and_begins_no_other(
    other_is_older: bool, database: Database
) -> None:
    add(database, "a", max_running=1)
    first, second = queue_run(database, owner="a"), queue_run(database, owner="a")
    dead = first
    with database.writing() as connection:
        if other_is_older:
            runs.pause(connection, first)
            dead, other = second, first
        else:
            other = second
        assert fair_shares.claim(connection, "dies", -1.0) is not None
        runs.resume(connection, other)
        assert not fair_shares.may_go_on(fair_shares.waiting(connection, 15.0), "a"), "with the rest of a sweep"
    assert claim(database).run.id == dead
    with database.writing() as connection:
        assert fair_shares.claim(connection, "w", 60.0) is None


def test_a_worker_goes_on_with_an_owner_for_a_quantum(database: Database) -> None:
    queue_run(database, owner="a")
    charge(database, "a", 3.0)
    charge(database, "b", 3.0)
    with database.reading() as connection:
        assert fair_shares.may_go_on(fair_shares.waiting(connection, 15.0), "a")
        assert not fair_shares.may_go_on(fair_shares.waiting(connection, 15.0), "b"), "nothing of b waits"
    queue_run(database, owner="b")
    charge(database, "a", 0.9 * QUANTUM_SECONDS)
    with database.reading() as connection:
        assert fair_shares.may_go_on(fair_shares.waiting(connection, 15.0), "a")
    charge(database, "a", 0.2 * QUANTUM_SECONDS)
    with database.reading() as connection:
        assert not fair_shares.may_go_on(fair_shares.waiting(connection, 15.0), "a")
        assert fair_shares.may_go_on(fair_shares.waiting(connection, 15.0), "b")


@pytest.mark.parametrize("seed", range(3))
def test_owners_compute_the_same_time_whatever_their_runs_take(seed: int, database: Database) -> None:
    """Four workers compute in simulated time. Each owner has more runs of its length than there is time for."""
    chance = random.Random(seed)
    lengths = {f"owner{i}": chance.choice([0.1, 0.3, 1.0, 2.0]) for i in range(8)}
    for owner, length in lengths.items():
        for _ in range(int(30 / length)):
            queue_run(database, owner=owner)
    computed = dict.fromkeys(lengths, 0.0)
    free_at = [(0.0, claim(database)) for _ in range(4)]
    now = 0.0
    while now < 40.0:
        free_at.sort(key=lambda each: each[0])
        now, ended = free_at.pop(0)
        owner = str(ended.run.owner)
        with database.writing() as connection:
            fair_shares.charge(connection, owner, lengths[owner])
            job_queue.finish(connection, ended, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
        computed[owner] += lengths[owner]
        following = claim(database)
        free_at.append((now + lengths[str(following.run.owner)], following))
    share = sum(computed.values()) / len(computed)
    assert all(abs(seconds - share) < 0.2 * share for seconds in computed.values()), computed


def test_the_search_for_the_next_run_reads_no_more_for_many_runs(database: Database) -> None:
    statements: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _record(_connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        statements.append((statement, values))

    with database.reading() as connection:
        fair_shares.waiting(connection, 15.0)
        statement, values = statements[-1]
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    searches = [detail for detail in plan if " runs" in detail]
    assert len(searches) == 5
    assert all(search.startswith("SEARCH runs USING") and "ix_runs_waiting" in search for search in searches), plan
