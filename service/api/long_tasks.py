"""Long tasks: the checks and writes of some hundred rows, such as those of a sweep that is submitted or deleted.

They take place one at a time, in rotation among users, and each begins at the earliest when as much time has passed as
the last one took. So half of the time remains for short requests: a check holds the interpreter, a write the lock of
the database. Beside a check, the same write would hold the lock thirty times longer, since SQLite hands on the
interpreter several times a row.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from service.core.concurrency_limit import ConcurrencyLimit
from service.core.fair_queue import FairQueue

Result = TypeVar("Result")


class LongTasks:
    """The long tasks of one process. `limit` is for those that wait."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit
        self._queue = FairQueue(1)
        self._free_from = 0.0

    def use(self, user: str) -> int:
        """The number of tasks of the user that wait or are done."""
        return self._limit.use(user)

    async def do(self, user: str, task: Callable[[], Result]) -> Result:
        """The result of `task`, on a thread, in turn.

        Raises TooManyRequestsError if too many of the user wait, UnavailableError if too many wait.
        """
        slot = self._limit.take(user)
        try:
            async with self._queue.turn(user):
                await asyncio.sleep(self._free_from - time.monotonic())
                began = time.monotonic()
                try:
                    return await run_in_threadpool(task)
                finally:
                    ended = time.monotonic()
                    self._free_from = ended + (ended - began)
        finally:
            self._limit.leave(slot)
