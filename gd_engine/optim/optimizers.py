"""Optimisers: pairs of pure functions, init and update. The memory is one array, so a descent can resume from it.

`init(θ₀)` returns the memory, shape (slots, p). `update(gradient, memory, rate, theta, step)` returns the change of θ
and the next memory; `step` counts from 0. Every rule is elementwise, so one call can update k descents: θ and gradient
of shape (k, p), memory (slots, k, p), rate (k, 1). Rules, names and defaults are PyTorch's,
where it has them.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gd_engine.arrays import FloatArray

Rate = float | FloatArray
Update = Callable[[FloatArray, FloatArray, Rate, FloatArray, int], tuple[FloatArray, FloatArray]]


class Optimizer(NamedTuple):
    """A pair of pure functions; `update` returns the change, not the new θ.

    If `linear`, change and memory are linear in (gradient, memory). A step on a quadratic E with a constant learning
    rate is then an affine map of (θ, memory), see `gd_engine.descent.affine_steps`.

    If `proximal`, the gradient is that of E without its l1 penalty, and the soft threshold follows the change. `ahead`
    is the change from θ to the point where the gradient is taken; None for θ itself.
    """

    init: Callable[[FloatArray], FloatArray]
    update: Update
    linear: bool = False
    proximal: bool = False
    ahead: Callable[[FloatArray, FloatArray], FloatArray] | None = None


def gd() -> Optimizer:
    """Gradient descent without memory: θ ← θ − η g (Cauchy, 1847)."""
    return Optimizer(_memory(0), lambda gradient, memory, rate, theta, step: (-rate * gradient, memory), linear=True)


def momentum(momentum: float = 0.9) -> Optimizer:
    """Heavy ball: v ← μ v + g, θ ← θ − η v (Polyak, 1964; `torch.optim.SGD`)."""

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        velocity = momentum * memory + gradient
        return -rate * velocity[0], velocity

    return Optimizer(_memory(1), update, linear=True)


def nesterov(momentum: float = 0.9) -> Optimizer:
    """Nesterov's momentum: v ← μ v + g, θ ← θ − η (g + μ v) (Nesterov, 1983).

    The form is that of Sutskever, Martens, Dahl & Hinton (2013) and `torch.optim.SGD(nesterov=True)`.
    """

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        velocity = momentum * memory + gradient
        return -rate * (gradient + momentum * velocity[0]), velocity

    return Optimizer(_memory(1), update, linear=True)


def adagrad(epsilon: float = 1e-10) -> Optimizer:
    """G ← G + g², θ ← θ − η g / (√G + ε) (Duchi, Hazan & Singer, 2011; `torch.optim.Adagrad`)."""

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        squares = memory + gradient * gradient
        return -rate * gradient / (np.sqrt(squares[0]) + epsilon), squares

    return Optimizer(_memory(1), update)


def rmsprop(decay: float = 0.99, epsilon: float = 1e-8) -> Optimizer:
    """G ← ρ G + (1 − ρ) g², θ ← θ − η g / (√G + ε) (Tieleman & Hinton, 2012; `torch.optim.RMSprop`)."""

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        squares = decay * memory + (1.0 - decay) * (gradient * gradient)
        return -rate * gradient / (np.sqrt(squares[0]) + epsilon), squares

    return Optimizer(_memory(1), update)


def adam(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8) -> Optimizer:
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m̂ / (√v̂ + ε).

    At step t, from 1, m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) (Kingma & Ba, 2015; `torch.optim.Adam`).
    """

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        first = beta1 * memory[0] + (1.0 - beta1) * gradient
        second = beta2 * memory[1] + (1.0 - beta2) * (gradient * gradient)
        scale = np.sqrt(second) / np.sqrt(1.0 - beta2 ** (step + 1)) + epsilon
        return -(rate / (1.0 - beta1 ** (step + 1))) * first / scale, np.array([first, second])

    return Optimizer(_memory(2), update)


def adamw(beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.01) -> Optimizer:
    """Adam's step plus θ ← θ − η w θ for every parameter (Loshchilov & Hutter, 2019; `torch.optim.AdamW`)."""
    plain = adam(beta1, beta2, epsilon)

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        change, moments = plain.update(gradient, memory, rate, theta, step)
        return change - rate * weight_decay * theta, moments

    return Optimizer(_memory(2), update)


def ista() -> Optimizer:
    """Proximal gradient method: θ ← soft(θ − η g, η λ₁), g the gradient without the l1 penalty.

    Without this penalty it is gradient descent. The paper is A fast iterative shrinkage-thresholding algorithm for
    linear inverse problems (Beck & Teboulle, 2009, section 3).
    """
    return gd()._replace(linear=False, proximal=True)


def fista() -> Optimizer:
    """ISTA with momentum: y = θ + (tₖ − 1)/tₖ₊₁ (θ − θ′), θ ← soft(y − η g(y), η λ₁), θ′ the θ before.

    t₁ = 1 and tₖ₊₁ = (1 + √(1 + 4 tₖ²))/2 (Beck & Teboulle, 2009, section 4). The memory is θ′ and tₖ, before the first
    step 0.
    """

    def ahead(theta: FloatArray, memory: FloatArray) -> FloatArray:
        previous, t = memory
        change: FloatArray = (t - 1.0) / _next_t(t) * (theta - previous)
        return change

    def update(
        gradient: FloatArray, memory: FloatArray, rate: Rate, theta: FloatArray, step: int
    ) -> tuple[FloatArray, FloatArray]:
        return ahead(theta, memory) - rate * gradient, np.array([theta, _next_t(memory[1])])

    return Optimizer(lambda theta: np.array([theta, np.zeros(len(theta))]), update, proximal=True, ahead=ahead)


def _next_t(t: FloatArray) -> FloatArray:
    return np.asarray(0.5 * (1.0 + np.sqrt(1.0 + 4.0 * t * t)))


def soft_threshold(theta: FloatArray, threshold: FloatArray) -> FloatArray:
    """θ moved towards 0 by the threshold, elementwise, and 0 within it: the proximal operator of threshold·‖θ‖₁."""
    return np.where(np.abs(theta) <= threshold, 0.0, theta - np.sign(theta) * threshold)


OPTIMIZERS: dict[str, Callable[..., Optimizer]] = {
    "gd": gd,
    "momentum": momentum,
    "nesterov": nesterov,
    "adagrad": adagrad,
    "rmsprop": rmsprop,
    "adam": adam,
    "adamw": adamw,
    "ista": ista,
    "fista": fista,
}


def _memory(slots: int) -> Callable[[FloatArray], FloatArray]:
    return lambda theta: np.zeros((slots, len(theta)))
