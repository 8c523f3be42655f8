"""Retention: deletes old runs, purges deleted runs, returns free pages, and shortens the write-ahead log.

Each slice of work is one transaction that holds the write lock for some hundredths of a second, and a pause follows
it. After a stop or a crash, the next service continues the work.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.core.settings import Settings
from service.maintenance.deletion_notice import DeletionNotice
from service.storage import old_runs
from service.storage.database import Database
from service.storage.errors import name_of
from service.storage.essential_write import essential_write
from service.storage.sqlite import purge, vacuum
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.wal_checkpoint import LONG_LOG_BYTES, WalCheckpoint

log = logging.getLogger("descent.retention")

IDLE_SECONDS = 1.0
"""The pause after a check that finds no work."""
FAILED_SECONDS = 5.0
"""The pause after an error, for example of a full disk."""
PAUSE_SECONDS = 0.05
"""The pause between two slices: twice the duration of a slice, so that other writers get the lock."""
MAX_RUNS = 8
"""The maximum number of old runs hidden in one transaction; the purge deletes their steps."""
DAY_SECONDS = 86_400.0


class Retention:
    """Context manager: a thread that does the retention work inside `with`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._notice = DeletionNotice(settings.keep_notice_seconds)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stops the thread after its current slice."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        changed = threading.Event()
        with self._database.change_feed.subscribed(changed.set):
            while not self._stopping.is_set():
                try:
                    self._work(changed)
                except (SQLAlchemyError, sqlite_module().Error) as error:
                    log.warning("retention.failed error=%s", name_of(error))
                    self._stopping.wait(FAILED_SECONDS)

    def _work(self, changed: threading.Event) -> None:
        """Does slices until the stop. `changed` is set after each commit."""
        pause = 0.0
        with closing(WalCheckpoint(self._database)) as checkpoint:
            while not self._stopping.wait(pause):
                pause = PAUSE_SECONDS if self._do_slice() else IDLE_SECONDS
                if pause == IDLE_SECONDS:
                    is_idle = not changed.is_set()
                    changed.clear()
                    self._shorten(checkpoint, is_idle=is_idle)

    def _do_slice(self) -> bool:
        """Does one slice of work. Returns whether there was work. Takes the write lock only if there is."""
        with self._database.reading() as connection:
            work = self._next_work(connection)
        if work is not None:
            essential_write(self._database, work)
        return work is not None

    def _next_work(self, connection: Connection) -> Callable[[Connection], None] | None:
        if purge.has_deleted(connection):
            return purge.purge_slice
        if vacuum.has_free_pages(connection):
            return vacuum.vacuum_slice
        if self._settings.keep_days is not None:
            moment = time.time() - self._settings.keep_days * DAY_SECONDS
            before = self._notice.passed(moment, partial(old_runs.count_finished_before, connection))
            if before is not None:
                if old := old_runs.finished_before(connection, before, MAX_RUNS):
                    return lambda connection: _delete_runs(connection, old)
                self._notice.end()
        return None

    def _shorten(self, checkpoint: WalCheckpoint, *, is_idle: bool) -> None:
        """Empties the write-ahead log if it is long, or if the database is idle."""
        length = checkpoint.log_bytes()
        is_due = length > LONG_LOG_BYTES or (is_idle and length > 0)
        if is_due and checkpoint.truncate_log() and self._database.reserve is not None:
            self._database.reserve.trim()


def _delete_runs(connection: Connection, old: Sequence[str]) -> None:
    old_runs.remove_old(connection, old)
    log.info("retention.deleted_old_runs count=%s", len(old))
