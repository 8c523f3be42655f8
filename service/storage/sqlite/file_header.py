"""Header of a database file: its identity and its transaction counter, read past the write-ahead log.

The header of the file changes at checkpoints only, which copy its newest page from the log. So its counter never goes
back, and its identity never changes.
"""

import os
import struct
from pathlib import Path
from typing import NamedTuple

HEADER = struct.Struct(">16s44xI4xI")
"""Magic, `user_version`, `application_id` (sqlite.org/fileformat.html)."""
MAGIC = b"SQLite format 3\0"


class FileHeader(NamedTuple):
    """Random identity of a database (0: none yet), and the number of its transactions modulo 2³²."""

    identity: int
    transactions: int

    def may_follow(self, before: "FileHeader", *, counts: bool) -> bool:
        """Whether checkpoints may have made this header of an earlier one. `counts`: they never go back."""
        has_gone_back = 0 < (before.transactions - self.transactions) % 2**32 < 2**31
        return before.identity in {0, self.identity} and not (counts and has_gone_back)


def parse_header(content: bytes) -> FileHeader | None:
    """The header at the beginning of a file; None if the file is no database. An empty file is a new database."""
    if not content:
        return FileHeader(0, 0)
    magic, transactions, identity = HEADER.unpack(content[: HEADER.size].ljust(HEADER.size, b"\0"))
    return FileHeader(identity, transactions) if magic == MAGIC else None


class HeaderWatch:
    """Notices a file whose content was overwritten in place. Not thread-safe.

    It keeps the file open: closing a file releases all locks that the process has on it. Precondition of `close`: no
    connection of this process to the file is open.
    """

    _file: int | None = None

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        self._header = self._read()

    def is_overwritten(self, *, counts: bool) -> bool:
        """Whether the file has another identity than at the last look or, if it `counts`, an earlier counter.

        Without a log the counter may go back: a transaction in the file is rolled back after a crash.
        """
        try:
            header = self._read()
        except OSError:  # a failing disk: a later look says more
            return False
        if header is None or (self._header is not None and not header.may_follow(self._header, counts=counts)):
            return True
        self._header = header
        return False

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    __del__ = close

    def _read(self) -> FileHeader | None:
        assert self._file is not None  # noqa: S101 - it is open until `close`
        os.lseek(self._file, 0, os.SEEK_SET)
        return parse_header(os.read(self._file, HEADER.size))
