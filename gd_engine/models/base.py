"""The model type: its score and link, its design matrix, its targets, and initial parameters θ₀."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.models.undefined import Undefined

INTERCEPT = "intercept"
Task = Literal["regression", "classification", "function"]
"""A function is E(θ) itself, without data: it predicts nothing."""


class Model(NamedTuple):
    """A model over named features.

    `monomials` has one row of exponents a column: feature i enters column j as xᵢ^monomials[j, i]. The design matrix
    has these columns, after a column of ones if `intercept`. `score` maps (θ, design) to scores, shape (n,), or (k, n)
    for k > 2 classes; `link` maps scores to predictions. Both are differentiable by autograd. θ begins with `width`
    weights for each column of the design. If `linear`, the score is the matrix product of design and θ. `layers` are
    the (fan-in, fan-out) of a perceptron, `activation` is the name of its activation function. `undefined` finds the
    part of a formula that is not finite at (θ, x).
    """

    kind: str
    parameters: tuple[str, ...]
    intercept: bool
    monomials: np.ndarray[Any, np.dtype[np.int64]]
    score: Callable[[Any, Any], Any]
    link: Callable[[Any], Any]
    task: Task
    classes: int = 0
    width: int = 1
    linear: bool = False
    penalised: tuple[bool, ...] = ()
    layers: tuple[tuple[int, int], ...] = ()
    activation: str = ""
    initial: Callable[[np.random.Generator], FloatArray] | None = None
    undefined: Callable[[FloatArray, FloatArray], Undefined | None] | None = None

    def predict(self, theta: Any, design: Any) -> Any:
        """Predictions f(θ, x): numbers, or P(y = 1), shape (n,); for k > 2 classes the probability of each, (k, n)."""
        return self.link(self.score(theta, design))

    @property
    def size(self) -> int:
        """The number of parameters."""
        return len(self.parameters)

    @property
    def outputs(self) -> int:
        """The number of predictions a row."""
        return self.classes if self.classes > 2 else 1

    def targets(self, y: FloatArray) -> FloatArray:
        """The targets of the predictions: y, shape (n,), or for k > 2 classes its one-hot encoding, shape (k, n)."""
        return np.eye(self.outputs)[:, y.astype(np.int64)] if self.outputs > 1 else y


def initial_theta(model: Model, seed: int = 0) -> FloatArray:
    """The default θ₀ of a model, shape (p,): zeros, unless the model defines `initial`."""
    if model.initial is None:
        return np.zeros(len(model.parameters))
    return model.initial(np.random.default_rng(seed))


def normal_theta(model: Model, scale: float = 1.0, seed: int = 0) -> FloatArray:
    """A random θ₀: independent normal numbers with mean 0 and standard deviation `scale`, shape (p,)."""
    return scale * np.random.default_rng(seed).standard_normal(len(model.parameters))


def design_columns(model: Model, x: FloatArray) -> FloatArray:
    """The design's columns from the features: shape (n, d) → (n, c). A power may overflow to infinity."""
    if (model.monomials.sum(axis=1) == 1).all():  # the features themselves
        return x
    with np.errstate(over="ignore", invalid="ignore"):
        columns = [np.prod(x[:, row > 0] ** row[row > 0], axis=1) for row in model.monomials]
    return np.column_stack(columns)


def identity(score: Any) -> Any:
    """The link of a regression: the score is the prediction."""
    return score
