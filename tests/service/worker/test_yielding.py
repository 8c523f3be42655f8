"""When a run yields to the run of another owner."""

import pytest

from service.core.settings import Settings
from service.storage import fair_shares
from service.storage.database import Database
from service.worker.computing_time import ComputingTime
from service.worker.yielding import PAUSE_SECONDS, YieldRule
from tests.service.storage.helpers import queue_run

NOW = 0.0


@pytest.fixture
def rule(settings: Settings, database: Database) -> YieldRule:
    """The rule of a run of the owner "a", who has computed for a minute."""
    queue_run(database, owner="a")
    with database.writing() as connection:
        assert fair_shares.claim(connection, "w", 60.0) is not None
        fair_shares.charge(connection, "a", 60.0)
    return YieldRule(database, "a", settings, ComputingTime())


def test_a_run_yields_once_another_owner_has_waited_for_a_pause(rule: YieldRule, database: Database) -> None:
    rule.allow(0.1)
    queue_run(database, owner="b")
    assert not rule.must_yield(NOW)
    assert rule.next_look == NOW + PAUSE_SECONDS
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


def test_a_run_without_a_block_yields_to_nobody(rule: YieldRule, database: Database) -> None:
    queue_run(database, owner="b")
    assert not rule.must_yield(NOW)
    assert not rule.must_yield(NOW + 1.0)


def test_a_run_does_not_yield_to_its_own_owner(rule: YieldRule, database: Database) -> None:
    rule.allow(0.1)
    queue_run(database, owner="a")
    assert not rule.must_yield(NOW)
    assert not rule.must_yield(NOW + 1.0)
    assert rule.next_look == float("inf")
