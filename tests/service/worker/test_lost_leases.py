"""The log tells a run that a client took back from one that another worker has."""

import logging
from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from service.core.run_status import RunStatus
from service.storage import fair_shares, job_queue, run_deletion, runs
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker.lease import log_loss
from tests.service.storage.helpers import queue_run

Change = Callable[[Connection, Claim], object]
CHANGES: dict[str, Change] = {
    "run_released run={} status=paused": lambda connection, claim: runs.pause(connection, claim.run.id),
    "run_released run={} status=succeeded": lambda connection, claim: job_queue.finish(
        connection, claim, RunStatus.SUCCEEDED, {}
    ),
    "run_released run={} status=deleted": lambda connection, claim: run_deletion.remove(connection, claim.run.id),
    "lease_lost run={}": lambda connection, claim: fair_shares.claim(connection, "other", 60.0),
}


@pytest.mark.parametrize("event", CHANGES)
def test_the_log_says_why_a_worker_leaves_a_run(
    event: str, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "descent.lease")
    queue_run(database)
    with database.writing() as connection:
        claim = fair_shares.claim(connection, "w", 0.0)
        assert claim is not None
        CHANGES[event](connection, claim)
    log_loss(database, claim.run)
    assert caplog.messages == [f"worker.{event.format(claim.run.id)}"]
