"""Classification of database errors: by the driver's error code, or by the message where there is no code."""

import errno
import sqlite3
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class CorruptError(RuntimeError):
    """The stored bytes differ from the written bytes."""


class GoneError(RuntimeError):
    """The record was deleted during the read."""


class ForeignFileError(RuntimeError):
    """The file is no database of this program. The message is user-visible."""


class Failure(StrEnum):
    """Category of a database failure. The category decides the reaction."""

    FULL = "full"
    """The disk is full. Nothing was stored. A retry succeeds once space is free."""
    IO = "io"
    """The disk or the file system fails to read or write."""
    BUSY = "busy"
    """Another connection holds a lock. An immediate retry may succeed."""
    MOVED = "moved"
    """A file of the database was removed or replaced while it was open. Writes would be lost."""
    NEWER = "newer"
    """A newer program has migrated the database."""
    DAMAGED = "damaged"
    """The file content is corrupt."""
    OTHER = "other"
    """A bug, or a violated table constraint."""


PASSING = frozenset({Failure.FULL, Failure.IO, Failure.BUSY})
"""Temporary failures of the whole database, independent of the written data."""


# SQLite's primary result codes, which are the lowest byte of the extended ones (sqlite.org/rescode.html).
_BY_CODE = {
    5: Failure.BUSY,  # BUSY
    6: Failure.BUSY,  # LOCKED
    8: Failure.IO,  # READONLY
    10: Failure.IO,  # IOERR
    11: Failure.DAMAGED,  # CORRUPT
    13: Failure.FULL,  # FULL
    14: Failure.IO,  # CANTOPEN
    15: Failure.BUSY,  # PROTOCOL: contention for the WAL's locks
    17: Failure.NEWER,  # SCHEMA
    26: Failure.DAMAGED,  # NOTADB
}
# IOERR_SHMSIZE: the shared-memory file of the WAL cannot grow. A full disk is the only known cause.
# READONLY_DBMOVED: the database file was moved.
_BY_EXTENDED_CODE = {10 | 19 << 8: Failure.FULL, 8 | 4 << 8: Failure.MOVED}
_BY_WORDS = {
    "full": Failure.FULL,
    "disk i/o": Failure.IO,
    "unable to open": Failure.IO,
    "readonly": Failure.IO,
    "locked": Failure.BUSY,
    "busy": Failure.BUSY,
    "malformed": Failure.DAMAGED,
    "not a database": Failure.DAMAGED,
    "could not decode": Failure.DAMAGED,  # a text that is not UTF-8
}
_BY_ERRNO = {errno.ENOSPC: Failure.FULL, errno.EDQUOT: Failure.FULL, errno.EIO: Failure.IO, errno.EROFS: Failure.IO}


def failure_of(error: BaseException) -> Failure:
    """Category of an error of the storage, the driver or the file system; OTHER for any other error."""
    if isinstance(error, CorruptError):
        return Failure.DAMAGED
    if isinstance(error, PoolTimeoutError):
        return Failure.BUSY
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno or 0, Failure.OTHER)
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return _BY_EXTENDED_CODE.get(code, _BY_CODE.get(code & 0xFF, Failure.OTHER))
    words = str(cause).lower() if isinstance(error, DBAPIError) else ""
    return next((failure for word, failure in _BY_WORDS.items() if word in words), Failure.OTHER)


def full_error() -> OperationalError:
    """SQLite's error for a full disk, for a write that would leave no room for deletions."""
    return _sqlite_error("database or disk is full", 13, "SQLITE_FULL")


def moved_error() -> OperationalError:
    """SQLite's error for a file that was removed or replaced."""
    return _sqlite_error("the database file was removed or replaced", 8 | 4 << 8, "SQLITE_READONLY_DBMOVED")


def newer_error() -> OperationalError:
    """SQLite's error for a changed schema, for a database that a newer program has migrated."""
    return _sqlite_error("a newer program has migrated the database", 17, "SQLITE_SCHEMA")


def _sqlite_error(message: str, code: int, name: str) -> OperationalError:
    cause = sqlite3.OperationalError(message)
    cause.sqlite_errorcode, cause.sqlite_errorname = code, name
    return OperationalError(None, None, cause)


def is_of_value(error: DBAPIError) -> bool:
    """Whether a value of a row is the cause: a text that is no UTF-8, or a value that no checksum can have.

    The driver's own errors of decoding have no code; those of our SQL functions have SQLITE_ERROR.
    """
    return getattr(error.orig, "sqlite_errorcode", 1) == 1


def name_of(error: BaseException) -> str:
    """Name of an error in the driver, such as SQLITE_IOERR_WRITE, or its message."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlite_errorname", None) or cause)
