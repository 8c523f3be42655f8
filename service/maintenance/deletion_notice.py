"""Notice of a deletion by age: the log announces it, and it waits, since a wrong clock makes every run old."""

import logging
import time
from collections.abc import Callable

from service.core.times import rfc3339

log = logging.getLogger("descent.retention")

LEAP_SECONDS = 60.0
"""The difference of wall clock and monotonic clock between two looks after which the time has leapt."""


class DeletionNotice:
    """The notice of one deletion. It waits by the monotonic clock, and begins anew after a leap of the wall clock."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._offset = _offset()
        self._before: float | None = None
        self._due = 0.0

    def passed(self, before: float, count: Callable[[float], int]) -> float | None:
        """The announced time before whose runs may be deleted now; None during the notice.

        Announces the deletion of the `count(before)` runs that finished before the time `before`, unless one is
        announced.
        """
        leap = _offset() - self._offset
        self._offset += leap
        has_leapt = abs(leap) > LEAP_SECONDS
        if has_leapt:
            log.warning("retention.clock_leapt seconds=%.0f", leap)
        if self._before is None or has_leapt or self._before > before + LEAP_SECONDS:
            self._announce(before, count(before))
        return self._before if time.monotonic() >= self._due else None

    def end(self) -> None:
        """Ends the notice, after the deletion of its runs."""
        self._before = None

    def _announce(self, before: float, count: int) -> None:
        self._before = before if count else None
        self._due = time.monotonic() + self._seconds
        if count:
            log.warning(
                "retention.will_delete_old_runs count=%s finished_before=%s at=%s",
                count,
                rfc3339(before),
                rfc3339(time.time() + self._seconds),
            )


def _offset() -> float:
    """The difference of the clocks. It is constant, but for leaps."""
    return time.time() - time.monotonic()
