"""Every step of the engine agrees with the plain gradient descent loop of the course."""

from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, OPTIMIZERS, DescentConfig, auto_learning_rate, descend, pose, split_by_fraction, start
from gd_engine.arrays import FloatArray
from tests.examples import examples


def plain_loop(energy: Any, theta: FloatArray, rate: float, steps: int) -> list[FloatArray]:
    path = [theta]
    for _ in range(steps):
        theta = theta - rate * grad(energy)(theta)
        path.append(theta)
    return path


def f(theta: Any, x: Any) -> Any:
    return theta[0] + anp.dot(x, theta[1:])


def squared_errors(theta: Any, x: FloatArray, y: FloatArray) -> Any:
    return sum((f(theta, x_i) - y_i) ** 2 for x_i, y_i in zip(x, y, strict=True))


@st.composite
def problems(draw: st.DrawFn) -> tuple[FloatArray, FloatArray, int]:
    seed = draw(st.integers(0, 2**32 - 1))
    features = draw(st.integers(1, 4))
    rows = draw(st.integers(features + 4, 14))
    random = np.random.default_rng(seed)
    x = random.standard_normal((rows, features)) * draw(st.floats(0.1, 10))
    noise = draw(st.floats(0.1, 2.0))
    return x, 3 + x @ random.standard_normal(features) + noise * random.standard_normal(rows), seed


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
@pytest.mark.parametrize("loss", ["sse", "mse"])
@settings(max_examples=examples(10))
@given(problem=problems(), share=st.sampled_from([0.05, 0.3, 1.0, 1.6]))
def test_every_step_agrees_with_the_plain_loop(
    loss: str, affine: bool, problem: tuple[FloatArray, FloatArray, int], share: float
) -> None:
    x, y, seed = problem
    split = split_by_fraction(len(y), 0.25, seed=seed)
    train, test = (x[split.train], y[split.train]), (x[split.test], y[split.test])
    divisor = len(train[1]) if loss == "mse" else 1
    theta0 = np.zeros(x.shape[1] + 1)
    posed = pose(MODELS["linear"]([f"x{i}" for i in range(x.shape[1])]), x, y, split, loss=loss)
    rate = share * auto_learning_rate(posed.energy, theta0)

    expected = plain_loop(lambda theta: squared_errors(theta, *train) / divisor, theta0, rate, 24)
    gd = OPTIMIZERS["gd"]()
    [block] = descend(posed, DescentConfig(gd, rate, 24), start(theta0, gd), affine=affine)

    # Relative to the size of y: a residual is a difference of numbers of that size.
    scale = float(np.mean(y**2))
    for step, theta in enumerate(expected):
        np.testing.assert_allclose(block.theta[step], theta, rtol=1e-12, atol=1e-12 * np.abs(theta).max())
        for name, part, over in [
            ("train_loss", train, divisor),
            ("train_mse", train, len(train[1])),
            ("test_mse", test, len(test[1])),
        ]:
            value = float(squared_errors(theta, *part)) / over
            slack = scale * len(part[1]) / over
            np.testing.assert_allclose(block.columns[name][step], value, rtol=1e-12, atol=1e-12 * slack)


def test_every_row_has_gradient_norm_and_learning_rate() -> None:
    x, y = np.array([[1.0], [2.0], [4.0]]), np.array([1.0, 3.0, 2.0])
    posed = pose(MODELS["linear"](["x"]), x, y, split_by_fraction(3, 0), loss="sse")
    gd = OPTIMIZERS["gd"]()
    [block] = descend(posed, DescentConfig(gd, 0.01, 5), start(np.zeros(2), gd))
    gradient = grad(lambda theta: squared_errors(theta, x, y))
    for theta, norm, rate in zip(
        block.theta, block.columns["gradient_norm"], block.columns["learning_rate"], strict=True
    ):
        assert norm == pytest.approx(np.linalg.norm(gradient(theta)), rel=1e-12)
        assert rate == 0.01
