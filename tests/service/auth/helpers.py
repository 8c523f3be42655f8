"""The queries of the table of keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from service.storage.database import Database


@contextmanager
def key_queries(database: Database) -> Iterator[list[str]]:
    """The queries of the table of keys inside the context."""
    found: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "api_keys" in statement:
            found.append(statement)

    event.listen(database.engine, "before_cursor_execute", record)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", record)
