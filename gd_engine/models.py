"""Models f(θ, x): what is predicted from a row of features, given the parameters θ.

Every model here is linear in θ before its link: the *score* is one matrix–vector product with a design matrix whose
columns are those of `design_columns`. `LINKS` turns scores into predictions.
"""

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement
from typing import Any, Literal, NamedTuple

import autograd.numpy as anp
import numpy as np

from gd_engine.arrays import FloatArray

INTERCEPT = "intercept"


class Model(NamedTuple):
    """A model over named features.

    `monomials` has one row of exponents a design column: feature i enters column j as xᵢ^monomials[j, i]. `score` maps
    (θ, design matrix) to one number a row, `link` maps scores to predictions. Both are differentiable by autograd.
    """

    kind: str
    parameters: tuple[str, ...]
    intercept: bool
    monomials: np.ndarray[Any, np.dtype[np.int64]]
    score: Callable[[Any, Any], Any]
    link: Callable[[Any], Any]
    task: Literal["regression", "classification"]

    def predict(self, theta: Any, design: Any) -> Any:
        """Predictions f(θ, x), shape (n,), for a design matrix of shape (n, p): a number or P(y = 1)."""
        return self.link(self.score(theta, design))


def linear(features: Sequence[str], *, intercept: bool = True) -> Model:
    """f(θ, x) = θ₀ + θ·x (without θ₀ if `intercept` is false)."""
    return _model("linear", features, np.eye(len(features), dtype=np.int64), intercept, _identity, "regression")


def polynomial(features: Sequence[str], *, degree: int = 2, intercept: bool = True) -> Model:
    """A polynomial of total degree `degree` in the features, products of different features included."""
    exponents = [
        [chosen.count(i) for i in range(len(features))]
        for total in range(1, degree + 1)
        for chosen in combinations_with_replacement(range(len(features)), total)
    ]
    return _model("polynomial", features, np.array(exponents), intercept, _identity, "regression")


def logistic(features: Sequence[str], *, intercept: bool = True) -> Model:
    """P(y = 1 | x) = σ(θ₀ + θ·x), σ(s) = 1 / (1 + e^−s)."""
    return _model("logistic", features, np.eye(len(features), dtype=np.int64), intercept, sigmoid, "classification")


MODELS: dict[str, Callable[..., Model]] = {"linear": linear, "polynomial": polynomial, "logistic": logistic}


def design_columns(model: Model, x: FloatArray) -> FloatArray:
    """The columns that θ (but the intercept) multiplies: shape (n, d) → (n, p). A power may overflow to infinity."""
    with np.errstate(over="ignore", invalid="ignore"):
        columns = [np.prod(x[:, row > 0] ** row[row > 0], axis=1) for row in model.monomials]
    return np.column_stack(columns)


def sigmoid(score: Any) -> Any:
    """σ(s), written with tanh so that no s overflows."""
    return 0.5 * (anp.tanh(0.5 * score) + 1.0)


def _model(kind: str, features: Sequence[str], monomials: Any, intercept: bool, link: Any, task: Any) -> Model:
    names = [_monomial_name(features, row) for row in monomials]
    parameters = ((INTERCEPT,) if intercept else ()) + tuple(names)
    return Model(kind, parameters, intercept, monomials, _matrix_product, link, task)


def _monomial_name(features: Sequence[str], exponents: Sequence[int]) -> str:
    powers = [(name, k) for name, k in zip(features, exponents, strict=True) if k]
    return "*".join(name if k == 1 else f"{name}^{k}" for name, k in powers)


def _matrix_product(theta: Any, design: Any) -> Any:
    return anp.dot(design, theta)


def _identity(score: Any) -> Any:
    return score
