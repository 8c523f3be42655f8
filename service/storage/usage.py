"""How much there is of an owner's, or of everybody's for None: what quotas are held to."""

from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from service.core.run_status import RunStatus
from service.storage import tables
from service.storage.tables import datasets, runs


def _count(table: Table, *conditions: Any, by_owner: Any = None) -> tuple[Select[Any], Select[Any]]:
    """How many rows there are: everybody's, and an owner's."""
    everybodys = select(func.count()).select_from(table).where(*conditions)
    # What is not the bare column cannot be looked up in an index: the conditions' own one is to be used.
    by_owner = func.coalesce(table.c.owner, "") if by_owner is None else by_owner
    return everybodys, everybodys.where(by_owner == bindparam("owner"))


# Made once: SQLAlchemy takes several times as long to put a statement together as to run it.
_WORKABLE = _count(runs, tables.IS_WORKABLE)
_PAUSED = _count(runs, tables.IS_AT_REST, runs.c.status == RunStatus.PAUSED)
_KEPT = _count(runs, by_owner=runs.c.owner)
_VERIFYING = _count(runs, runs.c.verifies.is_not(None))
_DELETED = _count(runs, runs.c.deleted_at.is_not(None))
_VERIFIES = select(runs.c.seq).where(runs.c.verifies == bindparam("run_seq"))
_UPLOADED = _count(datasets, datasets.c.uploaded)


def unfinished(connection: Connection, owner: str | None) -> int:
    """Runs that wait, run or are paused, verifications among them."""
    return _of(connection, owner, _WORKABLE) + _of(connection, owner, _PAUSED)


def kept(connection: Connection, owner: str | None) -> int:
    """Runs, finished or not, without verifications and deleted ones."""
    return _of(connection, owner, _KEPT) - _of(connection, owner, _VERIFYING) - _of(connection, owner, _DELETED)


def is_being_verified(connection: Connection, run_seq: int) -> bool:
    """Whether a verification of the run waits or runs."""
    return connection.execute(_VERIFIES, {"run_seq": run_seq}).first() is not None


def uploaded(connection: Connection, owner: str | None) -> int:
    """Datasets that were uploaded by themselves."""
    return _of(connection, owner, _UPLOADED)


def _of(connection: Connection, owner: str | None, counted: tuple[Select[Any], Select[Any]]) -> int:
    everybodys, owners = counted
    found = connection.execute(everybodys) if owner is None else connection.execute(owners, {"owner": owner})
    return int(found.scalar_one())
