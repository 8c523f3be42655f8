"""Storage of the state of the deletion by age, which survives a restart of the service."""

from math import isfinite
from typing import NamedTuple, Self

from sqlalchemy import Connection, delete, func, insert, literal, select

from service.storage import damaged_rows
from service.storage.errors import CorruptError
from service.storage.tables import deletion_by_age, runs

MOST_SECONDS = 1e12
"""The longest time that a state can have."""


class DeletionState(NamedTuple):
    """Readings of both clocks, the leaps of the wall clock, and the notice.

    The times are readings of the wall clock, except `steady`. See `tables.deletion_by_age`.
    """

    wall: float
    steady: float
    leaps: list[list[float]]
    ended_before: float | None = None
    announced_at: float | None = None

    def due_at(self, notice_seconds: float) -> float | None:
        """The time from which the announced runs are deleted; None without a notice."""
        return None if self.announced_at is None else self.announced_at + notice_seconds

    def announced_age(self) -> float | None:
        """The least age of the announced runs at the announcement; None without a notice."""
        if self.announced_at is None or self.ended_before is None:
            return None
        return self.announced_at - self.ended_before

    def without_notice(self) -> Self:
        """The state after the end of the notice."""
        return self._replace(ended_before=None, announced_at=None)


_STATE = select(*(deletion_by_age.c[name] for name in DeletionState._fields), literal(value=True).label("is_sound"))
_IS_STORED = select(deletion_by_age.c.id).limit(1)
_NEWEST = (
    select(runs.c.created_at).order_by(runs.c.seq.desc()).limit(1),
    select(func.max(runs.c.finished_at)).where(runs.c.finished_at.is_not(None)),
)


def find(connection: Connection) -> DeletionState | None:
    """The stored state; None if the service has not deleted by age. Raises CorruptError for values it cannot have."""
    fields = damaged_rows.one(connection, _STATE, {})
    if fields is None:
        return None
    wall, steady, leaps, *notice = fields
    is_notice = notice == [None, None] or all(map(_is_time, notice))
    if not (_is_time(wall) and _is_time(steady) and _are_leaps(leaps) and is_notice):
        raise CorruptError("The state of the deletion by age is damaged.")
    return DeletionState(*fields)


def is_stored(connection: Connection) -> bool:
    """Whether there is a state, damaged or not."""
    return connection.execute(_IS_STORED).one_or_none() is not None


def _are_leaps(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, list) and len(each) == 2 and all(map(_is_time, each)) for each in value
    )


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and isfinite(value) and abs(value) <= MOST_SECONDS


def store(connection: Connection, state: DeletionState) -> None:
    """Stores the state instead of the former one."""
    remove(connection)
    connection.execute(insert(deletion_by_age).values(id=1, **state._asdict()))


def remove(connection: Connection) -> None:
    """Deletes the state: the service no longer deletes by age."""
    connection.execute(delete(deletion_by_age))


def newest_time(connection: Connection) -> float | None:
    """The newest time that the runs have recorded; None without runs."""
    found = [connection.execute(query).scalar_one_or_none() for query in _NEWEST]
    return max((time for time in found if time is not None), default=None)
