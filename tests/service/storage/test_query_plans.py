"""Query plans: each frequent query uses an index, with many runs and deleted runs."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from service.core.run_status import RunStatus
from service.storage import datasets, run_counts, run_list, runs, sweeps, usage
from service.storage.database import Database
from service.storage.run_list import Asked
from service.storage.sqlite import purge

NEWEST_FIRST = {"SEARCH datasets USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"}
ASKED: dict[str, tuple[Callable[[Connection], Any], set[str]]] = {
    "counts by status": (
        run_counts.by_status,
        {
            "SCAN runs USING COVERING INDEX ix_runs_finished",
            "SCAN runs USING COVERING INDEX ix_runs_waiting",
            "USE TEMP B-TREE FOR GROUP BY",
            "SEARCH runs USING INDEX ix_runs_verifies (verifies>?)",
            "SEARCH runs USING INDEX ix_runs_deleted_at (deleted_at>?)",
        },
    ),
    "oldest queued run": (
        run_counts.oldest_queued,
        {
            "SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)",
            "SCALAR SUBQUERY 1",
            "SEARCH runs USING INDEX ix_runs_live",
        },
    ),
    "latest": (lambda c: runs.find(c, "latest"), {"SCAN runs", *NEWEST_FIRST}),
    "latest of an owner": (
        lambda c: runs.find(c, "latest", "a"),
        {"SEARCH runs USING INDEX ix_runs_owner (owner=?)", *NEWEST_FIRST},
    ),
    "latest sweep of an owner": (
        lambda c: sweeps.find(c, "latest", "a"),
        {"SEARCH sweeps USING INDEX ix_sweeps_owner (owner=?)"},
    ),
    "latest dataset": (
        lambda c: datasets.find(c, "latest"),
        {"SCAN datasets USING INDEX ix_datasets_uploaded"},
    ),
    "latest dataset of an owner": (
        lambda c: datasets.find(c, "latest", "a"),
        {"SEARCH datasets USING INDEX ix_datasets_owner (owner=?)"},
    ),
    "find": (
        lambda c: runs.find(c, "a"),
        {"SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)", *NEWEST_FIRST},
    ),
    "state": (lambda c: runs.state(c, 1), {"SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)"}),
    "key of an owner": (
        lambda c: runs.find_by_key(c, "a", "k"),
        {"SEARCH runs USING INDEX uq_runs_owned_key (owner=? AND idempotency_key=?)", *NEWEST_FIRST},
    ),
    "key without an owner": (
        lambda c: runs.find_by_key(c, None, "k"),
        {"SEARCH runs USING INDEX uq_runs_bare_key (idempotency_key=?)", *NEWEST_FIRST},
    ),
    "sweep by a key": (
        lambda c: sweeps.find_by_key(c, "a", "k"),
        {"SEARCH sweeps USING INDEX uq_sweeps_owned_key (owner=? AND idempotency_key=?)"},
    ),
    "first page": (
        lambda c: list(run_list.page(c, Asked(), limit=5)),
        {"SCAN runs", *NEWEST_FIRST},
    ),
    "page of an owner": (
        lambda c: list(run_list.page(c, Asked("a"), limit=5, after=9)),
        {"SEARCH runs USING INDEX ix_runs_owner (owner=? AND seq<?)", *NEWEST_FIRST},
    ),
    "page of a status": (
        lambda c: list(run_list.page(c, Asked(statuses=[RunStatus.FAILED]), limit=5)),
        {"SEARCH runs USING INDEX ix_runs_finished (status=?)", *NEWEST_FIRST},
    ),
    "bytes of an owner": (
        lambda c: usage.stored_bytes(c, "a"),
        {
            "SEARCH runs USING COVERING INDEX ix_runs_stored_bytes (owner=?)",
            "SEARCH datasets USING COVERING INDEX ix_datasets_stored_bytes (owner=?)",
        },
    ),
    "bytes of all": (
        lambda c: usage.stored_bytes(c, None),
        {
            "SCAN runs USING COVERING INDEX ix_runs_stored_bytes",
            "SCAN datasets USING COVERING INDEX ix_datasets_stored_bytes",
        },
    ),
    "deleted": (
        purge.has_deleted,
        {
            "SEARCH runs USING INDEX ix_runs_deleted_at (deleted_at>?)",
            "SEARCH datasets USING INDEX sqlite_autoindex_datasets_1 (id>? AND id<?)",
        },
    ),
    "kept runs": (
        lambda c: usage.kept(c, None),
        {
            "SCAN runs USING COVERING INDEX ix_runs_dataset_seq",
            "SEARCH runs USING COVERING INDEX ix_runs_verifies (verifies>?)",
            "SEARCH runs USING COVERING INDEX ix_runs_deleted_at (deleted_at>?)",
        },
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_query_uses_its_index_and_sorts_nothing(name: str, database: Database) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def _keep(_connection: object, _cursor: object, statement: str, values: tuple[object, ...], *_: object) -> None:
        asked.append((statement, values))

    ask, expected = ASKED[name]
    with database.reading() as connection:
        ask(connection)
        queries = [each for each in asked if each[0].startswith("SELECT")]
        plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values).all() for query, values in queries]
    assert {step.detail for plan in plans for step in plan} == expected
