"""Trial descents: the steps of a changed request that fit in a budget. Nothing is stored."""

from typing import NamedTuple

import numpy as np

from gd_engine import DescentConfig, Finding, History, Outcome, Problem, State, Stretch, descend
from service.core.run_record import Run
from service.engine_adapter.diagnosis import findings_of
from service.engine_adapter.problems import problem_of
from service.storage.database import Database
from service.worker.budget import Budget
from service.worker.history_sampler import ENDING_ROWS, HistorySampler, columns_of
from service.worker.prepare import Prepared, prepare_start
from service.worker.run_batch import problem_key

MOST_ROWS = 4096
"""Rows of a block of a trial: it bounds the memory."""
EXTENDABLE = ("max_steps", "gradient_norm", "loss_change")
"""The ends after which a descent may go on from its last step."""


class Descended(NamedTuple):
    """A descent, or its first steps: `outcome` is None if it did not come to its end.

    `end` is the state at its last step, if it is known; the descent may go on from there.
    """

    run: Run
    problem: Problem
    config: DescentConfig
    learning_rate: float
    history: History
    outcome: Outcome | None
    end: State | None

    @property
    def step(self) -> int | None:
        """The last step; None if there is no step with finite numbers."""
        steps = self.history.overview.step
        return int(steps[-1]) if len(steps) else None

    def last(self, criterion: str) -> float:
        """The value of a column at the last step; NaN without the column or without a step."""
        column = self.history.overview.columns.get(criterion, np.empty(0))
        return float(column[-1]) if len(column) else np.nan

    def findings(self) -> list[Finding]:
        """The diagnosis of a descent that came to its end."""
        if self.outcome is None:
            return []
        return findings_of(self.run, self.problem, self.config, self.outcome, self.history)


def tried(run: Run, before: Descended, database: Database, budget: Budget) -> Descended:
    """The steps of a changed run that fit in the budget, from the end of the descent `before` if they continue it.

    Raises BudgetSpentError before the first step, NoLearningRateError, FormulaError, GoneError.
    """
    same = problem_key(run) == problem_key(before.run)
    problem = before.problem if same else problem_of(database, run, budget)
    if same and before.end is not None and _continues(run, before):
        continued = prepare_start(run.request, problem, before.learning_rate)._replace(state=before.end)
        found = _descended(run, continued, budget)
        return found._replace(history=_joined(before.history, found.history))
    return _descended(run, prepare_start(run.request, problem, go_on=budget), budget)


def end_of(state: State, outcome: Outcome | None) -> State | None:
    """The state of the last step, from that after the last block; None if the block went beyond, or diverged."""
    at_end = outcome is not None and outcome.reason in EXTENDABLE and state.step == outcome.step
    return state if at_end else None


def _continues(run: Run, before: Descended) -> bool:
    """Whether a changed run has the steps of another one, and more."""
    old, new = before.run.request["descent"], run.request["descent"]
    steps = old["steps"] < new["steps"] and old["schedule"]["kind"] != "cosine"
    stops = all(new["stop"].get(name) in (None, value) for name, value in old["stop"].items())
    if before.outcome is None or (before.outcome.reason == "max_steps" and not steps) or not stops:
        return False
    kept = {"steps": 0, "stop": None}
    return {**old, **kept} == {**new, **kept} and old["steps"] <= new["steps"]


def _descended(run: Run, prepared: Prepared, budget: Budget) -> Descended:
    problem, config, state, rate = prepared
    sampler = HistorySampler(len(run.parameters), run.columns)
    outcome, after = None, state
    budget()
    for block in descend(problem, config, state, is_full=lambda rows: rows >= MOST_ROWS or budget.left <= 0):
        if len(block.theta):
            sampler.add(block.first_step, columns_of(block, run.columns))
        outcome, after = block.outcome, block.next
        if budget.left <= 0:
            break
    return Descended(run, problem, config, rate, sampler.history(), outcome, end_of(after, outcome))


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
