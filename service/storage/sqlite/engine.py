"""Configuration of SQLite: driver, journal mode, pragmas of each connection, start of transactions."""

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from service.storage.errors import Failure, failure_of
from service.storage.sqlite import row_checksums

CACHE_KIB = 512
"""The cache of pages of a connection. SQLite's 2 MiB for each of many connections doubled the memory of the API."""
RETRY_SECONDS = 0.002
"""The pause between two tries for the write lock."""


def sqlite_module() -> ModuleType:
    """The SQLite driver: pysqlite3 if it is installed, otherwise sqlite3 of the standard library."""
    try:
        import pysqlite3  # noqa: PLC0415
    except ImportError:
        return sqlite3
    return pysqlite3  # type: ignore[no-any-return]


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite version lacks the WAL-reset bug, by which two connections can corrupt the file.

    Present from 3.7.0, fixed in 3.51.3 and, for older lines, 3.50.7 and 3.44.6 (sqlite.org/wal.html).
    """
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


class JournalError(RuntimeError):
    """The file has an unsafe journal mode for this SQLite version, and other programs prevent the change."""


def prepare_sqlite(engine: Engine, busy_seconds: float) -> None:
    """Sets up every connection and transaction of an engine. A connection raises JournalError."""
    version: tuple[int, ...] = engine.dialect.dbapi.sqlite_version_info  # type: ignore[union-attr]
    journal = "WAL" if wal_is_safe(version) else "DELETE"

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # disables the driver's implicit transactions
        row_checksums.register(connection)
        with closing(connection.cursor()) as cursor:
            _set_pragmas(cursor, busy_seconds)
            mode = cursor.execute(f"PRAGMA journal_mode = {journal}").fetchone()[0]
        if mode.upper() not in {journal, "MEMORY"}:
            raise JournalError(
                f"The database is in journal mode {mode} and could not be changed to {journal}, which this machine's "
                f"SQLite {'.'.join(map(str, version))} needs. Stop the other programs that use the file."
            )

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        # The busy timeout does not cover a read transaction that begins to write (SQLITE_BUSY_SNAPSHOT).
        writes = connection.get_execution_options().get("descent_writes")
        if writes:
            row_checksums.maintain(connection)
            _take_write_lock(connection, busy_seconds)
            _count_up(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _set_pragmas(cursor: Any, busy_seconds: float) -> None:
    cursor.execute(_busy_timeout(busy_seconds))
    # The pragma has no effect on an existing file, and takes the write lock there.
    if cursor.execute("PRAGMA page_count").fetchone()[0] == 0:
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
    cursor.execute("PRAGMA synchronous = FULL")  # acknowledged writes survive a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
    cursor.execute("PRAGMA journal_size_limit = 67108864")


def _busy_timeout(seconds: float) -> str:
    return f"PRAGMA busy_timeout = {int(seconds * 1000)}"


def _take_write_lock(connection: Connection, busy_seconds: float) -> None:
    """Begins a write transaction. Raises the error of the kind BUSY after `busy_seconds`.

    SQLite's own waiters sleep for up to 0.1 s between two tries. Beside a process that writes without a pause they
    find the lock taken nearly each time, for many seconds.
    """
    until = time.monotonic() + busy_seconds
    execute(connection, _busy_timeout(0))
    try:
        while not _has_begun(connection, is_last=time.monotonic() >= until):
            time.sleep(RETRY_SECONDS)
    finally:
        execute(connection, _busy_timeout(busy_seconds))


def _has_begun(connection: Connection, *, is_last: bool) -> bool:
    """Whether the transaction has the write lock. Raises the error of the last try."""
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except DBAPIError as error:
        if is_last or failure_of(error) is not Failure.BUSY:
            raise
        return False
    return True


def execute(connection: Connection, statement: str) -> Sequence[Any]:
    """The rows of a statement without parameters, several times faster than through SQLAlchemy. Raises DBAPIError."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(statement, (), error, connection.dialect.loaded_dbapi.Error) from error
    finally:
        cursor.close()


def _count_up(connection: Connection) -> None:
    """Increments the transaction counter in the file's first page. `wal_integrity` detects a truncated log by it."""
    [(number,)] = execute(connection, "PRAGMA user_version")
    execute(connection, f"PRAGMA user_version = {(number + 1 + 2**31) % 2**32 - 2**31}")
