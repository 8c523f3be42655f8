"""The engine: which SQLite, its pragmas, and the two kinds of transaction."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import make_url

from service.core.failpoints import reach
from service.storage.change_feed import ChangeFeed
from service.storage.errors import CorruptError
from service.storage.group_commit import Batch
from service.storage.sqlite.commit_counter import CommitCounter
from service.storage.sqlite.engine import _prepare_sqlite, sqlite_module


def _from_json(stored: Any) -> Any:
    """The value of a JSON column. Raises CorruptError."""
    try:
        return orjson.loads(stored)
    except orjson.JSONDecodeError as error:
        raise CorruptError(f"A row of the database is damaged: {error}.") from error


class Database:
    """A pool of connections. `reading()` and `writing()` are the only ways to a connection, one transaction each."""

    def __init__(
        self, url: str, *, busy_seconds: float = 30.0, connections: int = 48, poll_seconds: float = 0.025
    ) -> None:
        self._write_lock = threading.Lock()
        self.batch = Batch(self.writing)
        """For writes that many may send at once: one transaction for all who wait."""
        self._sqlite = make_url(url).get_backend_name() == "sqlite"
        options: dict[str, Any] = {"module": sqlite_module()} if self._sqlite else {}
        if self._sqlite and (path := make_url(url).database):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.engine: Engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            json_serializer=lambda value: orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
            json_deserializer=_from_json,
            **options,
        )
        if self._sqlite:
            _prepare_sqlite(self.engine, busy_seconds)
        self.change_feed = ChangeFeed(lambda: CommitCounter(self.engine, poll_seconds))
        """Commits by this process and all others, for those who would else poll."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database and changes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write: it takes the write lock at once, and commits at the end or raises.

        A process's threads queue at a lock of their own first: SQLite lets waiters sleep and try again, in no order.
        """
        with (
            self._write_lock,
            self.engine.connect() as connection,
            connection.execution_options(descent_writes=True).begin(),
        ):
            yield connection
            reach("commit.before")
        reach("commit.after")

    def dispose(self) -> None:
        """Closes the pool's connections."""
        self.engine.dispose()
