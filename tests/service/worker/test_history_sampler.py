"""Bounded sample of a long trajectory for the diagnosis."""

import numpy as np
import pytest

from gd_engine.arrays import FloatArray
from service.worker.history_sampler import HistorySampler

COLUMNS = ("train_loss", "test_mse")


def table(rows: int, best: int | None) -> FloatArray:
    """Columns of θ with one component, E, and a test MSE that is least at `best`."""
    steps = np.arange(float(rows))
    test = np.full(rows, np.nan) if best is None else 1.0 + np.abs(steps - best)
    return np.array([steps, -steps, test])


def sampled(columns: FloatArray, cuts: list[int]) -> HistorySampler:
    """A sampler that has seen all rows in these blocks."""
    found, first = HistorySampler(1, COLUMNS), 0
    for block in np.split(columns, cuts, axis=1):
        found.add(first, block)
        first += block.shape[1]
    return found


@pytest.mark.parametrize("best", [0, 341, 4321, 9_999, None])
def test_first_best_and_last_rows_are_kept_for_any_block_boundaries(best: int | None) -> None:
    columns = table(10_000, best)
    histories = [sampled(columns, cuts).history() for cuts in ([], [1, 300, 342, 5_000], list(range(1, 9_000, 777)))]
    overview = histories[0].overview
    assert len(overview.step) < 2_100
    assert {0, best or 0, 9_999} <= {*overview.step.tolist()}
    assert overview.step.tolist() == sorted({*overview.step.tolist()})
    np.testing.assert_array_equal(overview.theta[:, 0], overview.step)
    assert histories[0].ending.step.tolist() == list(range(9_744, 10_000))
    for other in histories[1:]:
        np.testing.assert_array_equal(other.overview.step, overview.step)


def test_a_sample_of_no_rows_is_empty() -> None:
    assert len(sampled(np.empty((3, 0)), []).history().overview.step) == 0
