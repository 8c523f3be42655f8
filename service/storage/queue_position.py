"""Position of a waiting run in the order of the claims, and its expected start.

Submissions that share a commit share a snapshot of the queue, which costs as much as the rest of a submission.
"""

import threading
import time
from typing import NamedTuple

from sqlalchemy import Connection, String, bindparam, case, func, not_, select, type_coerce

from service.core.run_record import Run
from service.core.run_status import HELD, RunStatus
from service.core.settings import Settings
from service.storage import fair_shares, job_queue, tables
from service.storage.database import Database
from service.storage.fair_shares import QUANTUM_SECONDS, RecentTime, WaitingOwner
from service.storage.tables import runs

_QUEUED = (
    tables.IS_WORKABLE,
    runs.c.owner.is_not_distinct_from(bindparam("of_owner")),
    runs.c.status == RunStatus.QUEUED,
)
_ALL = select(func.count(runs.c.seq)).where(*_QUEUED)
_NEWEST = select(runs.c.seq).where(*_QUEUED).order_by(runs.c.seq.desc()).limit(bindparam("most"))
_OLDER = select(func.count(runs.c.seq)).where(*_QUEUED, runs.c.seq < bindparam("of_seq"))
_SOME = select(func.count()).select_from(select(runs.c.seq).where(*_QUEUED).limit(bindparam("most")).subquery())
_TIMINGS = type_coerce(runs.c.timings, String)  # a damaged text of another run gives null
_DESCENT_SECONDS = case((func.json_valid(_TIMINGS) == 1, func.json_extract(_TIMINGS, "$.descent_seconds")))
_IN_WORKERS = select(
    runs.c.owner,
    (_DESCENT_SECONDS / runs.c.rows_done).label("step_seconds"),
    (runs.c.steps_total + 1 - runs.c.rows_done).label("steps_left"),
).where(tables.IS_WORKABLE, runs.c.status.in_(HELD), not_(job_queue.has_run_out()))


NEWEST = 64
"""The newest waiting runs of an owner that a snapshot lists: more than share a commit."""
FRESH_SECONDS = 0.05
"""Snapshots older than this are taken anew. A snapshot also serves the other runs of its commit."""


class QueuePosition(NamedTuple):
    """The place of a waiting run: 1 is next. The seconds until its start are None where they are unknown."""

    position: int
    starts_in_seconds: float | None


class _InWorker(NamedTuple):
    """A run in a worker. Its pace is None before its first block; `other` is the time of another owner."""

    step_seconds: float | None
    steps_left: int
    other: RecentTime | None


class _Queue(NamedTuple):
    """What runs of one owner wait for. `others` are the waiting runs of each other owner, and whether its turn comes
    before.
    """

    own: WaitingOwner | None
    others: list[tuple[int, bool]]
    in_workers: list[_InWorker]
    settings: Settings

    def position(self, older: int) -> QueuePosition:
        """The position of the run with so many older ones of its owner."""
        ahead = older + sum(min(count, older + is_before) for count, is_before in self.others)
        if self.own is None or (self.own.room is not None and self.own.room <= older):
            return QueuePosition(ahead + 1, None)  # it waits for the owner's own runs
        return QueuePosition(ahead + 1, self._starts_in(self.own, older, ahead))

    def _starts_in(self, own: WaitingOwner, older: int, ahead: int) -> float | None:
        """The time until enough workers are free for the runs ahead and this one. None if they need a worker twice,
        since nobody knows how long waiting runs take, or if the rest of a run in a worker is unknown.
        """
        workers = self.settings.workers
        rests = [self._rest(each, own, older) for each in self.in_workers]
        known = sorted([0.0] * (workers - len(rests)) + [rest for rest in rests if rest is not None])
        return known[ahead] if ahead < min(len(known), workers) else None

    def _rest(self, run: _InWorker, own: WaitingOwner, older: int) -> float | None:
        """Time until a run in a worker ends at its pace so far, or yields after a block to another owner."""
        if run.step_seconds is None:
            return None
        rest = run.step_seconds * max(0, run.steps_left)
        if run.other is None:
            return rest
        behind = own.seconds + (older + 2) * QUANTUM_SECONDS  # two: the most by which an owner may be ahead
        lead = max(0.0, run.other.weight * (behind - run.other.seconds))
        return min(rest, lead + max(self.settings.block_seconds, run.step_seconds))


def position_of(connection: Connection, run: Run, settings: Settings) -> QueuePosition | None:
    """The position of a queued run if all waiting runs take as long: its owner's older runs, and those of the others
    whose turns come before. None for a run that does not wait.
    """
    if run.status != RunStatus.QUEUED:
        return None
    older = int(connection.execute(_OLDER, {"of_owner": run.owner, "of_seq": run.seq}).scalar_one())
    return _queue_of(connection, run.owner, settings, fewest=older, most=older + 1).position(older)


def _queue_of(connection: Connection, owner: str | None, settings: Settings, *, fewest: int, most: int) -> _Queue:
    """The queue for the runs of an owner that have `fewest` to `most` − 1 older ones."""
    own, others = None, []
    for each in fair_shares.waiting(connection, settings.lease_seconds):
        if each.owner == owner:
            own = each
            continue
        count = int(connection.execute(_SOME, {"of_owner": each.owner, "most": most}).scalar_one())
        others.append((count, own is None))
    is_known = fewest < settings.workers  # nobody knows when later ones start
    return _Queue(own, others, _in_workers(connection, owner, settings) if is_known else [], settings)


def _in_workers(connection: Connection, owner: str | None, settings: Settings) -> list[_InWorker]:
    found = []
    for row in connection.execute(_IN_WORKERS, job_queue.lease_times(settings.lease_seconds)).all():
        pace = None if row.step_seconds is None else float(row.step_seconds)
        other = None if row.owner == owner else fair_shares.recent_time(connection, row.owner)
        found.append(_InWorker(pace, int(row.steps_left), other))
    return found


class _Snapshot(NamedTuple):
    """The queue of an owner at one moment: `total` waiting runs, of which `newest` are the last ones."""

    taken_at: float
    total: int
    newest: list[int]
    queue: _Queue


class QueueSnapshots:
    """The positions of runs that were queued just now, by snapshots that threads share, one an owner."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._lock = threading.Lock()
        self._last: dict[str | None, _Snapshot] = {}

    def position_of(self, run: Run) -> QueuePosition | None:
        """The position of a run, as of its commit or later. None for a run that does not wait."""
        if run.status != RunStatus.QUEUED:
            return None
        snapshot = self._snapshot(run)
        if run.seq in snapshot.newest:
            return snapshot.queue.position(snapshot.total - 1 - snapshot.newest.index(run.seq))
        with self._database.reading() as connection:
            return position_of(connection, run, self._settings)

    def _snapshot(self, run: Run) -> _Snapshot:
        """The last snapshot if it is recent and lists the run, so that it was taken after its commit, or a new one."""
        with self._lock:
            now, owner = time.monotonic(), run.owner
            self._last = {of: each for of, each in self._last.items() if now <= each.taken_at + FRESH_SECONDS}
            last = self._last.get(owner)
            if last is None or run.seq not in last.newest:
                with self._database.reading() as connection:
                    total = int(connection.execute(_ALL, {"of_owner": owner}).scalar_one())
                    newest = [*connection.execute(_NEWEST, {"of_owner": owner, "most": NEWEST}).scalars()]
                    fewest = total - len(newest)
                    queue = _queue_of(connection, owner, self._settings, fewest=fewest, most=total)
                last = self._last[owner] = _Snapshot(now, total, newest, queue)
            return last
