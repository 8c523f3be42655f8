"""Position of a waiting run in the order of the claims, and its expected start."""

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, String, bindparam, case, func, not_, select, type_coerce

from service.core.run_record import Run
from service.core.run_status import HELD, RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, tables
from service.storage.fair_shares import QUANTUM_SECONDS, WaitingOwner
from service.storage.tables import runs

_QUEUED = (
    tables.IS_WORKABLE,
    runs.c.owner.is_not_distinct_from(bindparam("of_owner")),
    runs.c.status == RunStatus.QUEUED,
)
_OLDER = select(func.count(runs.c.seq)).where(*_QUEUED, runs.c.seq < bindparam("of_seq"))
_SOME = select(func.count()).select_from(select(runs.c.seq).where(*_QUEUED).limit(bindparam("most")).subquery())
_TIMINGS = type_coerce(runs.c.timings, String)  # a damaged text of another run gives null
_DESCENT_SECONDS = case((func.json_valid(_TIMINGS) == 1, func.json_extract(_TIMINGS, "$.descent_seconds")))
_IN_WORKERS = select(
    runs.c.owner,
    (_DESCENT_SECONDS / runs.c.rows_done).label("step_seconds"),
    (runs.c.steps_total + 1 - runs.c.rows_done).label("steps_left"),
).where(tables.IS_WORKABLE, runs.c.status.in_(HELD), not_(job_queue.has_run_out()))


class QueuePosition(NamedTuple):
    """The place of a waiting run: 1 is next. The seconds until its start are None where they are unknown."""

    position: int
    starts_in_seconds: float | None


def position_of(connection: Connection, run: Run, settings: Settings) -> QueuePosition | None:
    """The position of a queued run if all waiting runs take as long: its owner's older runs, and those of the others
    whose turns come before. None for a run that does not wait.
    """
    if run.status != RunStatus.QUEUED:
        return None
    older = int(connection.execute(_OLDER, {"of_owner": run.owner, "of_seq": run.seq}).scalar_one())
    ahead, own = older, None
    for each in fair_shares.waiting(connection, settings.lease_seconds):
        if each.owner == run.owner:
            own = each
            continue
        most = older + 1 if own is None else older
        ahead += int(connection.execute(_SOME, {"of_owner": each.owner, "most": most}).scalar_one())
    if own is None or (own.room is not None and own.room <= older):  # it waits for the owner's own runs
        return QueuePosition(ahead + 1, None)
    return QueuePosition(ahead + 1, _starts_in(connection, own, older, ahead, settings))


def _starts_in(connection: Connection, own: WaitingOwner, older: int, ahead: int, settings: Settings) -> float | None:
    """The time until enough workers are free for the runs ahead and this one. None if they need a worker twice, since
    nobody knows how long waiting runs take, or if the rest of a run in a worker is unknown.
    """
    in_workers = connection.execute(_IN_WORKERS, job_queue.lease_times(settings.lease_seconds)).all()
    rests = [_rest(connection, row, own, older, settings) for row in in_workers]
    known = sorted([0.0] * (settings.workers - len(rests)) + [rest for rest in rests if rest is not None])
    return known[ahead] if ahead < min(len(known), settings.workers) else None


def _rest(connection: Connection, row: Row[Any], own: WaitingOwner, older: int, settings: Settings) -> float | None:
    """Time until a run in a worker ends at its pace so far, or yields after a block to another owner."""
    if row.step_seconds is None:
        return None
    step_seconds = float(row.step_seconds)
    rest = step_seconds * max(0, int(row.steps_left))
    if row.owner == own.owner:
        return rest
    behind = own.seconds + (older + 2) * QUANTUM_SECONDS  # two: the most by which an owner may be ahead
    lead = fair_shares.seconds_until_ahead(connection, row.owner, behind)
    return min(rest, lead + max(settings.block_seconds, step_seconds))
