"""E of a function without data that falls without end: to −∞ along a ray from the last step."""

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.context import Stretch
from gd_engine.problem import Problem

NEAR, FAR = -3, 60
"""The powers of ten of the distances, in ways of the last half of the steps, at which E must not have risen."""
PER_DECADE = 4
LAST_DECADES = 20
MOST_PARAMETERS = 20
CONSTANT = 0.9
"""The least fall of E in a decade, as a share of that in the decade before: −log a falls by the same in each, and an E
that has an infimum by ever less."""


def is_unbounded(problem: Problem, rows: Stretch) -> bool:
    """Whether E falls without end from the last of these rows: along the way of the last half of the steps, or of one
    parameter alone.
    """
    energy, theta = rows.columns["train_loss"], rows.theta
    if problem.has_data or len(energy) < 2 or energy[-1] > energy.min():
        return False
    half = min(int(np.searchsorted(rows.step, rows.step[-1] / 2)), len(theta) - 2)
    with np.errstate(all="ignore"):
        way = theta[-1] - theta[half]
        if not np.isfinite(way).all():
            return False
        ways = [way, *np.diag(way)[:MOST_PARAMETERS]]
        return any(_falls_for_ever(problem, theta[-1], each) for each in ways if each.any())


def _falls_for_ever(problem: Problem, theta: FloatArray, way: FloatArray) -> bool:
    """Whether E rises nowhere along a ray, shape (p,), and falls in its last decades by no less in each than before."""
    energy = [float(problem.energy(theta))]
    for distance in 10.0 ** np.linspace(NEAR, FAR, (FAR - NEAR) * PER_DECADE + 1):
        energy.append(float(problem.energy(theta + distance * way)))
        if not energy[-1] <= energy[-2]:
            return False
    falls = -np.diff(energy[1::PER_DECADE])[-LAST_DECADES:]
    return bool(energy[-1] == -np.inf or (falls[0] > 0.0 and (falls[1:] >= CONSTANT * falls[:-1]).all()))
