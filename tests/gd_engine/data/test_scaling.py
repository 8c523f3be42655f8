"""Scaling of features before the powers of a polynomial, and of the target."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine import (
    MODELS,
    Model,
    Problem,
    auto_learning_rate,
    feature_scaling,
    initial_theta,
    pose,
    split_by_fraction,
)
from gd_engine.arrays import FloatArray
from gd_engine.models.base import design_columns
from tests.gd_engine.helpers import descended

YEARS = np.arange(1990.0, 2021.0)[:, None]


def scaled(model: Model, x: FloatArray, y: FloatArray, **options: bool) -> Problem:
    split = split_by_fraction(len(y), 0)
    features = feature_scaling(model, [(x, y)], split.train)
    return pose(model, x, y, split, standardize=True, features=features, **options)


def test_a_polynomial_of_years_is_fitted_to_eight_digits() -> None:
    year = YEARS[:, 0]
    y = 36339.0 - 38.0 * year + 0.01 * year**2
    problem = scaled(MODELS["polynomial"](["year"], degree=2), YEARS, y)
    columns, _ = descended(problem, "gd", auto_learning_rate(problem.energy, np.zeros(3)), 2000)
    assert columns["train_loss"][-1] < 1e-8
    np.testing.assert_allclose(problem.coefficients(columns["theta"][-1]), [36339.0, -38.0, 0.01], rtol=1e-8)


@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
@given(seed=st.integers(0, 200), degree=st.integers(1, 4), features=st.integers(1, 3))
def test_the_coefficients_are_those_of_the_powers_of_the_data(
    seed: int, degree: int, features: int, intercept: bool, reduce: bool
) -> None:
    random = np.random.default_rng(seed)
    x = random.standard_normal((30, features)) * random.uniform(0.5, 5, features) + random.uniform(-5, 5, features)
    model = MODELS["polynomial"]([*"abc"][:features], degree=degree, intercept=intercept)
    problem = scaled(model, x, np.zeros(30), reduce=reduce)
    theta = random.standard_normal(len(model.parameters))
    raw = np.column_stack([np.ones(30)] * intercept + [design_columns(model, x)])
    expected = model.predict(theta, problem.design(x))
    size = np.abs(raw) @ np.abs(problem.coefficients(theta))
    np.testing.assert_allclose(raw @ problem.coefficients(theta), expected, rtol=1e-9, atol=1e-12 * size.max())


@pytest.mark.parametrize("size", [1e-150, 1e150, -1e150])
def test_powers_that_overflow_in_the_units_of_the_data_cost_no_run(size: float) -> None:
    x = size * np.array([[0.0], [1.0], [2.0], [3.5]])
    problem = scaled(MODELS["polynomial"](["x"], degree=4), x, np.arange(4.0))
    found = problem.coefficients(np.ones(5))
    assert np.isfinite(found[1])
    assert np.isfinite(found).all() == (abs(size) > 1.0)
    assert np.isfinite(problem.energy(np.ones(5)))


def test_a_constant_feature_is_only_centred() -> None:
    x = np.column_stack([np.arange(5.0), np.full(5, 0.1)])
    found = feature_scaling(MODELS["polynomial"](["a", "b"]), [(x, x[:, 0])], np.arange(5)).scaling
    assert found.scale[1] == 1.0
    assert found.mean[1] == 0.1


@given(cuts=st.lists(st.integers(0, 60), max_size=5))
def test_the_scaling_does_not_depend_on_blocks(cuts: list[int]) -> None:
    x = np.random.default_rng(1).standard_normal((60, 2)) + 1e6
    model = MODELS["polynomial"](["a", "b"])
    edges = [0, *sorted(cuts), 60]
    blocks = [(x[a:b], x[a:b, 0]) for a, b in pairwise(edges)]
    whole = feature_scaling(model, [(x, x[:, 0])], np.arange(60)).scaling
    pieces = feature_scaling(model, iter(blocks), np.arange(60)).scaling
    np.testing.assert_array_equal(whole.mean, pieces.mean)
    np.testing.assert_array_equal(whole.scale, pieces.scale)
    np.testing.assert_allclose(whole.scale, x.std(axis=0), rtol=1e-9)


@pytest.mark.parametrize("kind", ["mlp", "formula"])
def test_a_standardised_target_has_metrics_in_the_units_of_the_data(kind: str) -> None:
    x = np.arange(1.0, 9.0)[:, None]
    y = 120_000.0 + 30_000.0 * x[:, 0] + 5000.0 * np.sin(x[:, 0])
    options = {"formula": "a + b*x1"} if kind == "formula" else {}
    model = MODELS[kind](["x1"], **options)
    problem = pose(model, x, y, split_by_fraction(8, 0.25), standardize=kind == "mlp", target=True)
    train = y[problem.train_rows]
    assert problem.target == pytest.approx((train.mean(), train.std()))
    columns, _ = descended(problem, "adam", 0.02, 500, initial_theta(model))
    for part, rows in (("train", problem.train), ("test", problem.test)):
        predicted = problem.predict(columns["theta"][-1], rows.design)
        errors = predicted - (problem.target.mean + problem.target.scale * rows.y)
        assert columns[f"{part}_mse"][-1] == pytest.approx(np.mean(np.square(errors)), rel=1e-9)
    np.testing.assert_allclose(columns["train_loss"] * problem.target.scale**2, columns["train_mse"], rtol=1e-9)
    assert columns["train_mse"][-1] < 0.2 * train.var()


def test_only_the_target_of_a_regression_with_all_rows_is_standardised() -> None:
    with pytest.raises(ValueError, match="can be standardised"):
        pose(MODELS["linear"](["a"]), YEARS, YEARS[:, 0], split_by_fraction(31, 0), target=True)
