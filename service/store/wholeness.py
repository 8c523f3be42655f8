"""Whether a database file and its write-ahead log belong together and are whole, found out in some milliseconds.

SQLite notices by itself when a file without a log is shorter than it says, and never uses the part of a log whose
checksums are wrong. Three things it does not notice, after a crash of the disk, or in files that were copied by hand:

- The file is gone or empty, and the log is not: it would throw the log away and begin a new database.
- The file lost its end: where the log has not those pages either, it would read zeros.
- The log lost its end, or is an older one, after that end had been copied into the file: old pages would be read
  among new ones. Therefore each transaction counts one up in the file's first page (`PRAGMA user_version`), which is
  the first that is copied: the file must not be ahead of its log.

The formats are those of sqlite.org/fileformat.html and sqlite.org/walformat.html.
"""

import os
import struct
import time
from pathlib import Path
from typing import IO

from service.store.files import wal_of

HEADER = struct.Struct(">28xII24xI")
"""Of page 1: the number of pages, the first trunk of the free list, user_version."""
LOG_HEADER = struct.Struct(">8xI4xII8x")
"""The page size and the two salts, which say to which round of the log a frame belongs."""
FRAME = struct.Struct(">I4xII8x")
"""The page's number and the salts. Its content follows."""
LAST_FRAME_AT = 16
"""Where the log's index, the file ending in -shm, has the number of valid frames, in the machine's byte order."""
LOOKS, PAUSE_SECONDS = 3, 0.1
"""Another process may begin its log anew during a look."""


class DamagedFileError(RuntimeError):
    """The file is not whole, for people."""


def check_not_lost(file: Path) -> None:
    """To be asked before SQLite opens the file. Raises DamagedFileError if there is a log and no file."""
    if not _size(file) and _size(wal_of(file)):
        raise DamagedFileError(
            f"The file is empty or gone, but its log {wal_of(file).name} is there. Restore a backup."
        )


def check_whole(file: Path) -> None:
    """To be asked inside a transaction that has read: then the log has been looked through, and stays for so long.

    Raises DamagedFileError.
    """
    for look in range(LOOKS):
        fault = _fault(file)
        if fault is None:
            return
        if look < LOOKS - 1:
            time.sleep(PAUSE_SECONDS)
    raise DamagedFileError(f"{fault} Restore a backup; `descent check` says what can still be read.")


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _fault(file: Path) -> str | None:
    if not _size(wal_of(file)) or not (frames := _valid_frames(file)):
        return None
    with file.open("rb") as main, wal_of(file).open("rb") as log:
        view = _View(main, log, frames)
        behind = view.log_is_behind()
        missing = view.missing()
    if behind:
        return f"Its log ends {behind} transactions before the file does: a part of the log is lost."
    if missing:
        return f"{len(missing)} of its pages are neither in the file nor in its log: the end of the file is lost."
    return None


def _valid_frames(file: Path) -> int:
    index = file.with_name(f"{file.name}-shm")
    if not index.exists():  # no log is in use
        return 0
    with index.open("rb") as opened:
        opened.seek(LAST_FRAME_AT)
        return int(struct.unpack("=I", opened.read(4))[0])


class _View:
    """The pages as SQLite sees them: a page's last valid frame in the log, else its place in the file."""

    def __init__(self, main: IO[bytes], log: IO[bytes], frames: int) -> None:
        self._main, self._log = main, log
        self._page_size, *self._salts = LOG_HEADER.unpack(log.read(LOG_HEADER.size))
        *_, self._counter_of_file = HEADER.unpack(main.read(HEADER.size).ljust(HEADER.size, b"\0"))
        self._in_file = main.seek(0, os.SEEK_END) // self._page_size
        self._frames = self._index(frames)
        self._pages, self._trunk, self._counter = HEADER.unpack(self._page(1)[: HEADER.size])

    def log_is_behind(self) -> int:
        """By how many transactions. The counter begins anew after some milliards."""
        ahead = (self._counter_of_file - self._counter) % 2**32
        return ahead if ahead < 2**31 else 0

    def missing(self) -> list[int]:
        """The pages that are nowhere, and not free: what was allocated and given up at once was never written."""
        beyond = set(range(self._in_file + 1, self._pages + 1)) - self._frames.keys()
        beyond.discard(2**30 // self._page_size + 1)  # SQLite keeps this one for its locks
        return sorted(beyond - self._free()) if beyond else []

    def _index(self, frames: int) -> dict[int, int]:
        """Where each page's last frame has its content."""
        found = {}
        for number in range(frames):
            place = LOG_HEADER.size + number * (FRAME.size + self._page_size)
            self._log.seek(place)
            page, *salts = FRAME.unpack(self._log.read(FRAME.size).ljust(FRAME.size, b"\0"))
            if salts == self._salts:
                found[page] = place + FRAME.size
        return found

    def _page(self, number: int) -> bytes:
        source, place = self._main, (number - 1) * self._page_size
        if number in self._frames:
            source, place = self._log, self._frames[number]
        source.seek(place)
        return source.read(self._page_size)

    def _free(self) -> set[int]:
        """The pages of the free list, trunk by trunk."""
        free: set[int] = set()
        trunk = self._trunk
        while trunk and trunk not in free and len(content := self._page(trunk)) == self._page_size:
            following, count = struct.unpack(">II", content[:8])
            free |= {trunk, *struct.unpack(f">{count}I", content[8 : 8 + 4 * count])}
            trunk = following
        return free
