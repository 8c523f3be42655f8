"""Worker process: claims and trains one run at a time. Only the main thread computes gradients.

The supervisor starts it as `python -m service.worker NAME`. The first line of standard input contains the
settings. Each later byte signals a commit, and end of file signals the supervisor's exit.
"""

import logging
import signal
import sys
import threading
from contextlib import suppress
from functools import partial
from types import FrameType

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.core.process_limits import bound_memory
from service.core.settings import Settings
from service.storage import fair_shares, job_queue
from service.storage.database import Database
from service.storage.errors import PASSING, CorruptError, Failure, GoneError, failure_of, name_of
from service.storage.essential_write import essential_write, make_room
from service.storage.job_queue import Claim, LeaseLostError
from service.worker.computing_time import ComputingTime
from service.worker.judgement import Judge, Judged, Unjudged
from service.worker.lease import Ending, RunLease, failed, log_loss
from service.worker.run_batch import RunBatch
from service.worker.training import Training
from service.worker.wakeup import WakeupSignal, listen

log = logging.getLogger("descent.worker")

WORKER_LOST = (
    "The run's worker died {} times, so the run was given up. Perhaps it needs more memory than a worker has; "
    "the service's log says more."
)
NOT_STORED = {
    Failure.FULL: (
        "disk_full",
        "The disk is full, so a step could not be stored. Free some space; the steps are kept.",
    ),
    Failure.IO: ("disk_error", "The disk could not be written or read; the service's log says more."),
    Failure.MOVED: ("disk_error", "The database file was removed or replaced; the service's log says more."),
    Failure.DAMAGED: ("damaged_data", "The database is damaged. `descent check` says where."),
    Failure.OTHER: ("internal_error", "The service made a mistake; it is in its log."),
}
OUT_OF_MEMORY = "The run needs more memory than its worker may have. Use fewer rows, features or parameters."


class Worker:
    """Loop that claims and trains runs until `stop`."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._database = Database(settings.database_url, busy_seconds=settings.busy_seconds, connections=4)
        self._stopping = False
        self._lease: RunLease | None = None
        self._dropped: Claim | None = None
        self._unjudged: Unjudged | None = None
        self._judged: Judged | None = None
        """The judgement of the last run, until it is written: with the next claim, or alone if no run waits."""
        self._wakeup = WakeupSignal()
        self._batch = RunBatch(self._database, settings)
        self._judge = Judge(self._database, settings, lambda: self._stopping)
        self._computing_time = ComputingTime()

    def stop(self, *_: int | FrameType | None) -> None:
        """Requests a stop; also the signal handler. The worker stores the current block and queues the run again."""
        self._stopping = True
        if self._lease is not None:
            self._lease.hand_back()
        self.wake()

    def wake(self) -> None:
        """Signals a commit: a run may be queued, or the current run may be cancelled."""
        self._wakeup.wake()
        lease = self._lease
        if lease is not None:
            lease.wakeup.wake()

    def work(self) -> None:
        """Claims and trains runs, or waits for a run, until `stop`."""
        while not self._stopping:
            try:
                claim = self._claim()
            except (SQLAlchemyError, CorruptError) as error:  # a full disk, a lock held for long: both pass
                log.error("worker.no_claim error=%s", name_of(error))  # noqa: TRY400 - it is tried again
                if failure_of(error) is Failure.FULL:
                    make_room(self._database)
                claim = None
            if claim is None:
                self._batch.clear()
                self._wakeup.wait()
            else:
                self._train(claim)
        with suppress(SQLAlchemyError):  # the supervisor ends the lease, or it expires
            self._hand_back_dropped()
        with suppress(SQLAlchemyError):
            self._store_judgement()
        self._database.dispose()

    def _claim(self) -> Claim | None:
        self._hand_back_dropped()
        with self._database.reading() as connection:
            is_idle = not fair_shares.waiting(connection, self._settings.lease_seconds)
        if is_idle:
            self._store_judgement()
            return None
        judged, self._judged = self._judged, None  # an error of the claim costs the judgement, not the next claims
        with self._database.writing() as connection:
            if judged is not None:
                judged.write(connection)
            mine = (connection, self._name, self._settings.lease_seconds)
            return self._claim_member(*mine) or fair_shares.claim(*mine)

    def _store_judgement(self) -> None:
        judged, self._judged = self._judged, None
        if judged is not None:
            with self._database.writing() as connection:
                judged.write(connection)

    def _claim_member(self, connection: Connection, name: str, lease_seconds: float) -> Claim | None:
        """Claims the next run of the batch. The owners are read anew: another worker may have claimed since."""
        if not self._batch.members:
            return None
        if not fair_shares.may_go_on(fair_shares.waiting(connection, lease_seconds), self._batch.owner):
            return None
        return self._batch.claim_next(partial(job_queue.claim, connection, name, lease_seconds))

    def _hand_back_dropped(self) -> None:
        """Queues the dropped run again, so that it neither waits for its lease to expire nor counts a loss."""
        if self._dropped is not None:
            with suppress(LeaseLostError):
                essential_write(self._database, partial(job_queue.hand_back, claim=self._dropped))
            self._dropped = None

    def _train(self, claim: Claim) -> None:
        self._computing_time.start(claim.run.owner)
        with RunLease(self._database, claim, self._settings, self._computing_time) as lease:
            self._lease = lease
            if self._stopping:
                lease.hand_back()
            try:
                ending = self._try(claim, lease)
                if ending is not None:
                    self._batch.clear()  # the batch may be the cause, such as lack of memory
                    lease.end(ending)
            except (LeaseLostError, GoneError):
                log_loss(self._database, claim.run)
                lease.lost()
            except SQLAlchemyError as error:  # what cannot be written now is handed back later, or its lease runs out
                self._dropped = claim if failure_of(error) in PASSING else None
                log.error("worker.run_dropped run=%s error=%s", claim.run.id, name_of(error))  # noqa: TRY400 - said all
        self._lease = None
        self._judge_last()
        self._computing_time.stop()
        lease.charge_rest()

    def _judge_last(self) -> None:
        """Judges the run that has just ended. The lease is over: all its steps are visible."""
        unjudged, self._unjudged = self._unjudged, None
        if unjudged is not None:
            self._judged = self._judge.judged(unjudged)

    def _try(self, claim: Claim, lease: RunLease) -> Ending | None:
        """Trains a run. Returns the ending of a failed run; None if the training has written its ending."""
        if claim.run.losses >= self._settings.max_losses:
            return failed("worker_lost", WORKER_LOST.format(claim.run.losses))
        try:
            training = Training(self._database, claim, self._settings, lease, self._batch)
            training.run()
            self._unjudged = training.unjudged
        except MemoryError:
            return failed("out_of_memory", OUT_OF_MEMORY)
        except CorruptError as error:
            return failed("damaged_data", str(error))
        except SQLAlchemyError as error:
            failure = failure_of(error)
            if failure in {Failure.BUSY, Failure.NEWER}:
                raise
            trace = error if failure is Failure.OTHER else None
            log.log(
                logging.ERROR, "worker.storing_failed run=%s error=%s", claim.run.id, name_of(error), exc_info=trace
            )
            return failed(*NOT_STORED[failure])
        except (LeaseLostError, GoneError):
            raise
        except Exception:
            log.exception("worker.mistake run=%s", claim.run.id)
            return failed(*NOT_STORED[Failure.OTHER])
        return None


def main() -> None:
    """Entry point: reads the settings from standard input, then works until a signal or the supervisor's exit."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = Settings.model_validate_json(sys.stdin.readline())
    bound_memory(settings.worker_memory_bytes)
    worker = Worker(settings, sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    threading.Thread(target=_listen, args=(worker,), daemon=True).start()
    worker.work()


def _listen(worker: Worker) -> None:
    listen(sys.stdin.fileno(), worker.wake)
    worker.stop()
