"""Who tells a worker that a run waits: the database file, and the worker's supervisor.

SQLite counts the commits of other connections (PRAGMA data_version). To ask for the count takes some microseconds and
no lock, so a supervisor asks many times a second, and when somebody has written, rings its workers. They sleep
meanwhile, however many they are. It needs no broker, and works between containers that share a volume.
"""

import os
from collections.abc import Callable
from queue import Empty, SimpleQueue

LONGEST_SECONDS = 2.0
"""Leases run out without anybody writing, so a worker looks at the queue this often in any case."""


class WakeupSignal:
    """What an idle worker waits for. It may be rung by any thread, and by a signal handler."""

    def __init__(self) -> None:
        self._signals: SimpleQueue[None] = SimpleQueue()

    def wake(self) -> None:
        """Wakes the worker. SimpleQueue's put is safe in a signal handler, unlike Event's set."""
        if self._signals.empty():
            self._signals.put(None)

    def wait(self, seconds: float = LONGEST_SECONDS) -> bool:
        """Whether it was woken, within so many seconds."""
        try:
            self._signals.get(timeout=seconds)
        except Empty:
            return False
        return True


def listen(pipe: int, wake: Callable[[], None]) -> None:
    """Calls `wake` for what comes out of the pipe, until its end."""
    while os.read(pipe, 4096):
        wake()
