"""A worker process: claim, train, sleep. One run at a time, on the one thread that may differentiate.

Started by the supervisor as `python -m service.worker NAME`. The settings come as one line on standard input; after
that, each byte there says that the queue may have changed, and its end that the supervisor is gone.
"""

import logging
import signal
import sys
import threading
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError

from service import training
from service.dispatch import Bell
from service.lifecycle import RunStatus
from service.settings import Settings
from service.store import runs
from service.store.database import Database
from service.store.datasets import CorruptError
from service.store.runs import Claim, LeaseLostError

log = logging.getLogger("descent.worker")

WORKER_LOST = (
    "The run's worker died {} times, so the run was given up. Perhaps it needs more memory than a worker has; "
    "the service's log says more."
)


class Beats(threading.Thread):
    """Renews a run's lease while its worker computes, and hears whether the run is to stop.

    `stopped` is set when the run was cancelled or lost. No gradient is ever taken on this thread.
    """

    def __init__(self, database: Database, claim: Claim, settings: Settings) -> None:
        super().__init__(daemon=True)
        self._database, self._claim, self._settings = database, claim, settings
        self._done = threading.Event()
        self.stopped = False

    def run(self) -> None:
        while not self._done.wait(self._settings.heartbeat_seconds):
            try:
                with self._database.writing() as connection:
                    status = runs.progress(connection, self._claim, self._settings.lease_seconds, {})
            except LeaseLostError:
                self.stopped = True
                return
            except SQLAlchemyError:
                log.exception("worker.beat_failed run=%s", self._claim.run.id)
                continue
            self.stopped = status == RunStatus.CANCELLING

    def end(self) -> None:
        """Stops beating; returns when the last beat is written."""
        self._done.set()
        self.join()


class Worker:
    """Works off runs until it is told to stop."""

    def __init__(self, settings: Settings, name: str) -> None:
        self._settings = settings
        self._name = name
        self._database = Database(settings.database_url, busy_seconds=settings.busy_seconds, connections=4)
        self._stopping = False
        self.bell = Bell()

    def stop(self, *_: int | FrameType | None) -> None:
        """Also the signal handler: sets a flag, no more. The block in hand is stored, the run handed back."""
        self._stopping = True
        self.bell.ring()

    def work(self) -> None:
        """Until stopped: claims a run and trains it, or waits for one."""
        while not self._stopping:
            claim = self._claim()
            if claim is None:
                self.bell.wait()
            else:
                self._train(claim)
        self._database.dispose()

    def _claim(self) -> Claim | None:
        with self._database.reading() as connection:
            if not runs.has_work(connection):
                return None
        with self._database.writing() as connection:
            return runs.claim(connection, self._name, self._settings.lease_seconds)

    def _train(self, claim: Claim) -> None:
        beats = Beats(self._database, claim, self._settings)
        beats.start()
        try:
            self._try(claim, beats)
        except LeaseLostError:
            log.info("worker.lease_lost run=%s", claim.run.id)
        finally:
            beats.end()

    def _try(self, claim: Claim, beats: Beats) -> None:
        if claim.run.losses >= self._settings.max_losses:
            training.fail(self._database, claim, "worker_lost", WORKER_LOST.format(claim.run.losses))
            return
        try:
            training.Training(self._database, claim, self._settings, lambda: self._stopping or beats.stopped).run()
        except MemoryError:
            message = "The run needs more memory than its worker may have. Use fewer rows, features or parameters."
            training.fail(self._database, claim, "out_of_memory", message)
        except CorruptError as error:
            training.fail(self._database, claim, "damaged_data", str(error))


def main() -> None:
    """The process: settings from the first line of standard input, then work until a signal or the parent's end."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    worker = Worker(Settings.model_validate_json(sys.stdin.readline()), sys.argv[1])
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    threading.Thread(target=_listen, args=(worker,), daemon=True).start()
    worker.work()


def _listen(worker: Worker) -> None:
    worker.bell.ring_with(sys.stdin.fileno())
    worker.stop()


if __name__ == "__main__":
    main()
