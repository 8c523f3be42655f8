"""Damage to the rows of a database file, past the program that keeps their checksums."""

from contextlib import closing
from pathlib import Path

from service.core.settings import Settings
from service.storage.sqlite.engine import sqlite_module


def damage(where: Settings | Path, table: str, column: str, value: str, condition: str) -> None:
    """Sets a column of rows to the value of an SQL expression."""
    file = where if isinstance(where, Path) else where.database_file
    with closing(sqlite_module().connect(file, isolation_level=None, timeout=30.0)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        changed = connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {condition}").rowcount
        assert changed == 1, f"{changed} rows of {table} have {condition}"
