"""Opens a database: checks that the file is whole, and brings it to the newest version."""

from pathlib import Path

from sqlalchemy.engine import make_url

from service.storage.database import Database
from service.storage.migrations import migrate
from service.storage.sqlite import wal_integrity


def open_database(url: str, busy_seconds: float, poll_seconds: float = 0.025) -> Database:
    """The database at `url`, made or brought up to date. Raises DamagedFileError for a file that lost a part."""
    name = make_url(url).database
    if name:
        wal_integrity.check_whole(Path(name))
    database = Database(url, busy_seconds=busy_seconds, poll_seconds=poll_seconds)
    try:
        migrate(database)
    except BaseException:
        database.dispose()
        raise
    return database
