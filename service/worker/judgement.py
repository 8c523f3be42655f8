"""Judgement of a finished run: its reference minimum, and how its descent ended beside it.

A second-order method may take a while. It begins after the run's last step is visible, and has a share of the time
that the run took. Whatever fails, the run stays as finished as it is.
"""

import logging
import time
from collections.abc import Callable
from typing import NamedTuple, cast

import numpy as np
import orjson
from sqlalchemy import Connection

from gd_engine import Outcome, Problem
from gd_engine.diagnosis import History
from gd_engine.reference import (
    BudgetSpentError,
    Convergence,
    Reference,
    judge,
    least_step,
    load_methods,
    reference_minimum,
)
from service.core import run_record
from service.core.process_limits import memory_bound
from service.core.run_record import KINDS_OF_WORK, Optimum
from service.storage import job_queue
from service.storage.job_queue import Claim
from service.worker.run_batch import RunBatch
from service.worker.timings import Timings

log = logging.getLogger("descent.judgement")

SHARE, LEAST_SECONDS, MOST_SECONDS = 0.2, 0.05, 5.0
"""The seconds of a judgement: a share of the run's computing time, within limits."""
LEAST_MEMORY = 1 << 30
"""A worker with less memory seeks no reference minimum: SciPy's library may end a process that has too little."""
SEARCH = 0.9
"""The share of these for the search, which ends with a last call; the rest is for the trajectory and the storage."""


class Unjudged(NamedTuple):
    """A finished run whose reference minimum is still to be found. `outcome` is None for the end by a deadline."""

    claim: Claim
    problem: Problem
    outcome: Outcome | None
    optimum: Optimum | None
    history: Callable[[], History]
    timings: Timings


class _InterruptedError(Exception):
    """The worker stops."""


class _Clock:
    """The budget of a judgement. Raises BudgetSpentError, or _InterruptedError when the worker must stop."""

    def __init__(self, seconds: float, must_stop: Callable[[], bool]) -> None:
        self._until, self._must_stop = time.monotonic() + seconds, must_stop

    def __call__(self) -> float:
        if self._must_stop():
            raise _InterruptedError
        left = self._until - time.monotonic()
        if left <= 0:
            raise BudgetSpentError
        return left


def is_quick(problem: Problem, outcome: Outcome) -> bool:
    """Whether the judgement needs no search: E is quadratic, with a known optimum, or the descent diverged."""
    return problem.quadratic or outcome.reason == "diverged"


def quick(problem: Problem, outcome: Outcome, history: History, optimum: Optimum | None) -> run_record.Convergence:
    """The convergence of a run for which `is_quick` holds."""
    return _stored(judge(problem, outcome, history, _of_optimum(optimum)))


def _of_optimum(optimum: Optimum | None) -> Reference | None:
    if optimum is None or optimum["train_loss"] is None:
        return None
    theta = np.array(optimum["theta"], dtype=np.float64)
    return Reference(optimum["train_loss"], theta, "closed_form") if np.isfinite(theta).all() else None


class Judged(NamedTuple):
    """The columns of a judgement to write, and the size of its reference."""

    claim: Claim
    values: run_record.RunColumns
    more_bytes: int

    def write(self, connection: Connection) -> None:
        """Writes the judgement, unless the run was deleted since."""
        job_queue.judge(connection, self.claim, self.values, self.more_bytes)


def completed(unjudged: Unjudged, batch: RunBatch, must_stop: Callable[[], bool]) -> Judged | None:
    """The judgement of a finished run, with its reference minimum. Logs an error, and raises none."""
    run = unjudged.claim.run
    begun = time.monotonic()
    try:
        convergence = _stored(_judged(unjudged, batch, must_stop))
        more_bytes = len(orjson.dumps(convergence["reference"]))
        unjudged.timings.add("judgement_seconds", begun)
        values: run_record.RunColumns = {"convergence": convergence, "timings": unjudged.timings.values}
        return Judged(unjudged.claim, values, more_bytes)
    except _InterruptedError:
        log.info("judgement.interrupted run=%s", run.id)
    except Exception:
        log.exception("judgement.failed run=%s", run.id)
    return None


def _judged(unjudged: Unjudged, batch: RunBatch, must_stop: Callable[[], bool]) -> Convergence:
    problem, history = unjudged.problem, unjudged.history()
    if problem.quadratic:
        return judge(problem, unjudged.outcome, history, _of_optimum(unjudged.optimum))
    if memory_bound() < LEAST_MEMORY:
        return judge(problem, unjudged.outcome, history, None)
    load_methods(problem)
    seconds = SHARE * sum(unjudged.timings.values.get(name, 0.0) for name in KINDS_OF_WORK)
    budget = _Clock(SEARCH * min(max(seconds, LEAST_SECONDS), MOST_SECONDS), must_stop)
    found = batch.reference(problem, lambda: reference_minimum(problem, least_step(history), budget))
    return judge(problem, unjudged.outcome, history, found)


def _stored(found: Convergence) -> run_record.Convergence:
    fields = found._asdict() | {"clauses": list(found.clauses), "reference": _stored_reference(found.reference)}
    return cast("run_record.Convergence", fields)


def _stored_reference(found: Reference | None) -> run_record.ReferenceMinimum | None:
    if found is None:
        return None
    theta = None if found.theta is None else found.theta.tolist()
    return {"train_loss": found.train_loss, "theta": theta, "method": found.method}
