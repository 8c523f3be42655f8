"""Opening a database: integrity check of file and log, then migration to the newest schema."""

from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.storage.database import Database
from service.storage.errors import Failure, failure_of
from service.storage.migrations import migrate
from service.storage.sqlite import wal_integrity
from service.storage.sqlite.disk_reserve import DiskReserve
from service.storage.sqlite.foreign_file import require_own


def open_database(url: str, busy_seconds: float, poll_seconds: float = 0.025) -> Database:
    """The database at `url`, created or migrated. Raises DamagedFileError for an incomplete file, NewerDatabaseError
    for a file of a later version, ForeignFileError for the file of another program.
    """
    name = make_url(url).database
    if name:
        wal_integrity.check_whole(Path(name))
        require_own(Path(name), busy_seconds)
    try:
        return _migrated(url, busy_seconds, poll_seconds)
    except DBAPIError as error:
        if not name or failure_of(error) is not Failure.FULL:
            raise
    with DiskReserve(Path(name)).released():  # SQLite needs some KiB for its files, or a checkpoint of a long log
        return _migrated(url, busy_seconds, poll_seconds)


def _migrated(url: str, busy_seconds: float, poll_seconds: float) -> Database:
    database = Database(url, busy_seconds=busy_seconds, poll_seconds=poll_seconds)
    try:
        migrate(database)
        database.record_schema()
    except BaseException:
        database.dispose()
        raise
    return database
