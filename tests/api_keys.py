"""API keys for tests, created like those of `descent keys create`."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from service.core import api_key_text
from service.server.live_server import Service, running_service
from service.storage.api_keys import add_key
from service.storage.connect import open_database
from service.storage.database import Database


class Key(NamedTuple):
    """A key: its id and its text."""

    id: str
    text: str

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a request with this key."""
        return {"Authorization": f"Bearer {self.text}"}


def make_key(
    database: Database,
    *scopes: str,
    name: str = "test",
    expires_in: float | None = None,
    sees: str | None = None,
    weight: float = 1.0,
    max_running: int | None = None,
) -> Key:
    """Creates a key of these scopes, by default write. A negative `expires_in`, in seconds, gives an expired key."""
    made, chosen = api_key_text.new_key(), scopes or ["write"]
    expires_at = None if expires_in is None else time.time() + expires_in
    with database.writing() as connection:
        add_key(
            connection,
            made.key_id,
            sha256=made.sha256,
            name=name,
            scopes=chosen,
            expires_at=expires_at,
            sees=sees,
            weight=weight,
            max_running=max_running,
        )
    return Key(made.key_id, made.text)


def make_brief_key(database: Database, works: Callable[[Key], bool]) -> Key:
    """Creates a key that works once and expires soon after; a slower machine extends its lifetime."""
    for seconds in (0.3, 3.0, 30.0):
        key = make_key(database, expires_in=seconds)
        if works(key):
            return key
    raise AssertionError("no key works before it expires")


@contextmanager
def service_with_keys(home: Path, **environment: str) -> Iterator[tuple[Service, Database, Path]]:
    """`descent serve` with one worker and required keys; its database, and the file of its log.

    The database already has an unused key, without which the service would not start.
    """
    url, log = f"sqlite:///{home}/descent.db", home / "log"
    database = open_database(url, 5.0)
    make_key(database)
    variables = {**os.environ, "DESCENT_KEYS": "required", **environment}
    with (
        log.open("w") as file,
        running_service("--database", url, "--workers", "1", environment=variables, log=file) as running,
    ):
        yield running, database, log
    database.dispose()
