"""Retention: deletes old runs, purges deleted runs, returns free pages, and shortens the write-ahead log.

Each slice of work is one transaction that holds the write lock for about a hundredth of a second, and a pause follows
it. After a stop or a crash, the next service continues the work.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.core.settings import Settings
from service.maintenance.deletion_by_age import DeletionByAge
from service.storage import deletion_state
from service.storage.database import Database
from service.storage.errors import CorruptError, name_of
from service.storage.essential_write import essential_write
from service.storage.sqlite import purge, vacuum
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.wal_checkpoint import LONG_LOG_BYTES, WalCheckpoint

log = logging.getLogger("descent.retention")

IDLE_SECONDS = 1.0
"""The pause after a check that finds no work."""
FAILED_SECONDS = 5.0
"""The pause after an error, for example of a full disk."""
PAUSE_SECONDS = 0.02
"""The pause between two slices: twice the duration of a slice, so that other writers get the lock."""
DAY_SECONDS = 86_400.0


class Retention:
    """Context manager: a thread that does the retention work inside `with`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._by_age = _by_age(settings)
        self._stopping = threading.Event()
        self._last_error = ""
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
        observe = (lambda: None) if self._by_age is None else self._by_age.observe
        feed = self._database.change_feed
        with feed.subscribed(changed.set), feed.subscribed(observe):
            while not self._stopping.is_set():
                try:
                    self._work(changed)
                except Exception as error:  # noqa: BLE001 - the thread must outlive any error
                    self._log(error)
                    self._stopping.wait(FAILED_SECONDS)

    def _log(self, error: Exception) -> None:
        """Logs an error; one without a known cause with its stack, unless it follows itself."""
        is_known = isinstance(error, (SQLAlchemyError, sqlite_module().Error, CorruptError))
        is_new, self._last_error = repr(error) != self._last_error, repr(error)
        log.warning("retention.failed error=%s", name_of(error), exc_info=error if is_new and not is_known else None)

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
        if self._by_age is not None:
            return self._by_age.next_work(connection)
        return deletion_state.remove if deletion_state.is_stored(connection) else None

    def _shorten(self, checkpoint: WalCheckpoint, *, is_idle: bool) -> None:
        """Empties the write-ahead log if it is long, or if the database is idle."""
        length = checkpoint.log_bytes()
        is_due = length > LONG_LOG_BYTES or (is_idle and length > 0)
        if is_due and checkpoint.truncate_log() and self._database.reserve is not None:
            self._database.reserve.trim()


def _by_age(settings: Settings) -> DeletionByAge | None:
    """The deletion by age; None if runs are kept for ever."""
    if settings.keep_days is None:
        return None
    return DeletionByAge(settings.keep_days * DAY_SECONDS, settings.keep_notice_seconds)
