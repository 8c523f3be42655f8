"""The referee: where E is quadratic in θ its least value is known, and how far every step is from it."""

from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, squared_norms
from gd_engine.data.qr import triangle
from gd_engine.problem import Problem


class Optimum(NamedTuple):
    """θ*, shape (p,), E(θ*), and a matrix T of at most p + 1 rows with E(θ) − E(θ*) = ‖T (θ − θ*)‖²."""

    theta: FloatArray
    energy: float
    root: FloatArray

    def gap(self, theta: FloatArray) -> FloatArray:
        """E(θ) − E(θ*) for θ of shape (..., p): as a sum of squares, it keeps its digits close to θ*."""
        away = (theta - self.theta) @ self.root.T
        return squared_norms(away)


def optimum(problem: Problem) -> Optimum:
    """The closed-form solution of a problem whose E is quadratic: of several, one; NaN where E is not finite.

    E(θ) = ‖A θ − b‖² with the rows of A and b those of the data over √divisor and, for a ridge penalty, √λ₂ times those
    of the identity (Hoerl & Kennard, Ridge regression, 1970).
    """
    rows = np.column_stack([problem.train.design, problem.train.y]) / np.sqrt(problem.divisor)
    mask = np.array(problem.model.penalised, dtype=np.float64)
    ridge = np.column_stack([np.diag(mask), np.zeros(len(mask))]) * np.sqrt(problem.penalty.l2)
    upper = rows if problem.reduced else triangle(rows)
    if problem.penalty.l2:
        upper = triangle(np.concatenate([upper, ridge]))
    if not np.isfinite(upper).all():  # data so large that its squares are not numbers
        return Optimum(np.full(len(mask), np.nan), np.nan, upper[:, :-1])
    # With columns of one length, a unit of measurement does not decide what counts as zero.
    lengths = np.linalg.norm(upper[:, :-1], axis=0)
    lengths[lengths == 0] = 1.0
    theta = np.asarray(np.linalg.lstsq(upper[:, :-1] / lengths, upper[:, -1])[0] / lengths, dtype=np.float64)
    residual = upper[:, :-1] @ theta - upper[:, -1]
    return Optimum(theta, float(residual @ residual), upper[:, :-1])
