"""Database access: connection pool, read transactions, write transactions, change feed."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.core.failpoints import reach
from service.storage.change_feed import ChangeFeed
from service.storage.errors import CorruptError, Failure, failure_of, newer_error
from service.storage.group_commit import GroupCommit
from service.storage.sqlite import row_numbers
from service.storage.sqlite.commit_counter import CommitCounter
from service.storage.sqlite.disk_reserve import DiskReserve
from service.storage.sqlite.engine import prepare_sqlite, sqlite_module
from service.storage.sqlite.file_identity import FileIdentity
from service.storage.sqlite.schema_watch import SchemaWatch


def _from_json(stored: Any) -> Any:
    """Decoded value of a JSON column. Raises CorruptError."""
    if stored == "null":  # half of the JSON values of a page
        return None
    try:
        return orjson.loads(stored)
    except orjson.JSONDecodeError as error:
        raise CorruptError(f"A row of the database is damaged: {error}.") from error


class Database:
    """Connection pool. `reading()` and `writing()` give a connection for one transaction each. Thread-safe."""

    def __init__(
        self, url: str, *, busy_seconds: float = 30.0, connections: int = 48, poll_seconds: float = 0.025
    ) -> None:
        self._write_lock = threading.Lock()
        self.group_commit = GroupCommit(self.writing)
        """Group commit for frequent concurrent writes: one transaction for all waiting writes."""
        self.essential_commit = GroupCommit(lambda: self.writing(grows=False))
        """Group commit for essential writes (`essential_write`)."""
        self._sqlite = make_url(url).get_backend_name() == "sqlite"
        options: dict[str, Any] = {"module": sqlite_module()} if self._sqlite else {}
        self._files: FileIdentity | None = None
        self._schema = SchemaWatch()
        self.reserve: DiskReserve | None = None
        """Reserve of disk space for deletions; None for a database without a file."""
        if self._sqlite and (path := make_url(url).database):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self.reserve = DiskReserve(Path(path))
            self._files = FileIdentity(Path(path))
        self.engine: Engine = create_engine(
            url,
            pool_size=connections,
            max_overflow=0,
            pool_use_lifo=True,  # few connections fill their page caches
            json_serializer=lambda value: orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode(),
            json_deserializer=_from_json,
            **options,
        )
        if self._sqlite:
            prepare_sqlite(self.engine, busy_seconds)
        if self._files is not None:
            event.listen(self.engine, "connect", self._files.on_connect)
        self.change_feed = ChangeFeed(lambda: CommitCounter(self.engine, poll_seconds, self.fault, self._schema))
        """Notifications about commits by this process and all others."""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read transaction: a connection with a consistent snapshot of the database."""
        self._require_known_schema()
        if self._files is not None:
            self._files.check_content()
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, grows: bool = True) -> Iterator[Connection]:
        """Write transaction: takes the write lock at the start, commits at the end, rolls back on an error.

        A process lock orders the threads, since SQLite's waiters sleep and retry in no order. A write that grows the
        database leaves room for essential writes (`essential_write`), which do not. Raises CorruptError after a
        correction of the counters of row numbers, which SQLite reports as a full disk.
        """
        try:
            with self._transaction(grows=grows) as connection:
                yield connection
        except DBAPIError as error:
            if failure_of(error) is Failure.FULL and self._sqlite and self._corrects_row_numbers():
                raise CorruptError("A counter of row numbers was damaged. It is corrected; try again.") from error
            raise

    def _corrects_row_numbers(self) -> bool:
        """Whether the counters of row numbers were damaged, and are corrected."""
        with self.reading() as connection:
            if row_numbers.are_right(connection):
                return False
        with self._transaction(grows=False) as connection:
            row_numbers.correct(connection)
        return True

    @contextmanager
    def _transaction(self, *, grows: bool) -> Iterator[Connection]:
        self._require_known_schema()
        reserve = self.reserve if grows else None
        with self._write_lock:
            if self._files is not None:
                self._files.check()
            if reserve is not None:
                reserve.require()
            with self.engine.connect() as connection, connection.execution_options(descent_writes=True).begin():
                yield connection
                if reserve is not None:
                    reserve.cover(connection)
                reach("commit.before")
        reach("commit.after")

    def record_schema(self) -> None:
        """Records the version of the database, which this program knows."""
        with closing(self.engine.raw_connection()) as connection:
            self._schema.look(connection.cursor())

    def fault(self) -> str | None:
        """User-visible reason for which nothing can be written until a restart: a removed, replaced or overwritten
        file, or a migration by a newer program, which the change feed notices.
        """
        return self._schema.fault or (None if self._files is None else self._files.fault())

    def _require_known_schema(self) -> None:
        if self._schema.fault is not None:
            raise newer_error()

    def dispose(self) -> None:
        """Closes the pool's connections. The change feed's thread ends first: it must not outlive the interpreter."""
        self.change_feed.wait_for_end()
        self.engine.dispose()
        if self._files is not None:
            self._files.forget()
