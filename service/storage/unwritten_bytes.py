"""The bytes that all unfinished runs will still store: one number, which triggers of the table `runs` keep.

A sum takes 30 ms with 100,000 queued runs, and each submission needs the number for the check of the free disk.
"""

from sqlalchemy import Connection, delete, func, insert, select

from service.core.run_status import RunStatus
from service.storage import tables
from service.storage.database import Database
from service.storage.essential_write import essential_write
from service.storage.tables import runs, unwritten_bytes

_KEPT = select(unwritten_bytes.c.bytes)
_MISSING = runs.c.step_bytes * func.max(runs.c.steps_total + 1 - runs.c.rows_done, 0)
_SUM = select(func.coalesce(func.sum(_MISSING), 0))
_SUMS = [_SUM.where(tables.IS_WORKABLE), _SUM.where(tables.IS_AT_REST, runs.c.status == RunStatus.PAUSED)]


def kept(connection: Connection) -> int:
    """Size of the missing steps of all queued, running, paused and cancelling runs.

    The deletion of a damaged run may subtract too much, until the next start.
    """
    return max(0, int(connection.execute(_KEPT).scalar() or 0))


def counted(connection: Connection) -> int:
    """The same number by a sum over these runs."""
    return sum(int(connection.execute(each).scalar_one()) for each in _SUMS)


def correct(database: Database) -> None:
    """Stores the counted number if the kept one differs, which only damage of the file causes."""

    def replace(connection: Connection) -> None:
        connection.execute(delete(unwritten_bytes))
        connection.execute(insert(unwritten_bytes).values(bytes=counted(connection)))

    with database.reading() as connection:
        is_right = connection.execute(_KEPT).scalar() == counted(connection)
    if not is_right:
        essential_write(database, replace)
