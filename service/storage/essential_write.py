"""Essential writes, which succeed on a full disk too: deletions, cancellations, heartbeats, the ends of runs."""

from collections.abc import Callable
from contextlib import closing, suppress
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from service.storage.database import Database
from service.storage.errors import Failure, failure_of
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.wal_checkpoint import WalCheckpoint

Result = TypeVar("Result")
READERS_SECONDS = 2.0
"""Maximum wait for the readers of the log. Readers of trajectories finish within it, a backup does not."""


def essential_write(database: Database, work: Callable[[Connection], Result]) -> Result:
    """The result of `work` in a write transaction of few bytes. On a full disk it uses the disk reserve.

    Simultaneous essential writes share a transaction. Raises the error of the kind FULL if a reader, such as a backup,
    holds the log of a full disk.
    """
    try:
        return database.essential_commit.write(work)
    except Exception as error:  # a pragma raises the driver's own errors
        if failure_of(error) is not Failure.FULL or database.reserve is None:
            raise
        full = error
    with database.reserve.released(), closing(WalCheckpoint(database, READERS_SECONDS)) as checkpoint:
        if not _truncated(checkpoint):
            raise full
        try:
            with database.writing(grows=False) as connection:
                return work(connection)
        finally:
            _truncated(checkpoint)  # the room of the transaction's log returns to the reserve


def make_room(database: Database) -> None:
    """Moves the log of a full disk into the database file, and returns its room to the disk.

    A log that a reader holds stays as it is. An error stays without consequence: the write that needs the room reports
    the disk.
    """
    if database.reserve is None:
        return
    with suppress(OSError, SQLAlchemyError, sqlite_module().Error):
        with database.reserve.released(), closing(WalCheckpoint(database, READERS_SECONDS)) as checkpoint:
            is_empty = _truncated(checkpoint)
        if is_empty:
            database.reserve.trim()


def _truncated(checkpoint: WalCheckpoint) -> bool:
    """Whether the log is empty. Other programs may take the room that the reserve returns."""
    with suppress(sqlite_module().Error):
        return checkpoint.truncate_log()
    return False
