"""Position of a waiting run in the order of the claims."""

from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from service.core.run_record import Run
from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, tables
from service.storage.sqlite.row_checksums import is_sound
from service.storage.tables import runs

RECENT_RUNS = 20
"""Finished runs whose mean duration is that of the runs ahead."""

_QUEUED = (
    tables.IS_WORKABLE,
    runs.c.owner.is_not_distinct_from(bindparam("of_owner")),
    runs.c.status == RunStatus.QUEUED,
)
_OLDER = select(func.count(runs.c.seq)).where(*_QUEUED, runs.c.seq < bindparam("of_seq"))
_SOME = select(func.count()).select_from(select(runs.c.seq).where(*_QUEUED).limit(bindparam("most")).subquery())
_RECENT = (
    select((runs.c.finished_at - runs.c.started_at).label("seconds"))
    .where(runs.c.finished_at.is_not(None), runs.c.started_at.is_not(None), is_sound(runs))
    .order_by(runs.c.finished_at.desc())
    .limit(RECENT_RUNS)
    .subquery()
)
_MEAN = select(func.avg(_RECENT.c.seconds))


class QueuePosition(NamedTuple):
    """The place of a waiting run: 1 is next. The seconds are None as long as no run has finished."""

    position: int
    starts_in_seconds: float | None


def position_of(connection: Connection, run: Run, settings: Settings) -> QueuePosition | None:
    """The position of a queued run if all waiting runs take as long: its owner's older runs, and those of the others
    whose turns come before. None for a run that does not wait.
    """
    if run.status != RunStatus.QUEUED:
        return None
    older = int(connection.execute(_OLDER, {"of_owner": run.owner, "of_seq": run.seq}).scalar_one())
    ahead, is_before = older, True
    for each in fair_shares.waiting(connection, settings.lease_seconds):
        if each.owner == run.owner:
            is_before = False
            continue
        most = older + 1 if is_before else older
        ahead += int(connection.execute(_SOME, {"of_owner": each.owner, "most": most}).scalar_one())
    mean = connection.execute(_MEAN).scalar_one()
    seconds = None if mean is None or not settings.workers else max(mean, 0.0) * ahead / settings.workers
    return QueuePosition(ahead + 1, seconds)
