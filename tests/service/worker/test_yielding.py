"""When a run yields to the run of another owner."""

import time

import pytest

from service.core.settings import Settings
from service.storage import fair_shares, job_queue, runs
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker.computing_time import ComputingTime
from service.worker.yielding import PAUSE_SECONDS, YieldRule
from tests.service.storage.helpers import queue_run

NOW = 0.0


@pytest.fixture
def rule(settings: Settings, database: Database) -> YieldRule:
    """The rule of a run of the owner "a", who has computed for a minute."""
    queue_run(database, owner="a")
    return YieldRule(database, claim_of_a(database).run, settings, ComputingTime())


def claim_of_a(database: Database) -> Claim:
    """The claim of the oldest run, whose owner has computed for a minute."""
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", 60.0)
        assert claim is not None
        fair_shares.charge(connection, "a", 60.0)
    return claim


def test_a_run_yields_once_another_owner_has_waited_for_a_pause(rule: YieldRule, database: Database) -> None:
    rule.allow(0.1)
    queue_run(database, owner="b")
    assert not rule.must_yield(NOW)
    assert rule.next_look(NOW) == NOW + PAUSE_SECONDS
    assert not rule.must_yield(NOW + 0.5 * PAUSE_SECONDS)
    assert rule.must_yield(NOW + PAUSE_SECONDS)


def test_the_pause_begins_anew_for_another_run(rule: YieldRule, database: Database) -> None:
    rule.allow(0.1)
    queue_run(database, owner="b")
    assert not rule.must_yield(NOW)
    with database.writing() as connection:  # an idle worker takes the first run, whose owner has a second one
        assert fair_shares.claim(connection, "v", 60.0) is not None
    queue_run(database, owner="b")
    assert not rule.must_yield(NOW + PAUSE_SECONDS)
    assert rule.must_yield(NOW + 2.5 * PAUSE_SECONDS)


def test_a_run_without_a_block_yields_once_the_patience_is_over(rule: YieldRule, database: Database) -> None:
    queue_run(database, owner="b")
    over = rule.patient_until
    for moment in (over - 2.0, over - 1.0):
        assert not rule.must_yield(moment)
        assert rule.next_look(moment) == over
    assert not rule.must_yield(over)
    assert rule.next_look(over) == over + PAUSE_SECONDS
    assert rule.must_yield(over + PAUSE_SECONDS)


def test_nobody_waits_when_the_patience_is_over(rule: YieldRule) -> None:
    over = rule.patient_until
    assert not rule.must_yield(over)
    assert rule.next_look(over) == float("inf")
    assert not rule.needs_this_worker()


def test_the_patience_begins_anew_with_each_block(rule: YieldRule) -> None:
    before = rule.patient_until
    rule.allow(0.1)
    assert rule.patient_until > before


def test_the_patience_doubles_with_each_interruption(settings: Settings, database: Database) -> None:
    run_id = queue_run(database, owner="a")
    for patience in (5.0, 10.0, 20.0, 40.0):
        claim = claim_of_a(database)
        before = time.monotonic()
        rule = YieldRule(database, claim.run, settings, ComputingTime())
        assert before + patience <= rule.patient_until <= time.monotonic() + patience
        with database.writing() as connection:
            job_queue.interrupt(connection, claim, patience)
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    assert (run.status, run.losses, run.timings) == ("queued", 0, {"interrupted_seconds": 75.0})


def test_a_run_is_not_interrupted_while_another_worker_is_free(settings: Settings, database: Database) -> None:
    queue_run(database, owner="a")
    queue_run(database, owner="b")
    run = claim_of_a(database).run
    for workers, needs in ((1, True), (2, False)):
        rule = YieldRule(database, run, settings.model_copy(update={"workers": workers}), ComputingTime())
        assert rule.needs_this_worker() == needs


def test_a_run_does_not_yield_to_its_own_owner(rule: YieldRule, database: Database) -> None:
    rule.allow(0.1)
    queue_run(database, owner="a")
    assert not rule.must_yield(NOW)
    assert not rule.must_yield(NOW + 1.0)
    assert rule.next_look(NOW) == float("inf")
