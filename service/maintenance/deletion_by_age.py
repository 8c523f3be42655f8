"""Deletion by age: announced in the log, and by an age that leaps of the wall clock do not change.

The wall clock is compared with a clock that counts from the start of the machine. The recorded end of a run is a
reading of the wall clock, so a leap ahead makes all earlier runs look older. For as long as such runs can be younger
than the age of the deletion, the leap is taken off.
"""

import logging
import math
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from sqlalchemy import Connection

from service.core.times import rfc3339
from service.storage import deletion_state, old_runs
from service.storage.deletion_state import DeletionState
from service.storage.errors import CorruptError

log = logging.getLogger("descent.retention")

LEAP_SECONDS = 60.0
"""The difference of the two clocks from which the wall clock has leapt."""
RECORD_SECONDS = 3600.0
"""The interval between two recorded readings of the clocks."""
PLAUSIBLE_SHARE = 0.1
"""The share of the age for which a machine may have been off. A longer time is a leap."""
MOST_LEAPS = 1000
"""The number of the leaps that are remembered."""
MAX_RUNS = 8
"""The maximum number of old runs hidden in one transaction; the purge deletes their steps."""
Work = Callable[[Connection], None]


class Clocks(NamedTuple):
    """A reading of the wall clock, in seconds since 1970, and of the clock since the start of the machine."""

    wall: float
    steady: float


def read_clocks() -> Clocks:
    """Both clocks. The steady one also counts while a Linux machine sleeps."""
    if sys.platform == "linux":
        return Clocks(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME))
    return Clocks(time.time(), time.monotonic())


class DeletionByAge:
    """Deletion of the runs that ended more than `keep_seconds` ago, `notice_seconds` after its announcement."""

    def __init__(self, keep_seconds: float, notice_seconds: float, clocks: Callable[[], Clocks] = read_clocks) -> None:
        self._keep_seconds, self._notice_seconds = keep_seconds, notice_seconds
        self._clocks = clocks
        self._observed = deque([clocks()], MOST_LEAPS)

    def observe(self) -> None:
        """Notices a leap between two looks. A run may end before the clock leaps back. Called after each commit."""
        now, last = self._clocks(), self._observed[-1]
        if abs((now.wall - last.wall) - (now.steady - last.steady)) > LEAP_SECONDS:
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


def followed(state: DeletionState, now: Clocks, keep_seconds: float) -> DeletionState:
    """The state at the time of a reading of the clocks. A leap ends the notice."""
    leap = _leap(state, now, keep_seconds)
    if abs(leap) > LEAP_SECONDS:
        leaps = [*([at + leap, seconds] for at, seconds in state.leaps), [now.wall, leap]]
        return DeletionState(*now, leaps[-MOST_LEAPS:])
    if 0 <= now.steady - state.steady < RECORD_SECONDS:
        return state
    recent = [each for each in state.leaps if now.wall - each[0] < keep_seconds]
    return state._replace(wall=now.wall, steady=now.steady, leaps=recent)


def ahead(state: DeletionState) -> float:
    """The seconds by which the wall clock is ahead of its lowest setting since before the first remembered leap."""
    return max(accumulate((seconds for _, seconds in reversed(state.leaps)), initial=0.0))


def _leap(state: DeletionState, now: Clocks, keep_seconds: float) -> float:
    """The seconds by which the wall clock has leapt since the recorded reading."""
    wall, steady = now.wall - state.wall, now.steady - state.steady
    if steady >= 0:
        return wall - steady
    # The machine has started again, and has been off for an unknown time.
    return 0.0 if 0 <= wall <= PLAUSIBLE_SHARE * keep_seconds else wall


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
