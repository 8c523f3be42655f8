"""How many runs and datasets an owner may have; where no keys are asked for, how many all may have together."""

import time
from collections.abc import Callable

from sqlalchemy import Connection

from service.core.exceptions import ConflictError, TooManyRequestsError
from service.core.settings import Settings
from service.storage import usage

FRESH_SECONDS = 1.0
"""How long a count is believed, with what this process added since. Another process may add as much unseen."""
RETRY_SECONDS = 5


class Quotas:
    """Who adds something asks first, within the transaction that adds it: those of one process come one by one.

    To count is too slow for every request. But nobody is refused without a count: what was deleted is free at once.
    """

    def __init__(self, settings: Settings) -> None:
        self._unfinished = _Quota(settings.max_queued_runs, usage.unfinished)
        self._kept = _Quota(settings.max_stored_runs, usage.kept)
        self._uploaded = _Quota(settings.max_stored_datasets, usage.uploaded)

    def admit_run(self, connection: Connection, owner: str | None, count: int = 1) -> None:
        """Raises TooManyRequestsError if too many runs are unfinished, ConflictError if too many are kept."""
        self._admit_unfinished(connection, owner, count)
        if not self._kept.admits(connection, owner, count):
            most = self._kept.most
            raise ConflictError(f"{most} runs are kept, the most that may be. DELETE some at /runs/{{id}}.", most=most)

    def admit_verification(self, connection: Connection, owner: str | None) -> None:
        """Raises TooManyRequestsError if too many runs are unfinished. A verification itself is not kept."""
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
        """Raises ConflictError if too many datasets are kept."""
        if not self._uploaded.admits(connection, owner):
            most = self._uploaded.most
            message = f"{most} datasets are kept, the most that may be. DELETE some at /datasets/{{id}}."
            raise ConflictError(message, most=most)


class _Quota:
    """One number, for every owner."""

    def __init__(self, most: int, count: Callable[[Connection, str | None], int]) -> None:
        self.most = most
        self._count = count
        self._known: dict[str | None, tuple[float, int]] = {}

    def admits(self, connection: Connection, owner: str | None, more: int = 1) -> bool:
        """Whether there is room for so many more, which are counted in. What is rolled back is counted out later."""
        now = time.monotonic()
        counted_at, number = self._known.get(owner, (float("-inf"), 0))
        if number + more > self.most or now - counted_at > FRESH_SECONDS:
            counted_at, number = now, self._count(connection, owner)
        has_room = number + more <= self.most
        self._known[owner] = (counted_at, number + more * has_room)
        return has_room
