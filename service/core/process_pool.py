"""Processes that compute for an event loop, so that its process only moves bytes. Each starts when it is needed first,
and ends after IDLE_SECONDS without a task.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing import parent_process
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

from service.core.fair_queue import FairQueue
from service.core.process_limits import ONE_THREAD, bound_memory
from service.core.settings import Settings

Result = TypeVar("Result")

IDLE_SECONDS = 300.0
WAIT_FACTOR = 3
"""The maximum time of an answer, waiting included, as a multiple of the maximum computing time: on a busy machine a
process waits for a core, too."""
TOO_LATE = "The service is busy: there was no answer within {:g} seconds. Try again in a second."
"""The message after this time."""


class Processes:
    """At most `most` processes, for the tasks of one event loop, in rotation among users.

    One user has all but one of them, so that another need not wait for its tasks. Each begins with `begin(settings)`.
    """

    def __init__(self, most: int, settings: Settings, begin: Callable[[Settings], None]) -> None:
        self._settings, self._begin = settings, begin
        self._queue = FairQueue(most)
        self._pools: set[ProcessPool] = set()
        """Pools of one process each."""
        self._idle: list[ProcessPool] = []
        """The pools without a task, the latest used at the end."""
        self._last_use = 0.0

    async def run(self, user: str, function: Callable[..., Any], *arguments: Any, seconds: float) -> Any:
        """The result of `function(*arguments)`. A cancelled task ends with its process; a waiting one is dropped.

        Raises TimeoutError after `seconds` of computing by the process, ProcessExpired if the process dies. The caller
        cancels the task after WAIT_FACTOR times as long.
        """
        async with self._queue.turn(user):
            pool = self._started()
            is_whole = False
            try:
                future = pool.schedule(_within, (seconds, function, *arguments))
                result = await asyncio.wrap_future(future)
                is_whole = True
            except ProcessExpired as error:
                if error.exitcode == -signal.SIGPROF:
                    raise TimeoutError from None
                raise
            finally:
                self._put_back(pool, is_whole=is_whole)
            return result

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
            initializer=_initialize,
            initargs=(self._begin, self._settings.model_dump_json()),
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


def _initialize(begin: Callable[[Settings], None], settings: str) -> None:
    """Initializes a process. The settings are JSON."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent process ends this one
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    read = Settings.model_validate_json(settings)
    bound_memory(read.worker_memory_bytes)
    begin(read)


def _exit_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def _within(seconds: float, function: Callable[..., Result], *arguments: object) -> Result:
    """The result of `function(*arguments)`. SIGPROF ends the process once it has computed for so many seconds.

    The timer counts the processor time of the process. A clock would count other processes of a busy machine, too.
    """
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
