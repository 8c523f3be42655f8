"""Stratified splits: each part has the shares of the classes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine import split_by_fraction, split_by_rows


@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=5),
    fraction=st.floats(0.0, 0.9),
    validation=st.floats(0.0, 0.5),
    seed=st.integers(0, 50),
    shuffle=st.booleans(),
)
def test_no_class_is_missing_from_training_where_possible(
    sizes: list[int], fraction: float, validation: float, seed: int, shuffle: bool
) -> None:
    classes = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(sizes)), sizes))
    rows = len(classes)
    try:
        plain = split_by_fraction(rows, fraction, validation=validation, seed=seed, shuffle=shuffle)
    except ValueError:
        return
    found = split_by_fraction(rows, fraction, validation=validation, seed=seed, shuffle=shuffle, classes=classes)
    assert [len(part) for part in found] == [len(part) for part in plain]
    assert sorted(np.concatenate(found)) == list(range(rows))
    if len(found.train) >= len(sizes):
        assert set(classes[found.train]) == set(range(len(sizes)))


def test_each_part_has_the_shares_of_the_classes() -> None:
    classes = np.repeat([0, 1, 2], [60, 30, 10])
    train, validation, test = split_by_fraction(100, 0.2, validation=0.25, seed=3, classes=classes)
    assert np.bincount(classes[test]).tolist() == [12, 6, 2]
    assert np.bincount(classes[validation]).tolist() == [12, 6, 2]
    assert np.bincount(classes[train]).tolist() == [36, 18, 6]


def test_without_a_shuffle_the_last_rows_of_each_class_are_for_testing() -> None:
    classes = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert split_by_fraction(8, 0.5, shuffle=False, classes=classes).test.tolist() == [2, 3, 6, 7]


def test_named_test_rows_leave_a_stratified_validation_part() -> None:
    classes = np.repeat([0, 1], [10, 10])
    found = split_by_rows(20, [0, 19], validation=0.3, classes=classes)
    assert np.bincount(classes[found.validation]).tolist() == [3, 3]


@pytest.mark.parametrize("seed", range(20))
def test_a_class_of_one_row_is_trained(seed: int) -> None:
    classes = np.array([0] * 10 + [1])
    assert 10 in split_by_fraction(11, 0.5, seed=seed, classes=classes).train
