"""Migrations 0010 and 0015: the number of the bytes that unfinished runs will still store."""

from pathlib import Path

from service.storage import runs, unwritten_bytes
from service.storage.connect import open_database
from tests.service.storage.migrations.old_versions import make_version

STEPS, STEP_BYTES = 10, 16
ROW_BYTES = len('{}["a", "b"]')
"""Of each of the two runs of an old file; an earlier version has counted their requests and names."""


def test_the_unfinished_runs_of_an_old_file_are_counted(tmp_path: Path) -> None:
    make_version(tmp_path / "descent.db", "0009")
    database = open_database(f"sqlite:///{tmp_path}/descent.db", 5.0)
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE runs SET step_bytes = {STEP_BYTES}, stored_bytes = {STEPS * STEP_BYTES}")
        assert unwritten_bytes.kept(connection) == unwritten_bytes.counted(connection) == 2 * STEPS * STEP_BYTES
        runs.cancel(connection, "run2")
        assert unwritten_bytes.kept(connection) == STEPS * STEP_BYTES
    database.dispose()


def test_an_upgrade_counts_what_earlier_versions_have_measured(tmp_path: Path) -> None:
    make_version(tmp_path / "descent.db", "0005")
    database = open_database(f"sqlite:///{tmp_path}/descent.db", 5.0)
    with database.reading() as connection:
        both = 2 * (STEPS * STEP_BYTES + ROW_BYTES)
        assert unwritten_bytes.kept(connection) == unwritten_bytes.counted(connection) == both
    database.dispose()
