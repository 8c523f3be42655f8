"""The automatic learning rate: 1/λmax, or that of a line search."""

import numpy as np
from autograd import grad

from gd_engine.arrays import FloatArray
from gd_engine.autodiff.curvature import Energy, largest_curvature

MOST_TRIALS = 200
"""Doublings or halvings of a rate."""
NOT_FINITE = 'The learning rate "auto" follows from E and its derivatives at θ₀, which are not finite numbers there.'
NO_SLOPE = (
    'The learning rate "auto" was not found: the gradient of E at θ₀ is 0 or leads nowhere, so E does not fall from '
    "there. Give another theta0."
)
NO_END = (
    'The learning rate "auto" was not found: E falls without end along its gradient at θ₀. '
    "Give the learning rate as a number."
)


class NoLearningRateError(ValueError):
    """There is no automatic learning rate: E does not fall from θ₀, or is not finite there."""


class NotFiniteError(NoLearningRateError):
    """E or its derivatives are not finite numbers at θ₀."""


def auto_learning_rate(energy: Energy, theta: FloatArray) -> float:
    """1/λmax of the Hessian of E at θ: for a quadratic E, half the bound above which gradient descent diverges.

    Where E is concave or flat at θ there is no such number: the rate is then that of a line search. Raises
    NoLearningRateError where E does not fall, NotFiniteError where it is not finite.
    """
    with np.errstate(all="ignore"):
        curvature = largest_curvature(energy, theta)
        rate = 1.0 / curvature if curvature > 0 else np.nan
        return rate if np.isfinite(rate) and rate > 0 else _searched_rate(energy, theta)


def _searched_rate(energy: Energy, theta: FloatArray) -> float:
    """The rate η with the least E(θ − η∇E), among a first one times powers of two.

    The first one is E/‖∇E‖², which takes a linear E to 0 (Polyak, 1987). Where the curvature at the lowest point is
    positive, the rate is at most 1/λmax there: it is for the other steps too.
    """
    gradient = np.asarray(grad(energy)(theta), dtype=np.float64)
    start, slope = float(energy(theta)), float(gradient @ gradient)
    if not (np.isfinite(start) and np.isfinite(slope)):
        raise NotFiniteError(NOT_FINITE)
    if slope == 0:
        raise NoLearningRateError(NO_SLOPE)

    def after(rate: float) -> float:
        found = float(energy(theta - rate * gradient))
        return found if np.isfinite(found) else np.inf

    rate = max(abs(start), np.finfo(float).tiny) / slope
    falls = after(rate) < start
    for _ in range(MOST_TRIALS):
        if after(rate) < start and after(rate) <= after(2.0 * rate if falls else 0.5 * rate):
            # The lowest point lies between these two: the curvature there is what the other steps meet.
            found = [largest_curvature(energy, theta - times * rate * gradient) for times in (1.0, 2.0)]
            return min([rate, *(1.0 / curvature for curvature in found if curvature > 0)])
        rate *= 2.0 if falls else 0.5
    raise NoLearningRateError(NO_SLOPE if not falls else NO_END)
