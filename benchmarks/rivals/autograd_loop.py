"""The course's plain loop: autograd traces E anew at every step, numpy does the rest, on one core or all of them."""

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import value_and_grad

from benchmarks.task import LAYER, TRIAL_STEPS, Recorded, Task
from benchmarks.threads import fastest, on_one_thread


def _mlp(theta: Any, x: Any) -> Any:
    inner = anp.tanh(anp.dot(x, anp.reshape(theta[: LAYER[0] * LAYER[1]], LAYER)))
    return anp.dot(inner, theta[-LAYER[1] :]) + theta[-LAYER[1] - 1]


SCORES: dict[str, Callable[[Any, Any], Any]] = {
    "linear": lambda theta, x: anp.dot(x, theta),
    "logistic": lambda theta, x: anp.dot(x, theta),
    "mlp": _mlp,
    "formula": lambda theta, x: theta[0] * (1.0 - anp.exp(-theta[1] * x)),
}


def prepare(task: Task) -> Callable[[], Recorded]:
    """The loop with as many threads as suit it."""
    run, trial = _loop(task), _loop(task._replace(steps=TRIAL_STEPS))
    one = fastest([lambda: on_one_thread(trial), trial]) == 0
    return (lambda: on_one_thread(run)) if one else run


def _loop(task: Task) -> Callable[[], Recorded]:
    """A regression's E is its training error: it is computed once."""
    score = SCORES[task.model.kind]
    (x, y), test = task.train, task.test

    def energy(theta: Any) -> Any:
        scores = score(theta, x)
        return anp.mean(anp.logaddexp(0.0, scores) - y * scores if task.classifies else (scores - y) ** 2)

    def criteria(theta: Any, rows: tuple[Any, Any]) -> tuple[float, float]:
        probability = 1.0 / (1.0 + np.exp(-score(theta, rows[0])))
        return np.mean((probability - rows[1]) ** 2), np.mean((probability >= 0.5) == (rows[1] == 1.0))

    descended = value_and_grad(energy)

    def run() -> Recorded:
        theta = task.theta0
        thetas = np.empty((task.steps + 1, len(theta)))
        columns = np.empty((task.steps + 1, len(task.columns)))
        for step in range(task.steps + 1):
            value, gradient = descended(theta)
            thetas[step] = theta
            if task.classifies:
                columns[step] = value, *criteria(theta, task.train), *criteria(theta, test)
            else:
                columns[step] = value, np.mean((score(theta, test[0]) - test[1]) ** 2)
            theta = theta - task.rate * gradient
        return thetas, list(columns.T)

    return run
