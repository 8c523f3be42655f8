"""Commits of other connections, seen by SQLite's own counter (PRAGMA data_version): microseconds and no lock."""

from contextlib import suppress

from service.storage.database import Database
from service.storage.sqlite.engine import sqlite_module


class CommitCounter:
    """A supervisor's eye on the database."""

    def __init__(self, database: Database) -> None:
        self._connection = database.engine.raw_connection()
        self._cursor = self._connection.cursor()
        self._seen = self._commits()

    def has_changed(self) -> bool:
        """Whether others have written since the last look. What a failing disk hides is seen when it is well again."""
        before = self._seen
        with suppress(sqlite_module().Error):
            self._seen = self._commits()
        return self._seen != before

    def close(self) -> None:
        """Gives the connection back."""
        self._cursor.close()
        self._connection.close()

    def _commits(self) -> int:
        self._cursor.execute("PRAGMA data_version")
        [commits] = self._cursor.fetchone() or [0]
        return int(commits)
