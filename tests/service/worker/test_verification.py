"""A verification whose lease ends within a block keeps its place: the compared blocks are not compared again."""

from contextlib import closing

from fastapi.testclient import TestClient
from sqlalchemy import select

from service.core.settings import Settings
from service.storage import job_queue, runs
from service.storage.database import Database
from service.storage.tables import runs as table
from service.worker.computing_time import ComputingTime
from service.worker.history_sampler import columns_of
from service.worker.lease import RunLease
from service.worker.process import Worker
from service.worker.training import Training
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import train_all, worker_with

ROWS, BLOCKS = 7, 2


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
        with database.writing() as connection:
            finished = runs.find(connection, run_id)
            assert finished is not None
            runs.create_verification(connection, finished)
        claim = compare_some_blocks(worker, settings)
        with database.writing() as connection:
            job_queue.interrupt(connection, claim, 6.0)
        with database.reading() as connection:
            place = select(table.c.rows_done, table.c.checkpoint.is_not(None)).where(table.c.seq == claim.run.seq)
            assert tuple(connection.execute(place).one()) == (ROWS * BLOCKS, True)
        train_all(worker)
    verification = api.get(f"/runs/{run_id}").json()["verification"]
    assert (verification["identical"], verification["error"]) == (True, None)
