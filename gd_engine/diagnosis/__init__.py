"""What went wrong with a descent, in numbers, and the change to the request that mends it.

A finding needs to be certain: a healthy descent has none, and a fault is named by its cause alone.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from gd_engine.descent.trajectory import Outcome
from gd_engine.diagnosis import convergence, dead_units, design_columns, generalization, learning_rate, plateau
from gd_engine.diagnosis.context import DiagnosisContext, Finding, History, Stretch, make_context
from gd_engine.diagnosis.quadratic_model import quadratic_model_of
from gd_engine.optim.config import DescentConfig
from gd_engine.problem import Problem

__all__ = ["Finding", "History", "Stretch", "diagnose"]


def diagnose(
    problem: Problem,
    config: DescentConfig,
    outcome: Outcome,
    history: History,
    *,
    request: Mapping[str, Any],
    features: Sequence[str],
) -> list[Finding]:
    """The findings on a finished descent, the most important first; none of a healthy one.

    `config` is that of the descent, its learning rate resolved; `request` is what was asked for, shaped as the body of
    POST /fit (`standardize`, `descent` with its optimizer, schedule, learning_rate, theta0 and seed); `features` are
    the names of the data's columns.
    """
    if len(history.overview.step) == 0:
        return []
    with np.errstate(all="ignore"):
        context = make_context(problem, config, outcome, history, request, features)
        return [
            finding for finding in (*_of_the_descent(context), *design_columns.find(context)) if _is_finite(finding)
        ]


def _of_the_descent(context: DiagnosisContext) -> list[Finding]:
    """What went wrong on the way: the first cause found hides what follows from it."""
    quadratic = quadratic_model_of(context)
    return (
        learning_rate.find(context, quadratic)
        or dead_units.find(context)
        or plateau.find(context)
        or generalization.separable(context)
        or generalization.overfitting(context, quadratic)
        or convergence.find(context, quadratic)
    )


def _is_finite(value: Any) -> bool:
    """Whether all numbers in it are: where a sum overflowed, nothing is certain."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or isfinite(value)
