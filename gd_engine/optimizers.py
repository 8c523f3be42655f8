"""Optimisers: two pure functions and a memory that is one array, so that a descent can be taken up again.

`init(θ₀)` gives the memory, shape (slots, p); `update(gradient, memory, rate)` the change to θ and the next memory.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray


class Optimizer(NamedTuple):
    """A pair of pure functions; `update` returns the change, not the new θ."""

    init: Callable[[FloatArray], FloatArray]
    update: Callable[[FloatArray, FloatArray, float], tuple[FloatArray, FloatArray]]


def gd() -> Optimizer:
    """Gradient descent: θ ← θ − η ∇E(θ) (Cauchy, 1847). It remembers nothing."""
    return Optimizer(
        init=lambda theta: np.empty((0, len(theta))),
        update=lambda gradient, memory, rate: (-rate * gradient, memory),
    )


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {"gd": gd}
