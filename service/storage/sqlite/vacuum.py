"""Incremental vacuum: returns the free pages of the file to the file system, in slices."""

from sqlalchemy import Connection

from service.storage.sqlite.engine import execute
from service.storage.sqlite.slices import run_slice

KEPT_PAGES = 1024
"""Number of free pages that stay in the file for the next writes."""
STEP_PAGES, MOST_STEPS = 16, 32
"""A slice moves at most 512 pages, so that its log fits into the disk reserve."""
INCREMENTAL = 2
"""Value of `PRAGMA auto_vacuum` in a file that supports incremental vacuum, as all files of this program do."""


def has_free_pages(connection: Connection) -> bool:
    """Whether the file has more than KEPT_PAGES free pages and supports incremental vacuum."""
    [[free]] = execute(connection, "PRAGMA freelist_count")
    [[auto_vacuum]] = execute(connection, "PRAGMA auto_vacuum")
    return bool(free > KEPT_PAGES and auto_vacuum == INCREMENTAL)


def vacuum_slice(connection: Connection) -> None:
    """Vacuums a slice of the free pages. The next checkpoint returns them to the file system."""
    steps = iter(range(MOST_STEPS))

    def vacuum_step() -> bool:
        # The statement frees one page a row. `execute` reads all rows; SQLAlchemy would stop after the first.
        execute(connection, f"PRAGMA incremental_vacuum({STEP_PAGES})")
        return next(steps, None) is not None and has_free_pages(connection)

    run_slice(vacuum_step)
