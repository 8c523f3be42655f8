"""Wake-up signals of threads, and of workers through pipes.

The change feed polls SQLite's commit counter and wakes the supervisor, which writes to the pipes of its workers. A poll
takes some microseconds and no lock, and idle workers sleep. The mechanism needs no broker, and works between
containers with a shared volume.
"""

import os
from collections.abc import Callable
from queue import Empty, SimpleQueue

LONGEST_SECONDS = 2.0
"""Maximum interval between two looks at the queue, since leases expire without a commit."""


class WakeupSignal:
    """Wake-up signal of one thread: of an idle worker, a supervisor or a lease.

    It is safe to set from any thread and from a signal handler.
    """

    def __init__(self) -> None:
        self._signals: SimpleQueue[None] = SimpleQueue()

    def wake(self) -> None:
        """Wakes the thread. SimpleQueue's put is safe in a signal handler, unlike Event's set."""
        if self._signals.empty():
            self._signals.put(None)

    def wait(self, seconds: float = LONGEST_SECONDS) -> bool:
        """True if the signal arrives within `seconds`."""
        try:
            self._signals.get(timeout=seconds)
        except Empty:
            return False
        return True


def listen(pipe: int, wake: Callable[[], None]) -> None:
    """Calls `wake` for each read from the pipe until end of file."""
    while os.read(pipe, 4096):
        wake()
