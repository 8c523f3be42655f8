"""The database that a command works on, or why it cannot be used."""

from sqlalchemy.exc import ArgumentError, DBAPIError

from service.settings import Settings
from service.starting import StartError
from service.store.database import Database, JournalError
from service.store.migrations import NewerDatabaseError, open_database


def opened(settings: Settings) -> Database:
    """The database of the settings, made or brought up to date. Raises StartError."""
    try:
        return open_database(settings.database_url, settings.busy_seconds)
    except (OSError, ArgumentError, DBAPIError, NewerDatabaseError, JournalError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise StartError(f"Cannot use the database {settings.database_url}: {cause}") from error
