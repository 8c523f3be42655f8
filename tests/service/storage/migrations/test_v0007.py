"""Migration 0007: owner and idempotency key move from one column to two; runs and datasets get their sizes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from service.storage import runs, sweeps, usage
from service.storage.connect import open_database
from service.storage.database import Database
from tests.service.storage.migrations.old_versions import make_version

KEYS = {"run1": ("abc", "abc/x"), "run2": (None, "abc/y"), "run3": ("abc", "abc/abc/x"), "run4": ("abc", None)}
SWEEPS = {"s1": ("abc", "abc/é~/1"), "s2": (None, "é~/1")}

COPIED = (
    "dataset_seq, status, tags, request, request_digest, parameters, columns, train_rows, test_rows, steps_total,"
    " rows_done, timings, created_at, lease_token, losses"
)


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Database]:
    """A file of version 0005 with keys of an owner and without an owner, upgraded."""
    file = tmp_path / "descent.db"
    make_version(file, "0005")
    old = Database(f"sqlite:///{file}")
    with old.writing() as connection:
        for run_id in ("run3", "run4"):
            copied = f"SELECT :id, {COPIED} FROM runs WHERE id = 'run1'"
            connection.execute(text(f"INSERT INTO runs (id, {COPIED}) {copied}"), {"id": run_id})
        for run_id, (owner, key) in KEYS.items():
            connection.execute(
                text("UPDATE runs SET owner = :owner, idempotency_key = :key WHERE id = :id"),
                {"owner": owner, "key": key, "id": run_id},
            )
        for sweep_id, (owner, key) in SWEEPS.items():
            connection.execute(
                text(
                    "INSERT INTO sweeps (id, owner, varied, rank_by, idempotency_key, request_digest, created_at)"
                    " VALUES (:id, :owner, '[]', 'test_mse', :key, '', 0.0)"
                ),
                {"owner": owner, "key": key, "id": sweep_id},
            )
    old.dispose()
    database = open_database(f"sqlite:///{file}", 5.0)
    yield database
    database.dispose()


@pytest.mark.parametrize(
    ("run_id", "owner", "key"), [("run1", "abc", "x"), ("run2", None, "abc/y"), ("run3", "abc", "abc/x")]
)
def test_each_run_is_found_by_its_owner_and_key(run_id: str, owner: str | None, key: str, upgraded: Database) -> None:
    with upgraded.reading() as connection:
        found = runs.find_by_key(connection, owner, key)
        assert found is not None
        assert (found.id, found.owner) == (run_id, owner)
        assert runs.find_by_key(connection, "other", key) is None
        assert connection.exec_driver_sql("SELECT count(*) FROM runs WHERE idempotency_key IS NULL").scalar() == 1


def test_each_sweep_is_found_by_its_owner_and_key(upgraded: Database) -> None:
    with upgraded.reading() as connection:
        for sweep_id, (owner, _) in SWEEPS.items():
            found = sweeps.find_by_key(connection, owner, "é~/1")
            assert found is not None
            assert found.id == sweep_id


@pytest.mark.parametrize("table", ["runs", "sweeps"])
@pytest.mark.parametrize("owner", ["abc", None])
def test_a_key_is_unique_for_each_owner(table: str, owner: str | None, upgraded: Database) -> None:
    with upgraded.writing() as connection, pytest.raises(IntegrityError):
        connection.execute(text(f"UPDATE {table} SET owner = :owner, idempotency_key = 'same'"), {"owner": owner})


@pytest.mark.parametrize("table", ["runs", "sweeps"])
def test_equal_keys_of_different_owners_are_allowed(table: str, upgraded: Database) -> None:
    with upgraded.writing() as connection:
        connection.execute(text(f"UPDATE {table} SET owner = nullif(id, 's1'), idempotency_key = 'same'"))


def test_runs_and_datasets_of_an_earlier_version_have_their_sizes(tmp_path: Path) -> None:
    file = tmp_path / "descent.db"
    make_version(file, "0005")
    old = Database(f"sqlite:///{file}")
    with old.writing() as connection:
        for changes in (
            "INSERT INTO dataset_chunks VALUES (1, 0, 2, zeroblob(32), 0)",
            "UPDATE runs SET columns = '[\"train_loss\"]'",
            "UPDATE runs SET rows_done = 4, status = 'succeeded', finished_at = 1.0 WHERE id = 'run1'",
            f"INSERT INTO runs (id, {COPIED}) SELECT 'run3', {COPIED} FROM runs WHERE id = 'run2'",
            f"INSERT INTO runs (id, {COPIED}) SELECT 'run4', {COPIED} FROM runs WHERE id = 'run2'",
            "UPDATE runs SET parameters = '[damaged' WHERE id = 'run3'",
            "UPDATE runs SET verifies = 1 WHERE id = 'run4'",
        ):
            connection.exec_driver_sql(changes)
    old.dispose()
    database = open_database(f"sqlite:///{file}", 5.0)
    row = len('{}["a", "b"]')
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT step_bytes, stored_bytes FROM runs ORDER BY seq").all()
        assert found == [(24, 4 * 24 + row), (24, 10 * 24 + row), (0, 0), (0, 0)]
        described = connection.exec_driver_sql("SELECT length(columns) - length('[]') FROM datasets").scalar_one()
        assert usage.stored_bytes(connection, None) == 14 * 24 + 2 * row + 32 + described
    database.dispose()
