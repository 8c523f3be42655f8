"""Processes that compute for the API, so that its threads only move bytes. Each starts when it is needed first, and
ends after IDLE_SECONDS without a task.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable
from typing import Any

from pebble import ProcessPool

from service.analysis.pool_worker import initialize
from service.core.fair_queue import FairQueue
from service.core.process_limits import ONE_THREAD
from service.core.settings import Settings

IDLE_SECONDS = 300.0


class Processes:
    """At most `most` processes, for the tasks of one event loop, in rotation among users.

    One user has all but one of them, so that another need not wait for its tasks.
    """

    def __init__(self, most: int, settings: Settings) -> None:
        self._settings = settings
        self._queue = FairQueue(most)
        self._pools: set[ProcessPool] = set()
        """Pools of one process each."""
        self._idle: list[ProcessPool] = []
        """The pools without a task, the latest used at the end."""
        self._last_use = 0.0

    async def run(self, user: str, function: Callable[..., Any], *arguments: Any, seconds: float | None = None) -> Any:
        """The result of `function(*arguments)`. A cancelled task ends with its process; a waiting one is dropped.

        Raises TimeoutError after `seconds` of computing, ProcessExpired if the process dies.
        """
        async with self._queue.turn(user):
            pool = self._started()
            is_whole = False
            try:
                future = pool.schedule(function, arguments, timeout=seconds)
                result = await asyncio.wrap_future(future)
                is_whole = True
                return result
            finally:
                self._put_back(pool, is_whole=is_whole)

    def close(self) -> None:
        """Ends the processes."""
        for pool in self._pools:
            _end(pool)
        self._pools.clear()
        self._idle.clear()

    def _started(self) -> ProcessPool:
        self._last_use = time.monotonic()
        while self._idle:
            pool = self._idle.pop()
            if pool.active:  # else its process could not start
                return pool
            self._pools.discard(pool)
        os.environ.update(ONE_THREAD | os.environ)  # the spawned processes inherit it
        pool = ProcessPool(
            1,
            initializer=initialize,
            initargs=(self._settings.model_dump_json(),),
            context=multiprocessing.get_context("spawn"),
        )
        loop = asyncio.get_running_loop()
        if not self._pools:
            loop.call_later(IDLE_SECONDS, self._end_if_idle, loop)
        self._pools.add(pool)
        return pool

    def _put_back(self, pool: ProcessPool, *, is_whole: bool) -> None:
        """A process that ended with its task starts anew: it is used last."""
        self._last_use = time.monotonic()
        if pool in self._pools:
            self._idle.insert(len(self._idle) if is_whole else 0, pool)

    def _end_if_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ends idle processes, because each needs as much memory as a worker."""
        remaining = self._last_use + IDLE_SECONDS - time.monotonic()
        if len(self._idle) < len(self._pools) or remaining > 0:
            loop.call_later(max(remaining, 1.0), self._end_if_idle, loop)
            return
        for pool in self._idle:
            loop.run_in_executor(None, _end, pool)
        self._pools.clear()
        self._idle.clear()


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
