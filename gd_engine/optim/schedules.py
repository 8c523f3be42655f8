"""Learning rate schedules: step → learning rate, from the rate η of step 0. Names and rules are PyTorch's.

A schedule is a function of the step alone, so a resumed descent needs no schedule state.
"""

from collections.abc import Callable
from math import cos, pi
from typing import NamedTuple

Schedule = Callable[[int], float]


class Backtracking(NamedTuple):
    """Backtracking line search: the first r of η, η/2, η/4, … with sufficient decrease (Armijo, 1966).

    Sufficient decrease is E(θ − r g) ≤ E(θ) − c r ‖g‖² with c = 10⁻⁴ (Nocedal & Wright, Numerical Optimization,
    algorithm 3.1). The search ends after `most` halvings, where rounding hides any further decrease.
    """

    initial: float
    sufficient: float = 1e-4
    most: int = 50

    def rate(self, energy_at: Callable[[float], float], energy: float, slope: float) -> float:
        """The learning rate; `energy_at(r)` is E(θ − r d), `energy` E(θ), `slope` ∇E(θ)·d, d = ∇E(θ) or shorter."""
        rate = self.initial
        for _ in range(self.most):
            if energy_at(rate) <= energy - self.sufficient * rate * slope:
                break
            rate *= 0.5
        return rate


def constant(rate: float, steps: int) -> float:
    """η at every step (Cauchy, 1847)."""
    return rate


def step(rate: float, steps: int, *, every: int, factor: float = 0.1) -> Schedule:
    """η factor^⌊k / every⌋ (He, Zhang, Ren & Sun, 2016; `StepLR`)."""
    return lambda k: rate * factor ** (k // every)


def exponential(rate: float, steps: int, *, factor: float) -> Schedule:
    """η factorᵏ (Senior, Heigold, Ranzato & Yang, 2013; `ExponentialLR`)."""
    return lambda k: rate * factor**k


def inverse_time(initial: float, steps: int, *, rate: float) -> Schedule:
    """η / (1 + rate k) (Robbins & Monro, 1951)."""
    return lambda k: initial / (1.0 + rate * k)


def cosine(rate: float, steps: int) -> Schedule:
    """η (1 + cos(π k / steps)) / 2, 0 at the last step (Loshchilov & Hutter, 2017; `CosineAnnealingLR`)."""
    return lambda k: 0.5 * rate * (1.0 + cos(pi * k / steps))


def backtracking(rate: float, steps: int) -> Backtracking:
    """The first of η, η/2, η/4, … with E(θ − r g) ≤ E(θ) − 10⁻⁴ r ‖g‖², at every step (Armijo, 1966)."""
    return Backtracking(rate)


SCHEDULES: dict[str, Callable[..., float | Schedule | Backtracking]] = {
    "constant": constant,
    "step": step,
    "exponential": exponential,
    "inverse_time": inverse_time,
    "cosine": cosine,
    "backtracking": backtracking,
}
