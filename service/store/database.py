"""The engine: which SQLite, its pragmas, and the two kinds of transaction."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from service.core.failpoints import reach
from service.store.batch import Batch
from service.store.failures import CorruptError


def sqlite_module() -> ModuleType:
    """The newest SQLite at hand: the one of the pysqlite3 wheel where there is such a wheel, else Python's."""
    try:
        import pysqlite3  # noqa: PLC0415
    except ImportError:
        return sqlite3
    return pysqlite3  # type: ignore[no-any-return]


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite is free of the WAL-reset bug, by which two connections can corrupt the file.

    Present from 3.7.0, fixed in 3.51.3 and, for older lines, 3.50.7 and 3.44.6 (sqlite.org/wal.html).
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def _from_json(stored: Any) -> Any:
    """The value of a JSON column. Raises CorruptError."""
    try:
        return orjson.loads(stored)
    except orjson.JSONDecodeError as error:
        raise CorruptError(f"A row of the database is damaged: {error}.") from error


class JournalError(RuntimeError):
    """The file is in a journal mode that this machine's SQLite must not use, and others have it open."""


class Database:
    """A pool of connections. `reading()` and `writing()` are the only ways to a connection, one transaction each."""

    def __init__(self, url: str, *, busy_seconds: float = 30.0, connections: int = 48) -> None:
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


def _prepare_sqlite(engine: Engine, busy_seconds: float) -> None:
    journal = "WAL" if wal_is_safe(engine.dialect.dbapi.sqlite_version_info) else "DELETE"  # type: ignore[union-attr]

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver shall not begin or commit anything by itself
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        # Only a new file can be told to give freed space back, and to tell another one takes the write lock.
        if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
            cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
        mode = cursor.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0]
        if mode.upper() not in {journal, "MEMORY"}:
            raise JournalError(
                f"The database is in journal mode {mode} and could not be changed to {journal}, which this machine's "
                f"SQLite {engine.dialect.dbapi.sqlite_version} needs. "  # type: ignore[union-attr]
                "Stop the other programs that use the file."
            )
        cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA journal_size_limit = 67108864")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # A transaction that reads and then writes could not be retried by the busy timeout (SQLITE_BUSY_SNAPSHOT).
        writes = connection.get_execution_options().get("descent_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        if writes:
            _count_up(connection)


def _count_up(connection: Connection) -> None:
    """Each transaction has a number, in the file's first page: `wholeness` sees by it when a log has lost its end."""
    cursor = connection.connection.cursor()
    try:  # twice as fast as through SQLAlchemy, in every transaction that writes
        cursor.execute("PRAGMA user_version")
        [(number,)] = cursor.fetchall()
        cursor.execute(f"PRAGMA user_version = {(number + 1 + 2**31) % 2**32 - 2**31}")
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance("PRAGMA user_version", (), error, connection.dialect.loaded_dbapi.Error) from error
    finally:
        cursor.close()
