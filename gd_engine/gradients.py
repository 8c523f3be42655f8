"""∇E(θ) by autograd, and the curvature that the automatic learning rate is taken from."""

from collections.abc import Callable
from typing import Any

import numpy as np
from autograd import hessian_vector_product, value_and_grad

from gd_engine.arrays import FloatArray

Energy = Callable[[Any], Any]

POWER_ITERATIONS = 1_000
POWER_TOLERANCE = 1e-12


class NoLearningRateError(ValueError):
    """E has no positive, finite curvature at θ₀, so no learning rate follows from it."""


def value_and_gradient(energy: Energy) -> Callable[[FloatArray], tuple[float, FloatArray]]:
    """θ ↦ (E(θ), ∇E(θ)) in one pass; the gradient is that of `autograd.grad(energy)`."""
    evaluate: Callable[[FloatArray], tuple[float, FloatArray]] = value_and_grad(energy)
    return evaluate


def largest_curvature(energy: Energy, theta: FloatArray) -> float:
    """λmax of the Hessian of E at θ, by power iteration on autograd's Hessian–vector product.

    The Rayleigh quotient's error is the square of the vector's (Golub & Van Loan, Matrix Computations, 8.2), so it is
    exact to rounding long before the vector is. The start is random but seeded: the same E gives the same number.
    """
    product = hessian_vector_product(energy)
    vector = np.random.default_rng(0).standard_normal(len(theta))
    vector /= np.linalg.norm(vector)
    curvature = 0.0
    for _ in range(POWER_ITERATIONS):
        image = product(theta, vector)
        previous, curvature = curvature, float(vector @ image)
        length = float(np.linalg.norm(image))
        if not np.isfinite(length) or length == 0.0:
            return length
        vector = image / length
        if abs(curvature - previous) <= POWER_TOLERANCE * abs(curvature):
            break
    return curvature


def auto_learning_rate(energy: Energy, theta: FloatArray) -> float:
    """1/λmax of the Hessian of E at θ: for a quadratic E, half the rate above which the descent diverges.

    Raises NoLearningRateError where E is flat, concave or not finite at θ.
    """
    with np.errstate(all="ignore"):
        curvature = largest_curvature(energy, theta)
        rate = 1.0 / curvature if curvature > 0 else np.nan
    if not (np.isfinite(rate) and rate > 0):
        raise NoLearningRateError(
            'The learning rate "auto" is 1/λmax of the Hessian of E at θ₀, and λmax is not a positive, finite number '
            "here. Give the learning rate as a number, or set standardize to true."
        )
    return rate
