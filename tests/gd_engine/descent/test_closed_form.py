"""The closed-form minimum of a quadratic E, and the optimality gap."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, Problem, auto_learning_rate, optimum, pose, split_by_fraction
from gd_engine.arrays import FloatArray
from tests.gd_engine.helpers import descended


def posed(seed: int, l2: float, loss: str, *, rank_deficient: bool = False, **options: Any) -> Problem:
    random = np.random.default_rng(seed)
    x = random.standard_normal((30, 3)) * [1.0, 5.0, 0.2] + [3.0, 0.0, 0.0]
    if rank_deficient:
        x[:, 2] = x[:, 1]
    y = x @ np.array([1.0, -2.0, 4.0]) + 1.0 + random.standard_normal(30)
    model = MODELS["linear"](["a", "b", "c"])
    return pose(model, x, y, split_by_fraction(30, 0.2), loss=loss, l2=l2, **options)


def solution(problem: Problem) -> FloatArray:
    """θ* by the normal equations, shape (p,)."""
    design, y, _ = problem.train
    ridge = problem.penalty.l2 * problem.divisor * np.diag([0.0, 1.0, 1.0, 1.0])
    return np.asarray(np.linalg.solve(design.T @ design + ridge, design.T @ y))


@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize("loss", ["mse", "sse"])
@settings(max_examples=20)
@given(seed=st.integers(0, 1000), l2=st.sampled_from([0.0, 0.1, 10.0]))
def test_the_optimum_is_the_solution_of_the_normal_equations(reduce: bool, loss: str, seed: int, l2: float) -> None:
    problem = posed(seed, l2, loss, reduce=reduce)
    found = optimum(problem)
    exact = solution(posed(seed, l2, loss, reduce=False))
    np.testing.assert_allclose(found.theta, exact, rtol=1e-9, atol=1e-9)
    assert found.energy == pytest.approx(problem.energy(exact), rel=1e-11)
    assert found.gap(found.theta) == 0.0
    thetas = exact + np.random.default_rng(seed).standard_normal((10, 4))
    gaps = found.gap(thetas)
    for theta, gap in zip(thetas, gaps, strict=True):
        assert gap == pytest.approx(problem.energy(theta) - problem.energy(exact), rel=1e-9)
        assert gap == pytest.approx(float(found.gap(theta)), rel=1e-13)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-200, 1e160, 1e300])
def test_columns_whose_squares_overflow_have_the_optimum_of_other_units(size: float) -> None:
    x = np.array([[1.0], [2.0], [4.0], [5.0]])
    y = np.array([1.0, 3.0, 4.0, 7.0])
    model, split = MODELS["linear"](["a"]), split_by_fraction(4, 0.0)
    found, plain = optimum(pose(model, size * x, y, split)), optimum(pose(model, x, y, split))
    np.testing.assert_allclose(found.theta * [1.0, size], plain.theta, rtol=1e-12)
    assert found.energy == pytest.approx(plain.energy, rel=1e-12)


@pytest.mark.filterwarnings("error")
def test_an_optimum_with_an_infinite_energy_raises_no_warning() -> None:
    x, y = np.array([[1.0], [2.0], [4.0]]), np.array([1e200, 3e200, 1e200])
    assert optimum(pose(MODELS["linear"](["a"]), x, y, split_by_fraction(3, 0.0))).energy == np.inf


@pytest.mark.parametrize("affine", [True, False], ids=["affine", "steps"])
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_the_gap_falls_to_rounding_after_the_loss_is_constant(l2: float, affine: bool) -> None:
    problem = posed(1, l2, "mse", standardize=True)
    columns, _ = descended(problem, "gd", auto_learning_rate(problem.energy, np.zeros(4)), 6000, affine=affine)
    gap, energy = columns["optimality_gap"], columns["train_loss"]
    least = optimum(problem).energy
    assert (gap >= 0).all()
    shown = gap > 1e-3 * least
    assert shown.sum() >= 3
    np.testing.assert_allclose(gap[shown], energy[shown] - least, rtol=1e-9)
    digits = gap > 1e-24
    assert (np.diff(gap[digits]) < 0).all()
    assert gap[-1] < 1e-26 * gap[0]


def test_the_gap_does_not_depend_on_the_choice_among_several_minima() -> None:
    problem = posed(1, 0.0, "mse", rank_deficient=True)
    found = optimum(problem)
    along = np.array([0.0, 0.0, 1.0, -1.0])
    assert found.gap(found.theta + 5.0 * along) < 1e-20
    assert problem.energy(found.theta + 5.0 * along) == pytest.approx(found.energy, rel=1e-11)
    assert abs(found.theta @ along) < 1e-10, "of equal columns, each has half"


def test_fewer_rows_than_parameters_have_a_gap() -> None:
    x = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, 0.5]])
    problem = pose(MODELS["linear"](["a", "b", "c"]), x, np.array([1.0, 2.0]), split_by_fraction(2, 0))
    found = optimum(problem)
    assert found.energy < 1e-28
    theta = np.array([1.0, 2.0, -1.0, 0.5])
    assert found.gap(theta) == pytest.approx(problem.energy(theta), rel=1e-12)


def test_an_energy_that_is_not_quadratic_has_no_gap() -> None:
    x, y = np.arange(8.0).reshape(4, 2), np.arange(4.0)
    for loss, l1 in (("mae", 0.0), ("huber", 0.0), ("mse", 0.1)):
        problem = pose(MODELS["linear"](["a", "b"]), x, y, split_by_fraction(4, 0), loss=loss, l1=l1)
        assert "optimality_gap" not in problem.columns


@pytest.mark.parametrize("scales", [[1e-6, 1.0, 1e6], [1e-9, 1.0, 1e9]], ids=str)
def test_the_gap_does_not_depend_on_the_columns_units(scales: list[float]) -> None:
    random = np.random.default_rng(0)
    x = random.standard_normal((30, 3))
    y = x @ np.array([1.0, -2.0, 4.0]) + random.standard_normal(30)
    model = MODELS["linear"](["a", "b", "c"])
    plain = optimum(pose(model, x, y, split_by_fraction(30, 0)))
    scaled = optimum(pose(model, x * scales, y, split_by_fraction(30, 0)))
    assert scaled.energy == pytest.approx(plain.energy, rel=1e-9)
    theta = random.standard_normal(4)
    assert scaled.gap(theta / [1.0, *scales]) == pytest.approx(float(plain.gap(theta)), rel=1e-6)
