"""The computing time of a run counts however its lease ends."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Connection, select

from service.core.settings import Settings
from service.storage import run_deletion, runs
from service.storage.database import Database
from service.storage.tables import computing_times
from service.worker import computing_time
from service.worker.computing_time import Charge, ComputingTime
from service.worker.process import Worker
from tests.service.helpers import fit_body


class RefusedError(Exception):
    """Failure of a write."""


@pytest.fixture(autouse=True)
def _charged_from_the_first_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(computing_time, "CHARGED_SECONDS", 0.0)


def charged(database: Database) -> float:
    """The computing time of the runs without an owner as it was stored."""
    with database.reading() as connection:
        return float(connection.execute(select(computing_times.c.seconds)).scalar_one_or_none() or 0.0)


def refused(database: Database, charge: Charge) -> None:
    """A write that fails after its charge."""
    with suppress(RefusedError), database.writing() as connection:
        charge(connection)
        raise RefusedError


def test_the_charge_of_a_write_that_fails_stays_to_be_charged(database: Database) -> None:
    watch = ComputingTime()
    watch.start(None)
    with suppress(RefusedError), watch.charging() as charge:
        refused(database, charge)
        raise RefusedError
    assert charged(database) == 0.0
    assert watch.uncharged() > charge.seconds > 0.0


def test_a_second_attempt_charges_what_the_first_did_not_keep(database: Database) -> None:
    watch = ComputingTime()
    watch.start(None)
    with watch.charging() as charge:
        refused(database, charge)
        first = charge.seconds
        with database.writing() as connection:
            charge(connection)
    assert charge.seconds > first > 0.0
    assert charged(database) > 0.0


@pytest.mark.parametrize("end", [run_deletion.remove, runs.pause])
def test_a_run_that_is_taken_from_its_worker_is_charged(
    end: Callable[[Connection, str], bool], settings: Settings, api: TestClient, database: Database
) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    worker = Worker(settings, "w")
    claim = worker._claim()
    assert claim is not None
    with database.writing() as connection:
        assert end(connection, run_id)
    worker._train(claim)
    assert charged(database) > 0.0
