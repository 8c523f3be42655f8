"""The computing time that a worker charges to the owners of its runs."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from service.storage import fair_shares

CHARGED_SECONDS = 0.25
"""The computing time from which it is written. Short runs together cost one statement."""


class Charge:
    """A charge inside a write transaction. Called again, as after a full disk, it adds to what it charged before."""

    def __init__(self, computing_time: "ComputingTime") -> None:
        self._computing_time = computing_time
        self.seconds = 0.0

    def __call__(self, connection: Connection) -> None:
        """Writes the computing time of the current owner once it is CHARGED_SECONDS."""
        self.seconds += self._computing_time.taken()
        if self.seconds:
            fair_shares.charge(connection, self._computing_time.owner, self.seconds)


class ComputingTime:
    """Stopwatch of a worker: the computing time of each owner that is not written yet. Thread-safe."""

    def __init__(self) -> None:
        self.owner: str | None = None
        self._since: float | None = None
        self._seconds: dict[str | None, float] = {}
        self._lock = threading.Lock()

    def start(self, owner: str | None) -> None:
        """Starts to count for this owner."""
        self.owner, self._since = owner, time.monotonic()

    def stop(self) -> None:
        """Stops to count. What is not written yet counts with the owner's next run."""
        with self._lock:
            self._count()
            self._since = None

    def uncharged(self) -> float:
        """Seconds of the current owner that are not written yet."""
        with self._lock:
            self._count()
            return self._seconds.get(self.owner, 0.0)

    def is_due(self) -> bool:
        """Whether the seconds of the current owner that are not written yet are CHARGED_SECONDS."""
        return self.uncharged() >= CHARGED_SECONDS

    @contextmanager
    def charging(self) -> Iterator[Charge]:
        """The charge of a write that begins and ends within. If the write fails, its seconds stay to be charged."""
        charge = Charge(self)
        try:
            yield charge
        except BaseException:
            with self._lock:
                self._seconds[self.owner] = self._seconds.get(self.owner, 0.0) + charge.seconds
            raise

    def taken(self) -> float:
        """Takes the seconds of the current owner off the stopwatch, once they are CHARGED_SECONDS."""
        if not self.is_due():
            return 0.0
        with self._lock:
            return self._seconds.pop(self.owner, 0.0)

    def _count(self) -> None:
        if self._since is not None:
            now = time.monotonic()
            self._seconds[self.owner] = self._seconds.get(self.owner, 0.0) + now - self._since
            self._since = now
