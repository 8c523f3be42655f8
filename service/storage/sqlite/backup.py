"""A copy of the database file while others write to it: the whole of one commit, or no file.

SQLite's backup copies page by page, and begins anew when somebody else commits between two steps, which on a busy
service never ends. So the copy is made inside one read transaction, which sees one commit to the end: writers are not
held up, only their log cannot be emptied meanwhile. VACUUM INTO would be such a transaction too; but it takes every
row apart and puts it together again, says nothing of its progress, and the pages as they are can be copied faster.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from service.storage.errors import Failure, failure_of
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import read_only_uri
from service.storage.sqlite.wal_integrity import DamagedFileError, check_whole

STEP_PAGES = 4096
Progress = Callable[[int, int], None]
"""Is told the pages that are copied, and how many there are."""


class BackupError(RuntimeError):
    """Why there is no backup, for people."""


def back_up(source: Path, target: Path, *, force: bool, progress: Progress) -> int:
    """Copies the database to `target`, checks the copy and makes it durable; its size in bytes.

    Until then it has another name beside `target`, where a backup that was killed leaves it for the next one to
    overwrite. Raises BackupError, and OSError for a folder that cannot be written.
    """
    _check(source, target, force=force)
    driver = sqlite_module()
    try:
        check_whole(source)
        with _locked(driver, target), _partial(target) as partial:
            partial.chmod(stat.S_IMODE(source.stat().st_mode))
            _copy(driver, source, partial, progress)
            _verify(driver, partial)
            _sync(partial, os.O_RDWR)
            _check(source, target, force=force)
            partial.replace(target)
            if os.name != "nt":  # where a folder cannot be opened
                _sync(target.parent, os.O_RDONLY)  # the name is durable too
            return target.stat().st_size
    except DamagedFileError as error:
        raise BackupError(f"{source} is damaged. {error}") from error
    except driver.Error as error:
        raise BackupError(_told(error, source)) from error


def _check(source: Path, target: Path, *, force: bool) -> None:
    if not source.is_file():
        raise BackupError(f"There is no database at {source}.")
    if target.is_dir():
        raise BackupError(f"{target} is a folder. Give the name of a file in it.")
    if target.exists() and target.samefile(source):
        raise BackupError(f"{target} is the database itself. Give another name.")
    if target.exists() and not force:
        raise BackupError(f"{target} is there already. Give another name, or --force to replace it.")


@contextmanager
def _locked(driver: Any, target: Path) -> Iterator[None]:
    """One process at a time, by a lock of SQLite's, which every system has and which ends with its process."""
    lock = target.with_name(f"{target.name}.lock")
    lock.touch(0o600)
    before = lock.stat()
    with closing(driver.connect(lock, isolation_level=None, timeout=0.0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = OFF")  # no file beside it
            connection.execute("BEGIN EXCLUSIVE")
            ours = os.path.samestat(before, lock.stat())
        except FileNotFoundError:  # the one before has removed it
            ours = False
        except driver.Error as error:
            if failure_of(error) is not Failure.BUSY:
                raise
            ours = False
        if not ours:
            raise BackupError(f"Another backup to {target} is under way.")
        try:
            yield
        finally:
            with suppress(PermissionError):  # Windows removes no open file; it is empty, and used again
                lock.unlink(missing_ok=True)


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """The unfinished copy, empty; it is gone afterwards unless it was renamed."""
    partial = target.with_name(f"{target.name}.partial")
    os.close(os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        yield partial
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _copy(driver: Any, source: Path, partial: Path, progress: Progress) -> None:
    with (
        closing(driver.connect(read_only_uri(source), uri=True, isolation_level=None, timeout=30.0)) as original,
        closing(driver.connect(partial, isolation_level=None)) as copy,
    ):
        copy.execute("PRAGMA journal_mode = OFF")  # a copy that fails is thrown away
        copy.execute("PRAGMA synchronous = OFF")  # and one that does not is made durable as a whole
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only now is the transaction at a commit
        original.backup(copy, pages=STEP_PAGES, progress=lambda _status, left, pages: progress(pages - left, pages))


def _verify(driver: Any, copy: Path) -> None:
    with closing(driver.connect(f"{copy.resolve().as_uri()}?immutable=1", uri=True)) as connection:
        found = [line for (line,) in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise BackupError(f"The copy is damaged, as the database may be: {'; '.join(found)}. Run `descent check`.")


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _told(error: Exception, source: Path) -> str:
    match failure_of(error):
        case Failure.FULL:
            return "There is no room for the backup. Free some space, or give a file on another disk."
        case Failure.DAMAGED:
            return f"{source} is damaged, or no database: {error}. Run `descent check`."
        case _:
            return f"The backup failed: {error}."
