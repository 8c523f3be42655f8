"""What went wrong with a descent, in numbers, and the change to the request that mends it.

A finding needs to be certain: a healthy descent has none, and a fault is named by its cause alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gd_engine.descent.trajectory import Outcome
from gd_engine.diagnosis import convergence, dead_units, design_columns, generalization, learning_rate, plateau
from gd_engine.diagnosis.context import Case, Finding, History, Stretch, make_case
from gd_engine.diagnosis.quadratic_model import bowl_of
from gd_engine.optim.config import Recipe
from gd_engine.problem import Problem

__all__ = ["Finding", "History", "Stretch", "diagnose"]


def diagnose(
    problem: Problem,
    recipe: Recipe,
    outcome: Outcome,
    history: History,
    *,
    request: Mapping[str, Any],
    features: Sequence[str],
) -> list[Finding]:
    """The findings on a finished descent, the most important first; none of a healthy one.

    `recipe` is that of the descent, its learning rate resolved; `request` is what was asked for, shaped as the body of
    POST /fit (`standardize`, `descent` with its optimizer, schedule, learning_rate, theta0 and seed); `features` are
    the names of the data's columns.
    """
    if len(history.overview.step) == 0:
        return []
    with np.errstate(all="ignore"):
        case = make_case(problem, recipe, outcome, history, request, features)
        return [*_of_the_descent(case), *design_columns.find(case)]


def _of_the_descent(case: Case) -> list[Finding]:
    """What went wrong on the way: the first cause found hides what follows from it."""
    bowl = bowl_of(case)
    return (
        learning_rate.find(case, bowl)
        or dead_units.find(case)
        or plateau.find(case)
        or generalization.separable(case)
        or generalization.overfitting(case, bowl)
        or convergence.find(case, bowl)
    )
