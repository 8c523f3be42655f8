"""Read-only access to a database file that other processes may have open.

Precondition: this process has no other SQLite connection to the file, since closing a file releases the process's
locks on it.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import Engine, NullPool, create_engine, event

from service.storage.sqlite import row_checksums
from service.storage.sqlite.engine import sqlite_module

WAL_VERSION = 2
"""Value of the header's bytes 18 and 19 in WAL mode (sqlite.org/fileformat.html)."""


def wal_of(file: Path) -> Path:
    """Path of the write-ahead log of a database file, which SQLite keeps beside the file that a link leads to."""
    file = file.resolve()
    return file.with_name(f"{file.name}-wal")


def read_only_uri(file: Path) -> str:
    """SQLite URI of the file for reading without writes to the file or its folder.

    A file in WAL mode without a log is open in no process. It is opened as immutable, since SQLite would create a log.
    """
    with file.open("rb") as opened:
        uses_log = opened.read(20)[18:] == bytes([WAL_VERSION, WAL_VERSION])
    alone = uses_log and not wal_of(file).exists()
    return f"file:{quote(str(file.resolve()))}?mode=ro{'&immutable=1' if alone else ''}"


def read_only(file: Path) -> Engine:
    """Engine with read-only connections. Each transaction reads one snapshot of the file."""
    driver = sqlite_module()
    uri = read_only_uri(file)

    def connect() -> Any:
        return driver.connect(uri, uri=True, isolation_level=None, timeout=30.0)

    engine = create_engine(
        "sqlite://", creator=connect, module=driver, poolclass=NullPool, json_deserializer=orjson.loads
    )
    event.listen(engine, "connect", lambda connection, _: row_checksums.register(connection))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine
