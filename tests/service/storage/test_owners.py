"""The queries of an owner cost the same, however many runs, sweeps and datasets others have."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection

from service.core.run_status import RunStatus
from service.storage import datasets, run_list, runs, sweeps, usage
from service.storage.database import Database
from service.storage.run_list import Asked
from tests.service.storage.helpers import new_run, queue_run

COPIED = (
    "dataset_seq, tags, request, request_digest, parameters, columns, train_rows, test_rows, steps_total, rows_done,"
    " timings, created_at, lease_token, losses"
)
OF_OWNER: dict[str, Callable[[Connection], Any]] = {
    "latest run": lambda c: runs.find(c, "latest", "mine"),
    "runs": lambda c: list(_page(c)),
    "failed runs": lambda c: list(_page(c, statuses=[RunStatus.FAILED])),
    "runs with a tag": lambda c: list(_page(c, tag=("a", "b"))),
    "runs of the latest sweep": lambda c: list(_page(c, sweep="latest")),
    "latest sweep": lambda c: sweeps.find(c, "latest", "mine"),
    "sweeps": lambda c: sweeps.page(c, limit=5, before=None, owner="mine"),
    "latest dataset": lambda c: datasets.find(c, "latest", "mine"),
    "datasets": lambda c: list(datasets.page(c, limit=5, before=None, owner="mine")),
    "stored runs": lambda c: usage.kept(c, "mine"),
    "uploads": lambda c: usage.uploaded(c, "mine"),
    "stored bytes": lambda c: usage.stored_bytes(c, "mine"),
}


def _page(connection: Connection, **which: Any) -> Any:
    return run_list.page(connection, Asked("mine", **which), limit=5)


def add_others(connection: Connection, number: int) -> None:
    """Runs, sweeps and uploads of another owner, newer than those of the owner."""
    numbers = f"WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {number}) SELECT k FROM n"
    source = f"FROM runs, ({numbers})"
    connection.exec_driver_sql(
        f"INSERT INTO runs (id, owner, status, finished_at, {COPIED})"
        f" SELECT hex(randomblob(8)), 'theirs', 'failed', 1.0, {COPIED} {source} WHERE seq = 1"
    )
    connection.exec_driver_sql("INSERT OR IGNORE INTO run_tags SELECT seq, 'a', 'b' FROM runs WHERE owner = 'theirs'")
    connection.exec_driver_sql(
        "INSERT INTO sweeps (id, owner, varied, rank_by, request_digest, created_at)"
        f" SELECT hex(randomblob(8)), 'theirs', '[]', 'test_mse', '', 1.0 {source} WHERE seq = 1"
    )
    connection.exec_driver_sql(
        "INSERT INTO datasets (id, sha256, rows, features, target, text_target, columns, uploaded, owner, created_at)"
        f" SELECT hex(randomblob(8)), '', 1, '[]', 'y', 0, '[]', k % 2, 'theirs', 1.0 {source} WHERE seq = 1"
    )


def steps(connection: Connection, ask: Callable[[Connection], Any]) -> int:
    """The number of instructions that SQLite's virtual machine executes."""
    counted = 0

    def count() -> None:
        nonlocal counted
        counted += 1

    driver: Any = connection.connection.driver_connection
    driver.set_progress_handler(count, 1)
    try:
        ask(connection)
    finally:
        driver.set_progress_handler(None, 1)
    return counted


@pytest.mark.parametrize("name", OF_OWNER)
def test_a_query_of_an_owner_costs_the_same_among_many_others(name: str, database: Database) -> None:
    queue_run(database)
    with database.writing() as connection:
        for dataset in ("d", "e"):
            runs.create(connection, {**new_run(connection, dataset), "owner": "mine"}, {"a": "b"})
        connection.exec_driver_sql("UPDATE datasets SET uploaded = 1, owner = 'mine'")
        sweeps.create(
            connection, {"owner": "mine", "name": "s", "varied": [], "rank_by": "test_mse", "request_digest": ""}
        )
        add_others(connection, 5)
        few = steps(connection, OF_OWNER[name])
        add_others(connection, 2000)
        assert steps(connection, OF_OWNER[name]) <= few + 20
