"""Recognition of files that are no database of this program, before a connection of it changes them.

SQLite waits for a pipe and overwrites a device. On a database of another program it would set the journal mode, and the
migrations would create their tables in it.
"""

from contextlib import closing
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from service.storage.errors import Failure, ForeignFileError, failure_of
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import read_only_uri

OWN_TABLES = frozenset({"alembic_version", "runs", "datasets", "trajectory_chunks"})
"""Tables of every version of this program."""
_NAMES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%'"


def require_own(path: Path, busy_seconds: float) -> None:
    """Raises ForeignFileError for a folder, a pipe, or the database of another program.

    Raises DBAPIError for a file that another program uses alone. What cannot be read for another reason passes.
    """
    if not path.exists():
        return
    if not path.is_file():
        raise ForeignFileError(f"It is {'a folder' if path.is_dir() else 'no file'}. Name a file.")
    if (found := _content(path, busy_seconds)) is None:
        return
    names, application_id = found
    is_new = not names and application_id == 0
    if not is_new and not names >= OWN_TABLES:
        raise ForeignFileError("It is a database of another program. Name another file.")


def _content(path: Path, busy_seconds: float) -> tuple[frozenset[str], int] | None:
    """The names of the tables and views, and the number by which a program marks its files. Raises DBAPIError."""
    driver = sqlite_module()
    failed: DBAPIError | None = None
    # After a crash SQLite has to roll back, which a read-only connection cannot.
    for place, is_uri in ((read_only_uri(path), True), (str(path), False)):
        try:
            with closing(driver.connect(place, uri=is_uri, timeout=busy_seconds)) as connection:
                names = frozenset(name for (name,) in connection.execute(_NAMES))
                return names, connection.execute("PRAGMA application_id").fetchone()[0]
        except driver.Error as error:
            failed = DBAPIError.instance(_NAMES, (), error, driver.Error)
    if failed is not None and failure_of(failed) is Failure.BUSY:
        raise failed
    return None
