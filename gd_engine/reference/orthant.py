"""The local minimum of an E with an l1 penalty that need not be convex: in the orthant of θ, E is smooth."""

import numpy as np

from gd_engine.arrays import BoolArray, FloatArray
from gd_engine.reference.basin import basin_minimum, is_attained, is_stationary
from gd_engine.reference.newton import SADDLE, modes
from gd_engine.reference.objective import Objective


class _Orthant:
    """E with its l1 penalty as a function of the parameters that are not held at 0, with the signs that they have."""

    def __init__(self, objective: Objective, theta: FloatArray, free: BoolArray) -> None:
        self._whole, self._free = objective, free
        self._slope = (objective.l1 * np.sign(theta))[free]

    def _full(self, part: FloatArray) -> FloatArray:
        theta = np.zeros(len(self._free))
        theta[self._free] = part
        return theta

    def at(self, theta: FloatArray) -> tuple[float, FloatArray]:
        energy, gradient = self._whole.at(self._full(theta))
        return energy + float(self._slope @ theta), gradient[self._free] + self._slope

    def energy(self, theta: FloatArray) -> float:
        return self._whole.energy(self._full(theta)) + float(self._slope @ theta)

    def hessian(self, theta: FloatArray) -> FloatArray:
        return self._whole.hessian(self._full(theta))[np.ix_(self._free, self._free)]


def orthant_minimum(objective: Objective, theta: FloatArray) -> FloatArray | None:
    """A local minimum in the basin of θ, shape (p,); None without a certificate.

    A parameter that reaches 0 is held there. At the end the slope of E along each such one must be less than l1.
    """
    theta = theta.copy()
    for _ in range(len(theta) + 1):
        free = (theta != 0.0) | (objective.l1 == 0.0)
        part = _Orthant(objective, theta, free)
        before = theta[free]
        after = basin_minimum(part, before) if free.any() else before
        crosses = (objective.l1[free] > 0.0) & (np.sign(after) != np.sign(before))
        theta[free] = np.where(crosses, 0.0, after)
        if not crosses.any():
            return theta if _is_minimum(objective, part, theta, before, free) else None
    return None


def _is_minimum(objective: Objective, part: _Orthant, theta: FloatArray, before: FloatArray, free: BoolArray) -> bool:
    _, gradient = objective.at(theta)
    if not (np.abs(gradient) < objective.l1)[~free].all():
        return False
    if not free.any():
        return True
    ended = theta[free]
    found = modes(part.hessian(ended))
    is_curved = found.values[-1] > 0 and found.values[0] >= -SADDLE * found.values[-1]
    return bool(is_curved and is_stationary(part, ended, before) and is_attained(part, ended, found))
