"""Seeded problems, optimisers and schedules for the comparison with PyTorch's trajectories."""

from typing import Any, NamedTuple

import numpy as np

from gd_engine import MODELS, SCHEDULES, Model, Problem, initial_theta, pose, split_by_fraction
from gd_engine.arrays import FloatArray

STEPS = 200
ROWS = 24
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "gd": ("gd", {}),
    "momentum": ("momentum", {}),
    "momentum 0.5": ("momentum", {"momentum": 0.5}),
    "nesterov": ("nesterov", {}),
    "nesterov 0.6": ("nesterov", {"momentum": 0.6}),
    "adagrad": ("adagrad", {}),
    "adagrad, large epsilon": ("adagrad", {"epsilon": 1e-2}),
    "rmsprop": ("rmsprop", {}),
    "rmsprop 0.9": ("rmsprop", {"decay": 0.9, "epsilon": 1e-2}),
    "adam": ("adam", {}),
    "adam 0.7": ("adam", {"beta1": 0.7, "beta2": 0.98, "epsilon": 1e-2}),
    "adamw": ("adamw", {}),
    "adamw 0.3": ("adamw", {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-2, "weight_decay": 0.3}),
}
"""Name → the engine's optimiser and its options."""
SCHEDULED: dict[str, tuple[str, dict[str, Any]]] = {
    "step": ("step", {"every": 30, "factor": 0.5}),
    "exponential": ("exponential", {"factor": 0.98}),
    "cosine": ("cosine", {}),
}


class Posed(NamedTuple):
    """A problem, θ₀, the learning rate of gd, momentum and nesterov, and that of the adaptive methods.

    With the adaptive rate, 200 steps do not reach the minimum: near it, steps of a constant length amplify rounding
    errors (rmsprop's by 2.4 a step), and PyTorch would disagree with itself.
    """

    problem: Problem
    theta0: FloatArray
    rate: float
    adaptive_rate: float

    def rate_for(self, optimizer: str) -> float:
        """The learning rate of one of `OPTIMIZERS`."""
        if optimizer.startswith("rms"):  # its first steps are 1 / √(1 − ρ) times as long
            return 0.1 * self.adaptive_rate
        return self.adaptive_rate if optimizer.startswith("ada") else self.rate


def _data() -> tuple[FloatArray, FloatArray]:
    random = np.random.default_rng(20)
    x = random.standard_normal((ROWS, 2)) * [1.0, 2.0] + [0.5, -1.0]
    return x, x @ np.array([1.5, -0.7]) + 0.3 + 0.5 * random.standard_normal(ROWS)


def _posed(model: Model, y: FloatArray, loss: str, rate: float, adaptive_rate: float) -> Posed:
    problem = pose(model, _data()[0], y, split_by_fraction(ROWS, 0), loss=loss, reduce=False)
    theta0 = initial_theta(model, 3) + 0.2 * np.random.default_rng(6).standard_normal(len(model.parameters))
    return Posed(problem, theta0, rate, adaptive_rate)


def problems() -> dict[str, Posed]:
    """The problems by name: a model and a loss."""
    y, names = _data()[1], ["a", "b"]
    classes = (y > np.median(y)).astype(np.float64)
    of_three = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3])).astype(np.float64)
    linear, network = MODELS["linear"](names), MODELS["mlp"](names, hidden=(3,))
    return {
        "linear": _posed(linear, y, "mse", 0.02, 0.005),
        "logistic": _posed(MODELS["logistic"](names), classes, "log_loss", 0.05, 0.01),
        "mlp": _posed(network, y, "mse", 0.01, 0.01),
        "linear, huber": _posed(linear, y, "huber", 0.02, 0.005),
        "linear, mae": _posed(linear, y, "mae", 0.0137, 0.005),
        "softmax": _posed(MODELS["softmax"](names, classes=["p", "q", "r"]), of_three, "log_loss", 0.05, 0.01),
    }


def cases() -> list[tuple[str, str, str]]:
    """(problem, optimizer, schedule): every optimiser on three models, every schedule, every loss of PyTorch's."""
    plain = [(problem, name, "constant") for problem in ("linear", "logistic", "mlp") for name in OPTIMIZERS]
    scheduled = [("logistic", name, schedule) for name in ("gd", "nesterov", "adam") for schedule in SCHEDULED]
    losses = [
        (problem, name, "constant")
        for problem in ("linear, huber", "linear, mae", "softmax")
        for name in ("gd", "adam")
    ]
    return plain + scheduled + losses


def our_rate(posed: Posed, optimizer: str, schedule: str) -> Any:
    """The engine's learning rate or schedule of a case."""
    rate = posed.rate_for(optimizer)
    if schedule == "constant":
        return rate
    kind, options = SCHEDULED[schedule]
    return SCHEDULES[kind](rate, STEPS, **options)
