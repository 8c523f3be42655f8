"""Damage to the rows of a database file, past the program that keeps their checksums."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from service.core.settings import Settings
from service.storage.sqlite.engine import sqlite_module


@contextmanager
def without_triggers(connection: Any) -> Iterator[None]:
    """A transaction past the triggers of the schema, as damage of a disk passes by them. An error undoes it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        yield
        for _, statement in triggers:
            connection.execute(statement)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def damage(where: Settings | Path, table: str, column: str, value: str, condition: str) -> None:
    """Sets a column of rows to the value of an SQL expression."""
    file = where if isinstance(where, Path) else where.database_file
    with closing(sqlite_module().connect(file, isolation_level=None, timeout=30.0)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        changed = connection.execute(f"UPDATE {table} SET {column} = {value} WHERE {condition}").rowcount
        assert changed == 1, f"{changed} rows of {table} have {condition}"
