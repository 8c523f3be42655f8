"""The largest curvature of E, by autograd."""

from collections.abc import Callable
from typing import Any

import numpy as np
from autograd import hessian_vector_product

from gd_engine.arrays import FloatArray

Energy = Callable[[Any], Any]

MOST_PRODUCTS = 100
TOLERANCE = 1e-9


def largest_curvature(energy: Energy, theta: FloatArray) -> float:
    """λmax of the Hessian H of E at θ, by Lanczos' method on autograd's Hessian–vector product; NaN if not finite.

    The result is the largest Rayleigh–Ritz value in the span of v, Hv, H²v, … (Golub & Van Loan, Matrix Computations,
    10.1). For close eigenvalues a dozen products suffice where power iteration needs hundreds. The start vector v is
    random with a fixed seed, so the same E gives the same number.
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
        for _ in range(2):  # the rounding errors of a single orthogonalisation would grow
            image = image - basis.T @ (basis @ image)
        length = float(np.linalg.norm(image))
        # The residual bounds the distance to the nearest eigenvalue: λmax, or one close to it.
        if length * abs(vectors[-1, -1]) <= TOLERANCE * abs(curvature):
            break
        vector = image / length
    return curvature
