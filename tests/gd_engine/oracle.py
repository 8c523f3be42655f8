"""Test oracle: models, losses, optimisers and a plain descent loop with autograd, independent of the engine.

The oracle has no slices, no reduction, no recording and no function of the engine, so it shares none of its mistakes.
"""

from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement, pairwise
from math import fsum, sqrt
from typing import Any, NamedTuple

import autograd.numpy as np
from autograd import grad

from gd_engine import Split
from gd_engine.arrays import FloatArray


class Task(NamedTuple):
    """A variant of a model, data and an objective."""

    variant: str
    x: FloatArray
    y: FloatArray
    split: Split
    loss: str
    l1: float = 0.0
    l2: float = 0.0
    standardize: bool = False

    @property
    def classes(self) -> int:
        """The number of classes, 0 for a regression."""
        if "of " in self.variant:
            return int(self.variant.split("of ")[1][0])
        return 2 if "logistic" in self.variant else 0

    @property
    def intercept(self) -> bool:
        """Whether the design has a column of ones."""
        return "no intercept" not in self.variant and self.variant != "formula"


def matrices(task: Task) -> list[tuple[FloatArray, FloatArray]]:
    """(design, y) of the training, validation and test rows."""
    x = task.x
    if task.variant == "polynomial":
        pairs = combinations_with_replacement(range(x.shape[1]), 2)
        x = np.column_stack([x] + [x[:, i] * x[:, j] for i, j in pairs])
    if task.standardize:
        of_train = x[task.split.train]
        # A sequential sum would leave the mean of a column far from 0 with too few digits.
        mean = np.array([fsum(column) / len(column) for column in of_train.T])
        deviation = np.array(
            [sqrt(fsum((column - m) ** 2) / len(column)) for column, m in zip(of_train.T, mean, strict=True)]
        )
        deviation[(of_train == of_train[0]).all(axis=0)] = 1.0
        x = (x - mean if task.intercept else x) / deviation
    if task.intercept:
        x = np.column_stack([np.ones(len(x)), x])
    return [(x[rows], task.y[rows]) for rows in task.split]


def score(task: Task, theta: Any, x: Any) -> Any:
    """The scores, shape (n,), or (n, k) for more than two classes."""
    if task.variant.startswith("mlp"):
        return _perceptron(task, theta, x)
    if task.variant == "formula":
        first, last = x[:, 0], x[:, -1]
        return theta[0] * (1.0 - np.exp(-theta[1] * first)) + theta[2] * np.tanh(last)
    if task.variant.startswith("softmax"):
        scores = x @ np.reshape(theta, (x.shape[1], task.classes))
        return scores if task.classes == 3 else scores[:, 1] - scores[:, 0]
    return x @ theta


def _perceptron(task: Task, theta: Any, x: Any) -> Any:
    hidden = {"mlp, two layers": [3, 2], "mlp of 3": [2, 3], "mlp, relu": [4]}.get(task.variant, [3])
    a = {"mlp, two layers": lambda z: 0.5 + 0.5 * np.tanh(z / 2), "mlp, relu": lambda z: np.where(z > 0, z, 0.0)}
    squash: Callable[[Any], Any] = a.get(task.variant, np.tanh)
    sizes = [x.shape[1] - 1, *hidden, 3 if task.classes == 3 else 1]
    z, at = x[:, 1:], 0
    for layer, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
        bias, at = theta[at : at + fan_out], at + fan_out
        weights, at = np.reshape(theta[at : at + fan_in * fan_out], (fan_in, fan_out)), at + fan_in * fan_out
        z = z @ weights + bias
        if layer < len(sizes) - 1:
            z = squash(z)
    return z if task.classes == 3 else z[:, 0]


def predict(task: Task, theta: Any, x: Any) -> Any:
    """Numbers, or probabilities."""
    s = score(task, theta, x)
    if task.classes == 3:
        powers = np.exp(s - np.max(s, axis=1, keepdims=True))
        return powers / np.sum(powers, axis=1, keepdims=True)
    return s if task.classes == 0 else 0.5 + 0.5 * np.tanh(s / 2)


def errors(task: Task, theta: Any, x: Any, y: FloatArray) -> Any:
    """Predictions minus targets."""
    aim = np.eye(3)[y.astype(int)] if task.classes == 3 else y
    return predict(task, theta, x) - aim


def energy(task: Task, theta: Any, x: FloatArray, y: FloatArray) -> Any:
    """E(θ)."""
    return _loss(task, theta, x, y) + _penalty(task, theta)


def _loss(task: Task, theta: Any, x: FloatArray, y: FloatArray) -> Any:
    if task.loss == "log_loss":
        s = score(task, theta, x)
        if task.classes == 2:
            return np.mean(np.logaddexp(0.0, s) - y * s)
        top = np.max(s, axis=1)
        aim = np.eye(3)[y.astype(int)]
        return np.mean(np.log(np.sum(np.exp(s - top[:, None]), axis=1)) + top - np.sum(s * aim, axis=1))
    r = errors(task, theta, x, y)
    if task.loss == "huber":
        return np.mean(np.where(np.abs(r) <= 1.0, r**2 / 2, np.abs(r) - 0.5))
    return {"sse": lambda: np.sum(r**2), "mse": lambda: np.mean(r**2), "mae": lambda: np.mean(np.abs(r))}[task.loss]()


def _penalty(task: Task, theta: Any) -> Any:
    if not (task.l1 or task.l2):
        return 0.0
    free = _unpenalised(task, len(theta))
    weights = theta[np.array([i for i in range(len(theta)) if i not in free])]
    l1 = task.l1 * np.sum(np.abs(weights)) if task.l1 else 0.0
    return l1 + (task.l2 * np.sum(weights**2) if task.l2 else 0.0)  # 0 times what overflows is not 0


def _unpenalised(task: Task, count: int) -> set[int]:
    if not task.intercept:
        return set()
    d = task.x.shape[1]
    return {
        "linear": {0},
        "polynomial": {0},
        "logistic": {0},
        "softmax of 2": {0, 1},
        "softmax of 3": {0, 1, 2},
        "mlp": {0, 1, 2, count - 4},
        "mlp of 2": {0, 1, 2, count - 4},
        "mlp, relu": {0, 1, 2, 3, count - 5},
        "mlp, two layers": {0, 1, 2, 3 * d + 3, 3 * d + 4, count - 3},
        "mlp of 3": {0, 1, 2 * d + 2, 2 * d + 3, 2 * d + 4, count - 12, count - 11, count - 10},
    }[task.variant]


class Step(NamedTuple):
    """θ, E and ∇E at one step."""

    theta: FloatArray
    energy: float
    gradient: FloatArray


def steps(
    task: Task, optimizer: str, rate: float, count: int, theta: FloatArray, epsilon: float = 1e-8
) -> Iterator[Step]:
    """Steps 0 to `count`, up to the first non-finite step. `epsilon` is that of the adaptive methods."""
    [(x, y), *_] = matrices(task)

    def e(t: Any) -> Any:
        return energy(task, t, x, y)

    slope = grad(e)
    if optimizer in {"ista", "fista"}:
        yield from _proximal_steps(task, optimizer, rate, count, theta)
        return
    memory: dict[str, Any] = {"v": 0.0, "m": 0.0, "g2": 0.0}
    with np.errstate(all="ignore"):
        for k in range(count + 1):
            value = float(e(theta))
            if not (np.isfinite(value) and np.isfinite(theta).all()):
                return
            g = slope(theta)
            yield Step(theta, value, g)
            theta = theta - _change(optimizer, memory, g, rate, theta, k + 1, epsilon)


def _proximal_steps(task: Task, optimizer: str, rate: float, count: int, theta: FloatArray) -> Iterator[Step]:
    """The steps of Beck & Teboulle (2009): down the slope of E without λ₁, then every weight λ₁ nearer to 0."""
    [(x, y), *_] = matrices(task)
    smooth = task._replace(l1=0.0)
    slope, down = grad(lambda t: energy(task, t, x, y)), grad(lambda t: energy(smooth, t, x, y))
    free = _unpenalised(task, len(theta)) if task.l1 else set()
    least = np.array([0.0 if i in free else rate * task.l1 for i in range(len(theta))])
    point, t = theta, 1.0
    with np.errstate(all="ignore"):
        for _ in range(count + 1):
            value = float(energy(task, theta, x, y))
            if not (np.isfinite(value) and np.isfinite(theta).all()):
                return
            yield Step(theta, value, slope(theta))
            moved = point - rate * down(point)
            ahead = moved - np.clip(moved, -least, least)
            later = (1.0 + np.sqrt(1.0 + 4.0 * t * t)) / 2.0
            point = ahead + (t - 1.0) / later * (ahead - theta) if optimizer == "fista" else ahead
            theta, t = ahead, later


def _change(
    name: str, memory: dict[str, Any], g: FloatArray, rate: float, theta: FloatArray, t: int, epsilon: float
) -> Any:
    if name == "gd":
        return rate * g
    if name in {"momentum", "nesterov"}:
        memory["v"] = 0.9 * memory["v"] + g
        return rate * (memory["v"] if name == "momentum" else g + 0.9 * memory["v"])
    if name == "adagrad":
        memory["g2"] = memory["g2"] + g**2
        return rate * g / (np.sqrt(memory["g2"]) + epsilon)
    if name == "rmsprop":
        memory["g2"] = 0.99 * memory["g2"] + 0.01 * g**2
        return rate * g / (np.sqrt(memory["g2"]) + epsilon)
    memory["m"] = 0.9 * memory["m"] + 0.1 * g
    memory["g2"] = 0.999 * memory["g2"] + 0.001 * g**2
    change = rate * (memory["m"] / (1 - 0.9**t)) / (np.sqrt(memory["g2"] / (1 - 0.999**t)) + epsilon)
    return change + (rate * 0.01 * theta if name == "adamw" else 0.0)
