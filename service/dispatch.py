"""Who tells a worker that a run waits: the database file itself.

SQLite counts the commits of other connections (PRAGMA data_version). To ask for the count takes some microseconds and
no lock, so an idle worker can ask many times a second, and looks at the queue only when something was written. It needs
no broker, and works between containers that share a volume.
"""

import time
from collections.abc import Callable
from contextlib import closing

from service.store.database import Database

LONGEST_SECONDS = 1.0
"""Leases run out without anybody writing, so the queue is looked at this often in any case."""


class Dispatch:
    """A worker's ear at the database."""

    def __init__(self, database: Database, poll_seconds: float) -> None:
        self._connection = database.engine.raw_connection()
        self._poll_seconds = poll_seconds
        self._seen = self._commits()

    def wait(self, stopping: Callable[[], bool]) -> None:
        """Returns when others have written, when the worker is stopping, or after LONGEST_SECONDS."""
        until = time.monotonic() + LONGEST_SECONDS
        while not stopping() and time.monotonic() < until:
            commits = self._commits()
            if commits != self._seen:
                self._seen = commits
                return
            time.sleep(self._poll_seconds)

    def close(self) -> None:
        """Gives the connection back."""
        self._connection.close()

    def _commits(self) -> int:
        with closing(self._connection.cursor()) as cursor:
            cursor.execute("PRAGMA data_version")
            [commits] = cursor.fetchone() or [0]
            return int(commits)
