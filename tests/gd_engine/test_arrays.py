"""Tests of reproducible norms."""

import numpy as np
import pytest

from gd_engine.arrays import EINSUM_BUFFER, squared_norms

LENGTHS = [1, 2, 3, 7, 64, 1000, EINSUM_BUFFER - 1, EINSUM_BUFFER, EINSUM_BUFFER + 1, 2 * EINSUM_BUFFER + 3]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_norm_does_not_depend_on_the_other_vectors(length: int) -> None:
    vectors = np.random.default_rng(length).standard_normal((67, length))
    alone = np.array([squared_norms(vector) for vector in vectors])
    np.testing.assert_allclose(alone, (vectors**2).sum(axis=1), rtol=1e-12)
    for first in (0, 1, 3):
        for last in (*range(first + 1, first + 20), 32, 33, 64, 67):
            assert (squared_norms(vectors[first:last]) == alone[first:last]).all()
