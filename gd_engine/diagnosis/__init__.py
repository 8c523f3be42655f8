"""Diagnosis of a finished descent: findings with numbers, and the change of the request that corrects each fault.

A healthy descent has no finding; a fault has the finding of its cause alone.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from gd_engine.descent.trajectory import Outcome
from gd_engine.diagnosis import (
    clipping,
    convergence,
    dead_units,
    design_columns,
    domain,
    function_descent,
    generalization,
    initial_energy,
    learning_rate,
    penalty_kink,
    plateau,
    weight_decay,
)
from gd_engine.diagnosis.context import Choices, DiagnosisContext, Finding, History, Stretch, make_context
from gd_engine.diagnosis.quadratic_model import quadratic_model_of
from gd_engine.optim.config import DescentConfig
from gd_engine.problem import Problem

__all__ = ["Choices", "Finding", "History", "Stretch", "diagnose"]


def diagnose(
    problem: Problem,
    config: DescentConfig,
    outcome: Outcome,
    history: History,
    *,
    choices: Choices,
    features: Sequence[str],
) -> list[Finding]:
    """The findings of a finished descent, the most important first; a healthy descent has none.

    `config` is the descent's, with a resolved learning rate. `features` are the names of the data's columns.
    """
    with np.errstate(all="ignore"):
        context = make_context(problem, config, outcome, history, choices, features)
        if len(history.overview.step) == 0:
            return initial_energy.find(context) if outcome.reason == "diverged" else []
        if not problem.has_data:
            found = function_descent.find(context)
        else:
            found = [*_of_the_descent(context), *design_columns.find(context)]
        return [finding for finding in clipping.or_clipped(context, found) if _is_finite(finding)]


def _of_the_descent(context: DiagnosisContext) -> list[Finding]:
    """The findings of the first cause; its consequences have no findings."""
    quadratic = quadratic_model_of(context)
    swings = (
        initial_energy.undefined_gradient(context)
        or domain.find(context)
        or penalty_kink.find(context)
        or learning_rate.find(context, quadratic)
    )
    if swings:  # steps to and fro do not hide an error of prediction
        overfits = swings[0].code == "oscillation" and generalization.overfitting(context, quadratic)
        return [*swings, *(overfits or [])]
    return (
        dead_units.find(context)
        or plateau.find(context)
        or generalization.separable(context)
        or generalization.overfitting(context, quadratic)
        or weight_decay.find(context, quadratic)
        or convergence.find(context, quadratic)
    )


def _is_finite(value: Any) -> bool:
    """Whether all numbers in a nested value are finite; a finding after an overflow is uncertain."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or isfinite(value)
