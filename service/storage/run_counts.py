"""Numbers of runs by status, and the age of the queue: counted by indexes alone, however many runs there are."""

from collections import Counter

from sqlalchemy import Connection, LargeBinary, Select, cast, func, or_, select

from service.core.run_status import RunStatus
from service.storage.tables import IS_AT_REST, IS_WORKABLE, runs

_STATUS = cast(runs.c.status, LargeBinary)  # a damaged one may be no UTF-8
_COUNTED = select(_STATUS, func.count()).group_by(runs.c.status)
_HIDDEN = _COUNTED.where(or_(runs.c.verifies.is_not(None), runs.c.deleted_at.is_not(None)))
_OLDEST = (
    select(runs.c.created_at)
    .where(IS_WORKABLE, runs.c.status == RunStatus.QUEUED, runs.c.verifies.is_(None))
    .order_by(runs.c.seq)
    .limit(1)
)


def by_status(connection: Connection) -> dict[str, int]:
    """The number of runs of each status. Verifications and deleted runs do not count."""
    found: Counter[str] = Counter({status.value: 0 for status in RunStatus})
    for query, sign in ((_COUNTED.where(IS_AT_REST), 1), (_COUNTED.where(IS_WORKABLE), 1), (_HIDDEN, -1)):
        for status, count in _counts(connection, query):
            found[status] += sign * count
    return dict(found)


def _counts(connection: Connection, query: "Select[bytes, int]") -> list[tuple[str, int]]:
    return [(status.decode(errors="replace"), count) for status, count in connection.execute(query)]


def oldest_queued(connection: Connection) -> float | None:
    """When the oldest queued run was created, in Unix seconds; None without a queued run."""
    return connection.execute(_OLDEST).scalar()
