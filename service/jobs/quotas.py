"""Quotas: maximum numbers and sizes of runs and datasets for each owner; without API keys, for all clients together."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from service.core.exceptions import ConflictError, InsufficientStorageError, TooManyRequestsError
from service.core.settings import Settings
from service.storage import unwritten_bytes, usage
from service.storage.database import Database
from service.storage.sqlite import disk_space

FRESH_SECONDS = 1.0
"""Lifetime of a cached count. This process adds its own insertions; those of other processes remain unseen."""
RETRY_SECONDS = 5
TOO_MUCH_DATA = "DELETE some at /datasets/{id}, or runs at /runs/{id}."


class Quotas:
    """Quota checks, called inside the write transaction of the insertion. The write lock orders the calls of a process.

    Counts are cached, since counting is too slow for every request. A refusal always follows a fresh count, so
    deletions take effect immediately.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._unfinished = _Quota(settings.max_queued_runs, usage.unfinished)
        self._kept = _Quota(settings.max_stored_runs, usage.kept)
        self._uploaded = _Quota(settings.max_stored_datasets, usage.uploaded)
        self._bytes = _Quota(settings.max_stored_bytes, usage.stored_bytes)
        self._file = settings.database_file

    def admit_run(self, connection: Connection, owner: str | None, size: int, count: int = 1) -> None:
        """Admits `count` runs, with their data of `size` bytes together.

        Raises TooManyRequestsError for too many unfinished runs, ConflictError for too many or too large stored runs,
        InsufficientStorageError for runs that do not fit on the disk.
        """
        self._admit_unfinished(connection, owner, count)
        if not self._kept.admits(connection, owner, count):
            most = self._kept.most
            raise ConflictError(f"{most} runs are kept, the most that may be. DELETE some at /runs/{{id}}.", most=most)
        self._admit_bytes(connection, owner, size, "Ask for fewer steps, or DELETE runs at /runs/{id}.")

    def check_run(self, database: Database, owner: str | None, size: int, count: int = 1) -> None:
        """Raises as `admit_run` does, by fresh counts, and reserves nothing."""
        with database.reading() as connection:
            Quotas(self._settings).admit_run(connection, owner, size, count)

    def admit_verification(self, connection: Connection, owner: str | None) -> None:
        """Raises TooManyRequestsError for too many unfinished runs. A verification does not count as a stored run."""
        self._admit_unfinished(connection, owner, 1)

    def _admit_unfinished(self, connection: Connection, owner: str | None, count: int) -> None:
        if not self._unfinished.admits(connection, owner, count):
            most = self._unfinished.most
            raise TooManyRequestsError(
                f"{most} runs are unfinished, the most that may be. Wait for some to finish, or cancel them.",
                headers={"Retry-After": str(RETRY_SECONDS)},
                most=most,
            )

    def admit_dataset(self, connection: Connection, owner: str | None, size: int) -> None:
        """Admits an upload of `size` bytes.

        Raises ConflictError for too many or too large stored datasets, InsufficientStorageError as `admit_run` does.
        """
        if not self._uploaded.admits(connection, owner):
            most = self._uploaded.most
            message = f"{most} datasets are kept, the most that may be. DELETE some at /datasets/{{id}}."
            raise ConflictError(message, most=most)
        self._admit_bytes(connection, owner, size, TOO_MUCH_DATA)

    def admit_rows(self, connection: Connection, size: int) -> None:
        """Admits the last `size` bytes of an admitted upload. Raises InsufficientStorageError: others took the room."""
        self._require_room(connection, size, TOO_MUCH_DATA)

    def _admit_bytes(self, connection: Connection, owner: str | None, size: int, advice: str) -> None:
        if not self._bytes.admits(connection, owner, size):
            used, most = self._bytes.known(owner), self._bytes.most
            message = f"{used} bytes are kept or promised to unfinished runs. {size} more would exceed {most}. {advice}"
            raise ConflictError(message, used=used, asked=size, most=most)
        self._require_room(connection, size, advice)

    def _require_room(self, connection: Connection, size: int, advice: str) -> None:
        """Raises InsufficientStorageError for `size` bytes that do not fit beside those of all unfinished runs."""
        free = disk_space.free_bytes(connection, self._file)
        if free is None:
            return
        asked, promised = _needs(size, unwritten_bytes.kept(connection))
        if asked + promised > free:
            asked, promised = _needs(size, unwritten_bytes.corrected(connection))  # damage may have made it too large
        if asked + promised > free:
            raise InsufficientStorageError(
                f"The request needs up to {asked} bytes of the disk. {free} are free, and unfinished runs and the log "
                f"need up to {promised}. {advice}",
                headers={"Retry-After": str(RETRY_SECONDS)},
                asked=asked,
                free=free,
                promised=promised,
            )


def _needs(size: int, unwritten: int) -> tuple[int, int]:
    """The bytes of the disk for a request, and those for unfinished runs and the log."""
    return disk_space.on_disk(size), disk_space.on_disk(unwritten) + disk_space.log_bytes(size + unwritten)


class _Quota:
    """Quota for the number of one kind of record, or for its bytes, with a cached count for each owner."""

    def __init__(self, most: int, count: Callable[[Connection, str | None], int]) -> None:
        self.most = most
        self._count = count
        self._known: dict[str | None, tuple[float, int]] = {}

    def admits(self, connection: Connection, owner: str | None, more: int = 1) -> bool:
        """Whether `more` records fit; if so, the cached count includes them. A fresh count corrects rollbacks."""
        now = time.monotonic()
        counted_at, number = self._known.get(owner, (float("-inf"), 0))
        if number + more > self.most or now - counted_at > FRESH_SECONDS:
            counted_at, number = now, self._count(connection, owner)
        has_room = number + more <= self.most
        self._known[owner] = (counted_at, number + more * has_room)
        return has_room

    def known(self, owner: str | None) -> int:
        """The last count."""
        return self._known[owner][1]
