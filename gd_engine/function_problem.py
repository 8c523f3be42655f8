"""The problem of a function E(θ) without data: a formula whose names are all parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from gd_engine.arrays import Rows
from gd_engine.data.preprocessing import no_scaling
from gd_engine.formula.compiler import parse_function
from gd_engine.losses import Loss, Penalty
from gd_engine.models.base import Model, identity
from gd_engine.models.linear import each
from gd_engine.problem import Problem


def pose_function(
    formula: str, theta0: Mapping[str, float] | None = None, *, l1: float = 0.0, l2: float = 0.0
) -> Problem:
    """The problem of descending E(θ) = `formula` + λ₁‖θ‖₁ + λ₂‖θ‖₂². `theta0` is its default θ₀, else all ones.

    The problem has one row without columns, which is none of data: the model's prediction for it is the value of the
    formula, and the loss is this prediction. So every part of the engine takes it like any other problem; its errors
    are NaN. Raises FormulaError.
    """
    parsed = parse_function(formula)
    start = np.ones(len(parsed.parameters))
    if theta0 is not None:
        start = np.array([theta0[name] for name in parsed.parameters], dtype=np.float64)
    model = Model(
        kind="function",
        parameters=parsed.parameters,
        intercept=False,
        monomials=each(()),
        score=lambda theta, design: parsed.evaluate(theta),  # noqa: ARG005
        link=identity,
        task="function",
        penalised=(True,) * len(parsed.parameters),
        initial=lambda random: start.copy(),  # noqa: ARG005
    )
    row, none = (Rows(np.empty((count, 0)), np.zeros(count), size=0) for count in (1, 0))
    return Problem(
        model,
        Loss("function", _value, mean=False),
        Penalty(l1, l2),
        train=row,
        validation=none,
        test=none,
        scaling=no_scaling(0),
        reduced=False,
    )


def _value(model: Model, theta: Any, design: Any, y: Any) -> Any:  # noqa: ARG001
    return model.score(theta, design)
