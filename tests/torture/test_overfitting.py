"""Overfitting in simulated descents, whose error of new rows is known: how often it is found, and how often in error.

A column of signal is among columns of noise; rows, columns and held-out rows are drawn at random.
"""

from typing import NamedTuple

import numpy as np
import pytest

from gd_engine.arrays import FloatArray
from tests.gd_engine.diagnosis.test_findings import run
from tests.torture.report import Measured

NEW = 2000
DOUBLED, HEALTHY = 2.0, 1.1
"""The rise of the error of new rows above its least: one that must be found, and one that must not."""
FEW = 8
"""The rows for each parameter from which a descent has no finding at all."""
BARS = {(5, 7): 70.0, (10, 15): 80.0, (60, 100): 95.0}
"""The least percentage of doubled errors that is found, by the fewest and the most held-out rows."""


class Simulated(NamedTuple):
    """A descent: its rows, its rise of the error of new rows, and whether overfitting was found."""

    held_out: int
    rows_a_parameter: float
    rise: float
    found: bool


def simulated(seed: int) -> Simulated:
    random = np.random.default_rng(seed)
    train, columns = int(random.integers(20, 80)), int(random.integers(1, 60))
    fewest, most = random.choice([*BARS], axis=0)
    held_out = int(random.integers(fewest, most, endpoint=True))
    known = train + held_out
    x = random.standard_normal((known + NEW, columns))
    y = x[:, 0] + random.uniform(0.3, 2.0) * random.standard_normal(len(x))
    done = run(x[:known], y[:known], {"descent": {"steps": 1000}, "split": {"test_fraction": held_out / known}})
    design = np.column_stack([np.ones(NEW), x[known:]])
    errors: FloatArray = np.square(design @ done.columns["theta"][::10].T - y[known:, None]).mean(axis=0)
    rise = float(errors[-1] / errors.min())
    return Simulated(held_out, train / (columns + 1), rise, "overfitting" in done.codes)


@pytest.mark.torture(3000, least=300)
def test_overfitting_is_found_and_a_healthy_descent_has_no_finding(cases: int, measured: Measured) -> None:
    descents = [simulated(seed) for seed in range(cases)]
    for (fewest, most), bar in BARS.items():
        doubled = [each.found for each in descents if each.rise > DOUBLED and fewest <= each.held_out <= most]
        measured(f"found on {fewest} to {most} held-out rows", 100.0 * float(np.mean(doubled)), "%", at_least=bar)
    healthy = [each.found for each in descents if each.rise < HEALTHY]
    measured("found in error", 100.0 * float(np.mean(healthy)), "%", at_most=5.0)
    few = [each.found for each in descents if each.rows_a_parameter >= FEW]
    measured(f"found with {FEW} rows a parameter", sum(few), at_most=0)
