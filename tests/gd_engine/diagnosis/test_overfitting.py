"""Overfitting on few test rows: found where the error of new rows doubled, and never of a healthy descent."""

import numpy as np
import pytest
from scipy.special import fdtri, stdtrit

from gd_engine.arrays import FloatArray
from gd_engine.diagnosis.generalization import _is_greater, _is_positive
from tests.gd_engine.diagnosis.test_findings import Done, Request, run

TRAIN, NEW = 35, 2000
REQUEST: Request = {"descent": {"steps": 1000}}


def descended(seed: int, columns: int, test_rows: int) -> tuple[Done, float]:
    """A descent on a column of signal among others of noise, and how far the error of new rows rose above its least."""
    random = np.random.default_rng([seed, columns, test_rows])
    x = random.standard_normal((TRAIN + test_rows + NEW, columns))
    y = x[:, 0] + random.standard_normal(len(x))
    known = TRAIN + test_rows
    done = run(x[:known], y[:known], REQUEST | {"split": {"test_fraction": test_rows / known}})
    design = np.column_stack([np.ones(NEW), x[known:]])
    errors = np.square(design @ done.columns["theta"][::10].T - y[known:, None]).mean(axis=0)
    return done, float(errors[-1] / errors.min())


@pytest.mark.parametrize("test_rows", [10, 15, 30])
def test_the_error_of_few_test_rows_shows_overfitting(test_rows: int) -> None:
    runs = [descended(seed, 28, test_rows) for seed in range(20)]
    codes = [done.codes for done, rise in runs if rise > 2.0]
    assert len(codes) >= 10
    assert sum("overfitting" in found for found in codes) >= 0.8 * len(codes)


@pytest.mark.parametrize("test_rows", [5, 10, 15, 30])
def test_a_healthy_descent_has_no_finding_by_chance(test_rows: int) -> None:
    assert [done.codes for done, _ in (descended(seed, 2, test_rows) for seed in range(50))] == [[]] * 50


@pytest.mark.parametrize("rows", [(5, 30), (10, 35), (15, 45), (100, 300)])
def test_the_ratio_of_errors_is_tested_as_an_f_test_does(rows: tuple[int, int]) -> None:
    critical: FloatArray = fdtri(*rows, 1.0 - np.array([0.015, 0.007]))
    assert [_is_greater(float(ratio), *rows) for ratio in critical] == [False, True]


@pytest.mark.parametrize("rows", [5, 15, 100])
def test_the_mean_of_differences_is_tested_as_a_t_test_does(rows: int) -> None:
    spread = np.random.default_rng(0).standard_normal(rows)
    spread = (spread - spread.mean()) / spread.std(ddof=1)
    critical: FloatArray = stdtrit(rows - 1, 1.0 - np.array([0.013, 0.007])) / np.sqrt(rows)
    assert [_is_positive(spread + mean) for mean in critical] == [False, True]
