"""Long writes: those of some hundred rows, such as the submission, the cancellation and the deletion of a sweep.

They take place one at a time, in rotation among users, and each begins at the earliest when the write lock has been
free for as long as the last one took. So half of the time remains for short writes, and for those of the workers.
"""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from service.core.concurrency_limit import ConcurrencyLimit
from service.core.fair_queue import FairQueue

Result = TypeVar("Result")


class LongWrites:
    """The long writes of one process. `limit` is for those that wait."""

    def __init__(self, limit: ConcurrencyLimit) -> None:
        self._limit = limit
        self._queue = FairQueue(1)
        self._free_from = 0.0

    def use(self, user: str) -> int:
        """The number of long writes of the user that wait or are done."""
        return self._limit.use(user)

    async def do(self, user: str, write: Callable[[], Result]) -> Result:
        """The result of `write`, on a thread, in turn.

        Raises TooManyRequestsError if too many of the user wait, UnavailableError if too many wait.
        """
        slot = self._limit.take(user)
        try:
            async with self._queue.turn(user):
                await asyncio.sleep(self._free_from - time.monotonic())
                began = time.monotonic()
                try:
                    return await run_in_threadpool(write)
                finally:
                    ended = time.monotonic()
                    self._free_from = ended + (ended - began)
        finally:
            self._limit.leave(slot)
