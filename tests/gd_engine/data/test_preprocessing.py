"""Splits, scaling, and coefficients in the data's units."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine import MODELS, pose, pose_blocks, split_by_fraction, split_by_rows
from gd_engine.data.preprocessing import standardization
from gd_engine.data.qr import slice_rows
from gd_engine.models.base import design_columns
from tests.gd_engine.helpers import VARIANTS, descended


@given(rows=st.integers(2, 200), fraction=st.floats(0.01, 0.99), seed=st.integers(0, 99), shuffle=st.booleans())
def test_a_split_is_a_partition_in_order(rows: int, fraction: float, seed: int, shuffle: bool) -> None:
    if np.ceil(rows * fraction - 1e-9) >= rows:
        with pytest.raises(ValueError, match="no training row"):
            split_by_fraction(rows, fraction, seed=seed, shuffle=shuffle)
        return
    train, validation, test = split_by_fraction(rows, fraction, seed=seed, shuffle=shuffle)
    assert len(validation) == 0
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


def test_the_given_rows_are_the_test_rows() -> None:
    train, validation, test = split_by_rows(5, [3, 1])
    assert (train.tolist(), validation.tolist(), test.tolist()) == ([0, 2, 4], [], [1, 3])


@given(rows=st.integers(8, 200), share=st.floats(0.05, 0.5), seed=st.integers(0, 99), shuffle=st.booleans())
def test_validation_rows_are_a_share_of_the_remaining_rows(rows: int, share: float, seed: int, shuffle: bool) -> None:
    whole = split_by_fraction(rows, 0.25, seed=seed, shuffle=shuffle)
    train, validation, test = split_by_fraction(rows, 0.25, validation=share, seed=seed, shuffle=shuffle)
    assert test.tolist() == whole.test.tolist()
    assert sorted([*train, *validation]) == whole.train.tolist()
    assert len(validation) == np.ceil(len(whole.train) * share - 1e-9)
    named = split_by_rows(rows, test.tolist(), validation=share, seed=seed, shuffle=shuffle)
    assert named.test.tolist() == test.tolist()
    assert sorted([*named.train, *named.validation]) == whole.train.tolist()
    assert len(named.validation) == len(validation)
    for part in (train, validation, named.train, named.validation):
        assert (np.diff(part) > 0).all()
    if not shuffle:
        assert max(train) < min(validation) < min(test)


def test_a_validation_share_that_leaves_no_training_row_is_refused() -> None:
    with pytest.raises(ValueError, match=r"validation fraction of 0\.5 leaves no training row among 1"):
        split_by_rows(3, [0, 1], validation=0.5)


def test_polynomials_have_every_monomial_once() -> None:
    model = MODELS["polynomial"](["a", "b"], degree=3)
    assert model.parameters == ("intercept", "a", "b", "a^2", "a*b", "b^2", "a^3", "a^2*b", "a*b^2", "b^3")
    columns = design_columns(model, np.array([[2.0, 3.0], [-1.0, 0.5]]))
    np.testing.assert_allclose(columns[0], [2, 3, 4, 6, 9, 8, 12, 18, 27])
    np.testing.assert_allclose(columns[1], [-1, 0.5, 1, -0.5, 0.25, -1, 0.5, -0.25, 0.125])


@pytest.mark.parametrize("kind", ["linear", "polynomial"])
@pytest.mark.parametrize("intercept", [True, False])
@given(seed=st.integers(0, 500))
def test_coefficients_on_unscaled_data_predict_as_theta_on_scaled_data(kind: str, intercept: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = random.standard_normal((20, 2)) * random.uniform(0.1, 100, 2) + random.uniform(-50, 50, 2)
    model = MODELS[kind](["a", "b"], intercept=intercept)
    problem = pose(model, x, np.zeros(20), split_by_fraction(20, 0), standardize=True, reduce=False)
    theta = random.standard_normal(len(model.parameters))
    raw = design_columns(model, x)
    raw = np.column_stack([np.ones(20), raw]) if intercept else raw
    expected = model.predict(theta, problem.train.design)
    np.testing.assert_allclose(raw @ problem.coefficients(theta), expected, rtol=1e-9, atol=1e-9)


def test_the_scaling_depends_on_the_training_rows_alone() -> None:
    x = np.arange(10.0)[:, None]
    split = split_by_rows(10, [8, 9])
    problem = pose(MODELS["linear"](["x"]), x, x[:, 0], split, standardize=True, reduce=False)
    assert problem.train.design[:, 1].mean() == pytest.approx(0, abs=1e-15)
    assert problem.train.design[:, 1].std() == pytest.approx(1)
    assert problem.test.design[0, 1] == pytest.approx((8 - 3.5) / np.arange(8.0).std())


def test_no_intercept_means_no_centring_and_a_constant_column_keeps_its_scale() -> None:
    columns = np.array([[1.0, 5.0], [3.0, 5.0]])
    scaling = standardization(columns, centre=False)
    assert scaling.mean.tolist() == [0, 0]
    assert scaling.scale.tolist() == [1, 1]


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name != "formula"])
def test_every_models_coefficients_give_its_scores_on_unscaled_data(variant: str) -> None:
    random = np.random.default_rng(5)
    x = random.standard_normal((12, 2)) * [0.1, 30] + [5, -20]
    model = VARIANTS[variant](["a", "b"])
    y = np.arange(12.0) % max(model.classes, 1)
    problem = pose(model, x, y, split_by_fraction(12, 0), standardize=True, reduce=False)
    theta = random.standard_normal(len(model.parameters))
    raw = np.column_stack([np.ones(12)] * model.intercept + [design_columns(model, x)])
    np.testing.assert_allclose(
        model.score(problem.coefficients(theta), raw), model.score(theta, problem.train.design), rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("intercept", [True, False])
@given(seed=st.integers(0, 500), offset=st.sampled_from([0.0, 1e6]))
def test_reduced_data_has_the_same_scaling(intercept: bool, seed: int, offset: float) -> None:
    random = np.random.default_rng(seed)
    rows = int(random.integers(2, 40))
    x = random.standard_normal((rows, 3)) * [1.0, 1e-3, 1.0] + [0.0, offset, 0.0]
    x[:, 2] = 0.1  # of no variance, and not a binary fraction
    model = MODELS["linear"](["a", "b", "c"], intercept=intercept)
    split = split_by_fraction(rows, 0)
    scalings = [pose(model, x, x[:, 0], split, standardize=True, reduce=reduce).scaling for reduce in (True, False)]
    np.testing.assert_allclose(scalings[0].mean, scalings[1].mean, rtol=1e-12, atol=1e-12)
    # A deviation of 1e-3 about 1e6 keeps six of sixteen digits.
    np.testing.assert_allclose(scalings[0].scale, scalings[1].scale, rtol=1e-12 + 1e-14 * offset)
    assert scalings[0].scale[2] == scalings[1].scale[2] == 1.0


@pytest.mark.parametrize("reduce", [True, False])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("kind", ["linear", "polynomial"])
def test_data_that_overflows_makes_the_descent_diverge(kind: str, standardize: bool, reduce: bool) -> None:
    x = np.array([[1e200], [2e200], [-3e200], [1.0]])
    problem = pose(
        MODELS[kind](["x"]), x, np.arange(4.0), split_by_fraction(4, 0), standardize=standardize, reduce=reduce
    )
    columns, outcome = descended(problem, "gd", 0.1, 30)
    assert len(columns["theta"]) == outcome.step + (outcome.reason == "max_steps")
    if kind == "polynomial":
        assert outcome == ("diverged", 0)
    elif not standardize:
        assert outcome == ("diverged", 1)


def test_blocks_of_rows_pose_the_same_problem_as_all_rows_at_once() -> None:
    random = np.random.default_rng(2)
    x, y = random.standard_normal((50, 2)), random.standard_normal(50)
    split = split_by_fraction(50, 0.3, validation=0.2)
    model = MODELS["polynomial"](["a", "b"])
    cuts = [0, 1, 1, 7, 30, 50]
    blocks = [(x[low:high], y[low:high]) for low, high in pairwise(cuts)]
    for reduce in (True, False):
        whole = pose(model, x, y, split, standardize=True, reduce=reduce)
        pieces = pose_blocks(model, iter(blocks), split, standardize=True, reduce=reduce)
        theta = random.standard_normal(len(model.parameters))
        assert pieces.energy(theta) == pytest.approx(whole.energy(theta), rel=1e-12)
        for part, other in zip(pieces.parts.values(), whole.parts.values(), strict=True):
            assert part.size == other.size
            np.testing.assert_allclose(part.design.T @ part.design, other.design.T @ other.design, atol=1e-11)


@settings(max_examples=10)
@given(cuts=st.lists(st.integers(0, 4000), max_size=8), reduce=st.booleans())
def test_the_problem_does_not_depend_on_block_boundaries(cuts: list[int], reduce: bool) -> None:
    random = np.random.default_rng(3)
    x, y = random.standard_normal((4000, 6)), random.standard_normal(4000)
    split = split_by_fraction(4000, 0.3, validation=0.2)
    model = MODELS["polynomial"]([*"abcdef"], degree=3)
    assert slice_rows(len(model.monomials) + 2) < 2000  # several slices
    whole = pose(model, x, y, split, standardize=True, reduce=reduce)
    blocks = ((x[low:high], y[low:high]) for low, high in pairwise([0, *sorted(cuts), 4000]))
    pieces = pose_blocks(model, blocks, split, standardize=True, reduce=reduce)
    for part, other in zip(pieces.parts.values(), whole.parts.values(), strict=True):
        np.testing.assert_array_equal(part.design, other.design, strict=True)
        np.testing.assert_array_equal(part.y, other.y, strict=True)
