"""A process that parses large bodies, one at a time, with its own connection to the database."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from service.core.settings import Settings
from service.storage.database import Database

Result = TypeVar("Result")

_database: Database


def begin(settings: Settings) -> None:
    """Opens the database of the process."""
    global _database  # noqa: PLW0603 - the process has no other purpose
    _database = Database(settings.database_url, busy_seconds=settings.busy_seconds, connections=1)


def read_body(read: Callable[..., Result], body: bytes | Path, *arguments: object) -> Result:
    """The result of `read(body, database, *arguments)`; `body` is its bytes, or its file."""
    return read(body, _database, *arguments)
