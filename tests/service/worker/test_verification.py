"""A verification whose lease ends within a block keeps its place: the compared blocks are not compared again."""

import platform
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from service.core.settings import Settings
from service.storage import job_queue, runs
from service.storage.database import Database
from service.storage.tables import runs as table
from service.worker import platforms
from service.worker.computing_time import ComputingTime
from service.worker.history_sampler import columns_of
from service.worker.lease import RunLease
from service.worker.process import Worker
from service.worker.training import Training
from service.worker.verification import BlockComparison
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import train_all, worker_with

ROWS, BLOCKS = 7, 2


def queue_verification(database: Database, run_id: str) -> None:
    with database.writing() as connection:
        finished = runs.find(connection, run_id)
        assert finished is not None
        runs.create_verification(connection, finished)


def compare_some_blocks(worker: Worker, settings: Settings) -> job_queue.Claim:
    """Claims the verification and compares two blocks, as a worker does that is stopped within the third."""
    claim = worker._claim()
    assert claim is not None
    with RunLease(worker._database, claim, settings, ComputingTime()) as lease:
        training = Training(worker._database, claim, settings, lease, worker._batch)
        prepared = training._prepare()
        sink = training._sink(prepared)
        found = worker._batch.blocks(claim.run, prepared, lease, lambda count: count >= ROWS)
        with closing(found) as blocks:
            for _ in range(BLOCKS):
                block = next(blocks)
                assert not sink.take(block, columns_of(block, claim.run.columns))
    return claim


def test_an_interrupted_verification_resumes_after_its_last_block(
    api: TestClient, settings: Settings, database: Database
) -> None:
    run_id = api.post("/fit", json=fit_body(descent={"steps": 30, "batch_size": 2})).json()["id"]
    with worker_with(settings) as worker:
        train_all(worker)
        queue_verification(database, run_id)
        claim = compare_some_blocks(worker, settings)
        with database.writing() as connection:
            job_queue.interrupt(connection, claim, 6.0)
        with database.reading() as connection:
            place = select(table.c.rows_done, table.c.checkpoint.is_not(None)).where(table.c.seq == claim.run.seq)
            assert tuple(connection.execute(place).one()) == (ROWS * BLOCKS, True)
        train_all(worker)
    verification = api.get(f"/runs/{run_id}").json()["verification"]
    assert (verification["identical"], verification["error"]) == (True, None)


def verified(api: TestClient, settings: Settings, database: Database, *, elsewhere: bool) -> dict[str, Any]:
    """The verification of a run of 30 steps, by the same platform or by another one."""
    run_id = api.post("/fit", json=fit_body(descent={"steps": 30, "batch_size": 2})).json()["id"]
    with worker_with(settings) as worker:
        train_all(worker)
        [environment] = api.get(f"/runs/{run_id}").json()["environments"]
        if elsewhere:
            with database.writing() as connection:
                changed = [{**environment, "blas": "another BLAS"}]
                connection.execute(update(table).where(table.c.id == run_id).values(environments=changed))
        queue_verification(database, run_id)
        train_all(worker)
    found: dict[str, Any] = api.get(f"/runs/{run_id}").json()["verification"]
    assert found["tolerance"] == (1e-12 if elsewhere else 0.0)
    assert [change["part"] for change in found["platform_changes"]] == ["blas"] * elsewhere
    return found


def change_step(monkeypatch: pytest.MonkeyPatch, step: int, column: int, change: Any) -> None:
    """Lets the comparison read another number of a step."""
    stored_of = BlockComparison._stored

    def stored(self: BlockComparison, *place: Any) -> Iterator[tuple[int, Any]]:
        for first, stored in stored_of(self, *place):
            changed = stored.copy()
            if first <= step < first + stored.shape[1]:
                changed[column, step - first] = change(changed[column, step - first])
            yield first, changed

    monkeypatch.setattr(BlockComparison, "_stored", stored)


@pytest.mark.parametrize(
    ("elsewhere", "change", "agrees"),
    [
        (False, lambda number: np.nextafter(number, 1), False),
        (True, lambda number: np.nextafter(number, 1), True),
        (True, lambda number: number * (1 + 1e-13), True),
        (True, lambda number: number + 1e-9, False),
        (True, lambda _: np.nan, False),
        (True, lambda _: -np.inf, False),
    ],
)
@pytest.mark.parametrize("column", [0, -1])
def test_a_number_of_another_platform_agrees_to_twelve_digits(
    api: TestClient,
    settings: Settings,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: bool,
    change: Any,
    agrees: bool,
    column: int,
) -> None:
    change_step(monkeypatch, 17, column, change)
    found = verified(api, settings, database, elsewhere=elsewhere)
    assert (found["identical"], found["agrees"], found["step"]) == (False, agrees, 17)
    assert len(found["differences"]) == 1


@pytest.mark.parametrize("elsewhere", [False, True])
def test_equal_bits_are_identical_whatever_the_platform(
    api: TestClient, settings: Settings, database: Database, *, elsewhere: bool
) -> None:
    found = verified(api, settings, database, elsewhere=elsewhere)
    assert (found["identical"], found["agrees"], found["step"], found["differences"]) == (True, True, None, [])


def test_the_first_other_bits_survive_a_lease(
    api: TestClient, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were found by the worker before."""
    change_step(monkeypatch, 3, 0, lambda number: np.nextafter(number, 1))
    run_id = api.post("/fit", json=fit_body(descent={"steps": 30, "batch_size": 2})).json()["id"]
    with worker_with(settings) as worker:
        train_all(worker)
        [environment] = api.get(f"/runs/{run_id}").json()["environments"]
        with database.writing() as connection:
            changed = [{**environment, "libc": "another library"}]
            connection.execute(update(table).where(table.c.id == run_id).values(environments=changed))
        queue_verification(database, run_id)
        claim = compare_some_blocks(worker, settings)
        with database.writing() as connection:
            job_queue.hand_back(connection, claim)
        train_all(worker)
    found = api.get(f"/runs/{run_id}").json()["verification"]
    assert (found["identical"], found["agrees"], found["step"]) == (False, True, 3)


def test_a_numpy_that_found_no_instructions_has_a_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """It leaves out what it has none of, as on an old processor."""
    monkeypatch.setattr("service.worker.platforms.np.show_config", lambda **_: {})
    monkeypatch.setattr("service.worker.platforms.threadpool_info", list)
    found = platforms.present.__wrapped__()
    assert (found["processor"], found["blas"]) == (platform.machine(), "unknown")
