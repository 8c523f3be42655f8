"""Disk reserve: a file beside the database whose bytes let a deletion succeed on a full disk.

On a full disk SQLite can neither append to its log nor move the log into the database file, because the file cannot
grow. The reserve holds the room for both:

- A write that may grow the database needs the whole reserve, else it is refused as on a full disk.
- Before its commit the reserve is at least as long as the growth that the log's next checkpoint needs.
- A deletion on a full disk releases the reserve, checkpoints the log, deletes, and takes the reserve again.

The state is the file's length, so all processes see it, and it survives a crash. The file is truncated rather than
removed: a missing reserve, as beside a new database, is made by the first write.
"""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from service.storage.errors import full_error
from service.storage.sqlite.engine import execute
from service.storage.sqlite.readonly import wal_of

MIB = 1024 * 1024
BYTES = 8 * MIB
"""Length of a whole reserve. SQLite checkpoints its log at 4 MiB."""
DELETION_BYTES = 2 * MIB
"""The part of the reserve for the log of a deletion; the rest is for the growth of the database file."""
LEAST_BYTES = 64 * 1024
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
UNSUPPORTED = {errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS}


class DiskReserve:
    """The reserve of a database file. Thread-safe, and safe between processes."""

    def __init__(self, database_file: Path) -> None:
        self._database_file = database_file
        self._file = database_file.with_name(f"{database_file.name}-reserve")
        self._lock = threading.Lock()
        self._page_bytes = 0

    @property
    def length(self) -> int:
        """Length in bytes; 0 if there is no reserve."""
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0

    def require(self) -> None:
        """Makes the reserve whole. Raises an error of the kind FULL if the disk has no room for it."""
        if self.length >= BYTES:
            return
        self.restore()
        if self.length < BYTES:
            raise full_error()

    def cover(self, connection: Connection) -> None:
        """Makes the reserve as long as the growth of the file by this transaction and its predecessors in the log.

        Raises an error of the kind FULL if the disk has no room, or if a deletion uses the reserve.
        """
        length = self.length
        if length < BYTES:
            raise full_error()
        needed = self._growth(connection) + DELETION_BYTES
        if needed > length and wal_of(self._database_file).exists():  # a rollback journal needs no checkpoint
            with self._locked() as file:
                if file is None or not _resize(file, needed):
                    raise full_error()

    def restore(self) -> None:
        """Takes as much of the reserve as the disk has room for, unless a deletion uses it."""
        with self._locked() as file:
            if file is not None:
                _fill(file)

    def trim(self) -> None:
        """Returns what exceeds a whole reserve. The caller has emptied the log."""
        if self.length > BYTES:
            with self._locked() as file:
                if file is not None:
                    file.truncate(BYTES)

    @contextmanager
    def released(self) -> Iterator[None]:
        """Returns the reserve to the disk until the end of the block. Other writes are refused meanwhile."""
        with self._locked(waits=True) as file:
            assert file is not None  # noqa: S101 - it has waited
            before = os.fstat(file.fileno()).st_size
            file.truncate(0)
            try:
                yield
            finally:
                _fill(file, before)

    def _growth(self, connection: Connection) -> int:
        """The bytes by which the next checkpoint will extend the file, if this transaction is committed."""
        if not self._page_bytes:
            [(self._page_bytes,)] = execute(connection, "PRAGMA page_size")
        [(pages,)] = execute(connection, "PRAGMA page_count")
        return int(pages) * self._page_bytes - self._database_file.stat().st_size

    @contextmanager
    def _locked(self, *, waits: bool = False) -> Iterator[IO[bytes] | None]:
        """The open file with a lock against all threads and processes; None if another one holds the lock."""
        if not self._lock.acquire(blocking=waits):
            yield None
            return
        try:
            with self._file.open("ab", buffering=0) as file:
                yield file if _lock_file(file, waits=waits) else None
        finally:
            self._lock.release()


def _lock_file(file: IO[bytes], *, waits: bool) -> bool:
    if os.name == "nt":  # one process serves and deletes there
        return True
    import fcntl  # noqa: PLC0415 - not on Windows

    try:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True


def _fill(file: IO[bytes], wanted: int = BYTES) -> None:
    """Extends the file to `wanted` bytes or, for lack of room, to all that there is but less than LEAST_BYTES."""
    wanted = piece = max(wanted, BYTES)
    while (length := os.fstat(file.fileno()).st_size) < wanted and piece >= LEAST_BYTES:
        if not _resize(file, min(wanted, length + piece)):
            piece //= 2


def _resize(file: IO[bytes], wanted: int) -> bool:
    """Extends the file by allocated blocks; false, and no change, if the disk has no room."""
    before = os.fstat(file.fileno()).st_size
    if before >= wanted:
        return True
    try:
        _allocate(file, before, wanted - before)
    except OSError as error:
        file.truncate(before)
        if error.errno not in NO_ROOM:
            raise
        return False
    return True


def _allocate(file: IO[bytes], start: int, length: int) -> None:
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), start, length)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
        else:
            return
    while length > 0:
        written = file.write(bytes(min(length, MIB)))
        length -= written or 0
    os.fsync(file.fileno())
