"""The budget of a judgement: estimated computing time.

Work is charged by its estimate (`gd_engine/descent/cost.py`), not by a clock. So equal runs have equal judgements,
unless a guard ends one: work that takes GUARD times its estimate of computing, or WALL_GUARD times of waiting for a
core, on a machine that is so slow, or for an estimate that is so low. The guards leave time for what is in no estimate.
"""

import time
from collections.abc import Callable

from gd_engine.reference import GUARD, BudgetSpentError, Charge

WALL_GUARD = 100.0
"""The longest duration by the wall clock, as a multiple of the estimate. It is generous: others may have the cores."""
UNESTIMATED = 0.2
"""Seconds added to an estimate before the guards multiply it: 2 s of computing and 20 s of waiting, for first imports
and full garbage collections, which are in no estimate."""


class WorkerStoppedError(Exception):
    """The worker must stop."""


class Meter:
    """The work that was charged to a budget and its parts."""

    def __init__(self, seconds: float, must_stop: Callable[[], bool]) -> None:
        self.charged = 0.0
        self._computed = time.process_time() + GUARD * (seconds + UNESTIMATED)
        self._until = time.monotonic() + WALL_GUARD * (seconds + UNESTIMATED)
        self._must_stop = must_stop

    @property
    def is_open(self) -> bool:
        """Whether work may go on. Raises WorkerStoppedError when the worker must stop."""
        if self._must_stop():
            raise WorkerStoppedError
        return time.process_time() < self._computed and time.monotonic() < self._until


class Budget:
    """Estimated seconds of computing. A part of a budget is charged to the whole, too."""

    def __init__(self, meter: Meter, seconds: float) -> None:
        self._meter, self._until = meter, meter.charged + seconds

    @property
    def left(self) -> float:
        """The seconds left, at least 0. Raises WorkerStoppedError when the worker must stop."""
        return max(self._until - self._meter.charged, 0.0) if self._meter.is_open else 0.0

    def charge(self, seconds: float) -> None:
        """Charges work, before or after it is done."""
        self._meter.charged += seconds

    def part(self, share: float) -> "Budget":
        """A share of the seconds left."""
        return Budget(self._meter, share * self.left)

    def charging(self, seconds: float) -> Charge:
        """A function that charges work, by default so many seconds, and returns the seconds left.

        It raises BudgetSpentError without any.
        """

        def charge(price: float = seconds, /) -> float:
            self.charge(price)
            left = self.left
            if left <= 0:
                raise BudgetSpentError
            return left

        return charge


def budget_of(seconds: float, must_stop: Callable[[], bool]) -> Budget:
    """A new budget."""
    return Budget(Meter(seconds, must_stop), seconds)
