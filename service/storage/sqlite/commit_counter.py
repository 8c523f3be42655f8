"""Detection of commits by SQLite's counter (PRAGMA data_version). A poll takes microseconds and no lock."""

import time
from collections.abc import Callable
from contextlib import suppress

from sqlalchemy import Engine

from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.schema_watch import SchemaWatch

BUSY_SECONDS, BUSY_POLLS = 0.005, 10
"""Shorter poll interval after a commit, for this number of polls: commits often follow one another."""
CHECK_SECONDS = 0.25
"""Interval between two looks for a removed or replaced file."""


class CommitCounter:
    """Polls the counter on a connection without commits, which also sees the commits of this process."""

    def __init__(
        self, engine: Engine, poll_seconds: float, fault: Callable[[], str | None], schema: SchemaWatch
    ) -> None:
        self._fault, self._schema = fault, schema
        self._checked_at = time.monotonic()
        self._poll_seconds = poll_seconds
        self._connection = engine.raw_connection()
        self._cursor = self._connection.cursor()
        self._seen = self._commits()
        self._look_at_schema()
        self._quiet_polls = BUSY_POLLS

    def wait(self) -> None:
        """Sleeps until the next poll."""
        busy = self._quiet_polls < BUSY_POLLS
        time.sleep(min(BUSY_SECONDS, self._poll_seconds) if busy else self._poll_seconds)

    def has_changed(self) -> bool:
        """Whether another connection has committed since the last call. After a disk error, a later call reports it."""
        self._check()
        before = self._seen
        with suppress(sqlite_module().Error):
            self._seen = self._commits()
        changed = self._seen != before
        if changed:
            self._look_at_schema()
        self._quiet_polls = 0 if changed else self._quiet_polls + 1
        return changed

    def close(self) -> None:
        """Closes the connection."""
        self._cursor.close()
        self._connection.close()

    def _check(self) -> None:
        """Notices a file that was removed or replaced, for good. It costs more than a poll."""
        now = time.monotonic()
        if now - self._checked_at >= CHECK_SECONDS:
            self._checked_at = now
            self._fault()

    def _look_at_schema(self) -> None:
        with suppress(sqlite_module().Error):  # a failing disk, or a file without a version
            self._schema.look(self._cursor)

    def _commits(self) -> int:
        self._cursor.execute("PRAGMA data_version")
        [commits] = self._cursor.fetchone() or [0]
        return int(commits)
