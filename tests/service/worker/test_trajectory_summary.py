"""Digest and sample of a resumed run, independent of block boundaries."""

import hashlib
from typing import Any

import numpy as np
import pytest

from service.storage import runs, trajectories
from service.storage.database import Database
from service.worker import trajectory_summary
from service.worker.trajectory_summary import TrajectorySummary
from tests.service.helpers import fit_body, stored_run

ROWS, STORED = 6000, 4500


@pytest.fixture
def rows() -> Any:
    table = np.random.default_rng(5).standard_normal((ROWS, 8))
    table[7, 3] = np.nan
    return table


@pytest.fixture
def seq(database: Database, rows: Any) -> int:
    """A run whose first steps are stored in chunks of unequal lengths."""
    run_id = stored_run(database, fit_body(), rows[:STORED], chunks=(1000, 24, 1000, 1024, 1), status=None)
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    return int(run.seq)


def summary_of(database: Database, seq: int) -> TrajectorySummary:
    return TrajectorySummary(database, seq, 2, ["a", "b", "c", "test_mse", "d", "e"])


def sha256_of(rows: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(rows, dtype="<f8").tobytes()).hexdigest()


def test_the_last_block_reads_the_missing_stored_rows(database: Database, seq: int, rows: Any) -> None:
    resumed, undisturbed = summary_of(database, seq), summary_of(database, seq)
    resumed.add(STORED, rows[STORED:].T, is_last=True)
    undisturbed.add(0, rows.T, is_last=True)
    assert resumed.sha256(ROWS) == undisturbed.sha256(ROWS) == sha256_of(rows)
    ours, theirs = resumed.history(), undisturbed.history()
    for mine, other in ((ours.overview, theirs.overview), (ours.ending, theirs.ending)):
        np.testing.assert_array_equal(mine.step, other.step)
        np.testing.assert_array_equal(mine.theta, other.theta)


def test_each_block_reads_a_part_of_the_stored_rows_until_the_digest_is_known(
    database: Database, seq: int, rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trajectory_summary, "CATCH_UP_CHUNKS", 2)
    summary = summary_of(database, seq)
    known = []
    for first, last in ((4500, 4600), (4600, 4700), (4700, 4800), (4800, 6000)):
        summary.add(first, rows[first:last].T, is_last=False)
        with database.writing() as connection:
            trajectories.append(connection, seq, first, np.ascontiguousarray(rows[first:last].T))
        known.append(summary.sha256(last))
    assert known == [None, None, sha256_of(rows[:4800]), sha256_of(rows)]
