"""Keeps house while the service runs: old runs go, deleted ones give their room back, the log beside the file is short.

Whatever it does it does in slices, each a transaction that holds the write lock for some hundredths of a second, and
rests between them. What it has not done when the service stops, or is killed, the next one does.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from types import TracebackType
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.core.settings import Settings
from service.storage import runs
from service.storage.database import Database
from service.storage.errors import name_of
from service.storage.sqlite import vacuum
from service.storage.sqlite.engine import sqlite_module

log = logging.getLogger("descent.keeper")

LOOK_SECONDS = 1.0
"""How long after a look at which there was nothing to do comes the next one."""
FAILED_SECONDS = 5.0
"""After an error, of a full disk perhaps."""
REST_SECONDS = 0.05
"""Between two slices: twice as long as one takes, so that others are not held up."""
AT_ONCE = 8
"""The most old runs that are deleted in one transaction."""
DAY_SECONDS = 86_400.0


class Retention:
    """A context manager: a thread that keeps house inside its `with`."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Ends with the slice in hand."""
        self._stopping.set()
        self._thread.join()

    def _keep(self) -> None:
        changed = threading.Event()
        feed = self._database.change_feed
        with feed.subscribed(changed.set), closing(vacuum.Log(self._database)) as journal:
            rest = 0.0
            while not self._stopping.wait(rest):
                try:
                    rest = REST_SECONDS if self._does_a_slice() else LOOK_SECONDS
                    if rest == LOOK_SECONDS:
                        is_idle = not changed.is_set()
                        changed.clear()
                        _shorten(journal, is_idle=is_idle)
                except (SQLAlchemyError, sqlite_module().Error) as error:
                    log.warning("keeper.failed error=%s", name_of(error))
                    rest = FAILED_SECONDS

    def _does_a_slice(self) -> bool:
        """Whether there was something to do. It looks without the write lock, which it takes for what there is."""
        with self._database.reading() as connection:
            due = self._due(connection)
        if due is not None:
            with self._database.writing() as connection:
                due(connection)
        return due is not None

    def _due(self, connection: Connection) -> Callable[[Connection], None] | None:
        if vacuum.has_removed(connection):
            return vacuum.take_away
        if vacuum.has_free_pages(connection):
            return vacuum.give_back
        if self._settings.keep_days is not None:
            moment = time.time() - self._settings.keep_days * DAY_SECONDS
            if old := runs.finished_before(connection, moment, AT_ONCE):
                return lambda connection: _remove(connection, old)
        return None


def _remove(connection: Connection, old: Sequence[str]) -> None:
    for run_id in old:
        runs.remove(connection, run_id)
    log.info("keeper.removed_old_runs count=%s", len(old))


def _shorten(journal: vacuum.Log, *, is_idle: bool) -> None:
    length = journal.bytes()
    if length > vacuum.LONG_LOG_BYTES or (is_idle and length > 0):
        journal.empty()
