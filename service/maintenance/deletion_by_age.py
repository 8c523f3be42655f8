"""Deletion by age: announced in the log, and by an age that leaps of the wall clock do not change."""

import logging
import math
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import Connection

from service.core.times import rfc3339
from service.maintenance.clock_leaps import LEAP_SECONDS, MOST_LEAPS, Clocks, ahead, followed, has_leapt, read_clocks
from service.storage import deletion_state, old_runs
from service.storage.deletion_state import DeletionState
from service.storage.errors import CorruptError

log = logging.getLogger("descent.retention")

MAX_RUNS = 8
"""The maximum number of old runs hidden in one transaction; the purge deletes their steps."""
Work = Callable[[Connection], None]


class DeletionByAge:
    """Deletion of the runs that ended more than `keep_seconds` ago, `notice_seconds` after its announcement."""

    def __init__(self, keep_seconds: float, notice_seconds: float, clocks: Callable[[], Clocks] = read_clocks) -> None:
        self._keep_seconds, self._notice_seconds = keep_seconds, notice_seconds
        self._clocks = clocks
        self._observed = deque([clocks()], MOST_LEAPS)

    def observe(self) -> None:
        """Notices a leap between two looks. A run may end before the clock leaps back. Called after each commit."""
        now, last = self._clocks(), self._observed[-1]
        if has_leapt(last, now):
            self._observed.append(now)

    def next_work(self, connection: Connection) -> Work | None:
        """The next write: of the state, or of a slice of the due deletion. None if there is nothing to write."""
        now = self._clocks()
        try:
            stored = deletion_state.find(connection)
        except CorruptError:
            return partial(_begin_anew, now=now)
        state = stored or _first(connection, now)
        for clocks in (*(each for each in self._observed.copy() if each.steady > state.steady), now):
            state = followed(state, clocks, self._keep_seconds)
        before = now.wall - self._keep_seconds - ahead(state)
        if state.ended_before is not None and state.ended_before > before + LEAP_SECONDS:
            state = state.without_notice()  # the age is longer than at the announcement
        if (age := state.announced_age()) is not None and age < self._keep_seconds - LEAP_SECONDS:
            state = state.without_notice()  # the time of the announcement is damaged
        if state.ended_before is None and old_runs.count_finished_before(connection, before):
            state = state._replace(ended_before=before, announced_at=now.wall)
        if state != stored:
            return partial(self._record, state=state, stored=stored)
        due_at = state.due_at(self._notice_seconds)
        if due_at is None or now.wall < due_at or state.ended_before is None:
            return None
        old = old_runs.finished_before(connection, state.ended_before, MAX_RUNS)
        return partial(_delete, old=old) if old else partial(deletion_state.store, state=state.without_notice())

    def _record(self, connection: Connection, state: DeletionState, stored: DeletionState | None) -> None:
        deletion_state.store(connection, state)
        if state.leaps and (stored is None or state.leaps[-1:] != stored.leaps[-1:]):
            seconds, taken_off = state.leaps[-1][1], ahead(state)
            log.warning("retention.clock_leapt seconds=%.0f taken_off_the_age_of_runs=%.0f", seconds, taken_off)
        due_at = state.due_at(self._notice_seconds)
        if due_at is not None and state.ended_before is not None and (stored is None or stored.announced_at is None):
            log.warning(
                "retention.will_delete_old_runs count=%s finished_before=%s at=%s",
                old_runs.count_finished_before(connection, state.ended_before),
                rfc3339(state.ended_before),
                rfc3339(due_at),
            )


def _first(connection: Connection, now: Clocks) -> DeletionState:
    """The state before the first reading: the newest run has the newest recorded time."""
    return DeletionState(deletion_state.newest_time(connection) or now.wall, math.inf, [])


def _begin_anew(connection: Connection, now: Clocks) -> None:
    """Replaces a damaged state, whose leaps are unknown: no run is old for the age of the deletion from now on."""
    deletion_state.store(connection, DeletionState(*now, [[now.wall, deletion_state.MOST_SECONDS]]))
    log.error("retention.state_damaged: runs are deleted again once their whole age has passed from now on")


def _delete(connection: Connection, old: Sequence[str]) -> None:
    old_runs.remove_old(connection, old)
    log.info("retention.deleted_old_runs count=%s", len(old))
