"""Numbers of runs by status, and the age of the queue.

Covering indexes count the runs. Only the hidden ones and the oldest queued one are read.
"""

from collections import Counter
from math import isfinite

from sqlalchemy import Connection, LargeBinary, cast, func, select

from service.core.run_status import RunStatus
from service.storage.tables import IS_AT_REST, IS_WORKABLE, runs

_STATUS = cast(runs.c.status, LargeBinary)  # a damaged one may be no UTF-8
_COUNTED = select(_STATUS, func.count()).group_by(runs.c.status)
_SIGNED = (
    (_COUNTED.where(IS_AT_REST), 1),
    (_COUNTED.where(IS_WORKABLE), 1),
    # Hidden runs by two partial indexes: for a condition with OR SQLite would read all runs.
    (_COUNTED.where(runs.c.verifies.is_not(None)), -1),
    (_COUNTED.where(runs.c.deleted_at.is_not(None), runs.c.verifies.is_(None)), -1),
)
_OLDEST_SEQ = select(func.min(runs.c.seq)).where(IS_WORKABLE, runs.c.status == RunStatus.QUEUED).scalar_subquery()
_OLDEST = select(runs.c.created_at).where(runs.c.seq == _OLDEST_SEQ)


def by_status(connection: Connection) -> dict[str, int]:
    """The number of runs of each status that has some. Verifications and deleted runs do not count."""
    found: Counter[str] = Counter()
    for query, sign in _SIGNED:
        for status, count in connection.execute(query):
            found[status.decode(errors="replace")] += sign * count
    return {status: count for status, count in sorted(found.items()) if count}


def oldest_queued(connection: Connection) -> float | None:
    """When the oldest queued run was created, in Unix seconds; None without a queued run, and for a damaged time."""
    found = connection.execute(_OLDEST).scalar()
    return found if isinstance(found, float) and isfinite(found) else None
