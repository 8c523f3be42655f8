"""Disk space: purge of deleted runs, incremental vacuum, truncation of the write-ahead log.

Deleting two gigabytes of chunks at once blocks writers for 0.1 s (contiguous pages) to 2.4 s (scattered pages), and
vacuuming their pages for many seconds. Both run in slices, each a transaction of some hundredths of a second.
"""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, delete, select, text

from service.storage import datasets
from service.storage.database import Database
from service.storage.sqlite.readonly import wal_of
from service.storage.tables import runs

SLICE_SECONDS = 0.025
"""Approximate duration of a slice, which keeps the write lock."""
KEPT_PAGES = 1024
"""Number of free pages that stay in the file for the next writes."""
INCREMENTAL = 2
"""Value of `PRAGMA auto_vacuum` in a file that supports incremental vacuum, as all files of this program do."""
LONG_LOG_BYTES = 64 * 1024 * 1024

_DELETED = (
    select(runs.c.seq, runs.c.dataset_seq)
    .where(runs.c.deleted_at.is_not(None))
    .order_by(runs.c.deleted_at)  # matches the index; any other order scans all runs
    .limit(1)
)
# By rowid: the primary key of a chunk is a separate index.
_SOME_CHUNKS = text(
    "DELETE FROM trajectory_chunks WHERE rowid IN (SELECT rowid FROM trajectory_chunks WHERE run_seq = :seq LIMIT 4)"
)


def has_removed(connection: Connection) -> bool:
    """Whether deleted runs remain to be purged."""
    return connection.execute(_DELETED).one_or_none() is not None


def take_away(connection: Connection) -> None:
    """Purges a slice of the deleted runs: first the chunks of a run, then its row."""
    _run_slice(lambda: _purge_step(connection))


def _purge_step(connection: Connection) -> bool:
    """Deletes a few chunks of a deleted run, or its row after the last chunk; false if there is no deleted run."""
    removed = connection.execute(_DELETED).one_or_none()
    if removed is None:
        return False
    if connection.execute(_SOME_CHUNKS, {"seq": removed.seq}).rowcount == 0:
        connection.execute(delete(runs).where(runs.c.seq == removed.seq))
        datasets.remove_if_unused(connection, removed.dataset_seq)
    return True


def has_free_pages(connection: Connection) -> bool:
    """Whether the file has more than KEPT_PAGES free pages and supports incremental vacuum."""
    free, auto_vacuum = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("freelist_count", "auto_vacuum")
    )
    return bool(free > KEPT_PAGES and auto_vacuum == INCREMENTAL)


def give_back(connection: Connection) -> None:
    """Vacuums a slice of the free pages. The next checkpoint returns them to the file system."""
    with closing(connection.connection.cursor()) as cursor:

        def vacuum_step() -> bool:
            # The statement frees one page a step. fetchall() runs all steps; SQLAlchemy would stop after the first.
            cursor.execute("PRAGMA incremental_vacuum(16)")
            cursor.fetchall()
            return has_free_pages(connection)

        _run_slice(vacuum_step)


def _run_slice(step: Callable[[], bool]) -> None:
    """Repeats `step` until it returns false, for at most about SLICE_SECONDS."""
    until = time.monotonic() + SLICE_SECONDS
    while step() and time.monotonic() < until:
        pass


class Log:
    """Write-ahead log of a database file, with a dedicated connection for truncating it.

    SQLite checkpoints the log at a thousand pages and then restarts it, unless a reader is active. Under continuous
    reads the log grows without bound. Checkpointed frames stay in the log, and a copy of the two files with a
    truncated log mixes old and new pages. Therefore the caller truncates a long log, and an idle one.
    """

    def __init__(self, database: Database) -> None:
        self._path = wal_of(Path(str(database.engine.url.database)))
        self._connection = database.engine.raw_connection()
        self._connection.detach()  # its busy timeout is too short for other users of the pool
        self._cursor = self._connection.cursor()
        # Writers wait while the checkpoint waits for readers.
        self._cursor.execute("PRAGMA busy_timeout = 50")

    def bytes(self) -> int:
        """Size of the log in bytes; 0 if there is no log."""
        return self._path.stat().st_size if self._path.exists() else 0

    def empty(self) -> None:
        """Checkpoints and truncates the log, unless a reader is active for longer than the busy timeout."""
        self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._cursor.fetchall()

    def close(self) -> None:
        """Closes the connection."""
        self._cursor.close()
        self._connection.close()
