"""ISTA and FISTA: the minimum of a lasso with exact zeros, and what they share with the other optimisers."""

from typing import Any

import numpy as np
import pytest

from gd_engine import (
    OPTIMIZERS,
    BatchedDescent,
    DescentConfig,
    Problem,
    auto_learning_rate,
    descend,
    initial_theta,
    largest_batch,
    pose_function,
    start,
    state_from,
)
from gd_engine.analysis.step_breakdown import arithmetic, state_at
from gd_engine.analysis.trajectory_check import check
from gd_engine.arrays import FloatArray
from gd_engine.optim.optimizers import soft_threshold
from gd_engine.reference import reference_minimum
from tests.gd_engine.helpers import assert_same_bits, descended, joined
from tests.gd_engine.reference.descents import judged, patient, problem_of

RANDOM = np.random.default_rng(11)
X = RANDOM.standard_normal((80, 6)) @ (np.eye(6) + 0.4)
Y = X @ np.array([2.0, 0.0, 0.0, -1.0, 0.0, 0.5]) + 1.0 + 0.5 * RANDOM.standard_normal(80)
LABELS = (X[:, 0] - X[:, 3] + RANDOM.logistic(size=80) > 0).astype(np.float64)
L1 = 0.6


def lasso(l1: float = L1, l2: float = 0.0) -> Problem:
    return problem_of("linear", X, Y, l1=l1, l2=l2)


def by(name: str, problem: Problem, steps: int, rate: float | None = None, **options: Any) -> dict[str, FloatArray]:
    theta0 = initial_theta(problem.model)
    rate = auto_learning_rate(problem.energy, theta0) if rate is None else rate
    return descended(problem, name, rate, steps, theta0, **options)[0]


def coordinate_descent(l1: float) -> FloatArray:
    """The lasso with an intercept by cyclic coordinate descent (Friedman, Hastie & Tibshirani, 2010), shape (7,)."""
    design = np.column_stack([np.ones(len(X)), X])
    theta = np.zeros(7)
    for _ in range(5000):
        for j in range(7):
            rest = Y - design @ theta + design[:, j] * theta[j]
            slope, curvature = 2.0 * design[:, j] @ rest / len(Y), 2.0 * design[:, j] @ design[:, j] / len(Y)
            theta[j] = np.sign(slope) * max(abs(slope) - (l1 if j else 0.0), 0.0) / curvature
    return theta


@pytest.mark.parametrize("name", ["ista", "fista"])
def test_the_lasso_has_its_minimum_with_exact_zeros(name: str) -> None:
    theta = by(name, lasso(), 5000)["theta"][-1]
    expected = coordinate_descent(L1)
    np.testing.assert_allclose(theta, expected, atol=1e-8)
    np.testing.assert_array_equal(theta == 0.0, expected == 0.0)
    assert 2 <= (theta == 0.0).sum() <= 4
    assert theta[0] != 0.0
    residuals = np.column_stack([np.ones(80), X]) @ theta - Y
    slope = 2.0 * np.column_stack([np.ones(80), X]).T @ residuals / 80
    assert abs(slope[0]) < 1e-8  # the intercept has no penalty
    zero = theta[1:] == 0.0
    np.testing.assert_allclose(slope[1:][~zero], -L1 * np.sign(theta[1:][~zero]), atol=1e-8)
    assert (np.abs(slope[1:][zero]) <= L1).all()


@pytest.mark.parametrize("name", ["ista", "fista"])
@pytest.mark.parametrize("l2", [0.0, 0.1])
def test_the_reference_minimum_agrees(name: str, l2: float) -> None:
    problem = lasso(l2=l2)
    found = reference_minimum(problem, initial_theta(problem.model), patient)
    assert found is not None
    assert found.theta is not None
    columns = by(name, problem, 5000)
    np.testing.assert_allclose(columns["theta"][-1], found.theta, atol=1e-8)
    assert columns["train_loss"][-1] == pytest.approx(found.train_loss, abs=1e-12)


def test_fista_is_faster_than_ista() -> None:
    x = np.linspace(-1.0, 1.0, 60)[:, None]
    problem = problem_of("polynomial", x, np.sin(3.0 * x[:, 0]), {"degree": 6}, l1=1e-4)
    found = reference_minimum(problem, initial_theta(problem.model), patient)
    assert found is not None
    gaps = {name: by(name, problem, 1000)["train_loss"] - found.train_loss for name in ("ista", "fista", "gd")}
    assert gaps["fista"][-1] < 0.1 * gaps["ista"][-1]
    assert gaps["fista"][-1] < 0.1 * gaps["gd"][-1]


@pytest.mark.parametrize("name", ["ista", "fista"])
def test_a_classification_is_sparse_too(name: str) -> None:
    problem = problem_of("logistic", X, LABELS, loss="log_loss", l1=0.05)
    found = judged(problem, optimizer=name, steps=4000)
    assert found.reference is not None
    assert found.reference.theta is not None
    np.testing.assert_allclose(found.history.ending.theta[-1], found.reference.theta, atol=1e-7)
    np.testing.assert_array_equal(found.history.ending.theta[-1] == 0, found.reference.theta == 0)
    assert found.convergence.state == "converged"


def test_ista_without_a_penalty_is_gradient_descent() -> None:
    for problem in (problem_of("linear", X, Y), problem_of("logistic", X, LABELS, loss="log_loss", l2=0.1)):
        ours, theirs = by("ista", problem, 300), by("gd", problem, 300, affine=False)
        assert_same_bits(ours, theirs)


def test_fista_follows_its_recursion() -> None:
    problem = lasso()
    rate = auto_learning_rate(problem.energy, np.zeros(7))
    columns = by("fista", problem, 50)
    design = np.column_stack([np.ones(80), X])
    x, y, t = np.zeros(7), np.zeros(7), 1.0
    for theta in columns["theta"]:
        np.testing.assert_allclose(theta, x, atol=1e-13)
        slope = 2.0 * design.T @ (design @ y - Y) / 80
        after = soft_threshold(y - rate * slope, rate * L1 * np.array([0.0] + 6 * [1.0]))
        after_t = 0.5 * (1.0 + (1.0 + 4.0 * t * t) ** 0.5)
        x, y, t = after, after + (t - 1.0) / after_t * (after - x), after_t


def test_the_automatic_rate_is_that_of_the_smooth_part() -> None:
    assert auto_learning_rate(lasso().energy, np.ones(7)) == pytest.approx(
        auto_learning_rate(lasso(0.0).energy, np.zeros(7)), rel=1e-9
    )


OPTIONS: dict[str, dict[str, Any]] = {
    "all rows": {},
    "batches": {"batch_size": 8, "seed": 3},
    "clipped": {"clip_norm": 0.5},
}


@pytest.mark.parametrize("name", ["ista", "fista"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_resumed_descent_has_the_same_bits(name: str, options: dict[str, Any]) -> None:
    problem = lasso()
    optimizer = OPTIMIZERS[name]()
    config = DescentConfig(optimizer, 0.02, 60, **options)
    [*whole] = descend(problem, config, start(np.zeros(7), optimizer))
    first = next(descend(problem, config, start(np.zeros(7), optimizer), is_full=lambda rows: rows >= 23))
    state = state_from(first.next.to_array(), first.next.step, 7)
    assert_same_bits(joined([first, *descend(problem, config, state)]), joined(whole))


@pytest.mark.parametrize("name", ["ista", "fista"])
def test_no_batch_of_descents_takes_a_proximal_method(name: str) -> None:
    problem = problem_of("logistic", X, LABELS, loss="log_loss", l1=0.1)
    assert largest_batch(problem, DescentConfig(OPTIMIZERS["gd"](), 0.1, 50)) > 0
    config = DescentConfig(OPTIMIZERS[name](), 0.1, 50)
    assert largest_batch(problem, config) == 0
    with pytest.raises(NotImplementedError):
        BatchedDescent(problem, {0: (config, start(np.zeros(7), config.optimizer))})


@pytest.mark.parametrize("name", ["ista", "fista"])
@pytest.mark.parametrize("options", [{}, {"clip_norm": 0.5}], ids=["plain", "clipped"])
def test_the_arithmetic_of_a_step_is_the_step(name: str, options: dict[str, Any]) -> None:
    problem = lasso()
    optimizer = OPTIMIZERS[name]()
    config = DescentConfig(optimizer, 0.02, 40, **options)
    path = joined(descend(problem, config, start(np.zeros(7), optimizer)))["theta"]
    for step in (0, 1, 7, 30):
        found = arithmetic(problem, config, state_at(problem, config, np.zeros(7), step))
        assert found.threshold is not None
        np.testing.assert_array_equal(found.threshold, 0.02 * L1 * np.array([0.0] + 6 * [1.0]))
        np.testing.assert_array_equal(found.after, path[step + 1])
        expected = soft_threshold(found.point - 0.02 * found.used, found.threshold)
        np.testing.assert_allclose(expected, path[step + 1], atol=1e-15)
        assert (found.point == found.theta).all() == (name == "ista" or step < 2)


@pytest.mark.parametrize("name", ["ista", "fista"])
def test_a_path_of_the_method_is_right(name: str) -> None:
    problem = lasso()
    optimizer = OPTIMIZERS[name]()
    config = DescentConfig(optimizer, 0.02, 40)
    path = joined(descend(problem, config, start(np.zeros(7), optimizer)))["theta"]
    assert check(problem, config, np.zeros(7), path).right
    jumping = joined(descend(problem, config._replace(optimizer=OPTIMIZERS["gd"]()), start(np.zeros(7), optimizer)))
    assert check(problem, config, np.zeros(7), jumping["theta"]).step is not None
    double = joined(descend(problem, config._replace(learning_rate=0.04), start(np.zeros(7), optimizer)))["theta"]
    assert "doubled_rate" in check(problem, config, np.zeros(7), double).mistakes


@pytest.mark.parametrize("name", ["ista", "fista"])
def test_a_function_with_a_penalty_ends_at_its_kink(name: str) -> None:
    problem = pose_function("(a - 0.3)**2 + (b - 2)**2", {"a": 1.0, "b": 1.0}, l1=1.0)
    theta = descended(problem, name, 0.2, 300, np.ones(2))[0]["theta"][-1]
    assert theta[0] == 0.0
    assert theta[1] == pytest.approx(1.5, abs=1e-9)
