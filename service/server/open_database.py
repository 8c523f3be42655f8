"""Opens the database of a command, or states why the database is unusable."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from service.core.exceptions import StartError
from service.core.settings import Settings
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.errors import Failure, ForeignFileError, failure_of
from service.storage.migrations import NewerDatabaseError
from service.storage.sqlite.engine import JournalError
from service.storage.sqlite.wal_integrity import DamagedFileError

LEAST_BYTES = 64 * 1024
"""The free space below which a disk counts as full. SQLite needs 32 KiB for a file beside the database."""
ADVICE = {
    Failure.FULL: ". The disk is full. Free some space.",
    Failure.IO: ". Reading or writing the disk failed. Check the disk.",
    Failure.DAMAGED: ". The file is damaged. Locate the damage with `descent check`, and restore a backup.",
}


def opened(settings: Settings) -> Database:
    """The database of the settings, created or migrated. Raises StartError."""
    with told(settings):
        return open_database(settings.database_url, settings.busy_seconds, settings.poll_seconds)


@contextmanager
def told(settings: Settings) -> Iterator[None]:
    """Turns each fault of the database at a start into a StartError with the cause and an advice."""
    try:
        yield
    except (OSError, DBAPIError, NewerDatabaseError, JournalError, DamagedFileError, ForeignFileError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        advice = ADVICE.get(_failure(error, settings), "")
        raise _refused(settings, f"{cause}{advice}") from error
    except UnicodeDecodeError as error:  # SQLite's message quotes a damaged schema, and the driver cannot decode it
        raise _refused(settings, f"malformed database schema{ADVICE[Failure.DAMAGED]}") from error


def _refused(settings: Settings, reason: str) -> StartError:
    return StartError(f"Cannot use the database {settings.database_url}: {reason}")


def _failure(error: Exception, settings: Settings) -> Failure:
    """The kind of failure. On a full disk SQLite may report an I/O error, so the free space decides."""
    failure = failure_of(error)
    folder = settings.database_file.parent
    if failure is Failure.IO and folder.exists() and shutil.disk_usage(folder).free < LEAST_BYTES:
        return Failure.FULL
    return failure
