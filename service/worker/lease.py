"""Lease of a worker on a claimed run: heartbeats, cancellation, deadlines, shutdown.

The descent checks the lease's ending after every step, the preparation after every chunk of data. A single long
computation cannot check it. If it does not return within HEED_SECONDS, the lease thread writes the ending and exits
the process. Therefore every run can be cancelled, and a worker with an expired lease writes nothing more.
"""

import logging
import os
import threading
import time
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import NamedTuple, Unpack

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.core.run_record import KINDS_OF_WORK, Run, RunColumns
from service.core.run_status import HELD, RunStatus
from service.core.settings import Settings
from service.storage import job_queue, runs
from service.storage.database import Database
from service.storage.errors import name_of
from service.storage.essential_write import essential_write
from service.storage.job_queue import Claim, LeaseLostError
from service.worker.computing_time import Charge, ComputingTime
from service.worker.wakeup import WakeupSignal
from service.worker.yielding import YieldRule

log = logging.getLogger("descent.lease")

HEED_SECONDS = 1.0
"""Time limit for a computation to stop after an ending, in seconds."""
PAUSE_SECONDS, LONG_PAUSE_SECONDS = 0.2, 1.0
"""Minimum interval between two looks at the run's status in seconds; the longer one follows a failure."""
UNHEEDED, STALE = 3, 4
"""Exit codes: computation did not stop in time; lease expired without a heartbeat."""
SILENT = "worker.silent_for_longer_than_its_lease"


class Ending(NamedTuple):
    """End of a lease: the run's next status and the columns to write. The status of a lost run is None."""

    status: RunStatus | None
    values: RunColumns

    def write(self, connection: Connection, claim: Claim) -> None:
        """Finishes the run or queues it again. Raises LeaseLostError."""
        if self.status is None:
            raise LeaseLostError
        if self is DEADLINE and not job_queue.has_steps(connection, claim):
            NO_STEP.write(connection, claim)
        elif self.status == RunStatus.QUEUED:
            job_queue.hand_back(connection, claim)
        else:
            job_queue.finish(connection, claim, self.status, self.values)


LOST = Ending(None, {})
HANDED_BACK = Ending(RunStatus.QUEUED, {})
YIELDED = Ending(RunStatus.QUEUED, {})
"""The run of another owner is next. The computation may end its block, as long as there is patience with it."""
CANCELLED = Ending(RunStatus.CANCELLED, {"stop_reason": "cancelled"})
DEADLINE = Ending(RunStatus.SUCCEEDED, {"stop_reason": "deadline"})


def failed(code: str, message: str, **values: Unpack[RunColumns]) -> Ending:
    """Ending of a failed run, with its error code and message."""
    return Ending(RunStatus.FAILED, {"error": {"code": code, "message": message}, **values})


NO_STEP = failed("deadline", "The deadline passed before the first step was stored.", stop_reason="deadline")


class RunLease(threading.Thread):
    """Context manager for the lease on a claimed run. Its thread computes no gradient.

    `ending` is None while the run continues.
    """

    def __init__(self, database: Database, claim: Claim, settings: Settings, computing_time: ComputingTime) -> None:
        super().__init__(daemon=True)
        self._database, self._claim, self._settings = database, claim, settings
        self._computing_time = computing_time
        self._done = threading.Event()
        self._begun = time.monotonic()
        self._renewed_at = _claimed_at(claim.run, settings)
        self._end_at, self._late = _time_limit(claim.run, settings)
        self._ending_since: tuple[Ending, float] | None = None
        self._is_stopping = False
        """Whether the database contains the worker's intent to stop."""
        self._yield_rule = YieldRule(database, claim.run, settings, computing_time)
        self._pause = PAUSE_SECONDS
        self.wakeup = WakeupSignal()
        self.ending = CANCELLED if claim.run.status == RunStatus.CANCELLING else None

    def __enter__(self) -> "RunLease":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stops the thread and waits for its last heartbeat."""
        self._done.set()
        self.wakeup.wake()
        self.join()

    def renewed(self, moment: float) -> None:
        """Records a renewal by a stored block. `moment` is the monotonic time of the write, before the commit.

        The lease's expiry in the database counts from the write.
        """
        self._renewed_at = moment

    def charging(self) -> AbstractContextManager[Charge]:
        """The charge of the computing time to the owner of the run, for a write that begins and ends within."""
        return self._computing_time.charging()

    def charge_rest(self) -> None:
        """Charges the computing time that no write of the run has: the lease was lost, or a write failed."""
        with suppress(SQLAlchemyError), self.charging() as charge:
            if self._computing_time.is_due():
                essential_write(self._database, charge)

    def allow_yield(self) -> None:
        """Records that a block is done, after which the run can yield without loss, and looks for others that wait."""
        self._yield_rule.allow(self.seconds)
        self.wakeup.wake()

    def hand_back(self) -> None:
        """Requests a stop after the current block, unless the run must end anyway."""
        if self.ending is None or self.ending is YIELDED:
            self.ending = HANDED_BACK

    def end(self, ending: Ending) -> None:
        """Writes an ending. Raises LeaseLostError."""
        with self.charging() as charge:
            essential_write(self._database, partial(self._end, ending, charge))

    def _end(self, ending: Ending, charge: Charge, connection: Connection) -> None:
        charge(connection)
        if ending is YIELDED:
            job_queue.interrupt(connection, self._claim, self._yield_rule.lost_seconds)
        else:
            ending.write(connection, self._claim)

    def lost(self) -> None:
        """Handles a LeaseLostError of another write: exits the process if the lease had expired."""
        self.ending = LOST
        if time.monotonic() - self._renewed_at > self._settings.lease_seconds:
            self._exit(STALE, SILENT)

    @property
    def seconds(self) -> float:
        """Age of this lease in seconds."""
        return time.monotonic() - self._begun

    def run(self) -> None:
        """Checks the run after commits, and when a heartbeat or the ending is due."""
        while not self._done.is_set():
            self.wakeup.wait(self._next_look())
            if self._done.is_set():
                return
            self._look()
            self._done.wait(self._pause)

    def _next_look(self) -> float:
        if self._must_write_stopping():
            return 0.0
        heartbeat = self._renewed_at + self._settings.heartbeat_seconds
        end = self._end_at if self.ending is None else self._due(self.ending)
        now = time.monotonic()
        return max(0.0, min(heartbeat, end, self._yield_rule.next_look(now)) - now)

    def _look(self) -> None:
        now = time.monotonic()
        if (self.ending is None or self.ending is YIELDED) and now >= self._end_at:
            self.ending = self._late
        silent_since = self._renewed_at
        self._renew_or_read_status(now)
        has_expired = now - silent_since > self._settings.lease_seconds
        if has_expired and (self.ending is LOST or self._renewed_at == silent_since):
            self._exit(STALE, SILENT)
        if self.ending is None and self._yield_rule.must_yield(now):
            self.ending = self.ending or YIELDED  # the worker may have been told to stop during the query
        if self.ending is not None:
            self._end_late(self.ending, now)

    def _end_late(self, ending: Ending, now: float) -> None:
        """Ends the process once the computation is late to stop."""
        if self._ending_since is None or self._ending_since[0] is not ending:
            self._ending_since = ending, now
        if now >= self._due(ending) and (ending is not YIELDED or self._yield_rule.needs_this_worker()):
            self._write_ending_and_exit(ending)

    def _due(self, ending: Ending) -> float:
        """Monotonic time limit for the computation to stop. A shutdown leaves time for the current block."""
        if self._ending_since is None or self._ending_since[0] is not ending:
            return 0.0
        seconds = self._settings.drain_seconds - HEED_SECONDS if ending is HANDED_BACK else HEED_SECONDS
        due = self._ending_since[1] + seconds
        return min(max(due, self._yield_rule.patient_until), self._end_at) if ending is YIELDED else due

    def _must_write_stopping(self) -> bool:
        """Whether the intent to stop is still unwritten. Until it is written, a kill counts as a loss."""
        return self.ending is HANDED_BACK and not self._is_stopping

    def _renew_or_read_status(self, now: float) -> None:
        try:
            marks = self._must_write_stopping()
            if marks or now - self._renewed_at >= self._settings.heartbeat_seconds:
                with self.charging() as charge:
                    write = self._mark_stopping if marks else partial(self._renew, charge)
                    moment, status = essential_write(self._database, write)
                self.renewed(moment)
                self._is_stopping |= marks
            else:
                with self._database.reading() as connection:
                    status = job_queue.status(connection, self._claim)
        except LeaseLostError:
            self.ending = LOST
        except SQLAlchemyError as error:
            log.error("worker.beat_failed run=%s error=%s", self._claim.run.id, name_of(error))  # noqa: TRY400 - tried again
            self._pause = LONG_PAUSE_SECONDS
        else:
            self._pause = PAUSE_SECONDS
            if status == RunStatus.CANCELLING:
                self.ending = CANCELLED

    def _renew(self, charge: Charge, connection: Connection) -> tuple[float, RunStatus]:
        moment = time.monotonic()
        charge(connection)
        return moment, job_queue.renew(connection, self._claim, self._settings.lease_seconds)

    def _mark_stopping(self, connection: Connection) -> tuple[float, RunStatus]:
        moment = time.monotonic()
        return moment, job_queue.mark_stopping(connection, self._claim, self._settings.lease_seconds)

    def _write_ending_and_exit(self, ending: Ending) -> None:
        try:
            self.end(ending)
        except LeaseLostError:
            log.info("worker.lease_lost run=%s", self._claim.run.id)
            # The computation may have ended, and written its own ending just before.
            if ending is not LOST and self._done.wait(HEED_SECONDS):
                return
        except SQLAlchemyError:
            log.exception("worker.end_not_written run=%s", self._claim.run.id)
            return
        self._exit(UNHEEDED, "worker.computation_did_not_let_go")

    def _exit(self, code: int, event: str) -> None:
        if self.ending is not None and not self._done.is_set():  # without an ending the database cannot be read
            self.charge_rest()
        if not self._done.is_set():
            log.warning("%s run=%s", event, self._claim.run.id)
            os._exit(code)


def _claimed_at(run: Run, settings: Settings) -> float:
    """Monotonic time of a run's claim."""
    return time.monotonic() if run.lease_expires_at is None else run.lease_expires_at - settings.lease_seconds


def _time_limit(run: Run, settings: Settings) -> tuple[float, Ending]:
    """Monotonic time limit of the run and its ending: the earlier of deadline and maximum run time.

    Both count the time of work on the run: that of earlier leases, which is stored, and the age of this lease.
    """
    begun = time.monotonic() - sum(run.timings.get(name, 0.0) for name in KINDS_OF_WORK)
    message = f"The run has computed for {settings.max_run_seconds:g} seconds, the most that a run may. Ask for less."
    limits = [(begun + settings.max_run_seconds, failed("run_time_exceeded", message))]
    deadline = run.request.get("deadline_seconds")
    if deadline is not None:
        limits.append((begun + deadline, DEADLINE))
    return min(limits, key=lambda limit: limit[0])


def log_loss(database: Database, run: Run) -> None:
    """Logs why a worker leaves a run: a client has paused, ended or deleted it, or another worker has it."""
    held = True
    with suppress(SQLAlchemyError), database.reading() as connection:
        state = runs.state(connection, run.seq)
        status = "deleted" if state is None else state.status
        held = status in HELD
    if held:
        log.info("worker.lease_lost run=%s", run.id)
    else:
        log.info("worker.run_released run=%s status=%s", run.id, status)
