"""Yielding: when a run returns to the queue for the run of another owner, which computed less lately.

It yields without loss at the end of a block. A block, or a preparation, that takes longer than the patience with the
run is interrupted, and its work is lost. The lost seconds add to the patience, so it doubles with each interruption,
and every run comes to its end.
"""

import time

from sqlalchemy.exc import SQLAlchemyError

from service.core.run_record import Run
from service.core.settings import Settings
from service.storage import fair_shares, job_queue
from service.storage.database import Database
from service.worker.computing_time import ComputingTime

PAUSE_SECONDS = 0.2
"""The time for which a run of another owner must wait before the lease ends for it: an idle worker may claim it."""
LEAST_GRACE_SECONDS, MOST_GRACE_SECONDS = fair_shares.QUANTUM_SECONDS, 2 * fair_shares.QUANTUM_SECONDS
"""Limits of the computing time by which an owner may be ahead of one that waits, before its run yields."""
FIRST_PATIENCE_SECONDS = 5.0
"""The time for which others wait for a block of a run that was never interrupted."""
GRACE_FACTOR = 2.0
"""Between them, the grace is this multiple of the time until the first stored block: each yield costs a preparation."""


class YieldRule:
    """Says when the run of one lease yields. The lease thread asks, the training thread calls `allow`."""

    def __init__(self, database: Database, run: Run, settings: Settings, computing_time: ComputingTime) -> None:
        self._database, self._owner, self._settings = database, run.owner, settings
        self._computing_time = computing_time
        self._grace: float | None = None
        """None until a block is done: before it, the run yields only once the patience is over."""
        self._patience = FIRST_PATIENCE_SECONDS + run.timings.get("interrupted_seconds", 0.0)
        self._kept_at = time.monotonic()
        """Monotonic time of the last block; at first, of the start of the lease. Later work would be lost."""
        self._next_run: tuple[int, float] | None = None
        """The run of another owner that would be next, by `seq`, and the monotonic time when it was seen first."""

    def allow(self, seconds: float) -> None:
        """Records that a block is done, `seconds` after the start of the lease. The run can yield without loss."""
        self._kept_at = time.monotonic()
        if self._grace is None:
            self._grace = min(max(LEAST_GRACE_SECONDS, GRACE_FACTOR * seconds), MOST_GRACE_SECONDS)

    @property
    def lost_seconds(self) -> float:
        """The work that is lost if the run ends now without another block."""
        return time.monotonic() - self._kept_at

    @property
    def patient_until(self) -> float:
        """Monotonic time at which the patience with the current block is over."""
        return self._kept_at + self._patience

    def next_look(self, now: float) -> float:
        """Monotonic time at which a run of another owner, if one waits, has waited for PAUSE_SECONDS, or for which the
        patience is over.
        """
        if self._next_run is not None:
            return self._next_run[1] + PAUSE_SECONDS
        return self.patient_until if self._grace is None and now < self.patient_until else float("inf")

    def must_yield(self, now: float) -> bool:
        """Whether the same run of another owner has been next for PAUSE_SECONDS, and no worker has claimed it."""
        may_yield = self._grace is not None or now >= self.patient_until
        following = self._run_of_others(self._grace or LEAST_GRACE_SECONDS) if may_yield else None
        if following is None:
            self._next_run = None
        elif self._next_run is None or self._next_run[0] != following:
            self._next_run = following, now
        elif now >= self._next_run[1] + PAUSE_SECONDS:
            self._next_run = None
            return True
        return False

    def needs_this_worker(self) -> bool:
        """Whether a run of another owner is next, and no other worker is free for it, or starting."""
        try:
            with self._database.reading() as connection:
                held = job_queue.count_held(connection)
        except SQLAlchemyError:
            return False
        return held >= self._settings.workers and self._run_of_others(self._grace or LEAST_GRACE_SECONDS) is not None

    def _run_of_others(self, grace: float) -> int | None:
        """Seq of the next run if it is another owner's, which is behind this one by more than the grace."""
        try:
            with self._database.reading() as connection:
                owners = fair_shares.waiting(connection, self._settings.lease_seconds)
                if all(each.owner == self._owner for each in owners):
                    return None
                own = fair_shares.computed(connection, self._owner, self._computing_time.uncharged())
        except SQLAlchemyError:  # a wrong or busy database concerns the heartbeat
            return None
        other = fair_shares.before(owners, self._owner, own - grace)
        return None if other is None else other.oldest
