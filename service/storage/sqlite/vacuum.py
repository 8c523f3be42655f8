"""Incremental vacuum: returns the free pages of the file to the file system, in slices."""

from contextlib import closing

from sqlalchemy import Connection

from service.storage.sqlite.slices import run_slice

KEPT_PAGES = 1024
"""Number of free pages that stay in the file for the next writes."""
STEP_PAGES, MOST_STEPS = 16, 32
"""A slice moves at most 512 pages, so that its log fits into the disk reserve."""
INCREMENTAL = 2
"""Value of `PRAGMA auto_vacuum` in a file that supports incremental vacuum, as all files of this program do."""


def has_free_pages(connection: Connection) -> bool:
    """Whether the file has more than KEPT_PAGES free pages and supports incremental vacuum."""
    free, auto_vacuum = (
        connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("freelist_count", "auto_vacuum")
    )
    return bool(free > KEPT_PAGES and auto_vacuum == INCREMENTAL)


def vacuum_slice(connection: Connection) -> None:
    """Vacuums a slice of the free pages. The next checkpoint returns them to the file system."""
    with closing(connection.connection.cursor()) as cursor:

        def vacuum_step() -> bool:
            # The statement frees one page a step. fetchall() runs all steps; SQLAlchemy would stop after the first.
            cursor.execute(f"PRAGMA incremental_vacuum({STEP_PAGES})")
            cursor.fetchall()
            return next(steps, None) is not None and has_free_pages(connection)

        steps = iter(range(MOST_STEPS))
        run_slice(vacuum_step)
