"""Keeps N worker processes alive: starts them, wakes them, replaces the dead, stops them together."""

import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from service.core.process_limits import ONE_THREAD
from service.core.settings import Settings
from service.storage import job_queue
from service.storage.database import Database
from service.storage.sqlite.change_feed import CommitCounter

log = logging.getLogger("descent.supervisor")

CHECK_SECONDS = 0.1
LONGEST_BACKOFF_SECONDS = 10.0


class _WorkerSlot:
    """One of the N places, and the process in it. A process that dies young is replaced with a growing delay."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._backoff = 0.0
        self.start()

    def start(self) -> None:
        self.name = f"worker-{secrets.token_hex(6)}"
        self._started = time.monotonic()
        self._due: float | None = None
        self.process = subprocess.Popen(  # noqa: S603 - this very program
            [sys.executable, "-m", "service.worker.process", self.name],
            stdin=subprocess.PIPE,
            text=True,
            env={**ONE_THREAD, **os.environ},
        )
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self.process.stdin.write(self._settings.model_dump_json() + "\n")
            self.process.stdin.flush()
            os.set_blocking(self.process.stdin.fileno(), False)
        except BrokenPipeError:
            log.warning("supervisor.worker_did_not_start worker=%s", self.name)

    def wake(self) -> None:
        """Tells the process that the queue may have changed, unless it is dead or has many such words to read yet."""
        if self.process.stdin is not None:
            with suppress(BrokenPipeError, BlockingIOError):
                os.write(self.process.stdin.fileno(), b"!")

    def just_died(self) -> bool:
        """Whether the process is found dead for the first time; then its successor's start is settled."""
        if self._due is not None or self.process.poll() is None:
            return False
        now = time.monotonic()
        young = now - self._started < LONGEST_BACKOFF_SECONDS
        self._backoff = min(2 * self._backoff + 0.1, LONGEST_BACKOFF_SECONDS) if young else 0.0
        self._due = now + self._backoff
        return True

    def is_due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due


class Supervisor:
    """A context manager: the workers live inside its `with`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._slots: list[_WorkerSlot] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._slots = [_WorkerSlot(self._settings) for _ in range(self._settings.workers)]
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """SIGTERM to all; who has not stored its block within the drain time is killed, and its run resumes later."""
        self._stopping = True
        self._thread.join()
        for slot in self._slots:
            slot.process.terminate()
        until = time.monotonic() + self._settings.drain_seconds
        for slot in self._slots:
            try:
                slot.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.warning("supervisor.worker_killed worker=%s", slot.name)
                slot.process.kill()
                slot.process.wait()
                self._free_runs(slot.name)

    def _watch(self) -> None:
        watch = CommitCounter(self._database)
        looked = time.monotonic()
        while not self._stopping:
            time.sleep(self._settings.poll_seconds)  # an Event's wait costs twice as much
            if watch.has_changed():
                for slot in self._slots:
                    slot.wake()
            if time.monotonic() - looked >= CHECK_SECONDS:
                looked = time.monotonic()
                self._replace_the_dead()
        watch.close()

    def _replace_the_dead(self) -> None:
        for slot in self._slots:
            if slot.just_died():
                log.warning("supervisor.worker_died worker=%s exit_code=%s", slot.name, slot.process.returncode)
                self._free_runs(slot.name)
            if slot.is_due():
                slot.start()

    def _free_runs(self, owner: str) -> None:
        try:
            with self._database.writing() as connection:
                job_queue.expire_leases(connection, owner)
        except SQLAlchemyError:  # the leases run out by themselves
            log.exception("supervisor.leases_not_freed worker=%s", owner)
