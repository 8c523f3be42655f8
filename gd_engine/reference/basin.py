"""The minimum of the basin in which a function's descent ended, and whether a minimum is attained there."""

import numpy as np

from gd_engine.arrays import FloatArray
from gd_engine.reference.newton import CLOSE, FLAT, MOST_ITERATIONS, Modes, modes
from gd_engine.reference.objective import Smooth

PARTS = (*sorted(place * 0.6180339887498949 % 1.0 for place in range(1, 12)), 1.0)
"""The places on a step at which E must have risen nowhere: evenly spread, and in step with no period of E."""
ENOUGH = 0.5
"""The least fall on a part of a step, as a share of that part of the expected fall: a step for which E is far from its
quadratic model may have crossed anything."""
MOST_HALVINGS = 60
MOST_POLISHING = 5
NEGLIGIBLE = 1e-20
"""An expected decrease that is a smaller share of the rise of E across θ ends the search."""
STATIONARY = 1e-12
"""The greatest expected decrease at a minimum, as a share of the rise of E across θ."""
ROUNDING = 64.0 * float(np.finfo(float).eps)
"""The rounding error of E, as a share of it."""
BEYOND = 30.0
"""The distance at which E must have risen, in units of Newton's step."""
WIDENINGS = 4
VISIBLE = 1e4
"""The rise of E there by its curvature, in units of its rounding error."""
NEAR = 0.1
"""The greatest distance, as a share of θ, along a direction in which E is flat."""
STRICT = 1e-10
"""The share of the greatest scaled curvature above which a direction is not flat."""
MOST_DIRECTIONS = 20


def basin_minimum(objective: Smooth, theta: FloatArray) -> FloatArray:
    """The end of Newton's method from θ, shape (p,), whose steps never cross a rise of E."""
    start = np.abs(theta)
    energy, gradient = objective.at(theta)
    for _ in range(MOST_ITERATIONS):
        hessian = objective.hessian(theta)
        step, expected = modes(hessian).step(gradient)
        if not expected > max(CLOSE * abs(energy), NEGLIGIBLE * _rise_across(hessian, theta, start)):
            break
        share = _share_without_rise(objective, theta, step, energy, expected)
        if share == 0.0:
            break
        theta = theta + share * step
        energy, gradient = objective.at(theta)
    return _polished(objective, theta)


def _rise_across(hessian: FloatArray, theta: FloatArray, start: FloatArray) -> float:
    """The rise of E by its curvature at the distance of θ from 0, or of the start if that is greater."""
    size = np.maximum(np.abs(theta), start)
    return float((0.5 * np.abs(np.diag(hessian)) * np.square(size)).max())


def _share_without_rise(
    objective: Smooth, theta: FloatArray, step: FloatArray, energy: float, expected: float
) -> float:
    """The first of 1, ½, ¼, … of a step along which E falls all the way, and enough; 0 if there is none."""
    share = 1.0
    for _ in range(MOST_HALVINGS):
        before = energy
        for part in PARTS:
            after = objective.energy(theta + share * part * step)
            if not after <= before + ROUNDING * abs(before):
                break
            before = after
        else:
            if before <= energy - ENOUGH * share * expected:
                return share
        share *= 0.5
    return 0.0


def _polished(objective: Smooth, theta: FloatArray) -> FloatArray:
    """θ after Newton steps that make the expected decrease less: a large constant in E hides their gain."""
    energy, gradient = objective.at(theta)
    step, expected = modes(objective.hessian(theta)).step(gradient)
    for _ in range(MOST_POLISHING):
        after, gradient = objective.at(theta + step)
        if not after <= energy + ROUNDING * abs(energy):
            break
        next_step, next_expected = modes(objective.hessian(theta + step)).step(gradient)
        if not next_expected < expected:
            break
        theta, step, expected = theta + step, next_step, next_expected
    return theta


def is_stationary(objective: Smooth, theta: FloatArray, start: FloatArray) -> bool:
    """Whether Newton's step from θ gains no more than rounding, beside the rise of E across θ."""
    energy, gradient = objective.at(theta)
    hessian = objective.hessian(theta)
    _, expected = modes(hessian).step(gradient)
    return bool(expected <= max(STATIONARY * _rise_across(hessian, theta, np.abs(start)), ROUNDING * abs(energy)))


def is_attained(objective: Smooth, theta: FloatArray, found: Modes) -> bool:
    """Whether E rises, or is level, on both sides of θ along each mode, beyond the reach of Newton's step.

    An inflection falls on one side; an infimum towards which θ runs away is level or falls on one side alone.
    """
    energy, gradient = objective.at(theta)
    rounding = ROUNDING * abs(energy)
    along = found.vectors.T @ (found.unit * gradient)
    greatest = float(np.abs(found.values).max())
    size = np.maximum(np.abs(found.values), FLAT * greatest)
    reach = float(np.abs(theta / found.unit).max()) or float(1.0 / found.unit.max())
    for mode in range(min(len(theta), MOST_DIRECTIONS)):
        is_level = abs(found.values[mode]) <= STRICT * greatest
        curved = NEAR * reach if is_level else (2.0 * VISIBLE * rounding / size[mode]) ** 0.5
        distance = max(BEYOND * abs(along[mode]) / size[mode], curved, 1e-6 * reach)
        if not _is_lowest(objective, theta, energy, distance * found.unit * found.vectors[:, mode]):
            return False
    return True


def _is_lowest(objective: Smooth, theta: FloatArray, energy: float, away: FloatArray) -> bool:
    """Whether E rises, or is level, on both sides of θ; further away if it is level on one side by rounding."""
    rounding = ROUNDING * abs(energy)
    for _ in range(WIDENINGS):
        rises = [objective.energy(theta + side * away) - energy for side in (1.0, -1.0)]
        if not min(rises) >= -rounding:
            return False
        if (rises[0] > rounding) == (rises[1] > rounding):
            return True
        away = 10.0 * away
    return False
