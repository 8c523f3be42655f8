"""Migrations: concurrent starts upgrade once, a killed upgrade changes nothing, newer files are refused."""

import hashlib
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from service.storage import migrations
from service.storage.connect import open_database
from service.storage.integrity.fsck import check
from service.storage.migrations import NewerDatabaseError
from service.storage.sqlite.engine import sqlite_module
from service.storage.sqlite.readonly import wal_of
from tests.service.storage.migrations.old_versions import make_version
from tests.waiting import LONGEST

EARLIER = ["0001", "0002"]
OPEN = """
import sys
from service.storage.connect import open_database
sys.stdin.readline()
open_database(sys.argv[1], 30.0).dispose()
"""
DIE = """
import os, signal, sys
from sqlalchemy import event
from service.storage.database import Database
from service.storage.migrations import migrate
database = Database(sys.argv[1], busy_seconds=5.0)
left = int(sys.argv[2])
def die(connection, cursor, statement, *_):
    global left
    if statement.split()[0] in {"CREATE", "ALTER", "UPDATE", "INSERT", "DELETE", "DROP"}:
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
@event.listens_for(database.engine, "commit")
def die_at_the_commit(connection):
    if left >= 0 and sys.argv[2] == "999":
        os.kill(os.getpid(), signal.SIGKILL)
event.listen(database.engine, "after_cursor_execute", die)
migrate(database)
"""


def revision(file: Path) -> str | None:
    with closing(sqlite_module().connect(file)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            return None
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def columns(file: Path) -> set[str]:
    with closing(sqlite_module().connect(file)) as connection:
        return {name for (_, name, *_) in connection.execute("PRAGMA table_info(runs)")}


@pytest.mark.slow
@pytest.mark.parametrize("earlier", [None, *EARLIER])
def test_concurrent_starts_upgrade_once(earlier: str | None, tmp_path: Path) -> None:
    file = tmp_path / "descent.db"
    if earlier is not None:
        make_version(file, earlier)
    command = [sys.executable, "-c", OPEN, f"sqlite:///{file}"]
    starting = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in starting:  # all processes wait at the same line
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in starting:
        _, errors = process.communicate(timeout=LONGEST)
        assert process.returncode == 0, errors
    assert revision(file) == migrations.HEAD
    database = open_database(f"sqlite:///{file}", 5.0)
    database.dispose()
    # The datasets of the old files have no rows.
    assert {finding.kind for finding in check(file, lambda *_: None)} == (set() if earlier is None else {"dataset"})


@pytest.mark.slow
@pytest.mark.parametrize("earlier", [None, *EARLIER])
@pytest.mark.parametrize("after", [0, 1, 3, 5, 999])
def test_a_killed_upgrade_leaves_the_old_version(earlier: str | None, after: int, tmp_path: Path) -> None:
    file = tmp_path / "descent.db"
    if earlier is None:
        file.touch()
    else:
        make_version(file, earlier)
    before = columns(file)
    process = subprocess.run([sys.executable, "-c", DIE, f"sqlite:///{file}", str(after)], timeout=LONGEST, check=False)
    assert process.returncode == -signal.SIGKILL
    assert revision(file) == earlier
    assert columns(file) == before
    open_database(f"sqlite:///{file}", 5.0).dispose()
    assert revision(file) == migrations.HEAD


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_newer_file_is_refused_unchanged(tmp_path: Path) -> None:
    file = tmp_path / "newer.db"
    open_database(f"sqlite:///{file}", 1.0).dispose()
    with closing(sqlite_module().connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("ALTER TABLE runs ADD COLUMN later TEXT")
    before = digest(file)
    with pytest.raises(NewerDatabaseError, match=f"version 9999, this program knows versions up to {migrations.HEAD}"):
        open_database(f"sqlite:///{file}", 1.0)
    assert digest(file) == before
    assert not wal_of(file).exists()
    serve = subprocess.run(
        [sys.executable, "-m", "service.cli.main", "serve", "--port", "0", "--database", f"sqlite:///{file}"],
        capture_output=True,
        text=True,
        timeout=LONGEST,
        check=False,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert serve.returncode == 1
    assert "version 9999" in serve.stderr
    assert "Traceback" not in serve.stderr
    assert digest(file) == before
