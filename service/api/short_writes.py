"""Short writes: those of a row or some, such as a submission, a cancellation or the deletion of a run.

A few take place at the same time, in rotation among users, so that neither the threads nor the write lock are full of
those of one user. Simultaneous ones share a transaction (`storage/group_commit.py`).
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from service.core.fair_queue import FairQueue

Result = TypeVar("Result")
AT_ONCE = 4
"""Threads that write at the same time; one user has all but one of them."""


class ShortWrites:
    """The short writes of one process."""

    def __init__(self) -> None:
        self._queue = FairQueue(AT_ONCE)

    async def do(self, user: str, write: Callable[[], Result]) -> Result:
        """The result of `write`, on a thread, in turn."""
        async with self._queue.turn(user):
            return await run_in_threadpool(write)
