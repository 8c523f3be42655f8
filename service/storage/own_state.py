"""Correction of the rows that the service keeps for itself, at its start. Only damage of the file makes them wrong."""

from service.storage import unwritten_bytes
from service.storage.database import Database
from service.storage.essential_write import essential_write
from service.storage.sqlite import row_numbers


def correct(database: Database) -> None:
    """Corrects the counters of row numbers, and the bytes that unfinished runs will still store."""
    with database.reading() as connection:
        are_right = row_numbers.are_right(connection)
    if not are_right:
        essential_write(database, row_numbers.correct)
    unwritten_bytes.correct(database)
