"""The computing time that a worker charges to the owners of its runs."""

import time

from sqlalchemy import Connection

from service.storage import fair_shares

CHARGED_SECONDS = 0.25
"""The computing time from which it is written. Short runs together cost one statement."""


class ComputingTime:
    """Stopwatch of a worker: the computing time of each owner that is not written yet.

    `charge` is called inside a write transaction, which orders the calls of the two threads of a worker.
    """

    def __init__(self) -> None:
        self._owner: str | None = None
        self._since: float | None = None
        self._seconds: dict[str | None, float] = {}

    def start(self, owner: str | None) -> None:
        """Starts to count for this owner."""
        self._owner, self._since = owner, time.monotonic()

    def stop(self) -> None:
        """Stops to count. What is not written yet counts with the owner's next run."""
        self._count()
        self._since = None

    def uncharged(self) -> float:
        """Seconds of the current owner that are not written yet."""
        running = 0.0 if self._since is None else time.monotonic() - self._since
        return self._seconds.get(self._owner, 0.0) + running

    def charge(self, connection: Connection) -> None:
        """Writes the computing time of the current owner once it is CHARGED_SECONDS."""
        self._count()
        seconds = self._seconds.get(self._owner, 0.0)
        if seconds >= CHARGED_SECONDS:
            fair_shares.charge(connection, self._owner, seconds)
            del self._seconds[self._owner]

    def _count(self) -> None:
        if self._since is not None:
            now = time.monotonic()
            self._seconds[self._owner] = self._seconds.get(self._owner, 0.0) + now - self._since
            self._since = now
