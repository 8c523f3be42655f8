"""Metrics against their definitions, row by row."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine.arrays import FloatArray
from gd_engine.metrics import criteria_names, measures, tally_length, tally_of

rows = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=1, max_size=30)


def measured(targets: FloatArray, prediction: FloatArray, classes: int) -> dict[str, float]:
    """The metrics of one prediction."""
    tally = tally_of(targets, classes=classes)(prediction, float(np.sum((prediction - targets) ** 2)))
    assert len(tally) == tally_length(classes)
    found = measures(np.array([tally]), targets, classes=classes, count=targets.shape[-1])
    return {name: float(values[0]) for name, values in found.items()}


@given(rows)
def test_counts_follow_the_definitions(pairs: list[tuple[float, float]]) -> None:
    y, p = (np.array(column) for column in zip(*pairs, strict=True))
    hits = sum(1 for t, q in pairs if t == 1 and q >= 0.5)
    false_alarms = sum(1 for t, q in pairs if t == 0 and q >= 0.5)
    misses = sum(1 for t, q in pairs if t == 1 and q < 0.5)
    right = sum(1 for t, q in pairs if (q >= 0.5) == (t == 1))
    found = measured(y, p, 2)
    assert found["accuracy"] == right / len(pairs)
    assert found["precision"] == pytest.approx(_ratio(hits, hits + false_alarms), nan_ok=True)
    assert found["recall"] == pytest.approx(_ratio(hits, hits + misses), nan_ok=True)
    assert found["f1"] == pytest.approx(_ratio(2 * hits, 2 * hits + false_alarms + misses), nan_ok=True)
    assert found["mse"] == pytest.approx(sum((t - q) ** 2 for t, q in pairs) / len(pairs), rel=1e-12, abs=1e-300)


@given(st.integers(3, 5), st.integers(1, 40), st.integers(0, 10_000))
def test_several_classes_average_one_against_rest(classes: int, count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, classes, count)
    p = random.dirichlet(np.ones(classes), count).T
    guess = [max(range(classes), key=lambda c: p[c, i]) for i in range(count)]
    precision, recall, f1 = [], [], []
    for c in range(classes):
        hits = sum(1 for t, g in zip(y, guess, strict=True) if t == c == g)
        predicted, actual = guess.count(c), int((y == c).sum())
        precision.append(_ratio(hits, predicted))
        recall.append(_ratio(hits, actual))
        f1.append(_ratio(2 * hits, predicted + actual))
    found = measured(np.eye(classes)[:, y], p, classes)
    assert found["accuracy"] == sum(1 for t, g in zip(y, guess, strict=True) if t == g) / count
    assert found["precision"] == pytest.approx(math.fsum(precision) / classes, nan_ok=True)
    assert found["recall"] == pytest.approx(math.fsum(recall) / classes, nan_ok=True)
    assert found["f1"] == pytest.approx(math.fsum(f1) / classes, nan_ok=True)
    brier = sum((p[c, i] - (y[i] == c)) ** 2 for i in range(count) for c in range(classes)) / (count * classes)
    assert found["mse"] == pytest.approx(brier, rel=1e-12)


def test_metrics_of_a_case_counted_by_hand() -> None:
    # Rows of classes 0 0 1 1 1 2, predicted as 0 1 1 1 0 2.
    guess = np.array([0, 1, 1, 1, 0, 2])
    y = np.array([0, 0, 1, 1, 1, 2])
    found = measured(np.eye(3)[:, y], np.eye(3)[:, guess], 3)
    assert found["accuracy"] == pytest.approx(4 / 6)
    assert found["precision"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found["recall"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found["f1"] == pytest.approx((1 / 2 + 2 / 3 + 1) / 3)
    assert found["mse"] == pytest.approx(4 / 18)


def test_one_half_predicts_positive_and_ties_predict_the_first_class() -> None:
    assert measured(np.array([1.0]), np.array([0.5]), 2)["accuracy"] == 1.0
    assert measured(np.eye(3)[:, [0]], np.full((3, 1), 1 / 3), 3)["accuracy"] == 1.0


def test_metrics_of_no_rows_are_nan() -> None:
    empty = measures(np.zeros((4, 0)), np.zeros(0), classes=2, count=0)
    assert all(np.isnan(values).all() and len(values) == 4 for values in empty.values())
    assert set(measures(np.zeros((4, 0)), np.zeros(0), classes=0, count=0)) == {"mse"}


def test_a_metric_column_is_named_after_its_part() -> None:
    assert criteria_names("regression", ("train", "test")) == ("train_mse", "test_mse")
    assert criteria_names("classification", ("train", "test"))[:4] == (
        "train_mse",
        "test_mse",
        "train_accuracy",
        "test_accuracy",
    )


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
