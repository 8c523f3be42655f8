"""Truncation of the write-ahead log."""

from pathlib import Path

from service.storage.database import Database
from service.storage.sqlite.readonly import wal_of

LONG_LOG_BYTES = 64 * 1024 * 1024


class WalCheckpoint:
    """Checkpoint of a database file's write-ahead log, with a dedicated connection.

    SQLite checkpoints the log at a thousand pages and then restarts it, unless a reader is active. Under continuous
    reads the log grows without bound. Checkpointed frames stay in the log, and a copy of the two files with a
    truncated log mixes old and new pages. Therefore the caller truncates a long log, and an idle one.
    """

    def __init__(self, database: Database, busy_seconds: float = 0.05) -> None:
        self._fault = database.fault
        self._path = wal_of(Path(str(database.engine.url.database)))
        with database.engine.connect():  # it stays in the pool, for SQLite removes the log with the last one
            self._connection = database.engine.raw_connection()
        self._connection.detach()  # its busy timeout is too short for other users of the pool
        self._cursor = self._connection.cursor()
        # Writers wait while the checkpoint waits for readers.
        self._cursor.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")

    def log_bytes(self) -> int:
        """Size of the log in bytes; 0 if there is no log."""
        return self._path.stat().st_size if self._path.exists() else 0

    def truncate_log(self) -> bool:
        """Checkpoints and truncates the log; false if a reader is active for longer than the busy timeout, or if the
        file is no longer the log's.
        """
        if self._fault() is not None:
            return False
        self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [(is_busy, *_)] = self._cursor.fetchall()
        return not is_busy

    def close(self) -> None:
        """Closes the connection."""
        self._cursor.close()
        self._connection.close()
