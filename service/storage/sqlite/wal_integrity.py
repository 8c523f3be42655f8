"""Integrity check of a database file and its write-ahead log, before SQLite opens them.

SQLite detects a truncated file without a log, and ignores the part of a log with wrong checksums. After a disk failure
or a manual copy, SQLite does not detect four faults:

- The file is missing or empty, and the log is not. SQLite discards the log and creates a new database.
- The end of the file is lost, and the log lacks these pages. SQLite reads zeros.
- The log is truncated or outdated, and its lost part is already in the file. SQLite mixes old and new pages. The check
  compares the transaction counter (`PRAGMA user_version`) in the first page, which a checkpoint copies first: the
  counter of the file must not exceed the counter of the log.
- The file was replaced by another database, and the log was not. SQLite mixes the pages of both.

The cost grows with the log, not with the file: some milliseconds a megabyte.
"""

import os
import struct
import time
from pathlib import Path
from typing import IO

from service.storage.sqlite.readonly import wal_of
from service.storage.sqlite.wal_format import Log, read_log

HEADER = struct.Struct(">60xI4xI")
"""The user_version and the application_id of page 1: the counter of transactions, and the identity of the database."""
ATTEMPTS, PAUSE_SECONDS = 3, 0.1
"""Another process may restart its log during an attempt."""


class DamagedFileError(RuntimeError):
    """The file or its log is incomplete. The message is user-visible."""


def check_whole(file: Path) -> None:
    """Raises DamagedFileError for an incomplete file or log.

    Precondition: this process has no SQLite connection to the file.
    """
    for attempt in range(ATTEMPTS):
        fault = _fault(file)
        if fault is None:
            return
        if attempt < ATTEMPTS - 1:
            time.sleep(PAUSE_SECONDS)
    raise DamagedFileError(f"{fault} Restore a backup; `descent check` says what can still be read.")


def _fault(file: Path) -> str | None:
    if not _size(wal_of(file)):
        return None
    if not _size(file):
        return f"The file is empty or gone, but its log {wal_of(file).name} is there."
    with file.open("rb") as main, wal_of(file).open("rb") as opened:
        head = main.read(HEADER.size)
        size = main.seek(0, os.SEEK_END)
        log = read_log(opened)
        return None if log is None else _compared(head, size, log, opened)


def _compared(head: bytes, size: int, log: Log, opened: IO[bytes]) -> str | None:
    of_file, identity = _header(head)
    offsets = dict(log.frames)  # the last frame of a page counts
    if 1 in offsets:
        opened.seek(offsets[1])
        of_log, identity_of_log = _header(opened.read(HEADER.size))
        if identity not in {0, identity_of_log}:
            return "Its log is of another database, which the file has replaced. To serve the file, remove the log."
        behind = (of_file - of_log) % 2**32
        if 0 < behind < 2**31:  # the counter wraps around at 2³²
            return f"Its log ends {behind} transactions before the file does: a part of the log is lost."
    # In WAL mode SQLite logs every page appended to the file, except the lock-byte page.
    missing = set(range(size // log.page_size + 1, log.pages + 1)) - offsets.keys() - {2**30 // log.page_size + 1}
    if missing:
        return f"{len(missing)} of its pages are neither in the file nor in its log: the end of the file is lost."
    return None


def _header(page: bytes) -> tuple[int, int]:
    counter, identity = HEADER.unpack(page[: HEADER.size].ljust(HEADER.size, b"\0"))
    return counter, identity


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
