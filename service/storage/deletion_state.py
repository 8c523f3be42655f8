"""Storage of the state of the deletion by age, which survives a restart of the service."""

from typing import NamedTuple, Self

from sqlalchemy import Connection, delete, func, insert, select

from service.storage.tables import deletion_by_age, runs


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

    def without_notice(self) -> Self:
        """The state after the end of the notice."""
        return self._replace(ended_before=None, announced_at=None)


_STATE = select(*(deletion_by_age.c[name] for name in DeletionState._fields))
_NEWEST = (
    select(runs.c.created_at).order_by(runs.c.seq.desc()).limit(1),
    select(func.max(runs.c.finished_at)).where(runs.c.finished_at.is_not(None)),
)


def find(connection: Connection) -> DeletionState | None:
    """The stored state; None if the service has not deleted by age."""
    row = connection.execute(_STATE).one_or_none()
    return None if row is None else DeletionState(*row)


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
