"""Opening a database: integrity check of file and log, then migration to the newest schema."""

from contextlib import suppress
from pathlib import Path

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.storage.database import Database
from service.storage.errors import Failure, ForeignFileError, failure_of
from service.storage.migrations import migrate
from service.storage.sqlite import wal_integrity
from service.storage.sqlite.disk_reserve import DiskReserve
from service.storage.sqlite.readonly import read_only


def open_database(url: str, busy_seconds: float, poll_seconds: float = 0.025) -> Database:
    """The database at `url`, created or migrated. Raises DamagedFileError for an incomplete file, NewerDatabaseError
    for a file of a later version, ForeignFileError for the file of another program.
    """
    name = make_url(url).database
    if name:
        wal_integrity.check_whole(Path(name))
        _require_own_file(Path(name))
    try:
        return _migrated(url, busy_seconds, poll_seconds)
    except DBAPIError as error:
        if not name or failure_of(error) is not Failure.FULL:
            raise
    with DiskReserve(Path(name)).released():  # SQLite needs some KiB for its files, or a checkpoint of a long log
        return _migrated(url, busy_seconds, poll_seconds)


def _require_own_file(path: Path) -> None:
    """Raises ForeignFileError for a folder, a pipe, or the database of another program, before a connection changes it.

    SQLite waits for a pipe, overwrites a device, and sets the journal mode of a database of another program.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise ForeignFileError(f"It is {'a folder' if path.is_dir() else 'no file'}. Name a file.")
    with suppress(DBAPIError), read_only(path).connect() as connection:  # what is damaged is named later
        tables = inspect(connection).get_table_names()
        if tables and not {"alembic_version", "runs"} <= {*tables}:
            raise ForeignFileError("It is a database of another program. Name another file.")


def _migrated(url: str, busy_seconds: float, poll_seconds: float) -> Database:
    database = Database(url, busy_seconds=busy_seconds, poll_seconds=poll_seconds)
    try:
        migrate(database)
        database.record_schema()
    except BaseException:
        database.dispose()
        raise
    return database
