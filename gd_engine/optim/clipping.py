"""Clipping: a gradient that is too long is scaled to the greatest norm allowed."""

from math import sqrt

import numpy as np

from gd_engine.arrays import FloatArray


def clipped(gradient: FloatArray, most: float | None) -> FloatArray:
    """The gradient, shape (p,), scaled to norm `most` if its norm is greater (Pascanu, Mikolov & Bengio, 2013)."""
    if most is None:
        return gradient
    greatest = float(np.abs(gradient).max(initial=0.0))
    if greatest == 0.0:
        return gradient
    scaled = gradient / greatest  # its square does not overflow
    return gradient * min(1.0, most / sqrt(scaled @ scaled) / greatest)
