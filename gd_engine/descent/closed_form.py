"""Closed-form minimum and Hessian of an E quadratic in θ, and the optimality gap E(θ) − E(θ*)."""

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
        """E(θ) − E(θ*) for θ of shape (..., p), as a sum of squares, which is accurate close to θ*."""
        away = (theta - self.theta) @ self.root.T
        return squared_norms(away)


def quadratic_hessian(problem: Problem) -> FloatArray:
    """The Hessian of an E quadratic in θ, shape (p, p)."""
    design = problem.train.design
    return np.asarray(2.0 / problem.divisor * design.T @ design + ridge_hessian(problem), dtype=np.float64)


def ridge_hessian(problem: Problem) -> FloatArray:
    """The ridge penalty's part of the Hessian, shape (p, p)."""
    return np.diag(2.0 * problem.penalty.l2 * np.array(problem.model.penalised, dtype=np.float64))


def optimum(problem: Problem) -> Optimum:
    """The least-squares minimum of a problem with quadratic E, one of them if several; NaN where E is not finite.

    E(θ) = ‖A θ − b‖², where A and b have the data's rows over √divisor and, for a ridge penalty, √λ₂ times the rows of
    the identity (Hoerl & Kennard, Ridge regression, 1970).
    """
    rows = np.column_stack([problem.train.design, problem.train.y]) / np.sqrt(problem.divisor)
    mask = np.array(problem.model.penalised, dtype=np.float64)
    ridge = np.column_stack([np.diag(mask), np.zeros(len(mask))]) * np.sqrt(problem.penalty.l2)
    upper = rows if problem.reduced else triangle(rows)
    if problem.penalty.l2:
        upper = triangle(np.concatenate([upper, ridge]))
    if not np.isfinite(upper).all():  # the squares of large data overflowed
        return Optimum(np.full(len(mask), np.nan), np.nan, upper[:, :-1])
    # Columns of equal norm make the rank decision independent of units of measurement.
    lengths = _lengths(upper[:, :-1])
    with np.errstate(all="ignore"):  # E(θ*) of a huge target is infinite
        theta = np.asarray(np.linalg.lstsq(upper[:, :-1] / lengths, upper[:, -1])[0] / lengths, dtype=np.float64)
        residual = upper[:, :-1] @ theta - upper[:, -1]
        return Optimum(theta, float(residual @ residual), upper[:, :-1])


def _lengths(columns: FloatArray) -> FloatArray:
    """The norms of the columns, shape (p,), 1 for a column of zeros; powers of two keep squares from overflow."""
    power = np.frexp(np.abs(columns).max(axis=0))[1]
    lengths = np.ldexp(np.linalg.norm(np.ldexp(columns, -power), axis=0), power)
    return np.where(lengths == 0, 1.0, lengths)
