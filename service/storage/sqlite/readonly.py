"""The database as a file: opened only to read, whoever else has it open.

But not if this process has: to close a file gives up the locks that SQLite holds on it for the process.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import Engine, NullPool, create_engine, event

from service.storage.sqlite.engine import sqlite_module

WAL_VERSION = 2
"""What the header's bytes 18 and 19 are when the journal is a write-ahead log (sqlite.org/fileformat.html)."""


def wal_of(file: Path) -> Path:
    """Where the write-ahead log of a database file is."""
    return file.with_name(f"{file.name}-wal")


def read_only_uri(file: Path) -> str:
    """SQLite's name for the file opened so that nothing is written, neither to it nor beside it.

    A file whose journal is a log, but beside which there is none, is open nowhere; then SQLite, which would make a
    log to read it, is told that the file does not change.
    """
    with file.open("rb") as opened:
        uses_log = opened.read(20)[18:] == bytes([WAL_VERSION, WAL_VERSION])
    alone = uses_log and not wal_of(file).exists()
    return f"file:{quote(str(file.resolve()))}?mode=ro{'&immutable=1' if alone else ''}"


def read_only(file: Path) -> Engine:
    """An engine whose connections can only read, each transaction from one state of the file."""
    driver = sqlite_module()
    uri = read_only_uri(file)

    def connect() -> Any:
        return driver.connect(uri, uri=True, isolation_level=None, timeout=30.0)

    engine = create_engine(
        "sqlite://", creator=connect, module=driver, poolclass=NullPool, json_deserializer=orjson.loads
    )
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine
