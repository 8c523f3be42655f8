"""Supervisor of the worker processes: start, wake-up, restart with backoff, shutdown."""

import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.core.process_limits import ONE_THREAD
from service.core.settings import Settings
from service.storage import fair_shares, job_queue
from service.storage.database import Database
from service.storage.essential_write import essential_write
from service.worker.lease import UNHEEDED
from service.worker.wakeup import WakeupSignal

log = logging.getLogger("descent.supervisor")

CHECK_SECONDS = 0.25
"""Interval between two looks for dead workers and for a removed or replaced database file."""
LONGEST_BACKOFF_SECONDS = 10.0
FAILED_SECONDS = 1.0
"""Delay after a failure of the supervision itself, such as an unreadable database."""


class _WorkerSlot:
    """The slot of one of the N workers, and its process. A process that dies young, or does not start, is replaced
    with a growing delay. One that exits to end a computation is replaced at once.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._backoff = 0.0
        self.process: subprocess.Popen[str] | None = None
        self.error: OSError | None = None
        """Error of the last failed start."""
        self.start()

    def start(self) -> None:
        self.name = f"worker-{secrets.token_hex(6)}"
        self._started = time.monotonic()
        self._due: float | None = None
        try:
            self.process = self._spawn()
            self.error = None
        except OSError as error:  # too many processes or open files, no memory: each passes
            log.error("supervisor.worker_not_started error=%s", error)  # noqa: TRY400 - it is tried again
            self.process, self.error = None, error
            self._settle_next_start()

    def _spawn(self) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "service.worker", self.name],
            stdin=subprocess.PIPE,
            text=True,
            env={**ONE_THREAD, **os.environ},
        )
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            process.stdin.write(self._settings.model_dump_json() + "\n")
            process.stdin.flush()
            os.set_blocking(process.stdin.fileno(), False)
        except BrokenPipeError:
            log.warning("supervisor.worker_did_not_start worker=%s", self.name)
        return process

    def wake(self) -> None:
        """Signals a commit to the process. A dead process or a full pipe is ignored."""
        if self.process is not None and self.process.stdin is not None and not self.process.stdin.closed:
            with suppress(BrokenPipeError, BlockingIOError):
                os.write(self.process.stdin.fileno(), b"!")

    def hang_up(self) -> None:
        """Closes the pipe, which stops the process."""
        if self.process is not None and self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def has_ended_computation(self) -> bool:
        """Whether the process exited because a computation did not stop when its run ended: no crash."""
        return self.process is not None and self.process.poll() == UNHEEDED

    def just_died(self) -> bool:
        """Whether the process is found dead for the first time; then its successor's start is settled."""
        if self._due is not None or self.is_alive():
            return False
        self.hang_up()
        self._settle_next_start()
        return True

    def _settle_next_start(self) -> None:
        now = time.monotonic()
        young = now - self._started < LONGEST_BACKOFF_SECONDS and not self.has_ended_computation()
        self._backoff = min(2 * self._backoff + 0.1, LONGEST_BACKOFF_SECONDS) if young else 0.0
        self._due = now + self._backoff

    def is_due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due


class Supervisor:
    """A context manager: the workers live inside its `with`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._slots: list[_WorkerSlot] = []
        self._stopping = False
        self._changed = WakeupSignal()
        self._is_hung_up = False
        """Whether the workers were stopped because of a fault of the database that only a restart ends."""
        self._thread = threading.Thread(target=self._supervise, daemon=True)

    def __enter__(self) -> Self:
        self._slots = [_WorkerSlot(self._settings) for _ in range(self._settings.workers)]
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Terminates all workers, kills the remaining ones after `drain_seconds`, and ends the leases left."""
        self._stopping = True
        self._changed.wake()
        self._thread.join()
        left = [(slot, slot.process, slot.is_alive()) for slot in self._slots if slot.process is not None]
        for slot in self._slots:
            slot.hang_up()
        for _, process, _ in left:
            process.terminate()
        until = time.monotonic() + self._settings.drain_seconds
        for slot, process, was_alive in left:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("supervisor.worker_killed worker=%s", slot.name)
                process.kill()
                process.wait()
            self._free_runs(slot.name, is_loss=not was_alive)

    def fault(self) -> str | None:
        """User-visible reason for the lack of workers; None if a worker is alive or no worker is configured."""
        if not self._slots or any(slot.is_alive() or slot.has_ended_computation() for slot in self._slots):
            return None
        error = next((slot.error for slot in self._slots if slot.error is not None), None)
        reason = "it died and is started again" if error is None else f"it cannot be started: {error.strerror}"
        return f"No worker process is alive ({reason}), so runs wait."

    def _supervise(self) -> None:
        while not self._stopping:
            try:
                self._watch()
            except Exception:
                log.exception("supervisor.failed")
                time.sleep(FAILED_SECONDS)

    def _watch(self) -> None:
        with self._database.change_feed.subscribed(self._changed.wake):
            looked = time.monotonic()
            while not self._stopping:
                if self._changed.wait(CHECK_SECONDS):
                    for slot in self._slots:
                        slot.wake()
                if time.monotonic() - looked >= CHECK_SECONDS:
                    looked = time.monotonic()
                    self._replace_the_dead()

    def _replace_the_dead(self) -> None:
        if (fault := self._database.fault()) is not None:  # a new worker could not work
            if not self._is_hung_up:
                log.error("supervisor.workers_stopped %s", fault)
                for slot in self._slots:
                    slot.hang_up()
            self._is_hung_up = True
            return
        for slot in self._slots:
            if slot.just_died():
                self._report_death(slot)
            if slot.is_due():
                slot.start()

    def _report_death(self, slot: _WorkerSlot) -> None:
        """A worker that was told to stop, as by Ctrl-C, has handed back its run and exits with 0."""
        exit_code = slot.process and slot.process.returncode
        if exit_code == 0:
            log.info("supervisor.worker_stopped worker=%s", slot.name)
        elif slot.has_ended_computation():
            log.info("supervisor.worker_ended_computation worker=%s", slot.name)
        else:
            log.warning("supervisor.worker_died worker=%s exit_code=%s", slot.name, exit_code)
        self._free_runs(slot.name, is_loss=exit_code != 0)

    def _free_runs(self, owner: str, *, is_loss: bool) -> None:
        """Expires the leases of a dead worker; one that handed back its run has none."""
        if self._database.fault() is not None:
            return
        try:
            with self._database.reading() as connection:
                if not job_queue.has_lease(connection, owner):
                    return
            essential_write(self._database, partial(self._expire, owner, is_loss))
        except SQLAlchemyError:  # the leases run out by themselves
            log.exception("supervisor.leases_not_freed worker=%s", owner)

    def _expire(self, owner: str, is_loss: bool, connection: Connection) -> None:
        fair_shares.charge_dead(connection, owner, self._settings.lease_seconds)
        job_queue.expire_leases(connection, owner, is_loss=is_loss)
