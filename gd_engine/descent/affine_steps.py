"""Affine steps: for E quadratic in θ and a linear optimiser, a step is an affine map and k steps are its k-th power.

∇E(θ) = H θ − h, so a step maps (θ, memory, 1) to A (θ, memory, 1) with a constant matrix A. The stacked powers
A⁰ … A⁶³ give 64 steps by one matrix–vector product; another product gives the metrics of a thousand steps.
"""

from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray, Rows, squared_norms
from gd_engine.descent.closed_form import quadratic_hessian
from gd_engine.optim.optimizers import Optimizer
from gd_engine.problem import Problem

GROUP = 64
AFFINE_BLOCK = 16 * GROUP
"""Rows of an affine block. Blocks begin at its multiples, so a resumed descent has the same bits."""
MOST_NUMBERS = 128


class AffineBlock(NamedTuple):
    """Consecutive rows: θ, shape (k, p), columns, shape (k,), `tallies`, (k, parts), and the next θ and memory."""

    theta: FloatArray
    energy: FloatArray
    gradient_norm: FloatArray
    tallies: FloatArray
    next_theta: FloatArray
    next_memory: FloatArray


def pays(problem: Problem, optimizer: Optimizer, steps: int) -> bool:
    """Whether powers of A save time: A is small, and the steps are at least four times its columns."""
    p = len(problem.model.parameters)
    numbers = p + optimizer.init(np.zeros(p)).size + 1
    return problem.reduced and optimizer.linear and numbers <= MOST_NUMBERS and steps >= 4 * numbers


class AffineStepper:
    """Affine blocks of a descent with a constant learning rate on a reduced problem."""

    def __init__(self, problem: Problem, optimizer: Optimizer, rate: float) -> None:
        self._problem = problem
        self._p = len(problem.model.parameters)
        design, y, _ = problem.train
        self._ridge = 2.0 * problem.penalty.l2 * np.array(problem.model.penalised, dtype=np.float64)
        step = _matrix(optimizer, rate, quadratic_hessian(problem), 2.0 / problem.divisor * design.T @ y)
        powers, self._group_power = np.eye(len(step))[None], step
        while len(powers) < GROUP:
            powers = np.concatenate([powers, powers @ self._group_power])
            self._group_power = self._group_power @ self._group_power
        self._powers = np.ascontiguousarray(powers[:, : self._p]).reshape(-1, len(step))

    def affine_block(self, theta: FloatArray, memory: FloatArray, rows: int) -> AffineBlock | None:
        """The next `rows` rows from θ, at most AFFINE_BLOCK; None if one of their numbers is not finite."""
        groups = -(-rows // GROUP)
        thetas = np.empty((groups, GROUP * self._p))
        state = np.concatenate([theta, memory.ravel(), [1.0]])
        for group in thetas:
            np.dot(self._powers, state, out=group)
            state = self._group_power @ state
        path = thetas.reshape(-1, self._p)
        affine_block = self._with_columns(path, state)
        finite = np.isfinite(affine_block.energy).all() and np.isfinite(path).all() and np.isfinite(state).all()
        return affine_block if finite else None

    def _with_columns(self, path: FloatArray, state: FloatArray) -> AffineBlock:
        problem, p = self._problem, self._p
        residuals = _residuals(problem.train, path)
        squares = squared_norms(residuals)
        gradient = 2.0 / problem.divisor * (residuals @ problem.train.design)
        energy = squares / problem.divisor
        if problem.penalty.l2:
            energy = energy + 0.5 * (np.square(path) @ self._ridge)
            gradient += self._ridge * path
        others = [squared_norms(_residuals(rows, path)) for rows in (problem.validation, problem.test) if rows.size]
        return AffineBlock(
            theta=path,
            energy=energy,
            gradient_norm=np.sqrt(squared_norms(gradient)),
            tallies=np.column_stack([squares, *others]),
            next_theta=state[:p],
            next_memory=state[p:-1].reshape(-1, p),
        )


def _matrix(optimizer: Optimizer, rate: float, hessian: FloatArray, offset: FloatArray) -> FloatArray:
    """The matrix A, column by column: the optimiser's step from each unit vector of (θ, memory, 1)."""
    p = len(offset)
    slots = len(optimizer.init(np.zeros(p)))
    columns = []
    for unit in np.eye(p * (1 + slots) + 1):
        theta, memory = unit[:p], unit[p:-1].reshape(slots, p)
        change, memory = optimizer.update(hessian @ theta - unit[-1] * offset, memory, rate, theta, 0)
        columns.append(np.concatenate([theta + change, memory.ravel(), unit[-1:]]))
    return np.array(columns).T


def _residuals(rows: Rows, path: FloatArray) -> FloatArray:
    residuals: FloatArray = path @ rows.design.T
    residuals -= rows.y
    return residuals
