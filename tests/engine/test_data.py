"""Splitting, scaling, and the way back to the data's units."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine import MODELS, pose, split_by_fraction, split_by_rows
from gd_engine.data import standardization
from gd_engine.models import design_columns


@given(rows=st.integers(2, 200), fraction=st.floats(0.01, 0.99), seed=st.integers(0, 99), shuffle=st.booleans())
def test_a_split_is_a_partition_in_order(rows: int, fraction: float, seed: int, shuffle: bool) -> None:
    if np.ceil(rows * fraction - 1e-9) >= rows:
        with pytest.raises(ValueError, match="no training row"):
            split_by_fraction(rows, fraction, seed=seed, shuffle=shuffle)
        return
    train, test = split_by_fraction(rows, fraction, seed=seed, shuffle=shuffle)
    assert sorted([*train, *test]) == list(range(rows))
    assert len(test) == np.ceil(rows * fraction - 1e-9)
    assert (np.diff(train) > 0).all()
    assert (np.diff(test) > 0).all()
    if not shuffle:
        assert test[0] == len(train)


def test_the_seed_decides_the_split() -> None:
    first, again, other = (split_by_fraction(100, 0.25, seed=seed).test.tolist() for seed in (7, 7, 8))
    assert first == again != other


@pytest.mark.parametrize(("rows", "fraction", "count"), [(36, 0.25, 9), (100, 0.07, 7), (30, 0.1, 3), (4, 0.0, 0)])
def test_a_share_is_rounded_up_but_not_by_rounding_errors(rows: int, fraction: float, count: int) -> None:
    assert len(split_by_fraction(rows, fraction).test) == count


def test_named_rows_are_the_test_rows() -> None:
    train, test = split_by_rows(5, [3, 1])
    assert (train.tolist(), test.tolist()) == ([0, 2, 4], [1, 3])


def test_polynomials_have_every_monomial_once() -> None:
    model = MODELS["polynomial"](["a", "b"], degree=3)
    assert model.parameters == ("intercept", "a", "b", "a^2", "a*b", "b^2", "a^3", "a^2*b", "a*b^2", "b^3")
    columns = design_columns(model, np.array([[2.0, 3.0], [-1.0, 0.5]]))
    np.testing.assert_allclose(columns[0], [2, 3, 4, 6, 9, 8, 12, 18, 27])
    np.testing.assert_allclose(columns[1], [-1, 0.5, 1, -0.5, 0.25, -1, 0.5, -0.25, 0.125])


@pytest.mark.parametrize("kind", ["linear", "polynomial"])
@pytest.mark.parametrize("intercept", [True, False])
@given(seed=st.integers(0, 500))
def test_coefficients_predict_on_the_data_what_theta_does_on_the_scaled(kind: str, intercept: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.standard_normal((20, 2)) * random.uniform(0.1, 100, 2) + random.uniform(-50, 50, 2)
    model = MODELS[kind](["a", "b"], intercept=intercept)
    problem = pose(model, x, np.zeros(20), split_by_fraction(20, 0), standardize=True)
    theta = random.standard_normal(len(model.parameters))
    raw = design_columns(model, x)
    raw = np.column_stack([np.ones(20), raw]) if intercept else raw
    expected = model.predict(theta, problem.train.design)
    np.testing.assert_allclose(raw @ problem.coefficients(theta), expected, rtol=1e-9, atol=1e-9)


def test_training_rows_alone_decide_the_scale() -> None:
    x = np.arange(10.0)[:, None]
    split = split_by_rows(10, [8, 9])
    problem = pose(MODELS["linear"](["x"]), x, x[:, 0], split, standardize=True)
    assert problem.train.design[:, 1].mean() == pytest.approx(0, abs=1e-15)
    assert problem.train.design[:, 1].std() == pytest.approx(1)
    assert problem.test.design[0, 1] == pytest.approx((8 - 3.5) / np.arange(8.0).std())


def test_without_an_intercept_nothing_is_centred_and_a_still_column_keeps_its_scale() -> None:
    columns = np.array([[1.0, 5.0], [3.0, 5.0]])
    scaling = standardization(columns, centre=False)
    assert scaling.mean.tolist() == [0, 0]
    assert scaling.scale.tolist() == [1, 1]
