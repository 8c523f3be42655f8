"""Models whose score is linear in θ: linear and polynomial regression, logistic and softmax regression."""

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import Any

import autograd.numpy as anp
import numpy as np

from gd_engine.autodiff.primitives import piece, sigmoid, softmax
from gd_engine.models.base import INTERCEPT, Model, identity


def linear(features: Sequence[str], *, intercept: bool = True) -> Model:
    """f(θ, x) = θ₀ + θ·x (without θ₀ if `intercept` is false)."""
    return _matrix_product("linear", features, each(features), intercept, identity, "regression")


def polynomial(features: Sequence[str], *, degree: int = 2, intercept: bool = True) -> Model:
    """A polynomial of total degree `degree` in the features, products of different features included."""
    exponents = [
        [chosen.count(i) for i in range(len(features))]
        for total in range(1, degree + 1)
        for chosen in combinations_with_replacement(range(len(features)), total)
    ]
    return _matrix_product("polynomial", features, np.array(exponents), intercept, identity, "regression")


def logistic(features: Sequence[str], *, intercept: bool = True) -> Model:
    """P(y = 1 | x) = σ(θ₀ + θ·x), σ(s) = 1 / (1 + e^−s)."""
    return _matrix_product("logistic", features, each(features), intercept, sigmoid, "classification")


def softmax_regression(features: Sequence[str], *, classes: Sequence[str], intercept: bool = True) -> Model:
    """P(y = c | x) = e^sc / Σₖ e^sₖ with a score sₖ = θ₀ₖ + θₖ·x for each class (multinomial logistic regression).

    θ is the matrix of these weights row by row: the classes' intercepts, then their weights of the first feature, ….
    """
    columns = ([INTERCEPT] if intercept else []) + list(features)
    shape = (len(columns), len(classes))

    def score(theta: Any, design: Any) -> Any:
        return anp.dot(anp.transpose(piece(theta, 0, shape)), anp.transpose(design))

    return Model(
        kind="softmax",
        parameters=tuple(f"{column}[{name}]" for column in columns for name in classes),
        intercept=intercept,
        monomials=each(features),
        # A prediction for two classes is the probability of the second, as in every model.
        score=score if len(classes) > 2 else lambda theta, design: _difference(score(theta, design)),
        link=softmax if len(classes) > 2 else sigmoid,
        task="classification",
        classes=len(classes),
        width=len(classes),
        penalised=tuple(column != INTERCEPT or not intercept for column in columns for _ in classes),
    )


def _matrix_product(kind: str, features: Sequence[str], monomials: Any, intercept: bool, link: Any, task: Any) -> Model:
    names = [_monomial_name(features, row) for row in monomials]
    return Model(
        kind,
        parameters=((INTERCEPT,) if intercept else ()) + tuple(names),
        intercept=intercept,
        monomials=monomials,
        score=lambda theta, design: anp.dot(design, theta),
        link=link,
        task=task,
        classes=2 if task == "classification" else 0,
        linear=True,
        penalised=((False,) if intercept else ()) + (True,) * len(names),
    )


def each(features: Sequence[str]) -> Any:
    """The monomials of a design whose columns are the features themselves."""
    return np.eye(len(features), dtype=np.int64)


def _monomial_name(features: Sequence[str], exponents: Sequence[int]) -> str:
    powers = [(name, k) for name, k in zip(features, exponents, strict=True) if k]
    return "*".join(name if k == 1 else f"{name}^{k}" for name, k in powers)


def _difference(scores: Any) -> Any:
    return anp.dot(np.array([-1.0, 1.0]), scores)
