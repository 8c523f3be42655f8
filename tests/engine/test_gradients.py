"""∇E against central differences, and the curvature against the exact Hessian."""

from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine import MODELS, NoLearningRateError, Problem, auto_learning_rate, losses_for, pose, split_by_fraction
from gd_engine.gradients import MOST_PRODUCTS, largest_curvature, value_and_gradient

CASES = [(kind, loss) for kind in MODELS for loss in losses_for(MODELS[kind](["a"]).task)]


def posed(kind: str, loss: str, l2: float = 0.0, seed: int = 0) -> Problem:
    random = np.random.default_rng(seed)
    x = random.standard_normal((30, 3))
    y = (x[:, 0] + random.standard_normal(30) > 0).astype(float)
    return pose(MODELS[kind](["a", "b", "c"]), x, y, split_by_fraction(30, 0.2), loss=loss, l2=l2, standardize=True)


@pytest.mark.parametrize(("kind", "loss"), CASES)
@given(seed=st.integers(0, 1000), l2=st.sampled_from([0.0, 0.3]))
def test_gradient_agrees_with_central_differences(kind: str, loss: str, seed: int, l2: float) -> None:
    problem = posed(kind, loss, l2)
    theta = np.random.default_rng(seed).standard_normal(len(problem.model.parameters))
    _, gradient = value_and_gradient(problem.energy)(theta)
    width = 1e-5
    differences = [
        (problem.energy(theta + width * unit) - problem.energy(theta - width * unit)) / (2 * width)
        for unit in np.eye(len(theta))
    ]
    np.testing.assert_allclose(gradient, differences, rtol=1e-6, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("loss", ["sse", "mse"])
@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_auto_is_one_over_the_largest_eigenvalue(loss: str, l2: float) -> None:
    problem = posed("linear", loss, l2)
    design, y = problem.train
    hessian = 2 * design.T @ design / (len(y) if loss == "mse" else 1)
    hessian += 2 * l2 * np.diag([0.0, 1.0, 1.0, 1.0])
    rate = auto_learning_rate(problem.energy, np.zeros(4))
    assert rate == pytest.approx(1 / np.linalg.eigvalsh(hessian)[-1], rel=1e-9)


def test_auto_takes_the_curvature_at_theta0() -> None:
    problem = posed("logistic", "log_loss")
    flat, steep = np.full(4, 3.0), np.zeros(4)
    assert auto_learning_rate(problem.energy, flat) > auto_learning_rate(problem.energy, steep)


def test_equal_eigenvalues_are_found_at_once() -> None:
    assert largest_curvature(lambda theta: (theta**2).sum(), np.zeros(5)) == pytest.approx(2.0, rel=1e-12)


@pytest.mark.parametrize(
    "energy",
    [
        lambda theta: (0 * theta**2).sum(),
        lambda theta: -(theta**2).sum(),
        lambda theta: (theta * 1e200).sum() ** 2,
        lambda theta: 1e308 * (theta**2).sum(),
    ],
    ids=["flat", "concave", "overflows", "overflows in its product"],
)
def test_no_rate_where_there_is_no_curvature(energy: object) -> None:
    with pytest.raises(NoLearningRateError, match="Give the learning rate as a number"):
        auto_learning_rate(energy, np.zeros(2))  # type: ignore[arg-type]


def test_log_loss_of_sure_mistakes_is_finite() -> None:
    problem = posed("logistic", "log_loss")
    value, gradient = value_and_gradient(problem.energy)(np.full(4, 1e4))
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@given(st.integers(1, 40), st.integers(0, 1000), st.sampled_from([1e-6, 0.01, 1.0, 50.0]))
def test_the_curvature_is_the_largest_eigenvalue_however_the_others_lie(size: int, seed: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    values = np.exp(spread * random.uniform(-1, 0, size))
    rotation = np.linalg.qr(random.standard_normal((size, size)))[0]
    hessian = (rotation * values) @ rotation.T

    def energy(theta: Any) -> Any:
        return 0.5 * anp.dot(theta, anp.dot(hessian, theta))

    assert largest_curvature(energy, np.zeros(size)) == pytest.approx(values.max(), rel=1e-6)


def test_close_eigenvalues_take_few_products() -> None:
    products: list[None] = []
    values = np.linspace(0.99, 1.0, 500)

    def energy(theta: Any) -> Any:
        products.append(None)
        return 0.5 * anp.sum(values * theta**2)

    assert largest_curvature(energy, np.zeros(500)) == pytest.approx(1.0, rel=1e-3)
    assert len(products) <= MOST_PRODUCTS
