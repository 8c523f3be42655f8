"""Commits of other connections, seen by SQLite's own counter (PRAGMA data_version): microseconds and no lock."""

import time
from contextlib import suppress

from sqlalchemy import Engine

from service.storage.sqlite.engine import sqlite_module

BUSY_SECONDS, BUSY_POLLS = 0.005, 10
"""The pause after a commit, for so many questions without another one: more often follows soon."""


class CommitCounter:
    """Asks on a connection that commits nothing, so that it sees the commits of this process too."""

    def __init__(self, engine: Engine, poll_seconds: float) -> None:
        self._poll_seconds = poll_seconds
        self._connection = engine.raw_connection()
        self._cursor = self._connection.cursor()
        self._seen = self._commits()
        self._quiet_polls = BUSY_POLLS

    def wait(self) -> None:
        """Sleeps until it is time to ask again."""
        busy = self._quiet_polls < BUSY_POLLS
        time.sleep(min(BUSY_SECONDS, self._poll_seconds) if busy else self._poll_seconds)

    def has_changed(self) -> bool:
        """Whether others have written since the last look. What a failing disk hides is seen when it is well again."""
        before = self._seen
        with suppress(sqlite_module().Error):
            self._seen = self._commits()
        changed = self._seen != before
        self._quiet_polls = 0 if changed else self._quiet_polls + 1
        return changed

    def close(self) -> None:
        """Gives the connection back."""
        self._cursor.close()
        self._connection.close()

    def _commits(self) -> int:
        self._cursor.execute("PRAGMA data_version")
        [commits] = self._cursor.fetchone() or [0]
        return int(commits)
