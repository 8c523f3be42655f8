"""Whether a database file and its write-ahead log belong together and are whole, before SQLite opens them.

SQLite notices by itself when a file without a log is shorter than it says, and never uses the part of a log whose
checksums are wrong. Three things it does not notice, after a failure of the disk or in files that were copied by hand:

- The file is gone or empty, and the log is not: it would throw the log away and begin a new database.
- The file lost its end: where the log has not those pages either, it would read zeros.
- The log lost its end, or is an older one, after that end had been copied into the file: old pages would be read
  among new ones. Therefore each transaction counts one up in the file's first page (`PRAGMA user_version`), which is
  the first that is copied: the file must not be ahead of its log.

What this takes grows with the log, not with the file: some milliseconds a megabyte.
"""

import os
import struct
import time
from pathlib import Path
from typing import IO

from service.storage.sqlite.readonly import wal_of
from service.storage.sqlite.wal_format import Log, read_log

HEADER = struct.Struct(">60xI")
"""Of page 1: user_version."""
LOOKS, PAUSE_SECONDS = 3, 0.1
"""Another process may begin its log anew during a look."""


class DamagedFileError(RuntimeError):
    """The file is not whole, for people."""


def check_whole(file: Path) -> None:
    """To be asked before this process opens the file by SQLite. Raises DamagedFileError."""
    for look in range(LOOKS):
        fault = _fault(file)
        if fault is None:
            return
        if look < LOOKS - 1:
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
    of_file = _counter(head)
    places = dict(log.frames)  # of a page's frames the last one counts
    if 1 in places:
        opened.seek(places[1])
        behind = (of_file - _counter(opened.read(HEADER.size))) % 2**32
        if 0 < behind < 2**31:  # the count begins anew after some milliards
            return f"Its log ends {behind} transactions before the file does: a part of the log is lost."
    # With a log, SQLite writes every page that it appends to the file, but never the one that it keeps for its locks.
    missing = set(range(size // log.page_size + 1, log.pages + 1)) - places.keys() - {2**30 // log.page_size + 1}
    if missing:
        return f"{len(missing)} of its pages are neither in the file nor in its log: the end of the file is lost."
    return None


def _counter(head: bytes) -> int:
    return int(HEADER.unpack(head.ljust(HEADER.size, b"\0"))[0])


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
