"""Identity of a database's files: notices files that were removed, replaced or overwritten while the database is open.

SQLite goes on with open files that other processes no longer see: what it commits is lost at the next start. It also
goes on with a log and a cache that do not belong to the new content of a file.
"""

import threading
from pathlib import Path

from service.storage.errors import moved_error
from service.storage.sqlite.file_header import HeaderWatch

ENDINGS = ("", "-wal", "-shm")
"""The database file, its log and the log's index. SQLite keeps the last two while a process has a connection."""
Identity = tuple[int, int] | None


class FileIdentity:
    """Device and inode of the files, as they were when first seen: a new database gets its log only later. A fault is
    final. Thread-safe.
    """

    def __init__(self, database_file: Path) -> None:
        database_file = database_file.resolve()  # SQLite keeps the others beside the file that a link leads to
        self._paths = [database_file.with_name(database_file.name + ending) for ending in ENDINGS]
        self._lock = threading.Lock()
        self._opened: list[Identity] | None = None
        self._header: HeaderWatch | None = None
        self._fault: str | None = None
        self._is_overwritten = False

    def on_connect(self, *_: object) -> None:
        """Records the files of the first connection; for a later connection, checks them. Raises as `check` does."""
        with self._lock:
            if self._opened is None:
                self._opened = [_identity(path) for path in self._paths]
                self._header = HeaderWatch(self._paths[0])
        self.check()

    def forget(self) -> None:
        """Ends the record: all connections are closed, and the next one may create the files anew."""
        with self._lock:
            self._opened = None
            if self._header is not None:
                self._header.close()
                self._header = None

    def check(self) -> None:
        """Raises an error of the kind MOVED if a file is not the opened one."""
        if self.fault() is not None:
            raise moved_error()

    def check_content(self) -> None:
        """Raises an error of the kind MOVED if the content was found to be overwritten. Looks at no file."""
        if self._is_overwritten:
            raise moved_error()

    def fault(self) -> str | None:
        """User-visible sentence about a removed, replaced or overwritten file; None if all are the opened ones."""
        with self._lock:
            if self._fault is None and self._opened is not None:
                self._fault = self._found_fault(self._opened)
            return self._fault

    def _found_fault(self, opened: list[Identity]) -> str | None:
        found = [_identity(path) for path in self._paths]
        for path, identity, before in zip(self._paths, found, opened, strict=True):
            if before is not None and identity != before:
                return f"The file {path} was removed or replaced under the service. Restart the service."
        self._opened = [before or identity for before, identity in zip(opened, found, strict=True)]
        has_log = found[1] is not None
        if self._header is not None and self._header.is_overwritten(counts=has_log):
            self._is_overwritten = True
            return f"The file {self._paths[0]} was replaced in its place under the service. Restart the service."
        return None


def _identity(path: Path) -> Identity:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
