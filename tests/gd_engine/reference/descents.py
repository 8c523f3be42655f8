"""Descents with their history and reference minimum, for the tests of references."""

from typing import Any, NamedTuple

import numpy as np

from gd_engine import MODELS, Outcome, Problem, auto_learning_rate, initial_theta, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from gd_engine.diagnosis import History, Stretch
from gd_engine.reference import Convergence, Reference, judge, least_step, reference_minimum
from tests.gd_engine.helpers import descended

HOUR = 3600.0


def patient(_: float = 0.0, /) -> float:
    """A budget without an end."""
    return HOUR


class Judged(NamedTuple):
    """A descent with its reference minimum and convergence."""

    problem: Problem
    outcome: Outcome
    history: History
    reference: Reference | None
    convergence: Convergence


def problem_of(
    kind: str, x: FloatArray, y: FloatArray, options: dict[str, Any] | None = None, **posing: Any
) -> Problem:
    """A problem on all rows; the features are x1, x2, …; a loss of "mse" unless given."""
    names = [f"x{j + 1}" for j in range(x.shape[1])]
    return pose(MODELS[kind](names, **(options or {})), x, y, split_by_fraction(len(y), 0), **posing)


def judged(
    problem: Problem,
    theta0: FloatArray | None = None,
    *,
    optimizer: str = "gd",
    rate: float | None = None,
    steps: int = 100,
    **options: Any,
) -> Judged:
    """The judgement of a descent; the rate is 1/λmax unless given."""
    theta0 = initial_theta(problem.model) if theta0 is None else np.array(theta0, dtype=np.float64)
    rate = auto_learning_rate(problem.energy, theta0) if rate is None else rate
    columns, outcome = descended(problem, optimizer, rate, steps, theta0, **options)
    history = history_of(columns)
    found = reference_minimum(problem, least_step(history), patient)
    return Judged(problem, outcome, history, found, judge(problem, outcome, history, found))


def history_of(columns: dict[str, FloatArray]) -> History:
    """The history of a short descent, with all rows."""
    others = {name: column for name, column in columns.items() if name != "theta"}
    every = Stretch(np.arange(len(columns["theta"])), columns["theta"], others)
    last = Stretch(every.step[-256:], every.theta[-256:], {name: each[-256:] for name, each in others.items()})
    return History(every, last)
