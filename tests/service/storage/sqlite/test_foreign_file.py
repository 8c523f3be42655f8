"""Databases of other programs are refused, and stay as they are."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from service.storage.connect import open_database
from service.storage.errors import ForeignFileError
from service.storage.sqlite.backup import back_up
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import read_only
from tests.service.storage.helpers import queue_run

FOREIGN = {
    "a table": "CREATE TABLE t (a)",
    "a view": "CREATE VIEW v AS SELECT 1",
    "a mark": "PRAGMA application_id = 12345",
    "migrations by the same tool": "CREATE TABLE alembic_version (version_num); CREATE TABLE t (a)",
    "runs too": "CREATE TABLE alembic_version (version_num); CREATE TABLE runs (a); CREATE TABLE datasets (a)",
    "a log": "PRAGMA journal_mode = WAL; CREATE TABLE t (a)",
}


def made(file: Path, script: str) -> None:
    with closing(sqlite_module().connect(file)) as connection:
        connection.executescript(script)


def refused(file: Path) -> None:
    with pytest.raises(ForeignFileError, match="another program"):
        open_database(f"sqlite:///{file}", 0.1).dispose()


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_foreign_database_is_refused_and_stays(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "foreign.db"
    made(file, FOREIGN[kind])
    content = file.read_bytes()
    refused(file)
    assert file.read_bytes() == content
    assert {each.name for each in tmp_path.iterdir()} <= {"foreign.db", "foreign.db-shm", "foreign.db-wal"}


def test_a_foreign_database_whose_program_crashed_is_refused(tmp_path: Path) -> None:
    """SQLite has to roll back its journal before it can be read, which a read-only connection cannot."""
    file = tmp_path / "foreign.db"
    with closing(sqlite_module().connect(tmp_path / "source.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("PRAGMA cache_size = 2")
        connection.execute("BEGIN")
        for _ in range(200):
            connection.execute("INSERT INTO t VALUES (zeroblob(3000))")
        for ending in ("", "-journal"):
            shutil.copy(tmp_path / f"source.db{ending}", f"{file}{ending}")
    refused(file)


def test_a_foreign_database_in_use_is_not_taken_over(tmp_path: Path) -> None:
    file = tmp_path / "foreign.db"
    made(file, "CREATE TABLE t (a)")
    content = file.read_bytes()
    with closing(sqlite_module().connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError, match="locked"):
            open_database(f"sqlite:///{file}", 0.1).dispose()
        connection.execute("ROLLBACK")
    assert file.read_bytes() == content


def test_an_empty_database_becomes_ours(tmp_path: Path) -> None:
    file = tmp_path / "empty.db"
    for script in ("", "VACUUM"):
        made(file, script)
        open_database(f"sqlite:///{file}", 0.1).dispose()


def test_a_link_to_a_database_has_its_log(tmp_path: Path) -> None:
    """The last commits are in the log, which lies beside the file and not beside the link."""
    file, link, copy = tmp_path / "descent.db", tmp_path / "link.db", tmp_path / "copy.db"
    link.symlink_to(file.name)
    database = open_database(f"sqlite:///{file}", 1.0)
    queue_run(database)
    back_up(link, copy, force=False, damaged=True, progress=lambda _done, _total: None)
    with read_only(copy).connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM runs").scalar() == 1
    database.dispose()
