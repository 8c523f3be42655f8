"""The triangular factor has the Gram matrix of the rows, for any rows in any slices."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gd_engine.arrays import FloatArray
from gd_engine.data.qr import TALL, Triangle, slice_rows, triangle


def _scaled(random: np.random.Generator, n: int, d: int) -> FloatArray:
    return random.standard_normal((n, d)) * 10.0 ** random.uniform(-8, 8, d)


def _collinear(random: np.random.Generator, n: int, d: int) -> FloatArray:
    x = random.standard_normal((n, d))
    x[:, 1:] = x[:, :1] + 1e-6 * x[:, 1:]
    return x


def _deficient(random: np.random.Generator, n: int, d: int) -> FloatArray:
    x = random.standard_normal((n, d))
    x[:, -1] = x[:, 0]
    return x


def _constant(random: np.random.Generator, n: int, d: int) -> FloatArray:
    x = random.standard_normal((n, d))
    x[:, 0], x[:, -1] = 1.0, 0.0
    return x


def _sorted(random: np.random.Generator, n: int, d: int) -> FloatArray:
    return np.sort(np.exp(random.uniform(-20, 20, (n, d))), axis=0)


def _late(random: np.random.Generator, n: int, d: int) -> FloatArray:
    x = 1e-9 * random.standard_normal((n, d))
    x[-1] = 1e9 * random.standard_normal(d)
    return x


def _early(random: np.random.Generator, n: int, d: int) -> FloatArray:
    return np.ascontiguousarray(_late(random, n, d)[::-1])


def _turning(random: np.random.Generator, n: int, d: int) -> FloatArray:
    """Rows whose directions change after each third."""
    x = np.zeros((n, d))
    for part, rows in enumerate(np.array_split(np.arange(n), 3)):
        columns = np.arange(d)[part % d :: 3] if d > part else np.arange(d)
        x[np.ix_(rows, columns)] = random.standard_normal((len(rows), len(columns)))
    return x + 1e-7 * random.standard_normal((n, d))


KINDS: dict[str, Callable[[np.random.Generator, int, int], FloatArray]] = {
    "normal": lambda random, n, d: random.standard_normal((n, d)),
    "far from 0": lambda random, n, d: 1e6 + random.standard_normal((n, d)),
    "scaled": _scaled,
    "collinear": _collinear,
    "rank deficient": _deficient,
    "constant columns": _constant,
    "all zero": lambda random, n, d: np.zeros((n, d)),
    "one row repeated": lambda random, n, d: np.tile(random.standard_normal(d), (n, 1)),
    "sorted by size": _sorted,
    "sorted downwards": lambda random, n, d: np.ascontiguousarray(_sorted(random, n, d)[::-1]),
    "an outlier last": _late,
    "an outlier first": _early,
    "other directions later": _turning,
}


def assert_same_gram_matrix(upper: FloatArray, rows: FloatArray) -> None:
    """Asserts RᵀR = XᵀX and ‖Rθ‖ = ‖Xθ‖, relative to the norms of the columns involved."""
    assert (np.tril(upper, -1) == 0).all() or np.abs(np.tril(upper, -1)).max() <= 1e-15 * np.abs(upper).max()
    lengths = np.sqrt(np.einsum("ij,ij->j", rows, rows))
    assert upper.shape == (min(rows.shape), rows.shape[1])
    off = np.abs(upper.T @ upper - rows.T @ rows)
    assert (off <= 1e-13 * np.outer(lengths, lengths)).all()
    for seed in range(3):
        theta = np.random.default_rng(seed).standard_normal(rows.shape[1])
        sizes = np.linalg.norm(lengths * np.abs(theta))
        assert abs(np.linalg.norm(upper @ theta) - np.linalg.norm(rows @ theta)) <= 1e-13 * sizes


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=12)
@given(
    seed=st.integers(0, 10_000), n=st.integers(1, 3000), d=st.integers(1, 9), height=st.sampled_from([1, 40, 300, 1000])
)
def test_streamed_rows_give_their_triangular_factor(kind: str, seed: int, n: int, d: int, height: int) -> None:
    rows = KINDS[kind](np.random.default_rng(seed), n, d)
    if height == 1:
        rows = rows[:200]
    kept = Triangle((height, d))
    for first in range(0, len(rows), height):
        kept.add(rows[first : first + height].copy())
    assert_same_gram_matrix(kept.finish(), rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 3, TALL, 2 * TALL - 1, 2 * TALL, 7 * TALL + 13, 40 * TALL])
def test_all_rows_at_once_give_their_triangular_factor(kind: str, n: int) -> None:
    rows = KINDS[kind](np.random.default_rng(n), n, 5)
    before = rows.copy()
    assert_same_gram_matrix(triangle(rows), rows)
    np.testing.assert_array_equal(rows, before)


def test_only_a_well_conditioned_slice_is_added_by_its_gram_matrix() -> None:
    random = np.random.default_rng(0)
    safe, unsafe = Triangle((500, 4)), Triangle((500, 4))
    safe.add(random.standard_normal((500, 4)))
    unsafe.add(_collinear(random, 500, 4))
    before, collinear = safe._triangle, unsafe._triangle
    safe.add(random.standard_normal((500, 4)))
    unsafe.add(_collinear(random, 500, 4))
    assert safe._triangle is before, "it was not folded in"
    assert unsafe._triangle is not collinear, "it was"
    safe.add(1e8 * random.standard_normal((500, 4)))
    assert safe._triangle is not before


def test_rows_added_after_finish_change_the_factor() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((900, 4))
    kept = Triangle((300, 4))
    kept.add(rows[:300])
    kept.add(rows[300:600])
    assert_same_gram_matrix(kept.finish(), rows[:600])
    kept.add(rows[600:])
    assert_same_gram_matrix(kept.finish(), rows)


def test_non_finite_numbers_stay_non_finite_without_an_error() -> None:
    for bad in (np.nan, np.inf):
        kept = Triangle((300, 3))
        for place in range(3):
            rows = np.random.default_rng(place).standard_normal((300, 3))
            if place == 1:
                rows[5, 1] = bad
            with np.errstate(all="ignore"):
                kept.add(rows)
        assert not np.isfinite(kept.finish()).all()


def test_a_slice_fits_in_the_cache_unless_it_is_very_wide() -> None:
    assert slice_rows(8) * 8 * 8 == 2**20
    assert slice_rows(10_000) == TALL
