"""Room on the disk of a database file: what stored bytes take there, and what is free."""

import shutil
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from service.storage.sqlite.engine import execute
from service.storage.sqlite.readonly import wal_of

LOG_BYTES = 6 * 1024 * 1024
"""A block in the write-ahead log, with the row of its run. A full disk has no room for a longer log: the writers empty
it (`essential_write.make_room`)."""
PAGES_BYTES = 128 * 1024
"""The pages of a transaction beside its content: those of the indexes, of other rows, of SQLite's lists of pages."""


def on_disk(size: int) -> int:
    """The most bytes that `size` stored bytes take in the file.

    A chunk of at least 64 KiB leaves at most one page of 4 KiB partly empty, and has an entry in an index. Each page
    spends some bytes on its header and its place in the lists of pages. Rows are priced with theirs.
    """
    return size + size // 8


def log_bytes(size: int) -> int:
    """The most bytes of the log while this many bytes are stored: a transaction is in the log before the file."""
    return min(on_disk(size), LOG_BYTES) + PAGES_BYTES


def file_bytes(file: Path) -> int:
    """Size of a database file and its log."""
    found = 0
    for each in (file, wal_of(file)):
        with suppress(FileNotFoundError):
            found += each.stat().st_size
    return found


def free_bytes(connection: Connection, file: Path) -> int | None:
    """Free bytes on the disk, less those of this transaction; None where they are unknown, as without the folder."""
    try:
        return shutil.disk_usage(file.parent).free - _unwritten(connection, file)
    except OSError:
        return None


def _unwritten(connection: Connection, file: Path) -> int:
    """Bytes by which this transaction has made the database larger, as far as the log has no room for them yet."""
    [(page_bytes,)], [(pages,)] = (execute(connection, f"PRAGMA {name}") for name in ("page_size", "page_count"))
    log = wal_of(file)
    stored = file.stat().st_size + (log.stat().st_size if log.exists() else 0)
    return max(0, int(pages) * int(page_bytes) - stored)
