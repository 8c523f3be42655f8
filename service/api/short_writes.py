"""Short writes: those of a row or some, such as a submission, a cancellation or the deletion of a run.

Some take place at the same time, in rotation among users, so that neither the threads nor the write lock are full of
those of one user. Simultaneous ones share a transaction (`storage/group_commit.py`).
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from service.core.concurrency_limit import ConcurrencyLimit
from service.core.fair_queue import FairQueue

Result = TypeVar("Result")
AT_ONCE = 9
"""Threads that write at the same time; one user has all but one of them.

The writes of a transaction share its wait for the disk. With 4 threads a user with eight connections stored a quarter
less than without a bound, with 9 as much. With 17 the write of another user beside 64 connections took three times as
long as with 9."""


class ShortWrites:
    """The short writes of one process. `limit` is for those that wait or are done."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit
        self._queue = FairQueue(AT_ONCE)

    async def do(self, user: str, write: Callable[[], Result]) -> Result:
        """The result of `write`, on a thread, in turn.

        Raises TooManyRequestsError if too many of the user wait, UnavailableError if too many wait.
        """
        slot = self._limit.take(user)
        try:
            async with self._queue.turn(user):
                return await run_in_threadpool(write)
        finally:
            self._limit.leave(slot)
