"""Newton's method for a smooth E, and the proximal Newton method for a convex one with an l1 penalty."""

from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.reference.objective import Objective

MOST_ITERATIONS = 1000
EQUILIBRATIONS = 10
SADDLE = 1e-7
"""The share of the greatest scaled curvature beyond which a negative one is a saddle's."""
ASIDE = 1e-3
"""The share of E that a step aside from a saddle may gain."""
LEAST_DAMPING, MOST_DAMPING = 1e-8, 1e8
MOST_SWEEPS = 2000
FLAT = 1e-12
"""The share of the greatest scaled curvature below which a curvature is a rounding error."""
CLOSE = 1e-13
"""A step that lowers E by a smaller share of E is the last one."""
SUFFICIENT = 1e-4
"""The share of the expected decrease that a step must achieve (Armijo)."""


class Modes(NamedTuple):
    """The eigenvalues λ, in ascending order, and eigenvectors V of the Hessian in the unit of each parameter.

    The units make the greatest entry of each row 1, so that no unit of measurement matters; of a positive definite
    Hessian they are 1/√Hⱼⱼ.
    """

    values: FloatArray
    vectors: FloatArray
    unit: FloatArray

    def step(self, gradient: FloatArray, damping: float = 0.0) -> tuple[FloatArray, float]:
        """Newton's step with |λ| for λ, which leaves saddles downwards, and the decrease of E that it expects.

        `damping`, a share of the greatest |λ|, is added to each (Levenberg, 1944).
        """
        along = self.vectors.T @ (self.unit * gradient)
        size = np.abs(self.values)
        greatest = size.max() or 1.0
        size = np.maximum(size, FLAT * greatest) + damping * greatest
        return -self.unit * (self.vectors @ (along / size)), 0.5 * float(along @ (along / size))


def modes(hessian: FloatArray) -> Modes:
    """The modes of a Hessian, shape (p, p). Raises LinAlgError if it is not finite."""
    unit = np.ones(len(hessian))
    for _ in range(EQUILIBRATIONS):  # Ruiz, A scaling algorithm to equilibrate both rows and columns norms, 2001
        size = np.sqrt(np.abs(unit[:, None] * hessian * unit).max(axis=1))
        unit = unit / np.where(size > 0, size, 1.0)
    values, vectors = np.linalg.eigh(unit[:, None] * hessian * unit)
    return Modes(values, vectors, unit)


def newton(objective: Objective, theta: FloatArray) -> FloatArray:
    """The end of Newton's method from θ, shape (p,): a stationary point, or the place where E falls no further."""
    energy, gradient = objective.at(theta)
    damping = 0.0
    for iteration in range(MOST_ITERATIONS):
        found = modes(objective.hessian(theta))
        step, expected = found.step(gradient)
        if not expected > CLOSE * abs(energy):
            beside = _beside_saddle(objective, theta, found, energy) if iteration > 0 else None
            if beside is None:
                return theta + step if objective.at(theta + step)[0] <= energy else theta
            theta = beside
            energy, gradient = objective.at(theta)
            continue
        step, expected = found.step(gradient, damping)
        after = objective.at(theta + step)
        while not after[0] <= energy - SUFFICIENT * expected:
            damping = max(4.0 * damping, LEAST_DAMPING)
            if damping > MOST_DAMPING:
                return theta
            step, expected = found.step(gradient, damping)
            after = objective.at(theta + step)
        theta, (energy, gradient) = theta + step, after
        damping = 0.25 * damping if damping > LEAST_DAMPING else 0.0
    return theta


def _beside_saddle(objective: Objective, theta: FloatArray, found: Modes, energy: float) -> FloatArray | None:
    """A lower point beside a saddle of a perceptron, where the method makes units alike that the descent does not."""
    least = float(found.values[0])
    # The greatest value may be NaN, where the Hessian has numbers of all sizes.
    if objective.problem.model.kind != "mlp" or not least < -SADDLE * float(found.values[-1]):
        return None
    away = (ASIDE * energy / -least) ** 0.5 * found.unit * found.vectors[:, 0]
    for share in (1.0, -1.0, 0.1, -0.1, 0.01, -0.01):
        if objective.at(theta + share * away)[0] < energy:
            return np.asarray(theta + share * away, dtype=np.float64)
    return None


def proximal_newton(objective: Objective, theta: FloatArray) -> FloatArray:
    """The minimum of a convex E with an l1 penalty from θ, shape (p,).

    Each iteration minimises the quadratic model with the penalty by coordinate descent (Lee, Sun & Saunders, Proximal
    Newton-type methods, 2014; Friedman, Hastie & Tibshirani, 2010), then searches along the line.
    """
    energy, gradient = objective.at(theta)
    total = energy + float(objective.l1 @ np.abs(theta))
    for _ in range(MOST_ITERATIONS):
        hessian = objective.hessian(theta)
        target = _of_quadratic_model(hessian, gradient, objective, theta)
        step = target - theta
        expected = -float(gradient @ step) - float(objective.l1 @ (np.abs(target) - np.abs(theta)))
        if not expected > CLOSE * abs(total):
            return target if _total(objective, target) <= total else theta
        share = 1.0
        while not _total(objective, theta + share * step) <= total - SUFFICIENT * share * expected:
            share *= 0.5
            if share < CLOSE:
                return theta
        theta = theta + share * step
        energy, gradient = objective.at(theta)
        total = energy + float(objective.l1 @ np.abs(theta))
    return theta


def _total(objective: Objective, theta: FloatArray) -> float:
    return objective.at(theta)[0] + float(objective.l1 @ np.abs(theta))


def _of_quadratic_model(
    hessian: FloatArray, gradient: FloatArray, objective: Objective, theta: FloatArray
) -> FloatArray:
    """The minimum of g·s + ½ s·Hs + λ₁‖θ + s‖₁ as θ + s, shape (p,).

    Coordinate descent finds the zeros and the signs; where these no longer change, the rest is a linear system.
    """
    found, l1 = theta.copy(), objective.l1
    curvature = np.maximum(np.diag(hessian), np.finfo(float).tiny)
    slope = gradient.copy()  # of the smooth part at `found`
    signs = np.sign(found)
    for sweep in range(MOST_SWEEPS):
        objective.budget()
        for j in range(len(found)):
            aim = found[j] - slope[j] / curvature[j]
            value = np.sign(aim) * max(abs(aim) - l1[j] / curvature[j], 0.0)
            if value != found[j]:
                slope += hessian[:, j] * (value - found[j])
                found[j] = value
        same, signs = np.array_equal(np.sign(found), signs), np.sign(found)
        if same and sweep > 0:
            settled = _with_signs(hessian, gradient, theta, l1, signs)
            if settled is not None:
                return settled
    return found


def _with_signs(
    hessian: FloatArray, gradient: FloatArray, theta: FloatArray, l1: FloatArray, signs: FloatArray
) -> FloatArray | None:
    """The minimum with these zeros and signs, shape (p,), if it is the minimum; else None."""
    free = (signs != 0) | (l1 == 0)
    right = hessian[np.ix_(free, np.arange(len(theta)))] @ theta - gradient[free] - l1[free] * signs[free]
    found = np.zeros(len(theta))
    size = np.sqrt(np.maximum(np.diag(hessian)[free], np.finfo(float).tiny))
    found[free] = np.linalg.lstsq(hessian[np.ix_(free, free)] / np.outer(size, size), right / size, rcond=1e-13)[0]
    found[free] /= size
    slope = gradient + hessian @ (found - theta)
    room = 1e-9 * np.maximum(l1, np.abs(gradient).max(initial=0.0))
    keeps = (np.sign(found) == signs)[free & (l1 > 0)].all()
    return found if keeps and (np.abs(slope) <= l1 + room)[~free].all() else None
