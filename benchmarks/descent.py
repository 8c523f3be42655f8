"""A step of gradient descent on 1,000 × 4 rows, beside the plain loop of the course in the same process."""

from collections.abc import Iterator
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import grad

from benchmarks.harness import Measure, Result, compared, interleaved, seconds
from gd_engine import MODELS, OPTIMIZERS, auto_learning_rate, descend, pose, split_by_fraction, start

ROUNDS, ROWS, FEATURES, STEPS = 9, 1_000, 4, 1_000


def run() -> Iterator[Result]:
    """Both record θ and the two criteria at every step; ours the loss, the gradient's norm and the rate as well."""
    random = np.random.default_rng(0)
    x = random.standard_normal((ROWS, FEATURES))
    y = x @ random.standard_normal(FEATURES) + random.standard_normal(ROWS)
    problem = pose(MODELS["linear"]([f"x{i}" for i in range(FEATURES)]), x, y, split_by_fraction(ROWS, 0.25))
    rate = auto_learning_rate(problem.energy, np.zeros(FEATURES + 1))

    def ours() -> Any:
        optimizer = OPTIMIZERS["gd"]()
        state = start(np.zeros(FEATURES + 1), optimizer)
        return [block.theta for block in descend(problem, optimizer, state, learning_rate=rate, steps=STEPS)][-1][-1]

    def plain() -> Any:
        return _plain_loop(problem.train, problem.test, rate)[0][-1]

    assert np.allclose(ours(), plain(), rtol=1e-12)
    values = interleaved(ROUNDS, lambda: 1e6 / STEPS * seconds(ours), lambda: 1e6 / STEPS * seconds(plain))
    steps, plain_steps = (Measure(each, "µs") for each in values)
    yield compared("a step, 1,000 rows × 4", steps, plain_steps, "the plain autograd loop", at_most=1.2)


def _plain_loop(train: Any, test: Any, rate: float) -> tuple[list[Any], list[float], list[float]]:
    (design, y), (test_design, test_y) = train, test

    def energy(theta: Any) -> Any:
        return anp.mean((anp.dot(design, theta) - y) ** 2)

    gradient = grad(energy)
    theta = np.zeros(design.shape[1])
    thetas, train_errors, test_errors = [], [], []
    for step in range(STEPS + 1):
        thetas.append(theta)
        train_errors.append(float(np.mean((design @ theta - y) ** 2)))
        test_errors.append(float(np.mean((test_design @ theta - test_y) ** 2)))
        if step < STEPS:
            theta = theta - rate * gradient(theta)
    return thetas, train_errors, test_errors
