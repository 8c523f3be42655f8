"""Separable classes: certificates that E of a classification without a penalty has no minimum, and its infimum."""

from typing import Any

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.problem import Problem
from gd_engine.reference.linear_program import solve
from gd_engine.reference.objective import Charge

CLEAR = 1e-9
"""The least margin of a row that is classified correctly beyond rounding, as a share of the greatest."""
SATURATED = 12.0
"""A margin at which the probability of the correct class is within 10⁻⁵ of 1: E may fall for ever along it."""
ITERATION_SECONDS = 2e-8
"""An estimate for a row and a column in an iteration of the solver, most of which only move a margin to a bound."""
FULL = 1e-10
"""The least eigenvalue of normalised columns that counts for a rank."""


def has_scalable_scores(problem: Problem) -> bool:
    """Whether the scores can be multiplied by any number: no penalty, and a layer of scores that is linear in θ."""
    classifies = problem.loss.name == "log_loss" and problem.model.kind in {"logistic", "softmax", "mlp"}
    return classifies and not any(problem.penalty)


def margins(problem: Problem, theta: FloatArray) -> FloatArray:
    """The score of each training row's class minus that of each other class, shape (n (k − 1),), class by class."""
    score, y = np.asarray(problem.model.score(theta, problem.train.design)), problem.train.y
    if problem.model.outputs == 1:
        return np.where(y == 1.0, score, -score)
    own = (score * y).sum(axis=0)
    return np.concatenate([(own - score[k])[y[k] == 0.0] for k in range(len(y))])


def separates(problem: Problem, theta: FloatArray) -> bool:
    """Whether the scores at θ classify every training row correctly: multiplied by c → ∞, they take E to 0."""
    found = margins(problem, theta)
    return bool(np.isfinite(found).all() and found.min() > CLEAR * np.abs(found).max())


def is_suspicious(problem: Problem, theta: FloatArray) -> bool:
    """Whether E, of scores linear in θ, may have no minimum near a θ where Newton's method ended.

    Along a direction without end, the margins that grow have left the bend of the loss; the others do not change. So
    there is none if the other margins alone determine θ.
    """
    found = margins(problem, theta)
    if found.max() <= SATURATED:
        return False
    rows = directions(problem)
    return _rank(rows[found <= SATURATED]) < _rank(rows)


def _rank(rows: FloatArray) -> int:
    """The rank of rows, shape (m, p), in units of their columns; too low rather than too high."""
    lengths = np.linalg.norm(rows, axis=0)
    scaled = rows / np.where(lengths > 0, lengths, 1.0)
    return int((np.linalg.eigvalsh(scaled.T @ scaled) > FULL).sum())


def separable_margins(problem: Problem, budget: Charge) -> Any:
    """A mask of the margins, in the order of `margins`, that some direction of θ raises for ever at no other's cost.

    The linear program max Σ tᵢ, 0 ≤ tᵢ ≤ 1, tᵢ ≤ the change of margin i, of a score linear in θ (Konis, Linear
    programming algorithms for detecting separated data, 2007). All: the classes are separable; some: partly. None if
    the program was not solved within the budget.
    """
    from scipy.sparse import csr_array, eye_array, hstack  # noqa: PLC0415 - few runs need it

    rows = directions(problem)
    count, p = rows.shape
    scale = np.abs(rows).max(axis=0)
    changes = csr_array(rows / np.where(scale > 0, scale, 1.0))
    found = solve(
        budget,
        count,
        p,
        ITERATION_SECONDS,
        c=np.concatenate([np.zeros(p), -np.ones(count)]),
        A_ub=hstack([-changes, eye_array(count, format="csr")]),
        b_ub=np.zeros(count),
        bounds=[(None, None)] * p + [(0.0, 1.0)] * count,
    )
    return None if found is None else found.x[p:] > 0.5


def directions(problem: Problem) -> FloatArray:
    """The derivatives of the margins by θ, shape (n (k − 1), p), of a score linear in θ."""
    design, y, width = problem.train.design, problem.train.y, problem.model.width
    if problem.model.kind == "logistic":
        return np.where(y == 1.0, 1.0, -1.0)[:, None] * design
    own = y.argmax(axis=0) if problem.model.outputs > 1 else y.astype(np.int64)
    pairs = [np.flatnonzero(own != k) for k in range(width)]
    if problem.model.outputs == 1:  # one margin a row, in the order of the rows
        weight = np.where(own == 1, 1.0, -1.0)[:, None] * np.array([-1.0, 1.0])
        return np.asarray((design[:, :, None] * weight[:, None, :]).reshape(len(design), -1))
    weights = [np.eye(width)[own[rows]] - np.eye(width)[k] for k, rows in enumerate(pairs)]
    parts = [design[rows][:, :, None] * weight[:, None, :] for rows, weight in zip(pairs, weights, strict=True)]
    return np.concatenate([part.reshape(len(part), -1) for part in parts])
