"""A descent's problem: a model, its data made ready, and E(θ) over the training rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.data import Scaling, Split, in_data_units, no_scaling, standardization
from gd_engine.metrics import METRICS
from gd_engine.models import Model, design_columns
from gd_engine.objectives import objective


def criteria_names(task: str) -> tuple[str, ...]:
    """The columns of `Problem.criteria`: train_mse, test_mse, then those of a classification."""
    return tuple(f"{part}_{name}" for name in METRICS[task] for part in ("train", "test"))


class Rows(NamedTuple):
    """Rows as the model sees them: a design matrix, shape (n, p), and y, shape (n,)."""

    design: FloatArray
    y: FloatArray


class Problem(NamedTuple):
    """All that `descend` needs to know. `energy` is E(θ), differentiable by autograd."""

    model: Model
    energy: Callable[[Any], Any]
    train: Rows
    test: Rows
    scaling: Scaling

    def criteria(self, theta: FloatArray) -> list[float]:
        """Each metric on the training rows and on the test rows, NaN where there are none of these."""
        parts = [(rows.y, self.model.predict(theta, rows.design)) for rows in (self.train, self.test)]
        metrics = METRICS[self.model.task].values()
        return [metric(y, prediction) if len(y) else np.nan for metric in metrics for y, prediction in parts]

    def coefficients(self, theta: FloatArray) -> FloatArray:
        """θ in the data's own units, shape (p,)."""
        return in_data_units(theta, self.scaling, intercept=self.model.intercept)


def pose(
    model: Model,
    x: FloatArray,
    y: FloatArray,
    split: Split,
    *,
    loss: str = "mse",
    l2: float = 0.0,
    standardize: bool = False,
) -> Problem:
    """The problem of fitting `model` to x, shape (n, d), and y, shape (n,) (class codes 0 and 1 for a classification).

    Powers of features are taken first and standardised after, with the training rows' means and deviations.
    """
    columns = design_columns(model, x)
    scaling = no_scaling(columns.shape[1])
    if standardize:
        scaling = standardization(columns[split.train], centre=model.intercept)
        columns = scaling.apply(columns)
    design = np.column_stack([np.ones(len(x)), columns]) if model.intercept else columns
    train, test = (Rows(np.ascontiguousarray(design[part]), y[part]) for part in split)
    return Problem(model, objective(model, loss, train.design, train.y, l2), train, test, scaling)
