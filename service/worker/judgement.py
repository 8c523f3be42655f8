"""Judgement of a finished run: its convergence, which is how it ended beside the reference minimum, and its diagnosis,
which is its findings with the changes that trials found.

A second-order method and a trial descent may take a while. They begin after the run's last step is visible, and have a
share of the run's cost. Whatever fails, the run stays as finished as it is.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

import numpy as np
import orjson
from sqlalchemy import Connection

from gd_engine import Cost, Finding, History, Outcome, Problem, State, cost_of
from gd_engine.reference import (
    MOST_CURVED,
    Convergence,
    Reference,
    find_shortfall,
    judge,
    least_step,
    load_methods,
    reference_minimum,
    reviewed,
)
from service.core import run_record
from service.core.process_limits import memory_bound
from service.core.run_record import Optimum, Run
from service.core.settings import Settings
from service.storage import job_queue
from service.storage.database import Database
from service.storage.job_queue import Claim
from service.worker import trials
from service.worker.budget import Budget, WorkerStoppedError, budget_of
from service.worker.known_minimum import known_minimum
from service.worker.prepare import Prepared
from service.worker.timings import Timings
from service.worker.trial_runs import Descended, TrialRuns, end_of

log = logging.getLogger("descent.judgement")

SHARE, LEAST_SECONDS, MOST_SECONDS = 0.2, 0.05, 5.0
"""The estimated seconds of a judgement: a share of the run's cost, within limits."""
BUDGETED = 0.9
"""The share of these seconds in the budget of search and trials, which end with a last call; the rest is for trajectory
and storage."""
SEARCH_ALONE, SEARCH_BESIDE_TRIALS = 0.7, 0.3
"""The share of the budget for the search of a run without findings, and of one with some; the rest is for trials."""
CALL_SECONDS, RECORDING_SECONDS = 4e-5, 0.003
"""Estimates for a call of the search beside the evaluation of E, and for the programs that it records at its start."""
PRODUCT = 2.5
"""The evaluations in a call of a method that takes products with the Hessian, for few parameters."""
LEAST_MEMORY = 1 << 30
"""A worker with less memory seeks no reference minimum: SciPy's library may end a process that has too little."""


class Unjudged(NamedTuple):
    """A finished run that is not judged yet. `outcome` is None for the end by a deadline.

    `after` is the state after its last block; `findings` have their changes still to be tried.
    """

    claim: Claim
    prepared: Prepared
    outcome: Outcome | None
    after: State
    optimum: Optimum | None
    history: Callable[[], History]
    findings: Sequence[Finding]
    timings: Timings

    @property
    def problem(self) -> Problem:
        """E of the run."""
        return self.prepared.problem


def is_quick(problem: Problem, outcome: Outcome) -> bool:
    """Whether the judgement needs no search: E is quadratic, with a known optimum, or the descent diverged."""
    return problem.quadratic or outcome.reason == "diverged"


def quick(
    run: Run, prepared: Prepared, outcome: Outcome, history: History, optimum: Optimum | None
) -> run_record.Convergence | None:
    """The convergence of a run for which `is_quick` holds; None for one that fell short: it is judged after its end."""
    found = judge(prepared.problem, outcome, history, _of_optimum(optimum) or known_minimum(run.request, history))
    short = find_shortfall(prepared.problem, history, found, prepared.learning_rate)
    return None if short else _stored(found)


def _of_optimum(optimum: Optimum | None) -> Reference | None:
    if optimum is None or optimum["train_loss"] is None:
        return None
    theta = np.array(optimum["theta"], dtype=np.float64)
    return Reference(optimum["train_loss"], theta, "closed_form") if np.isfinite(theta).all() else None


class Judged(NamedTuple):
    """The columns of a judgement to write, and the bytes by which it makes the run larger."""

    claim: Claim
    values: run_record.RunColumns
    more_bytes: int

    def write(self, connection: Connection) -> None:
        """Writes the judgement, unless the run was deleted since."""
        job_queue.judge(connection, self.claim, self.values, self.more_bytes)


class Judge:
    """Judges finished runs, one after the other."""

    def __init__(self, database: Database, settings: Settings, must_stop: Callable[[], bool]) -> None:
        self._database, self._settings, self._must_stop = database, settings, must_stop

    def judged(self, unjudged: Unjudged) -> Judged | None:
        """The judgement of a finished run. Logs an error, and raises none."""
        run, begun = unjudged.claim.run, time.monotonic()
        try:
            history = unjudged.history()
            if _is_searched(unjudged):
                load_methods(unjudged.problem)
            cost = cost_of(unjudged.problem)
            budget = _budget(unjudged, cost, self._must_stop)
            found = self._convergence(unjudged, history, cost, budget)
            convergence = _stored(found)
            more_bytes = _size(convergence["reference"])
            values: run_record.RunColumns = {"convergence": convergence, "timings": unjudged.timings.values}
            if (diagnosis := self._diagnosis(unjudged, history, found, cost, budget)) is not None:
                values["diagnosis"] = diagnosis
                more_bytes += max(_size(diagnosis) - _size(trials.untried(unjudged.findings)), 0)
            unjudged.timings.add("judgement_seconds", begun)
            return Judged(unjudged.claim, values, more_bytes)
        except WorkerStoppedError:
            log.info("judgement.interrupted run=%s", run.id)
        except Exception:
            log.exception("judgement.failed run=%s", run.id)
        return None

    def _convergence(self, unjudged: Unjudged, history: History, cost: Cost, budget: Budget) -> Convergence:
        problem, outcome, known = unjudged.problem, unjudged.outcome, known_minimum(unjudged.claim.run.request, history)
        if not _is_searched(unjudged):
            return judge(problem, outcome, history, _of_optimum(unjudged.optimum) or known)
        search = budget.part(SEARCH_BESIDE_TRIALS if unjudged.findings else SEARCH_ALONE)
        evaluations = PRODUCT if problem.model.size <= MOST_CURVED else 1.0
        go_on = search.charging(CALL_SECONDS + evaluations * cost.evaluation)
        search.charge(RECORDING_SECONDS)
        found = reference_minimum(problem, least_step(history), go_on) or known
        unbounded = None if outcome is None else any(each.code == "unbounded" for each in unjudged.findings)
        return judge(problem, outcome, history, found, unbounded=unbounded)

    def _diagnosis(
        self, unjudged: Unjudged, history: History, convergence: Convergence, cost: Cost, budget: Budget
    ) -> list[run_record.Finding] | None:
        """The findings with what they offer; None without any, and if the trials failed."""
        run, prepared, outcome = unjudged.claim.run, unjudged.prepared, unjudged.outcome
        if outcome is None:
            return None
        findings = reviewed(unjudged.findings, prepared.problem, history, convergence, prepared.learning_rate)
        if not findings and not unjudged.findings:
            return None
        end, rate = end_of(unjudged.after, outcome), prepared.learning_rate
        descended = Descended(run, prepared.problem, prepared.config, rate, history, outcome, end)
        try:
            runs = TrialRuns(descended, convergence.reference, cost, self._database, self._settings)
            found = trials.with_offers(findings, runs, budget)
            _size(found)  # raises for a value that is no JSON
        except WorkerStoppedError:
            log.info("judgement.trials_interrupted run=%s", run.id)
        except Exception:
            log.exception("judgement.trials_failed run=%s", run.id)
        else:
            return found
        return None


def _is_searched(unjudged: Unjudged) -> bool:
    """Whether the reference minimum takes a search, and the worker may make it."""
    has_diverged = unjudged.outcome is not None and unjudged.outcome.reason == "diverged"
    return not (unjudged.problem.quadratic or has_diverged) and memory_bound() >= LEAST_MEMORY


def _size(value: object) -> int:
    """The bytes of a value as JSON. Raises TypeError for one that is no JSON."""
    return len(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))


def _budget(unjudged: Unjudged, cost: Cost, must_stop: Callable[[], bool]) -> Budget:
    """The budget by the cost of all steps of the run: a clock would count what else the machine does."""
    steps = unjudged.after.step
    seconds = SHARE * cost.step(unjudged.prepared.config) * steps
    return budget_of(BUDGETED * min(max(seconds, LEAST_SECONDS), MOST_SECONDS), must_stop)


def _stored(found: Convergence) -> run_record.Convergence:
    fields = found._asdict() | {"clauses": list(found.clauses), "reference": _stored_reference(found.reference)}
    return cast("run_record.Convergence", fields)


def _stored_reference(found: Reference | None) -> run_record.ReferenceMinimum | None:
    if found is None:
        return None
    theta = None if found.theta is None else found.theta.tolist()
    return {"train_loss": found.train_loss, "theta": theta, "method": found.method}
