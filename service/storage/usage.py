"""Counts and sizes for the quotas: runs and datasets of one owner, or of all owners for None."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, bindparam, case, func, select

from service.core.run_status import RunStatus
from service.storage import tables
from service.storage.ownership import OwnerQueries
from service.storage.tables import datasets, runs

STORED_AT_END = runs.c.stored_bytes - runs.c.step_bytes * (runs.c.steps_total + 1 - runs.c.rows_done)
"""The size of a run that ends with its stored steps, from its size until then."""


def _is_size(table: Table) -> ColumnElement[bool]:
    """Whether the size of a row can be summed up; a damaged one may be a text, or too large."""
    return (func.typeof(table.c.stored_bytes) == "integer") & table.c.stored_bytes.between(0, 2**48)


def _count(table: Table, *conditions: Any, by_owner: Any = None) -> OwnerQueries:
    """The number of the rows: of the bound `owner`, or of all owners."""
    of_all = select(func.count()).select_from(table).where(*conditions)
    # The expression hides the column from the owner index, so that SQLite uses the index of the conditions.
    by_owner = func.coalesce(table.c.owner, "") if by_owner is None else by_owner
    return OwnerQueries(of_all.where(by_owner == bindparam("owner")), of_all)


# Built once: SQLAlchemy builds a statement several times slower than SQLite runs it.
_WORKABLE = _count(runs, tables.IS_WORKABLE)
_PAUSED = _count(runs, tables.IS_AT_REST, runs.c.status == RunStatus.PAUSED)
_KEPT = _count(runs, by_owner=runs.c.owner)
_VERIFYING = _count(runs, runs.c.verifies.is_not(None))
_DELETED = _count(runs, runs.c.deleted_at.is_not(None))
_UPLOADED = _count(datasets, datasets.c.uploaded, by_owner=datasets.c.owner)
_STORED = [
    OwnerQueries(total.where(table.c.owner == bindparam("owner")), total)
    for table in (runs, datasets)
    for total in (select(func.coalesce(func.sum(case((_is_size(table), table.c.stored_bytes))), 0)),)
]


def unfinished(connection: Connection, owner: str | None) -> int:
    """Number of queued, running and paused runs, including verifications."""
    return _of(connection, owner, _WORKABLE) + _of(connection, owner, _PAUSED)


def kept(connection: Connection, owner: str | None) -> int:
    """Number of runs, finished or not, excluding verifications and deleted runs."""
    return _of(connection, owner, _KEPT) - _of(connection, owner, _VERIFYING) - _of(connection, owner, _DELETED)


def uploaded(connection: Connection, owner: str | None) -> int:
    """Number of uploaded datasets. Datasets sent inside a fit request do not count."""
    return _of(connection, owner, _UPLOADED)


def stored_bytes(connection: Connection, owner: str | None) -> int:
    """Size of all runs and datasets. An unfinished run counts with all its requested steps."""
    return sum(_of(connection, owner, of_table) for of_table in _STORED)


def _of(connection: Connection, owner: str | None, counted: OwnerQueries) -> int:
    return int(connection.execute(counted.of(owner), {"owner": owner}).scalar_one())
