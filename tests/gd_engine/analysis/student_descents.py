"""Plain descents as students write them, correct and with planted mistakes, on random data."""

from collections.abc import Iterator
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad

from gd_engine import MODELS, Problem, pose, split_by_fraction
from gd_engine.analysis.descent_mistakes import Mistake
from gd_engine.arrays import FloatArray

STEPS = 12
RATE = 0.02


def data(seed: int, *, features: int = 2, rows: int = 20) -> tuple[FloatArray, FloatArray]:
    """Random rows of a noisy plane."""
    source = np.random.default_rng(seed)
    x = source.normal(0.5, 1.0, (rows, features))
    return x, 1.5 + x @ source.normal(size=features) + 0.3 * source.normal(size=rows)


def posed(x: FloatArray, y: FloatArray, loss: str = "mse", **options: Any) -> Problem:
    """The problem of a linear model of x and y, with a quarter of the rows for testing."""
    model = MODELS["linear"]([f"x{i}" for i in range(x.shape[1])])
    return pose(model, x, y, split_by_fraction(len(y), 0.25), loss=loss, reduce=False, **options)


# A plain implementation, independent of the engine.


def gradient(design: FloatArray, y: FloatArray, theta: FloatArray, loss: str) -> FloatArray:
    """∇E(θ), shape (p,)."""
    slope: FloatArray = 2 * design.T @ (design @ theta - y)
    return slope / len(y) if loss == "mse" else slope


def broadcast_gradient(design: FloatArray, y: FloatArray, theta: FloatArray, loss: str) -> FloatArray:
    """∇E where predictions of shape (n,) minus targets of shape (n, 1) are n × n errors."""
    total = anp.mean if loss == "mse" else anp.sum
    slope: FloatArray = grad(lambda t: total((anp.dot(design, t) - y.reshape(-1, 1)) ** 2))(theta)
    return slope


def students(
    problem: Problem, loss: str, rate: float, *, mistake: Mistake | None = None, steps: int = STEPS
) -> FloatArray:
    """The path of plain gradient descent from 0 with this mistake."""
    design, y = problem.train.design, problem.train.y
    if mistake == "test_rows":
        design = np.vstack([design, problem.test.design])
        y = np.concatenate([y, problem.test.y])
    scale = {"sign": -1.0, "missing_factor_2": 0.5, "sum_for_mean": len(y), "mean_for_sum": 1 / len(y)}
    scale |= {"halved_rate": 0.5, "doubled_rate": 2.0}
    theta = np.zeros(design.shape[1])
    path = [theta.copy()]
    for _ in range(steps + (mistake == "off_by_one")):
        if mistake == "one_by_one":
            for j in range(len(theta)):
                theta[j] -= rate * gradient(design, y, theta, loss)[j]
        else:
            slope = gradient(design, y, theta, loss) * scale.get(mistake or "", 1.0)
            if mistake == "broadcast":
                slope = broadcast_gradient(design, y, theta, loss)
            if mistake == "no_intercept":
                slope[0] = 0.0
            theta = theta - rate * slope
        path.append(theta.copy())
    found = np.array(path[1:] if mistake == "off_by_one" else path)
    return found[:, ::-1] if mistake == "parameter_order" else found


def explanations(mistake: Mistake) -> list[Mistake]:
    """The mistakes that give the same path of plain gradient descent, the likeliest first."""
    return ["missing_factor_2", "halved_rate"] if mistake in ("missing_factor_2", "halved_rate") else [mistake]


def planted() -> Iterator[tuple[int, str, Mistake]]:
    """The cases of planted mistakes, more than a hundred."""
    for seed in range(15):
        for loss, sums in (("mse", "sum_for_mean"), ("sse", "mean_for_sum")):
            mistakes: list[Any] = [
                "sign",
                "missing_factor_2",
                sums,
                "no_intercept",
                "one_by_one",
                "off_by_one",
                "test_rows",
                "doubled_rate",
                "broadcast",
                "halved_rate",
                "parameter_order",
            ]
            for mistake in mistakes[seed % 2 :: 2]:
                yield seed, loss, mistake
