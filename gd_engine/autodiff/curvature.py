"""∇E(θ) by autograd, and the curvature that the automatic learning rate is taken from."""

from collections.abc import Callable
from typing import Any

import numpy as np
from autograd import hessian_vector_product

from gd_engine.arrays import FloatArray

Energy = Callable[[Any], Any]

MOST_PRODUCTS = 100
TOLERANCE = 1e-9


class NoLearningRateError(ValueError):
    """E has no positive, finite curvature at θ₀, so no learning rate follows from it."""


def largest_curvature(energy: Energy, theta: FloatArray) -> float:
    """λmax of the Hessian H of E at θ, by power iteration on autograd's Hessian–vector product.

    The iteration keeps its vectors v, Hv, H²v, … and takes the best there is in their span (Rayleigh–Ritz, that is
    Lanczos' method; Golub & Van Loan, Matrix Computations, 10.1): where eigenvalues lie close together, the last vector
    alone needs hundreds of products for what a dozen give. The start is random but seeded: the same E gives the same
    number. NaN if it is not finite.
    """
    product = hessian_vector_product(energy)
    vector = np.random.default_rng(0).standard_normal(len(theta))
    vector /= np.linalg.norm(vector)
    basis, images = np.empty((0, len(theta))), np.empty((0, len(theta)))
    curvature = 0.0
    for _ in range(min(len(theta), MOST_PRODUCTS)):
        image = product(theta, vector)
        basis, images = np.vstack([basis, vector]), np.vstack([images, image])
        within = basis @ images.T
        if not np.isfinite(within).all():
            return np.nan
        values, vectors = np.linalg.eigh(within)
        curvature = float(values[-1])
        for _ in range(2):  # once leaves rounding errors that grow
            image = image - basis.T @ (basis @ image)
        length = float(np.linalg.norm(image))
        # An eigenvalue is no farther away than this residual: λmax, or one that can hardly be told from it.
        if length * abs(vectors[-1, -1]) <= TOLERANCE * abs(curvature):
            break
        vector = image / length
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
