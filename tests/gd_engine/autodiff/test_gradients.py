"""∇E against central differences, and the curvature against the exact Hessian."""

from collections.abc import Callable
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import hessian
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import NoLearningRateError, Problem, auto_learning_rate, losses_for, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from gd_engine.autodiff.curvature import MOST_PRODUCTS, largest_curvature
from gd_engine.descent.evaluator import Evaluator
from tests.gd_engine.helpers import VARIANTS

NAMES = ["a", "b", "c"]
CASES = [(variant, loss) for variant in VARIANTS for loss in losses_for(VARIANTS[variant](NAMES).task)]


def posed(variant: str, loss: str, l1: float = 0.0, l2: float = 0.0, *, reduce: bool = False) -> Problem:
    random = np.random.default_rng(0)
    x = random.standard_normal((30, 3))
    model = VARIANTS[variant](NAMES)
    s = x[:, 0] + random.standard_normal(30)
    y = np.digitize(s, [-0.5, 0.5][: max(model.classes - 1, 1)]).astype(float) if model.classes else s
    split = split_by_fraction(30, 0.2)
    return pose(model, x, y, split, loss=loss, l1=l1, l2=l2, standardize=True, reduce=reduce)


def central(function: Callable[[FloatArray], Any], theta: FloatArray, width: float = 1e-5) -> FloatArray:
    """The derivative of a function by central differences, a row for each component of θ."""
    steps = width * np.eye(len(theta))
    return np.array([(function(theta + step) - function(theta - step)) / (2 * width) for step in steps])


def theta_away_from_kinks(problem: Problem, seed: int) -> FloatArray:
    """A random θ at which no |r|, |θⱼ|, r = δ or hidden unit is so close to its kink that a difference spans it."""
    random = np.random.default_rng(seed)
    while True:
        theta = random.standard_normal(len(problem.model.parameters))
        r = np.abs(problem.model.predict(theta, problem.train.design) - problem.train.y)
        hidden = 1.0
        if problem.model.activation == "relu":
            hidden = np.abs(problem.train.design @ theta[:16].reshape(4, 4)).min()
        if min(r.min(), np.abs(r - 1.0).min(), np.abs(theta).min(), hidden) > 1e-3:
            return theta


@pytest.mark.parametrize("replay", [True, False], ids=["replayed", "traced"])
@pytest.mark.parametrize(("variant", "loss"), CASES)
@settings(max_examples=6)
@given(seed=st.integers(0, 1000), l1=st.sampled_from([0.0, 0.2]), l2=st.sampled_from([0.0, 0.3]))
def test_gradient_agrees_with_central_differences(
    variant: str, loss: str, replay: bool, seed: int, l1: float, l2: float
) -> None:
    problem = posed(variant, loss, l1, l2, reduce=bool(seed % 2))
    theta = theta_away_from_kinks(posed(variant, loss), seed)
    found = Evaluator(problem, replay=replay).at(theta)
    differences = central(problem.energy, theta)
    assert found.energy == pytest.approx(float(problem.energy(theta)), rel=1e-12)
    assert np.linalg.norm(found.gradient - differences) <= 1e-6 * np.linalg.norm(found.gradient)


@pytest.mark.parametrize("variant", [name for name in VARIANTS if "relu" not in name])
@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_auto_is_one_over_the_largest_eigenvalue_of_the_hessian(variant: str, l2: float) -> None:
    """The Hessian comes from central differences of the gradient, which another test checks."""
    problem = posed(variant, losses_for(VARIANTS[variant](NAMES).task)[0], l2=l2)
    gradient = Evaluator(problem, replay=False)
    for seed in range(3):
        theta = np.random.default_rng(seed).standard_normal(len(problem.model.parameters))
        differences = central(lambda t: gradient.at(t).gradient, theta)
        exact = hessian(problem.energy)(theta)
        np.testing.assert_allclose(exact, exact.T, atol=1e-10)
        np.testing.assert_allclose(exact, differences, atol=1e-6 * np.abs(exact).max())
        largest = np.linalg.eigvalsh(exact)[-1]
        assert auto_learning_rate(problem.energy, theta) == pytest.approx(1 / largest, rel=1e-6)


def test_the_log_loss_is_the_mean_over_rows_of_the_likelihood_of_the_class() -> None:
    for variant in ("softmax of 3", "mlp of 3"):
        problem = posed(variant, "log_loss")
        theta = np.random.default_rng(1).standard_normal(len(problem.model.parameters))
        p = problem.model.predict(theta, problem.train.design)
        np.testing.assert_allclose(p.sum(axis=0), 1.0)
        of_class = (p * problem.train.y).sum(axis=0)
        assert problem.energy(theta) == pytest.approx(-np.log(of_class).mean(), rel=1e-12)
        assert posed(variant, "mse").energy(theta) == pytest.approx(((p - problem.train.y) ** 2).mean(), rel=1e-12)


def test_softmax_of_two_classes_equals_the_logistic_model() -> None:
    softmax, logistic = posed("softmax of 2", "log_loss"), posed("logistic", "log_loss")
    theta = np.random.default_rng(1).standard_normal((4, 2))
    assert softmax.energy(theta.ravel()) == pytest.approx(logistic.energy(theta[:, 1] - theta[:, 0]), rel=1e-12)


@pytest.mark.parametrize("loss", ["sse", "mse"])
@pytest.mark.parametrize("l2", [0.0, 0.7])
def test_auto_is_one_over_the_largest_eigenvalue(loss: str, l2: float) -> None:
    problem = posed("linear", loss, l2=l2)
    design, y, _ = problem.train
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
    ("energy", "words"),
    [
        (lambda theta: (0 * theta**2).sum(), "does not fall"),
        (lambda theta: -(theta**2).sum(), "does not fall"),
        (lambda theta: (theta * 1e200).sum() ** 2, "does not fall"),
        (lambda theta: 1e308 * (theta**2).sum(), "not finite"),
    ],
    ids=["flat", "concave", "overflows", "overflows in its product"],
)
def test_no_rate_where_e_does_not_fall(energy: object, words: str) -> None:
    with pytest.raises(NoLearningRateError, match=words):
        auto_learning_rate(energy, np.zeros(2))  # type: ignore[arg-type]


def test_log_loss_of_confident_mistakes_is_finite() -> None:
    problem = posed("logistic", "log_loss")
    found = Evaluator(problem, replay=True).at(np.full(4, 1e4))
    assert np.isfinite(found.energy)
    assert np.isfinite(found.gradient).all()


@given(st.integers(1, 40), st.integers(0, 1000), st.sampled_from([1e-6, 0.01, 1.0, 50.0]))
def test_the_curvature_is_the_largest_eigenvalue_of_any_spectrum(size: int, seed: int, spread: float) -> None:
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
