"""Tasks with a known answer: data from a known truth, and the least E on the training rows, without the engine."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import least_squares, linprog, minimize

from gd_engine.arrays import FloatArray

Body = dict[str, Any]
ROWS = 60
TEST_ROWS = list(range(45, 60))
"""The last rows: the first 45 are for training."""


class Task(NamedTuple):
    """Data, model and loss. `least` is the attainable E on the training rows, `null` that of the best constant.

    `curvature` is λmax of E near its minimum; NaN where the plants need none.
    """

    x: FloatArray
    y: FloatArray
    body: Body
    least: float
    null: float
    curvature: float

    @property
    def request(self) -> Body:
        """The request, but for the descent."""
        dataset = {"x": self.x.tolist(), "y": self.y.tolist()}
        return {"dataset": dataset, "split": {"test_rows": TEST_ROWS}, **self.body}


def linear(draw: np.random.Generator, loss: str = "mse", standardize: bool = False) -> Task:
    """A linear model of two or three features of the same size."""
    x = draw.standard_normal((ROWS, int(draw.integers(2, 4))))
    truth = draw.uniform(0.5, 2.0, x.shape[1]) * draw.choice([-1.0, 1.0], x.shape[1])
    y = x @ truth + 1.0 + 0.3 * draw.standard_normal(ROWS)
    return of_design(x, y, np.column_stack([np.ones(ROWS), x]), {"kind": "linear"}, loss, standardize=standardize)


def polynomial(draw: np.random.Generator, loss: str = "mse") -> Task:
    """A polynomial of degree 2 or 3 of one feature, standardised before its powers."""
    degree = int(draw.integers(2, 4))
    x = draw.uniform(0.0, 4.0, (ROWS, 1))
    z = (x - x[:45].mean()) / x[:45].std()
    design = np.hstack([z**power for power in range(degree + 1)])
    y = design @ draw.uniform(0.5, 1.5, degree + 1) + 0.2 * draw.standard_normal(ROWS)
    return of_design(x, y, design, {"kind": "polynomial", "degree": degree}, loss, standardize=True)


def of_design(
    x: FloatArray, y: FloatArray, design: FloatArray, model: Body, loss: str, *, standardize: bool = False
) -> Task:
    """The task of a model whose predictions are design · θ."""
    rows, target = design[:45], y[:45]
    residuals = target - rows @ np.linalg.lstsq(rows, target, rcond=None)[0]
    constant = target - (target.mean() if loss in ("mse", "sse") else np.median(target))
    unit = 45.0 if loss == "sse" else 1.0
    least = {"mse": _squares, "sse": _squares, "mae": _absolute, "huber": _huber}[loss](rows, target, residuals)
    null = {"mse": _mean_square, "sse": _mean_square, "mae": _mean_size, "huber": _mean_huber}[loss](constant)
    curvature = float(np.linalg.eigvalsh(2.0 * rows.T @ rows / 45)[-1])
    body = {"model": model, "objective": {"loss": loss}, "standardize": standardize}
    return Task(x, y, body, unit * least, unit * null, unit * curvature * (0.5 if loss == "huber" else 1.0))


def _mean_square(r: FloatArray) -> float:
    return float(np.mean(r**2))


def _mean_size(r: FloatArray) -> float:
    return float(np.mean(np.abs(r)))


def _mean_huber(r: FloatArray) -> float:
    return float(np.mean(np.where(np.abs(r) <= 1.0, 0.5 * r**2, np.abs(r) - 0.5)))


def _squares(rows: FloatArray, y: FloatArray, residuals: FloatArray) -> float:
    return _mean_square(residuals)


def _absolute(rows: FloatArray, y: FloatArray, residuals: FloatArray) -> float:
    n, p = rows.shape
    equal = np.hstack([rows, np.eye(n), -np.eye(n)])
    cost = np.concatenate([np.zeros(p), np.ones(2 * n) / n])
    return float(linprog(cost, A_eq=equal, b_eq=y, bounds=[(None, None)] * p + [(0, None)] * (2 * n)).fun)


def _huber(rows: FloatArray, y: FloatArray, residuals: FloatArray) -> float:
    begin = np.linalg.lstsq(rows, y, rcond=None)[0]
    return float(minimize(lambda t: _mean_huber(y - rows @ t), begin, options={"gtol": 1e-9}).fun)


def classes(draw: np.random.Generator, kind: str = "logistic") -> Task:
    """Two classes (three for softmax) that overlap."""
    count = 2 if kind == "logistic" else 3
    x = draw.standard_normal((ROWS, 2))
    scores = 1.5 * x @ draw.standard_normal((2, count)) + draw.gumbel(size=(ROWS, count))
    y = scores.argmax(axis=1)
    y[:6] = np.arange(6) % count
    design, code = np.column_stack([np.ones(45), x[:45]]), np.eye(count)[y[:45]]

    def loss(theta: FloatArray) -> float:
        s = design @ theta.reshape(3, count)
        top = s.max(axis=1, keepdims=True)
        return float(np.mean((np.log(np.exp(s - top).sum(axis=1)) + top[:, 0]) - (s * code).sum(axis=1)))

    shares = np.clip(code.mean(axis=0), 1e-9, 1.0)
    least = float(minimize(loss, np.zeros(3 * count), options={"gtol": 1e-8}).fun)
    null = float(-(shares * np.log(shares)).sum())
    if least > 0.8 * null or least < 0.05 * null:  # x says nothing of the classes, or all
        return classes(draw, kind)
    curvature = float(np.linalg.eigvalsh(design.T @ design / 45)[-1]) * (0.25 if count == 2 else 0.5)
    return Task(x, y, {"model": {"kind": kind}}, least, null, curvature)


FORMULAS: list[tuple[str, Callable[[FloatArray, FloatArray], FloatArray], tuple[float, ...]]] = [
    ("a + b*x1**2", lambda t, x: t[0] + t[1] * x**2, (1.5, 0.7)),
    ("a*(1 - exp(-b*x1))", lambda t, x: t[0] * (1 - np.exp(-t[1] * x)), (2.0, 0.8)),
    ("a*exp(-b*x1) + c", lambda t, x: t[0] * np.exp(-t[1] * x) + t[2], (2.0, 1.2, 0.5)),
    ("a*x1/(b + x1)", lambda t, x: t[0] * x / (t[1] + x), (2.0, 0.6)),
]


def formula(draw: np.random.Generator) -> Task:
    """A formula whose truth is near the default θ₀ of ones."""
    text, f, truth = FORMULAS[int(draw.integers(len(FORMULAS)))]
    x = draw.uniform(0.1, 3.0, (ROWS, 1))
    y = f(np.array(truth), x[:, 0]) + 0.05 * draw.standard_normal(ROWS)
    found = least_squares(lambda t: f(t, x[:45, 0]) - y[:45], truth)
    curvature = float(np.linalg.eigvalsh(2.0 * found.jac.T @ found.jac / 45)[-1])
    body = {"model": {"kind": "formula", "formula": text}}
    return Task(x, y, body, 2.0 * float(found.cost) / 45, float(np.var(y[:45])), curvature)


def perceptron(draw: np.random.Generator, activation: str = "tanh") -> Task:
    """A perceptron on a smooth function of two features. `least` is the noise, which it attains at least roughly."""
    x = draw.uniform(-2.0, 2.0, (ROWS, 2))
    y = np.tanh(x[:, 0]) - 0.5 * x[:, 1] + 0.3 * draw.standard_normal(ROWS)
    body = {"model": {"kind": "mlp", "hidden": [4], "activation": activation}}
    return Task(x, y, body, 0.09, float(np.var(y[:45])), 8.0)


TASKS: dict[str, Callable[[np.random.Generator], Task]] = {
    "linear": linear,
    "linear, sse": lambda draw: linear(draw, "sse"),
    "linear, huber": lambda draw: linear(draw, "huber"),
    "linear, mae": lambda draw: linear(draw, "mae"),
    "linear, standardised": lambda draw: linear(draw, standardize=True),
    "polynomial": polynomial,
    "logistic": classes,
    "softmax": lambda draw: classes(draw, "softmax"),
    "formula": formula,
    "perceptron": perceptron,
    "perceptron, sigmoid": lambda draw: perceptron(draw, "sigmoid"),
}
