"""Room on the disk: what is deleted bit by bit, pages that are given back, and the length of the write-ahead log.

To delete two gigabytes of chunks took 0.1 s of the write lock when they lay together, 2.4 s when they did not, and to
give their pages back many seconds. So both are done in slices, each a transaction that holds the lock for some
hundredths of a second.
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
"""About how long a slice holds the write lock."""
KEPT_PAGES = 1024
"""Free pages that stay in the file: what is written next would only make it grow again."""
INCREMENTAL = 2
"""What `PRAGMA auto_vacuum` is of a file that can give pages back, as all are that this program made."""
LONG_LOG_BYTES = 64 * 1024 * 1024

_DELETED = (
    select(runs.c.seq, runs.c.dataset_seq)
    .where(runs.c.deleted_at.is_not(None))
    .order_by(runs.c.deleted_at)  # by their index: SQLite would scan all runs in any other order
    .limit(1)
)
# By its row numbers: a chunk's primary key is an index beside the table.
_SOME_CHUNKS = text(
    "DELETE FROM trajectory_chunks WHERE rowid IN (SELECT rowid FROM trajectory_chunks WHERE run_seq = :seq LIMIT 4)"
)


def has_removed(connection: Connection) -> bool:
    """Whether chunks of deleted runs are left."""
    return connection.execute(_DELETED).one_or_none() is not None


def take_away(connection: Connection) -> None:
    """Deletes a slice of the chunks of deleted runs; with the last of its chunks each run."""
    _for_a_slice(lambda: _takes_some(connection))


def _takes_some(connection: Connection) -> bool:
    """Whether there was something to take away."""
    removed = connection.execute(_DELETED).one_or_none()
    if removed is None:
        return False
    if connection.execute(_SOME_CHUNKS, {"seq": removed.seq}).rowcount == 0:
        connection.execute(delete(runs).where(runs.c.seq == removed.seq))
        datasets.remove_if_unused(connection, removed.dataset_seq)
    return True


def has_free_pages(connection: Connection) -> bool:
    """Whether so much of the file is free that some of it shall be given back."""
    free, gives_back = (
        connection.exec_driver_sql(f"PRAGMA {it}").scalar_one() for it in ("freelist_count", "auto_vacuum")
    )
    return bool(free > KEPT_PAGES and gives_back == INCREMENTAL)


def give_back(connection: Connection) -> None:
    """Gives a slice of the free pages back to the file system, which gets them with the next checkpoint."""
    with closing(connection.connection.cursor()) as cursor:

        def some() -> bool:
            # The statement frees a page at each step, so it has to be stepped to its end; SQLAlchemy would not.
            cursor.execute("PRAGMA incremental_vacuum(16)")
            cursor.fetchall()
            return has_free_pages(connection)

        _for_a_slice(some)


def _for_a_slice(step: Callable[[], bool]) -> None:
    """Does steps until one says that it was the last, or the time is over."""
    until = time.monotonic() + SLICE_SECONDS
    while step() and time.monotonic() < until:
        pass


class Log:
    """The write-ahead log beside a database file, and a connection of its own to empty it.

    SQLite copies the log into the file whenever it has a thousand pages, and then writes it from its beginning again,
    unless somebody reads just then: under readers without a pause it would grow without bound. And what has been
    copied stays in the log: whoever then loses the end of the log, in a copy of the two files, gets old pages among
    new ones. So it is emptied when it is long, and when nobody writes.
    """

    def __init__(self, database: Database) -> None:
        self._path = wal_of(Path(str(database.engine.url.database)))
        self._connection = database.engine.raw_connection()
        self._connection.detach()  # its patience is short, and not for others
        self._cursor = self._connection.cursor()
        # While it waits for readers, writers wait for it.
        self._cursor.execute("PRAGMA busy_timeout = 50")

    def bytes(self) -> int:
        """How long it is."""
        return self._path.stat().st_size if self._path.exists() else 0

    def empty(self) -> None:
        """Copies it into the file and cuts it off, unless somebody reads it for longer than can be waited for."""
        self._cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._cursor.fetchall()

    def close(self) -> None:
        """Gives up the connection."""
        self._cursor.close()
        self._connection.close()
