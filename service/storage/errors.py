"""What an error of the database means: by the driver's own code where there is one, else by its words."""

import errno
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class CorruptError(RuntimeError):
    """Stored bytes that are not what was written."""


class GoneError(RuntimeError):
    """What was to be read was deleted meanwhile."""


class Failure(StrEnum):
    """What went wrong, as far as it matters to what is to be done about it."""

    FULL = "full"
    """There is no room on the disk. Nothing was stored; it can be tried again when there is."""
    IO = "io"
    """The disk or the file system cannot be read or written."""
    BUSY = "busy"
    """Others are at it. It can be tried again at once."""
    DAMAGED = "damaged"
    """The file holds what was never written there."""
    OTHER = "other"
    """A mistake of the program, or a rule of the tables that was broken."""


PASSING = frozenset({Failure.FULL, Failure.IO, Failure.BUSY})
"""Failures of the database as a whole, which can pass: no fault of what was to be written, nor of this program."""


# SQLite's primary result codes, which are the lowest byte of the extended ones (sqlite.org/rescode.html).
_BY_CODE = {
    5: Failure.BUSY,  # BUSY
    6: Failure.BUSY,  # LOCKED
    8: Failure.IO,  # READONLY
    10: Failure.IO,  # IOERR
    11: Failure.DAMAGED,  # CORRUPT
    13: Failure.FULL,  # FULL
    14: Failure.IO,  # CANTOPEN
    15: Failure.BUSY,  # PROTOCOL: many wanted the WAL's locks at once
    26: Failure.DAMAGED,  # NOTADB
}
# IOERR_SHMSIZE: the file beside the WAL could not grow. Only a full disk is known to cause it.
_BY_EXTENDED_CODE = {10 | 19 << 8: Failure.FULL}
_BY_WORDS = {
    "full": Failure.FULL,
    "disk i/o": Failure.IO,
    "unable to open": Failure.IO,
    "readonly": Failure.IO,
    "locked": Failure.BUSY,
    "busy": Failure.BUSY,
    "malformed": Failure.DAMAGED,
    "not a database": Failure.DAMAGED,
    "could not decode": Failure.DAMAGED,  # of a text that is no UTF-8
}
_BY_ERRNO = {errno.ENOSPC: Failure.FULL, errno.EDQUOT: Failure.FULL, errno.EIO: Failure.IO, errno.EROFS: Failure.IO}


def failure_of(error: BaseException) -> Failure:
    """What an error of the store, of the driver or of the file system means; OTHER for any other error."""
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


def has_code(error: DBAPIError) -> bool:
    """Whether the error is SQLite's own. Its driver has some without a code, about what SQLite gave it."""
    return hasattr(error.orig, "sqlite_errorcode")


def name_of(error: BaseException) -> str:
    """The driver's name of an error, such as SQLITE_IOERR_WRITE, or its text."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(cause, "sqlite_errorname", None) or cause)
