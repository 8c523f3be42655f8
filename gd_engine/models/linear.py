"""Models whose score is linear in θ: linear and polynomial regression, logistic and softmax regression."""

from collections.abc import Sequence
from functools import cache
from itertools import combinations_with_replacement
from typing import Any

import autograd.numpy as anp
import numpy as np

from gd_engine.autodiff.primitives import piece, sigmoid, softmax
from gd_engine.models.base import INTERCEPT, Model, identity


def linear(features: Sequence[str], *, intercept: bool = True) -> Model:
    """f(θ, x) = θ₀ + θ·x, without θ₀ if `intercept` is false (Legendre, 1805)."""
    names = column_names(features, intercept)
    return _matrix_product("linear", names, each(features), intercept, identity, "regression")


def polynomial(features: Sequence[str], *, degree: int = 2, intercept: bool = True) -> Model:
    """f(θ, x) = Σ θₐ x₁^a₁ ⋯ xₙ^aₙ over all exponents with a₁ + ⋯ + aₙ ≤ `degree` (Gergonne, 1815)."""
    exponents = [
        [chosen.count(i) for i in range(len(features))]
        for total in range(1, degree + 1)
        for chosen in combinations_with_replacement(range(len(features)), total)
    ]
    names = polynomial_names(features, degree, intercept)
    return _matrix_product("polynomial", names, np.array(exponents), intercept, identity, "regression")


def logistic(features: Sequence[str], *, intercept: bool = True) -> Model:
    """P(y = 1 | x) = σ(θ₀ + θ·x), σ(s) = 1 / (1 + e^−s) (Cox, 1958)."""
    names = column_names(features, intercept)
    return _matrix_product("logistic", names, each(features), intercept, sigmoid, "classification")


def softmax_regression(features: Sequence[str], *, classes: Sequence[str], intercept: bool = True) -> Model:
    """P(y = c | x) = e^sc / Σₖ e^sₖ with a score sₖ = θ₀ₖ + θₖ·x for each class (Bridle, 1990).

    θ is the matrix of these weights row by row: the classes' intercepts, then their weights of the first feature, ….
    """
    columns = ([INTERCEPT] if intercept else []) + list(features)
    shape = (len(columns), len(classes))

    def score(theta: Any, design: Any) -> Any:
        return anp.dot(anp.transpose(piece(theta, 0, shape)), anp.transpose(design))

    return Model(
        kind="softmax",
        parameters=softmax_names(features, classes, intercept),
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


def _matrix_product(kind: str, names: tuple[str, ...], monomials: Any, intercept: bool, link: Any, task: Any) -> Model:
    return Model(
        kind,
        parameters=names,
        intercept=intercept,
        monomials=monomials,
        score=lambda theta, design: anp.dot(design, theta),
        link=link,
        task=task,
        classes=2 if task == "classification" else 0,
        linear=True,
        penalised=((False,) if intercept else ()) + (True,) * len(monomials),
    )


def each(features: Sequence[str]) -> Any:
    """The monomials of a design whose columns are the features themselves."""
    return np.eye(len(features), dtype=np.int64)


def column_names(features: Sequence[str], intercept: bool) -> tuple[str, ...]:
    """The names of a design's columns: the intercept, then the features."""
    return ((INTERCEPT,) if intercept else ()) + tuple(features)


def softmax_names(features: Sequence[str], classes: Sequence[str], intercept: bool) -> tuple[str, ...]:
    """The names of the weights of `softmax_regression`: each column with each class."""
    return tuple(f"{column}[{name}]" for column in column_names(features, intercept) for name in classes)


def polynomial_names(features: Sequence[str], degree: int, intercept: bool) -> tuple[str, ...]:
    """The names of the columns of `polynomial`, in its order: a, b, a^2, a*b, b^2, …."""

    @cache
    def of_degree(total: int, first: int) -> list[str]:
        """The monomials of this total degree in the features from the number `first` on."""
        found = []
        for i in range(first, len(features)):
            for power in range(total, 0, -1):
                head = features[i] if power == 1 else f"{features[i]}^{power}"
                found += [f"{head}*{rest}" for rest in of_degree(total - power, i + 1)] if power < total else [head]
        return found

    monomials = [name for total in range(1, degree + 1) for name in of_degree(total, 0)]
    return column_names(monomials, intercept)


def _difference(scores: Any) -> Any:
    return anp.dot(np.array([-1.0, 1.0]), scores)
