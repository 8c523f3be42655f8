"""What a worker keeps from one run for the next."""

from collections.abc import Callable
from typing import Any, NamedTuple

from gd_engine import BatchedDescent, Problem


class CachedBatch(NamedTuple):
    """Runs of a sweep that go abreast, by their `seq`. `is_all`: they are all of the worker's share of the sweep."""

    sweep_seq: int
    batch: BatchedDescent
    is_all: bool


class ProblemCache:
    """Where a worker keeps the problem of a sweep's run, and the steps of others that went abreast with it: the runs
    that come next most often have the same problem.
    """

    def __init__(self) -> None:
        self._key: Any = None
        self._problem: Problem | None = None
        self.cached: CachedBatch | None = None

    def clear(self) -> None:
        """Keeps nothing any more."""
        self._key, self._problem, self.cached = None, None, None

    def problem(self, run: Any, pose: Callable[[], Problem]) -> Problem:
        """The run's problem: the one that is kept if it is that, else the one that `pose` makes."""
        request = run.request
        asked = [request[name] for name in ("model", "split", "objective", "standardize")]
        key = (run.dataset_id, request["descent"]["batch_size"] is None, asked)
        if run.sweep is None or self._problem is None or self._key != key:
            self.clear()  # two at once may be too much to hold
            problem = pose()
            if run.sweep is None:
                return problem
            self._key, self._problem = key, problem
        return self._problem
