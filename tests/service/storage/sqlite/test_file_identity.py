"""A database file that is removed or replaced while it is open."""

import shutil
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.sqlite.engine import sqlite_module, wal_is_safe
from service.storage.sqlite.wal_checkpoint import WalCheckpoint
from tests.service.helpers import LINE
from tests.service.storage.helpers import queue_run
from tests.waiting import until


def damaged(file: Path, how: str) -> None:
    if how == "replaced":
        copy = file.with_name("copy")
        shutil.copyfile(file, copy)
        copy.replace(file)
    else:
        file.with_name(file.name + how).unlink()


@pytest.mark.parametrize("how", ["", "replaced", "-wal", "-shm"])
def test_a_removed_or_replaced_file_refuses_writes_until_the_restart(
    how: str, settings: Settings, database: Database, api: TestClient
) -> None:
    if how.startswith("-") and not wal_is_safe(sqlite_module().sqlite_version_info):
        pytest.skip("this SQLite has no log")
    file = settings.database_file
    assert file is not None
    run_id = api.post("/fit", json=LINE).json()["id"]
    assert api.get("/readyz").status_code == 200
    damaged(file, how)
    for answer in (api.post("/fit", json=LINE), api.delete(f"/runs/{run_id}"), api.post(f"/runs/{run_id}/cancel")):
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:descent:database-moved")
    answer = api.get("/readyz")
    assert answer.status_code == 503
    assert "removed or replaced" in answer.json()["detail"]


def test_the_log_that_a_new_database_got_after_its_first_connection_is_watched(tmp_path: Path) -> None:
    if not wal_is_safe(sqlite_module().sqlite_version_info):
        pytest.skip("this SQLite has no log")
    database = open_database(f"sqlite:///{tmp_path}/new.db", 5.0)
    queue_run(database)
    assert database.fault() is None
    (tmp_path / "new.db-wal").unlink()
    assert database.fault() is not None
    database.dispose()


def test_the_change_feed_notices_a_file_that_was_away_for_a_moment(settings: Settings, database: Database) -> None:
    file = settings.database_file
    assert file is not None
    with database.change_feed.subscribed(lambda: None):
        until(lambda: database.engine.pool.checkedout() > 0)  # type: ignore[attr-defined]
        away = file.rename(file.with_name("away"))
        time.sleep(1.0)  # the promised time; nothing is asked meanwhile
        away.rename(file)
    assert database.fault() is not None


def checkpoint(database: Database) -> None:
    with (
        database.engine.connect(),
        closing(WalCheckpoint(database)) as opened,
    ):  # SQLite deletes the log of the last one
        assert opened.truncate_log()


def copy(source: Path, to: Path) -> Path:
    """Copies a file into the content of another; in a process, since closing a file releases the locks of this one."""
    subprocess.run(["cp", source, to], check=True)
    return to


def another(file: Path) -> Path:
    """The file of another database."""
    other = file.with_name("another.db")
    open_database(f"sqlite:///{other}", 5.0).dispose()
    return other


@pytest.mark.parametrize("by", ["another database", "an earlier state", "nothing", "text"])
def test_a_file_overwritten_in_its_place_refuses_writes_until_the_restart(
    by: str, settings: Settings, database: Database, api: TestClient
) -> None:
    if by == "an earlier state" and not wal_is_safe(sqlite_module().sqlite_version_info):
        pytest.skip("this SQLite has no log")
    file = settings.database_file
    assert file is not None
    checkpoint(database)
    made = another(file) if by == "another database" else file.with_name("made")
    if by == "an earlier state":
        copy(file, made)
    elif by != "another database":
        made.write_text("text" * 5000 if by == "text" else "")
    for _ in range(2):
        run_id = api.post("/fit", json=LINE).json()["id"]
        checkpoint(database)
        assert database.fault() is None
    inode = file.stat().st_ino
    copy(made, file)
    assert file.stat().st_ino == inode
    for answer in (api.post("/fit", json=LINE), api.delete(f"/runs/{run_id}"), api.get("/runs")):
        assert (answer.status_code, answer.json()["type"]) == (507, "urn:descent:database-moved")
    assert "replaced in its place" in api.get("/readyz").json()["detail"]


def test_the_change_feed_notices_an_overwritten_file(settings: Settings, database: Database) -> None:
    file = settings.database_file
    assert file is not None
    other, content = another(file), copy(file, file.with_name("copy"))
    with database.change_feed.subscribed(lambda: None):
        until(lambda: database.engine.pool.checkedout() > 0)  # type: ignore[attr-defined]
        copy(other, file)
        time.sleep(1.0)  # the promised time; nothing is asked meanwhile
        copy(content, file)
    assert database.fault() is not None


def test_the_content_of_an_overwritten_file_is_left_alone(settings: Settings, database: Database) -> None:
    file = settings.database_file
    assert file is not None
    queue_run(database)
    with database.engine.connect(), closing(WalCheckpoint(database)) as opened:
        content = copy(another(file), file).read_bytes()
        assert not opened.truncate_log()
        assert file.read_bytes() == content


def test_the_end_of_a_checkpoint_leaves_the_log(database: Database) -> None:
    """SQLite removes the log with the last connection, which a checkpoint must not be."""
    queue_run(database)
    assert database.fault() is None
    WalCheckpoint(database).close()
    queue_run(database)
    assert database.fault() is None
