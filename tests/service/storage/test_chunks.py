"""Chunks: bitwise round trip, and refusal of damaged data."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from service.storage import datasets, run_deletion, runs, trajectories
from service.storage.database import Database
from service.storage.datasets import CHUNK_BYTES
from service.storage.errors import CorruptError
from tests.service.helpers import separate_chunks
from tests.service.storage.helpers import ROWS, new_dataset, queue_run

fixture_is_kept = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _count(database: Database, table: str) -> int:
    with database.reading() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_dataset_is_stored_once_and_kept_when_uploaded(database: Database) -> None:
    with database.writing() as connection:
        first = datasets.add(connection, new_dataset(), [ROWS], uploaded=False)
        again = datasets.add(connection, new_dataset(), [ROWS], uploaded=True)
        assert first == again
        assert len(list(datasets.page(connection, limit=5, before=None))) == 1
    assert (_count(database, "datasets"), _count(database, "dataset_chunks")) == (1, 1)


def test_a_large_dataset_is_cut_into_chunks_and_read_by_rows(database: Database) -> None:
    table = np.random.default_rng(0).standard_normal((3 * CHUNK_BYTES // 16 + 5, 2))
    described = new_dataset()
    described = type(described)(**{**vars(described), "rows": len(table)})
    with database.writing() as connection:
        datasets.add(connection, described, [table[:100], table[100:]], uploaded=True)
        stored = datasets.find(connection, "d")
        assert stored is not None
        np.testing.assert_array_equal(np.vstack(list(datasets.read(connection, stored))), table)
        part = np.vstack(list(datasets.read(connection, stored, 90, 300_000)))
    np.testing.assert_array_equal(part, table[90:300_001])
    assert _count(database, "dataset_chunks") == 4


def test_inline_data_is_deleted_with_its_last_run_and_uploaded_data_stays(database: Database) -> None:
    first, second, other = queue_run(database, "a"), queue_run(database, "a"), queue_run(database, "b")
    with database.writing() as connection:
        datasets.add(connection, new_dataset("b"), [ROWS], uploaded=True)
        for run_id in (first, other):
            assert run_deletion.remove(connection, run_id)
    assert _count(database, "datasets") == 2
    with database.writing() as connection:
        run_deletion.remove(connection, second)
    assert (_count(database, "datasets"), _count(database, "dataset_chunks")) == (1, 1)


@fixture_is_kept
@given(sizes=st.lists(st.integers(1, 1000), min_size=1, max_size=6), data=st.data())
def test_a_trajectory_comes_back_bit_for_bit(database: Database, sizes: list[int], data: st.DataObject) -> None:
    total = sum(sizes)
    columns = np.random.default_rng(total).standard_normal((3, total))
    columns[0, 0], columns[2, -1] = np.nan, np.inf
    first = data.draw(st.integers(0, total - 1))
    last = data.draw(st.integers(first, total - 1))
    run_id = queue_run(database)
    with database.writing() as connection:
        found = runs.find(connection, run_id)
        assert found is not None
        done = 0
        for size in sizes:
            trajectories.append(connection, found.seq, done, columns[:, done : done + size])
            done += size
    chunks = list(trajectories.read(database, found.seq, 3, first, last))
    assert [step for step, _ in chunks] == [first, *np.cumsum([first] + [c.shape[1] for _, c in chunks])[1:-1]]
    np.testing.assert_array_equal(np.hstack([chunk for _, chunk in chunks]), columns[:, first : last + 1])


def _chunks(database: Database) -> list[tuple[int, int]]:
    with database.reading() as connection:
        found = connection.execute(text("SELECT first_step, rows FROM trajectory_chunks ORDER BY 1")).all()
    return [(first, count) for first, count in found]


def test_the_steps_of_short_blocks_are_in_one_chunk(database: Database) -> None:
    seq = _queued(database)
    columns = np.random.default_rng(0).standard_normal((3, 2500))
    with database.writing() as connection:
        for first in range(0, 2500, 50):
            trajectories.append(connection, seq, first, columns[:, first : first + 50])
    assert _chunks(database) == [(0, 1024), (1024, 1024), (2048, 452)]
    found = np.hstack([chunk for _, chunk in trajectories.read(database, seq, 3, 0, 2499)])
    np.testing.assert_array_equal(found, columns)


def test_a_reader_between_two_blocks_misses_no_step(database: Database) -> None:
    seq = _queued(database)
    columns = np.arange(90.0).reshape(3, 30)
    with separate_chunks(), database.writing() as connection:
        for first in (0, 10):
            trajectories.append(connection, seq, first, columns[:, first : first + 10])
    with patch.object(trajectories, "READ_BYTES", 1):
        reader = trajectories.read(database, seq, 3, 0, 29)
        read = [next(reader)]
        with database.writing() as connection:
            trajectories.append(connection, seq, 20, columns[:, 20:])
        read += reader
    assert _chunks(database) == [(0, 10), (10, 20)]
    np.testing.assert_array_equal(np.hstack([chunk for _, chunk in read]), columns)


def test_a_damaged_chunk_is_not_extended(database: Database) -> None:
    seq = _queued(database)
    with database.writing() as connection:
        trajectories.append(connection, seq, 0, np.ones((3, 10)))
        connection.execute(text("UPDATE trajectory_chunks SET data = zeroblob(length(data))"))
        trajectories.append(connection, seq, 10, np.ones((3, 10)))
    assert _chunks(database) == [(0, 10), (10, 10)]


def test_a_trajectory_replaces_a_damaged_chunk_of_another_run(database: Database) -> None:
    other, seq = _with_trajectory(database), _queued(database)
    columns = np.arange(6.0).reshape(3, 2)
    with database.writing() as connection:
        connection.execute(
            text(f"UPDATE trajectory_chunks SET run_seq = {seq}, first_step = 1 WHERE run_seq = {other} AND rowid = 1")
        )
        for step in range(2):
            trajectories.append(connection, seq, step, columns[:, step : step + 1])
    found = np.hstack([chunk for _, chunk in trajectories.read(database, seq, 3, 0, 1)])
    np.testing.assert_array_equal(found, columns)


def _queued(database: Database) -> int:
    run_id = queue_run(database)
    with database.reading() as connection:
        found = runs.find(connection, run_id)
    assert found is not None
    return int(found.seq)


def _with_trajectory(database: Database) -> int:
    seq = _queued(database)
    with database.writing() as connection:
        for first in (0, 10, 20):
            with separate_chunks():
                trajectories.append(connection, seq, first, np.ones((3, 10)))
    return seq


def test_a_damaged_chunk_is_refused(database: Database) -> None:
    seq = _with_trajectory(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE trajectory_chunks SET data = zeroblob(length(data)) WHERE first_step = 10"))
    with pytest.raises(CorruptError, match="step 10"):
        list(trajectories.read(database, seq, 3, 0, 29))


@pytest.mark.parametrize("missing", [0, 10, 20])
def test_a_missing_chunk_is_refused(database: Database, missing: int) -> None:
    seq = _with_trajectory(database)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM trajectory_chunks WHERE first_step = :at"), {"at": missing})
    with pytest.raises(CorruptError, match=f"no step {missing}"):
        list(trajectories.read(database, seq, 3, 0, 29))


def test_a_damaged_dataset_is_refused(database: Database) -> None:
    queue_run(database)
    with database.writing() as connection:
        connection.execute(text("UPDATE dataset_chunks SET checksum = checksum + 1"))
    with database.reading() as connection:
        stored = datasets.find(connection, "d")
        assert stored is not None
        with pytest.raises(CorruptError, match="row 0"):
            list(datasets.read(connection, stored))


def test_deleting_a_run_deletes_its_trajectory_and_tags(database: Database) -> None:
    run_id = queue_run(database, tags={"k": "v"})
    with database.writing() as connection:
        found = runs.find(connection, run_id)
        assert found is not None
        trajectories.append(connection, found.seq, 0, np.ones((3, 10)))
        run_deletion.remove(connection, run_id)
    assert [_count(database, table) for table in ("runs", "run_tags", "trajectory_chunks", "datasets")] == [0] * 4
