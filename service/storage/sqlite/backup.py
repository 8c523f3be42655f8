"""Online backup of the database file: a consistent snapshot of one commit, or no file.

SQLite's backup API restarts when another connection commits between two steps, so on a busy service it never ends.
Inside one read transaction it sees one commit until its end. Writers continue; only their log cannot be truncated
during the backup. VACUUM INTO also reads one snapshot, but it rewrites every row, is slower and reports no progress.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from service.storage.errors import Failure, failure_of
from service.storage.integrity.fsck import CheckError, check
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import read_only_uri
from service.storage.sqlite.wal_integrity import DamagedFileError, check_whole

STEP_PAGES = 4096
LOG_ENDINGS = ("-wal", "-journal", "-shm")
"""Endings of the files that SQLite keeps beside a database."""
MOST_FINDINGS = 3
Progress = Callable[[int, int], None]
"""Callback with the number of copied pages and the number of all pages."""


class BackupError(RuntimeError):
    """The backup failed. The message is user-visible."""


def back_up(source: Path, target: Path, *, force: bool, progress: Progress, damaged: bool = False) -> int:
    """Copies the database to `target`, checks the copy, makes it durable, and returns its size in bytes.

    With `damaged`, damaged rows and chunks are copied too; without it, they are refused.

    The unfinished copy is `target`.partial. After a kill it remains, and the next backup overwrites it. Raises
    BackupError, and OSError for an unwritable folder.
    """
    _check(source, target, force=force)
    driver = sqlite_module()
    try:
        check_whole(source)
        with _locked(driver, target), _partial(target) as partial:
            _retire(driver, target)  # refuses before the long copy
            partial.chmod(stat.S_IMODE(source.stat().st_mode))
            _copy(driver, source, partial, progress)
            _verify_structure(driver, partial)
            if not damaged:
                _verify_content(partial)
            _sync(partial, os.O_RDWR)
            _check(source, target, force=force)
            _retire(driver, target)
            partial.replace(target)
            _sync_names(target.parent)
            return target.stat().st_size
    except DamagedFileError as error:
        raise BackupError(f"{source} is damaged. {error}") from error
    except driver.Error as error:
        raise BackupError(_message_of(error, source)) from error


def _check(source: Path, target: Path, *, force: bool) -> None:
    if not source.is_file():
        raise BackupError(f"There is no database at {source}.")
    if target.is_dir():
        raise BackupError(f"{target} is a folder. Give the name of a file in it.")
    if target.exists() and not target.is_file():
        raise BackupError(f"{target} is a device, a pipe or a socket. Give the name of a file.")
    if not target.parent.is_dir():
        raise BackupError(f"The folder {target.parent} does not exist. Create it, or give another name.")
    if target.exists() and target.samefile(source):
        raise BackupError(f"{target} is the database itself. Give another name.")
    if target.exists() and not force:
        raise BackupError(f"{target} is there already. Give another name, or --force to replace it.")


@contextmanager
def _locked(driver: Any, target: Path) -> Iterator[None]:
    """Lock against concurrent backups: an SQLite lock, which is portable and ends with its process."""
    lock = target.with_name(f"{target.name}.lock")
    lock.touch(0o600)
    before = lock.stat()
    with closing(driver.connect(lock, isolation_level=None, timeout=0.0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = OFF")  # creates no journal file
            connection.execute("BEGIN EXCLUSIVE")
            ours = os.path.samestat(before, lock.stat())
        except FileNotFoundError:  # the previous backup has removed it
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
            with suppress(PermissionError):  # Windows cannot remove an open file; the next backup reuses it
                lock.unlink(missing_ok=True)


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """Context manager for an empty `target`.partial, which is removed on an error."""
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
        copy.execute("PRAGMA journal_mode = OFF")  # a failed copy is discarded
        copy.execute("PRAGMA synchronous = OFF")  # one fsync at the end covers a complete copy
        original.execute("BEGIN")
        original.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the first read fixes the snapshot
        original.backup(copy, pages=STEP_PAGES, progress=lambda _status, left, pages: progress(pages - left, pages))


def _verify_structure(driver: Any, copy: Path) -> None:
    with closing(driver.connect(f"{copy.resolve().as_uri()}?immutable=1", uri=True)) as connection:
        found = [line for (line,) in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise BackupError(f"The copy is damaged, as the database may be: {'; '.join(found)}. Run `descent check`.")


def _verify_content(copy: Path) -> None:
    """Checks chunks, checkpoints and rows as `descent check` does. A file of other tables has none."""
    with suppress(CheckError):
        findings = (each for each in check(copy, lambda *_: None) if each.kind != "orphan")
        told = [f"{each.kind} {each.where}: {each.message}" for each in islice(findings, MOST_FINDINGS)]
        if told:
            raise BackupError(
                f"The database has damage, so there is no copy. {' '.join(told)} `descent check` says how to repair "
                "it. Delete what is damaged, or make a copy with the damage by --damaged."
            )


def _retire(driver: Any, target: Path) -> None:
    """Moves the log of an old target into its file, since SQLite would apply that log to the new file.

    After a crash, the old target has all its commits. Raises BackupError for a target in use, and for a log that
    cannot go into its file. An idle connection to a file without WAL goes unnoticed; its later writes fail.
    """
    cause = "it belongs to another file" if target.exists() else "the file is not there"
    if target.exists():
        try:
            _move_log_into_file(driver, target)
        except driver.Error as error:
            if failure_of(error) is Failure.BUSY:
                raise BackupError(
                    f"{target} is in use. Stop the programs that use it, or give another name."
                ) from error
            cause = str(error)
    logs = [log for ending in LOG_ENDINGS if (log := target.with_name(target.name + ending)).exists()]
    if logs:
        raise BackupError(
            f"The log {logs[0]} cannot go into its file: {cause}. Move file and log away, or give another name."
        )
    _sync_names(target.parent)


def _move_log_into_file(driver: Any, target: Path) -> None:
    """Raises the driver's error for a file in use, and for a file that is no database."""
    uri = f"{target.resolve().as_uri()}?mode=rw"
    with closing(driver.connect(uri, uri=True, isolation_level=None, timeout=0.0)) as old:
        old.execute("PRAGMA journal_mode = DELETE")  # only the last connection may end the WAL mode
        old.execute("BEGIN EXCLUSIVE")  # notices the transactions of a file without WAL


def _sync_names(folder: Path) -> None:
    if os.name != "nt":  # Windows cannot open a folder
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _message_of(error: Exception, source: Path) -> str:
    match failure_of(error):
        case Failure.FULL:
            return "There is no room for the backup. Free some space, or give a file on another disk."
        case Failure.DAMAGED:
            return f"{source} is damaged, or no database: {error}. Run `descent check`."
        case _:
            return f"The backup failed: {error}."
