"""Trial runs: the descents of changed requests, each to its end, with fewer steps where the budget demands it.

A trial that is cut short by fewer steps is the whole run of its shortened request. So a promise is what a client gets
who submits the change. Nothing is stored.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from gd_engine import (
    Cost,
    DescentConfig,
    Finding,
    FormulaError,
    History,
    NoLearningRateError,
    Outcome,
    Problem,
    State,
    Stretch,
    cost_of,
    descend,
)
from gd_engine.reference import BudgetSpentError, Reference, is_convex, judge, reviewed
from service.core.exceptions import ApiError
from service.core.json_patch import Patch, composed
from service.core.run_record import Run
from service.core.settings import Settings
from service.engine_adapter.diagnosis import findings_of
from service.engine_adapter.problems import problem_of
from service.jobs.changes import changed_run
from service.storage.database import Database
from service.storage.errors import GoneError
from service.worker.budget import Budget
from service.worker.history_sampler import ENDING_ROWS, HistorySampler, columns_of
from service.worker.prepare import Prepared, prepare_start
from service.worker.run_batch import ProblemKey, problem_key

MOST_ROWS = 4096
"""Rows of a block of a trial: it bounds the memory."""
FEWEST_STEPS = 10
"""The fewest steps to which a trial is shortened."""
EXTENDABLE = ("max_steps", "gradient_norm", "loss_change")
"""The ends after which a descent may go on from its last step."""
REFUSED = (ApiError, NoLearningRateError, FormulaError, GoneError, BudgetSpentError, MemoryError)
"""The errors of a change that the service refuses, that does not begin, or whose data does not fit beside the run's."""
VALIDATION_SECONDS, PREPARATION_SECONDS, DIAGNOSIS_SECONDS, TRACING_SECONDS = 0.001, 0.003, 0.001, 0.0004
"""Estimates for the check of a request, the start of a descent on other data, a diagnosis, and a traced E."""
CELL_SECONDS = 5e-8
"""The same for a number of the data to read and scale."""
DIAGNOSED = 4
"""The evaluations of E in a diagnosis."""


class Descended(NamedTuple):
    """A finished descent. `end` is the state at its last step, if the descent may go on from there."""

    run: Run
    problem: Problem
    config: DescentConfig
    learning_rate: float
    history: History
    outcome: Outcome
    end: State | None

    @property
    def step(self) -> int | None:
        """The last step; None if there is no step with finite numbers."""
        steps = self.history.overview.step
        return int(steps[-1]) if len(steps) else None

    def last(self, criterion: str) -> float:
        """The value of a column at the last step; NaN without the column or without a step."""
        return self._value(criterion, -1)

    def first(self, criterion: str) -> float:
        """The value at the first step, likewise."""
        return self._value(criterion, 0)

    def _value(self, criterion: str, place: int) -> float:
        column = self.history.overview.columns.get(criterion, np.empty(0))
        return float(column[place]) if len(column) else np.nan

    def findings(self) -> list[Finding]:
        """The diagnosis."""
        return findings_of(self.run, self.problem, self.config, self.outcome, self.history)


class Trial(NamedTuple):
    """A change that was tried, and the whole descent of the changed request."""

    change: Patch
    descended: Descended


class TrialRuns:
    """Trials of changes of one finished descent, whose cost is known."""

    def __init__(
        self, descended: Descended, reference: Reference | None, cost: Cost, database: Database, settings: Settings
    ) -> None:
        self.descended, self.cost = descended, cost
        self._reference = reference
        self._database, self._settings = database, settings
        self._other: tuple[ProblemKey, Cost] | None = None

    @property
    def _diagnosis_seconds(self) -> float:
        return DIAGNOSIS_SECONDS + DIAGNOSED * self.cost.evaluation

    def findings(self, found: Descended, budget: Budget) -> list[Finding]:
        """The diagnosis of a trial, with the known minimum where it is the same."""
        budget.charge(self._diagnosis_seconds)
        findings, problem, history = found.findings(), found.problem, found.history
        if found.outcome.reason == "diverged":
            return findings
        reference = self._reference if self._has_same_minimum(found) else None
        unbounded = any(each.code == "unbounded" for each in findings)
        convergence = judge(problem, found.outcome, history, reference, unbounded=unbounded)
        return reviewed(findings, problem, history, convergence, found.learning_rate)

    def _has_same_minimum(self, found: Descended) -> bool:
        """Whether E of a trial can reach the minimum of the run: E is convex, or has few parameters."""
        names = ("function", "dataset", "model", "split", "objective")
        old, new = self.descended, found
        same = all(old.run.request.get(name) == new.run.request.get(name) for name in names)
        unscaled = old.problem.target == new.problem.target and not any(old.problem.penalty)
        few = old.problem.model.kind in ("formula", "function")
        return same and unscaled and (few or is_convex(old.problem))

    def of(self, change: Mapping[str, object], budget: Budget, *, shorten: bool = True) -> Trial | None:
        """The trial of a change, with as many of its steps as the budget affords if it may `shorten` it.

        None for a change that the service refuses, that changes nothing, that has no step, or that takes too many.
        """
        try:
            found = self._tried({**change}, budget, shorten=shorten)
        except REFUSED:
            return None
        return None if found is None or found.descended.step is None else found

    def _tried(self, change: Patch, budget: Budget, *, shorten: bool) -> Trial | None:
        if budget.left < VALIDATION_SECONDS + TRACING_SECONDS + self._diagnosis_seconds:
            return None  # it has no step, and costs what is left for the next one
        run, before = self._changed(change, budget), self.descended
        if run.request == before.run.request:
            return None
        problem, cost = self._problem(run, budget)
        go_on = budget.charging(TRACING_SECONDS + cost.evaluation)
        end = before.end if problem is before.problem and _continues(run, before) else None
        prepared = prepare_start(run.request, problem, before.learning_rate if end else None, go_on)
        start = 0 if end is None else end.step
        seconds, asked = budget.left - self._diagnosis_seconds, prepared.config.steps
        steps = _affordable(seconds, cost.step(prepared.config), start, asked)
        if steps < asked:
            if not shorten or steps < start + FEWEST_STEPS:
                return None
            change = composed(change, {"descent": {"steps": steps}})
            run = self._changed(change, budget)
            prepared = prepare_start(run.request, problem, prepared.learning_rate)
            if run.request == before.run.request:
                return None
        if end is None:
            return Trial(change, _descended(run, prepared, cost, budget))
        found = _descended(run, prepared._replace(state=end), cost, budget)
        return Trial(change, found._replace(history=_joined(before.history, found.history)))

    def accepts(self, change: Mapping[str, object], budget: Budget) -> bool:
        """Whether the service accepts a change."""
        try:
            self._changed(change, budget)
        except REFUSED:
            return False
        return True

    def _changed(self, change: Mapping[str, object], budget: Budget) -> Run:
        """The run with a change. Raises ApiError if the service refuses it."""
        budget.charge(VALIDATION_SECONDS)
        return changed_run(self.descended.run, change, self._database, self._settings)

    def _problem(self, run: Run, budget: Budget) -> tuple[Problem, Cost]:
        """The problem of a changed run: that of the run, or of the last trial, if it is the same."""
        key = problem_key(run)
        if key == problem_key(self.descended.run):
            return self.cost.problem, self.cost
        if self._other is None or self._other[0] != key:
            self._other = None  # three problems at once may be too much to hold
            cells = self.cost.problem.train.size * (len(run.dataset_features) + 1)
            budget.charge(PREPARATION_SECONDS + CELL_SECONDS * cells)
            self._other = key, cost_of(problem_of(self._database, run, budget.charging(0.0)))
        return self._other[1].problem, self._other[1]


def _affordable(seconds: float, step_seconds: float, start: int, steps: int) -> int:
    """The last step that the seconds allow, at most `steps`. A change that is shortened is checked once more."""
    if seconds >= step_seconds * (steps - start + 1):  # with the row of the first step
        return steps
    return start + int((seconds - VALIDATION_SECONDS) / step_seconds) - 1


def end_of(state: State, outcome: Outcome) -> State | None:
    """The state of the last step, from that after the last block; None if the block went beyond, or diverged."""
    return state if outcome.reason in EXTENDABLE and state.step == outcome.step else None


def _continues(run: Run, before: Descended) -> bool:
    """Whether a changed run has the steps of another one, and more."""
    old, new = before.run.request["descent"], run.request["descent"]
    steps = old["steps"] < new["steps"] and old["schedule"]["kind"] != "cosine"
    stops = all(new["stop"].get(name) in (None, value) for name, value in old["stop"].items())
    if (before.outcome.reason == "max_steps" and not steps) or not stops:
        return False
    kept = {"steps": 0, "stop": None}
    return {**old, **kept} == {**new, **kept} and old["steps"] <= new["steps"]


def _descended(run: Run, prepared: Prepared, cost: Cost, budget: Budget) -> Descended:
    """The whole descent. Raises BudgetSpentError if it takes far longer than estimated."""
    problem, config, state, rate = prepared
    sampler = HistorySampler(len(run.parameters), run.columns)
    for block in descend(problem, config, state, is_full=lambda rows: rows >= MOST_ROWS or budget.left <= 0):
        budget.charge(cost.step(config) * len(block.theta))
        if len(block.theta):
            sampler.add(block.first_step, columns_of(block, run.columns))
        if block.outcome is not None:
            return Descended(run, problem, config, rate, sampler.history(), block.outcome, None)
        if budget.left <= 0:
            break
    raise BudgetSpentError


def _joined(first: History, second: History) -> History:
    """The history of a descent in two parts. The second begins with the last step of the first."""
    overview = _chained(first.overview, second.overview)
    ending = _chained(first.ending, second.ending)
    rows = slice(-ENDING_ROWS, None)
    last = {name: column[rows] for name, column in ending.columns.items()}
    return History(overview, Stretch(ending.step[rows], ending.theta[rows], last))


def _chained(first: Stretch, second: Stretch) -> Stretch:
    if not len(second.step):
        return first
    kept = first.step < second.step[0]
    columns = {name: np.concatenate([first.columns[name][kept], column]) for name, column in second.columns.items()}
    step = np.concatenate([first.step[kept], second.step])
    return Stretch(step, np.concatenate([first.theta[kept], second.theta]), columns)
