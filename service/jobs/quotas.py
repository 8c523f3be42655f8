"""Quotas: maximum numbers of runs and datasets for each owner; without API keys, for all clients together."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from service.core.exceptions import ConflictError, TooManyRequestsError
from service.core.settings import Settings
from service.storage import usage

FRESH_SECONDS = 1.0
"""Lifetime of a cached count. This process adds its own insertions; those of other processes remain unseen."""
RETRY_SECONDS = 5


class Quotas:
    """Quota checks, called inside the write transaction of the insertion. The write lock orders the calls of a process.

    Counts are cached, since counting is too slow for every request. A refusal always follows a fresh count, so
    deletions take effect immediately.
    """

    def __init__(self, settings: Settings) -> None:
        self._unfinished = _Quota(settings.max_queued_runs, usage.unfinished)
        self._kept = _Quota(settings.max_stored_runs, usage.kept)
        self._uploaded = _Quota(settings.max_stored_datasets, usage.uploaded)

    def admit_run(self, connection: Connection, owner: str | None, count: int = 1) -> None:
        """Raises TooManyRequestsError for too many unfinished runs, ConflictError for too many stored runs."""
        self._admit_unfinished(connection, owner, count)
        if not self._kept.admits(connection, owner, count):
            most = self._kept.most
            raise ConflictError(f"{most} runs are kept, the most that may be. DELETE some at /runs/{{id}}.", most=most)

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

    def admit_dataset(self, connection: Connection, owner: str | None) -> None:
        """Raises ConflictError for too many uploaded datasets."""
        if not self._uploaded.admits(connection, owner):
            most = self._uploaded.most
            message = f"{most} datasets are kept, the most that may be. DELETE some at /datasets/{{id}}."
            raise ConflictError(message, most=most)


class _Quota:
    """Quota for one kind of record, with a cached count for each owner."""

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
