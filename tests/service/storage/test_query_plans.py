"""Query plans: each frequent query uses an index, with many runs and deleted runs."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, event

from service.core.run_status import RunStatus
from service.storage import job_queue, runs, usage
from service.storage.database import Database
from service.storage.sqlite import purge

NEWEST_FIRST = {"SEARCH datasets USING INTEGER PRIMARY KEY (rowid=?)"}
ASKED: dict[str, tuple[Callable[[Connection], Any], set[str]]] = {
    "claim": (lambda c: job_queue.has_work(c, 15.0), {"SCAN runs USING INDEX ix_runs_live"}),
    "latest": (lambda c: runs.find(c, "latest"), {"SCAN runs", *NEWEST_FIRST}),
    "find": (
        lambda c: runs.find(c, "a"),
        {"SEARCH runs USING INDEX sqlite_autoindex_runs_1 (id=?)", *NEWEST_FIRST},
    ),
    "state": (lambda c: runs.state(c, 1), {"SEARCH runs USING INTEGER PRIMARY KEY (rowid=?)"}),
    "first page": (
        lambda c: list(runs.page(c, limit=5, before_seq=None, status=None, tag=None)),
        {"SCAN runs", *NEWEST_FIRST},
    ),
    "page of an owner": (
        lambda c: list(runs.page(c, limit=5, before_seq=9, status=None, tag=None, owner="a")),
        {"SEARCH runs USING INDEX ix_runs_owner (owner=? AND seq<?)", *NEWEST_FIRST},
    ),
    "page of a status": (
        lambda c: list(runs.page(c, limit=5, before_seq=None, status=RunStatus.FAILED, tag=None)),
        {"SEARCH runs USING INDEX ix_runs_finished (status=?)", *NEWEST_FIRST},
    ),
    "deleted": (purge.has_deleted, {"SEARCH runs USING INDEX ix_runs_deleted_at (deleted_at>?)"}),
    "deleted, counted": (
        lambda c: usage._of(c, None, usage._DELETED),
        {"SEARCH runs USING COVERING INDEX ix_runs_deleted_at (deleted_at>?)"},
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
        [(statement, values)] = [each for each in asked if each[0].startswith("SELECT")]
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert {step.detail for step in plan} == expected
