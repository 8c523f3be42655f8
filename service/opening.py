"""The database that a command works on, or why it cannot be used."""

from sqlalchemy.exc import ArgumentError, DBAPIError

from service.settings import Settings
from service.starting import StartError
from service.store.database import Database, JournalError
from service.store.failures import Failure, failure_of
from service.store.migrations import NewerDatabaseError, open_database
from service.store.wholeness import DamagedFileError

ADVICE = {
    Failure.FULL: ". The disk is full: free some space.",
    Failure.DAMAGED: ". The file is damaged: `descent check` says where. Restore a backup.",
}


def opened(settings: Settings) -> Database:
    """The database of the settings, made or brought up to date. Raises StartError."""
    try:
        return open_database(settings.database_url, settings.busy_seconds)
    except (OSError, ArgumentError, DBAPIError, NewerDatabaseError, JournalError, DamagedFileError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        advice = ADVICE.get(failure_of(error), "")
        raise StartError(f"Cannot use the database {settings.database_url}: {cause}{advice}") from error
