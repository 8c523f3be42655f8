"""The time that a judgement may take, and parts of it."""

import time
from collections.abc import Callable

from gd_engine.reference import BudgetSpentError


class WorkerStoppedError(Exception):
    """The worker must stop."""


class Budget:
    """Seconds until an end. A call returns those left, and raises BudgetSpentError when there are none.

    Each look raises WorkerStoppedError when the worker must stop.
    """

    def __init__(self, seconds: float, must_stop: Callable[[], bool]) -> None:
        self._until, self._must_stop = time.monotonic() + seconds, must_stop

    def __call__(self) -> float:
        left = self.left
        if left <= 0:
            raise BudgetSpentError
        return left

    @property
    def left(self) -> float:
        """The seconds left, at least 0."""
        if self._must_stop():
            raise WorkerStoppedError
        return max(self._until - time.monotonic(), 0.0)

    def part(self, share: float) -> "Budget":
        """A share of the seconds left."""
        return Budget(share * self.left, self._must_stop)
