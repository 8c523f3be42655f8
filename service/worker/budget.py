"""The time that a judgement may take, and parts of it."""

import time
from collections.abc import Callable

from gd_engine.reference import BudgetSpentError

LOADED = 10.0
"""The longest duration of a budget, as a multiple of its seconds, on a machine that does other work besides."""


class WorkerStoppedError(Exception):
    """The worker must stop."""


class Budget:
    """Seconds of computing by this process. A call returns those left, and raises BudgetSpentError when none are.

    Other processes on the same cores take nothing of it. Each look raises WorkerStoppedError when the worker must stop.
    """

    def __init__(self, seconds: float, must_stop: Callable[[], bool]) -> None:
        self._computed, self._until = time.process_time() + seconds, time.monotonic() + LOADED * seconds
        self._must_stop = must_stop

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
        return max(min(self._computed - time.process_time(), self._until - time.monotonic()), 0.0)

    def part(self, share: float) -> "Budget":
        """A share of the seconds left."""
        return Budget(share * self.left, self._must_stop)
