"""A database file that is removed or replaced while it is open."""

import shutil
import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage.database import Database
from service.storage.sqlite.engine import sqlite_module, wal_is_safe
from tests.service.helpers import LINE
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


def test_the_change_feed_notices_a_file_that_was_away_for_a_moment(settings: Settings, database: Database) -> None:
    file = settings.database_file
    assert file is not None
    with database.change_feed.subscribed(lambda: None):
        until(lambda: database.engine.pool.checkedout() > 0)  # type: ignore[attr-defined]
        away = file.rename(file.with_name("away"))
        time.sleep(1.0)  # the promised time; nothing is asked meanwhile
        away.rename(file)
    assert database.fault() is not None
