"""The bytes that all unfinished runs will still store: one number, which triggers of the table `runs` keep.

A sum takes 30 ms with 100,000 queued runs, and each submission needs the number for the check of the free disk.
"""

from sqlalchemy import Connection, and_, case, delete, func, insert, select

from service.core.run_status import RunStatus
from service.storage import tables
from service.storage.database import Database
from service.storage.essential_write import essential_write
from service.storage.tables import runs, unwritten_bytes

_IS_POSSIBLE = (func.typeof(unwritten_bytes.c.bytes) == "integer") & (unwritten_bytes.c.bytes >= 0)
_KEPT = select(case((_IS_POSSIBLE, unwritten_bytes.c.bytes)))
_NUMBERS = (runs.c.stored_bytes, runs.c.step_bytes, runs.c.rows_done)
_IS_SOUND = and_(*((func.typeof(each) == "integer") & each.between(0, 1 << 48) for each in _NUMBERS))
_MISSING = case((_IS_SOUND, func.max(runs.c.stored_bytes - runs.c.step_bytes * runs.c.rows_done, 0)), else_=0)
_SUM = select(func.coalesce(func.sum(_MISSING), 0))
_SUMS = [_SUM.where(tables.IS_WORKABLE), _SUM.where(tables.IS_AT_REST, runs.c.status == RunStatus.PAUSED)]


def kept(connection: Connection) -> int:
    """Size of all queued, running, paused and cancelling runs less their stored steps. An impossible number is counted
    anew. The deletion of a damaged run may subtract too much, until the next start.
    """
    found: int | None = connection.execute(_KEPT).scalar()
    return corrected(connection) if found is None else found


def corrected(connection: Connection) -> int:
    """The counted number, which a write transaction also stores."""
    number = counted(connection)
    if connection.get_execution_options().get("descent_writes"):
        connection.execute(delete(unwritten_bytes))
        connection.execute(insert(unwritten_bytes).values(bytes=number))
    return number


def is_right(connection: Connection) -> bool:
    """Whether the kept number is the counted one."""
    return connection.execute(_KEPT).scalar() == counted(connection)


def counted(connection: Connection) -> int:
    """The same number by a sum over these runs."""
    return sum(int(connection.execute(each).scalar_one()) for each in _SUMS)


def correct(database: Database) -> None:
    """Stores the counted number if the kept one differs, which only damage of the file causes."""
    with database.reading() as connection:
        is_damaged = not is_right(connection)
    if is_damaged:
        essential_write(database, corrected)
