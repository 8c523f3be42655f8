"""Identity of a database's files: notices files that were removed or replaced while the database is open.

SQLite goes on with the open files, which other processes no longer see: what it commits is lost at the next start.
"""

import threading
from pathlib import Path

from service.storage.errors import moved_error

ENDINGS = ("", "-wal", "-shm")
"""The database file, its log and the log's index. SQLite keeps the last two while a process has a connection."""
Identity = tuple[int, int] | None


class FileIdentity:
    """Device and inode of the files, as they were at the first connection. A fault is final. Thread-safe."""

    def __init__(self, database_file: Path) -> None:
        self._paths = [database_file.with_name(database_file.name + ending) for ending in ENDINGS]
        self._lock = threading.Lock()
        self._opened: list[Identity] | None = None
        self._fault: str | None = None

    def on_connect(self, *_: object) -> None:
        """Records the files of the first connection; for a later connection, checks them. Raises as `check` does."""
        with self._lock:
            if self._opened is None:
                self._opened = [_identity(path) for path in self._paths]
        self.check()

    def forget(self) -> None:
        """Ends the record: all connections are closed, and the next one may create the files anew."""
        with self._lock:
            self._opened = None

    def check(self) -> None:
        """Raises an error of the kind MOVED if a file is not the opened one."""
        if self.fault() is not None:
            raise moved_error()

    def fault(self) -> str | None:
        """User-visible sentence about a removed or replaced file; None if all files are the opened ones."""
        with self._lock:
            if self._fault is None and self._opened is not None:
                for path, opened in zip(self._paths, self._opened, strict=True):
                    if opened is not None and _identity(path) != opened:
                        self._fault = f"The file {path} was removed or replaced under the service. Restart the service."
            return self._fault


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
