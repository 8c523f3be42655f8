"""Eight processes claim from one long queue: no run is claimed twice, and no claim fails with a locked database."""

import multiprocessing
from collections import Counter
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from service.core.run_status import RunStatus
from service.storage import fair_shares, job_queue, runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.job_queue import Claim
from tests.service.storage.helpers import new_run
from tests.torture.report import Measured

CLAIMERS = 8
BUSY_SECONDS = 30.0


def queue(url: str, count: int) -> None:
    database = open_database(url, BUSY_SECONDS)
    with database.writing() as connection:
        values = new_run(connection)
        for _ in range(count):
            runs.create(connection, values, {})
    database.dispose()


def claim_all(url: str, name: str, ready: Barrier, claimed: "multiprocessing.Queue[list[str]]") -> None:
    """Claims until the queue is empty; an error ends the process with a nonzero exit code."""
    mine: list[str] = []
    try:
        database = open_database(url, BUSY_SECONDS)
        ready.wait(60)
        while (found := claim(database, name)) is not None:
            mine.append(found.run.id)
            with database.writing() as connection:
                job_queue.finish(connection, found, RunStatus.SUCCEEDED, {"stop_reason": name})
        database.dispose()
    finally:
        claimed.put(mine)


def claim(database: Database, name: str) -> Claim | None:
    with database.writing() as connection:
        return fair_shares.claim(connection, name, 600.0)


@pytest.mark.torture(10_000, least=500)
def test_eight_claimers_claim_each_run_once(tmp_path: Path, cases: int, measured: Measured) -> None:
    url = f"sqlite:///{tmp_path}/descent.db"
    queue(url, cases)
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(CLAIMERS)
    claimed: multiprocessing.Queue[list[str]] = context.Queue()
    processes = [context.Process(target=claim_all, args=(url, f"w{n}", ready, claimed)) for n in range(CLAIMERS)]
    for process in processes:
        process.start()
    mine = [claimed.get(timeout=1_800) for _ in processes]
    for process in processes:
        process.join(60)
    measured("queued runs", cases)
    counts = Counter(run_id for one in mine for run_id in one)
    measured("claims", counts.total())
    measured("runs claimed twice", sum(count > 1 for count in counts.values()), at_most=0)
    measured("runs never claimed", cases - len(counts), at_most=0)
    measured("claimers that had an error", sum(process.exitcode != 0 for process in processes), at_most=0)
    measured("claims of the laziest claimer", min(map(len, mine)))
