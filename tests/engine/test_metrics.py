"""The prediction error, against its definition row by row."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gd_engine.metrics import accuracy, f1, mse, precision, recall

rows = st.lists(st.tuples(st.sampled_from([0.0, 1.0]), st.floats(0, 1)), min_size=1, max_size=30)


@given(rows)
def test_counts_follow_the_definitions(pairs: list[tuple[float, float]]) -> None:
    y, p = (np.array(column) for column in zip(*pairs, strict=True))
    hits = sum(1 for t, q in pairs if t == 1 and q >= 0.5)
    false_alarms = sum(1 for t, q in pairs if t == 0 and q >= 0.5)
    misses = sum(1 for t, q in pairs if t == 1 and q < 0.5)
    right = sum(1 for t, q in pairs if (q >= 0.5) == (t == 1))
    assert accuracy(y, p) == right / len(pairs)
    assert precision(y, p) == pytest.approx(_ratio(hits, hits + false_alarms), nan_ok=True)
    assert recall(y, p) == pytest.approx(_ratio(hits, hits + misses), nan_ok=True)
    assert f1(y, p) == pytest.approx(_ratio(2 * hits, 2 * hits + false_alarms + misses), nan_ok=True)
    assert mse(y, p) == pytest.approx(sum((t - q) ** 2 for t, q in pairs) / len(pairs), rel=1e-12, abs=1e-300)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
