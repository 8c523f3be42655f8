"""Separable classes: certificates that E of a classification without a penalty has no minimum, and its infimum."""

from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.problem import Problem

CLEAR = 1e-9
"""The least margin of a row that is classified correctly beyond rounding, as a share of the greatest."""
SATURATED = 12.0
"""A margin at which the probability of the correct class is within 10⁻⁵ of 1: E may fall for ever along it."""
MOST_CELLS = 2_000_000


def has_scalable_scores(problem: Problem) -> bool:
    """Whether the scores can be multiplied by any number: no penalty, and a layer of scores that is linear in θ."""
    classifies = problem.loss.name == "log_loss" and problem.model.kind in {"logistic", "softmax", "mlp"}
    return classifies and not any(problem.penalty)


def margins(problem: Problem, theta: FloatArray) -> FloatArray:
    """The score of each training row's class minus that of the best other class, shape (n,)."""
    score, y = np.asarray(problem.model.score(theta, problem.train.design)), problem.train.y
    if problem.model.outputs == 1:
        return np.where(y == 1.0, score, -score)
    own = (score * y).sum(axis=0)
    return np.asarray(own - np.where(y == 1.0, -np.inf, score).max(axis=0))


def separates(problem: Problem, theta: FloatArray) -> bool:
    """Whether the scores at θ classify every training row correctly: multiplied by c → ∞, they take E to 0."""
    found = margins(problem, theta)
    return bool(np.isfinite(found).all() and found.min() > CLEAR * np.abs(found).max())


def is_suspicious(problem: Problem, theta: FloatArray) -> bool:
    """Whether E may have no minimum near θ: a row's probability is almost 1."""
    return bool(margins(problem, theta).max() > SATURATED)


def separable_rows(problem: Problem) -> Any:
    """A mask, shape (n,), of the training rows whose part of E some direction of θ lowers for ever at no other's cost.

    The linear program max Σ tᵢ, 0 ≤ tᵢ ≤ 1, tᵢ ≤ the margins of row i along the direction, of a score linear in θ
    (Konis, Linear programming algorithms for detecting separated data, 2007). All rows: the classes are separable;
    some: quasi-separable. None if the program is too large, or was not solved.
    """
    from scipy.optimize import linprog  # noqa: PLC0415 - few runs need it, and it takes longer to import than they do
    from scipy.sparse import csr_array, eye_array, hstack  # noqa: PLC0415

    rows, owners = _directions(problem)
    count = problem.train.size
    if rows.size > MOST_CELLS:
        return None
    scale = np.abs(rows).max(axis=0)
    rows = rows / np.where(scale > 0, scale, 1.0)
    place = eye_array(count, format="csr")[owners]
    below = hstack([csr_array(-rows), place])
    cost = np.concatenate([np.zeros(rows.shape[1]), -np.ones(count)])
    bounds = [(None, None)] * rows.shape[1] + [(0.0, 1.0)] * count
    found = linprog(cost, A_ub=below, b_ub=np.zeros(len(rows)), bounds=bounds, method="highs")
    return found.x[rows.shape[1] :] > 0.5 if found.status == 0 else None


def _directions(problem: Problem) -> tuple[FloatArray, Any]:
    """The coefficients of each margin in θ, shape (n (k − 1), p), and the row of the data that it is of."""
    design, y = problem.train.design, problem.train.y
    if problem.model.kind == "logistic":
        return np.where(y == 1.0, 1.0, -1.0)[:, None] * design, np.arange(len(design))
    width = problem.model.width
    own = y.argmax(axis=0) if problem.model.outputs > 1 else y.astype(np.int64)
    parts, owners = [], []
    for other in range(width):
        rows = np.flatnonzero(own != other)
        weight = np.eye(width)[own[rows]] - np.eye(width)[other]
        parts.append((design[rows][:, :, None] * weight[:, None, :]).reshape(len(rows), -1))
        owners.append(rows)
    return np.concatenate(parts), np.concatenate(owners)
