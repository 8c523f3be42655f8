"""The database that a command works on, or why it cannot be used."""

import shutil

from sqlalchemy.exc import ArgumentError, DBAPIError

from service.core.exceptions import StartError
from service.core.settings import Settings
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.errors import Failure, failure_of
from service.storage.migrations import NewerDatabaseError
from service.storage.sqlite.engine import JournalError
from service.storage.sqlite.wal_integrity import DamagedFileError

LEAST_BYTES = 64 * 1024
"""With less than this, a file beside the database, which SQLite makes 32 KiB long, may not fit any more."""
ADVICE = {
    Failure.FULL: ". The disk is full: free some space.",
    Failure.IO: ". The disk could not be read or written: look after it.",
    Failure.DAMAGED: ". The file is damaged: `descent check` says where. Restore a backup.",
}


def opened(settings: Settings) -> Database:
    """The database of the settings, made or brought up to date. Raises StartError."""
    try:
        return open_database(settings.database_url, settings.busy_seconds, settings.poll_seconds)
    except (OSError, ArgumentError, DBAPIError, NewerDatabaseError, JournalError, DamagedFileError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        advice = ADVICE.get(_failure(error, settings), "")
        raise StartError(f"Cannot use the database {settings.database_url}: {cause}{advice}") from error


def _failure(error: Exception, settings: Settings) -> Failure:
    """What the error means. On a full disk SQLite may find that it cannot write before it can tell why."""
    failure = failure_of(error)
    file = settings.database_file if failure is Failure.IO else None
    is_full = file is not None and file.parent.exists() and shutil.disk_usage(file.parent).free < LEAST_BYTES
    return Failure.FULL if is_full else failure
