"""Yielding: when a run returns to the queue for the run of another owner, which computed less lately."""

from sqlalchemy.exc import SQLAlchemyError

from service.core.settings import Settings
from service.storage import fair_shares
from service.storage.database import Database
from service.worker.computing_time import ComputingTime

PAUSE_SECONDS = 0.2
"""The time for which a run of another owner must wait before the lease ends for it: an idle worker may claim it."""
LEAST_GRACE_SECONDS, MOST_GRACE_SECONDS = fair_shares.QUANTUM_SECONDS, 2 * fair_shares.QUANTUM_SECONDS
"""Limits of the computing time by which an owner may be ahead of one that waits, before its run yields."""
GRACE_FACTOR = 2.0
"""Between them, the grace is this multiple of the time until the first stored block: each yield costs a preparation."""


class YieldRule:
    """Says when the run of one lease yields. The lease thread asks, the training thread calls `allow`."""

    def __init__(
        self, database: Database, owner: str | None, settings: Settings, computing_time: ComputingTime
    ) -> None:
        self._database, self._owner, self._settings = database, owner, settings
        self._computing_time = computing_time
        self._grace: float | None = None
        """None until a block is done: a run that yields before it would never begin."""
        self._next_run: tuple[int, float] | None = None
        """The run of another owner that would be next, by `seq`, and the monotonic time when it was seen first."""

    def allow(self, seconds: float) -> None:
        """Records that a block is done, `seconds` after the start of the lease. The run can yield without loss."""
        if self._grace is None:
            self._grace = min(max(LEAST_GRACE_SECONDS, GRACE_FACTOR * seconds), MOST_GRACE_SECONDS)

    @property
    def next_look(self) -> float:
        """Monotonic time at which a run of another owner, if one waits, has waited for PAUSE_SECONDS."""
        return float("inf") if self._next_run is None else self._next_run[1] + PAUSE_SECONDS

    def must_yield(self, now: float) -> bool:
        """Whether the same run of another owner has been next for PAUSE_SECONDS, and no worker has claimed it."""
        following = None if self._grace is None else self._run_of_others(self._grace)
        if following is None:
            self._next_run = None
        elif self._next_run is None or self._next_run[0] != following:
            self._next_run = following, now
        elif now - self._next_run[1] >= PAUSE_SECONDS:
            self._next_run = None
            return True
        return False

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
