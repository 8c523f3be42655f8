"""Deletions on a disk that is full to the last byte."""

import fcntl
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.api.app import create_app
from service.core.settings import Settings
from service.maintenance.retention import Retention
from service.storage import runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.errors import Failure, failure_of
from service.storage.essential_write import make_room
from service.storage.integrity.fsck import check
from service.storage.sqlite import disk_reserve
from service.storage.sqlite.engine import sqlite_module, wal_is_safe
from service.storage.sqlite.readonly import wal_of
from tests.service.helpers import LINE, append_steps, fit_body, stored_run
from tests.torture.small_disk import SmallDisk, small_disk
from tests.waiting import until

RUNS = 6


@pytest.fixture(params=["log", "rollback journal"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallDisk]:
    if request.param == "rollback journal":
        monkeypatch.setattr("service.storage.database.sqlite_module", lambda: sqlite3)
        monkeypatch.setattr("service.storage.sqlite.engine.wal_is_safe", lambda _version: False)
    elif not wal_is_safe(sqlite_module().sqlite_version_info):
        pytest.skip("this SQLite needs a rollback journal")
    with small_disk("24m") as made:
        yield made


@pytest.fixture
def small(disk: SmallDisk) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{disk.file}", 5.0)
    yield opened
    opened.dispose()


def fill(disk: SmallDisk, database: Database) -> list[str]:
    """Stores steps of runs until the disk refuses every block, takes the rest of the disk, and returns the runs' ids.

    The runs are running, as on a service whose disk is full.
    """
    ids = [stored_run(database, fit_body(descent={"steps": 10_000_000}), status=None) for _ in range(RUNS)]
    for rows in (20_000, 2_000, 200, 1):
        block = np.random.default_rng(rows).normal(size=(rows, width_of(database, ids[0])))
        with pytest.raises(DBAPIError) as refused:
            append_until_refused(database, ids, block)
        assert failure_of(refused.value) is Failure.FULL
        disk.take_the_rest()
    return ids


def append_until_refused(database: Database, ids: list[str], block: Any) -> None:
    for run_id in cycle(ids):
        append_steps(database, run_id, block)


def width_of(database: Database, run_id: str) -> int:
    with database.reading() as connection:
        run = runs.find(connection, run_id)
    assert run is not None
    return run.width


def take_the_rest_beside_deletions(disk: SmallDisk) -> None:
    """Takes the rest of the disk, but not the reserve that a deletion lends itself: it would have no room."""
    with disk.file.with_name(f"{disk.file.name}-reserve").open("rb") as reserve:
        fcntl.flock(reserve, fcntl.LOCK_EX)
        disk.take_the_rest()


def sound(disk: SmallDisk) -> bool:
    return not list(check(disk.file, lambda *_: None))


def test_each_run_of_a_full_disk_can_be_deleted(disk: SmallDisk, small: Database) -> None:
    settings = Settings(database_url=f"sqlite:///{disk.file}")
    with TestClient(create_app(settings, small), raise_server_exceptions=False) as api:
        stored = fill(disk, small)
        assert api.post("/fit", json=LINE).status_code == 507
        with Retention(settings, small):
            for run_id in stored:
                take_the_rest_beside_deletions(disk)
                assert api.delete(f"/runs/{run_id}").status_code == 204
            until(lambda: api.post("/fit", json=LINE).status_code == 202)
            until(lambda: shutil.disk_usage(disk.home).free > 2 * disk_reserve.MIB)
    assert sound(disk)


def test_the_reserve_takes_all_the_room_that_others_leave(disk: SmallDisk, small: Database) -> None:
    """A write between a deletion and the return of its reserve takes its few pages, and no more."""
    fill(disk, small)
    assert small.reserve is not None
    before = small.reserve.length
    with small.reserve.released():
        disk.take_the_rest(most=(disk.home / "rest").stat().st_size + 4096)
    assert before - disk_reserve.LEAST_BYTES - 4096 < small.reserve.length < before


@pytest.mark.parametrize("disk", ["log"], indirect=True)
def test_a_block_takes_the_room_of_the_log(disk: SmallDisk, small: Database) -> None:
    [run_id, *_] = fill(disk, small)
    block = np.ones((20_000, width_of(small, run_id)))
    with pytest.raises(DBAPIError):
        append_steps(small, run_id, block)
    with small.engine.connect():  # as the other processes of a service, it keeps the log
        make_room(small)
    assert wal_of(disk.file).stat().st_size == 0
    assert shutil.disk_usage(disk.home).free > 1.5 * block.nbytes
    append_steps(small, run_id, block)


def test_a_full_disk_can_be_emptied_after_a_restart(disk: SmallDisk) -> None:
    first = open_database(f"sqlite:///{disk.file}", 5.0)
    stored = fill(disk, first)
    for ending in ("", "-wal", "-shm", "-journal"):  # the state after a crash: the files as they are, without locks
        if (file := disk.file.with_name(disk.file.name + ending)).exists():
            shutil.copyfile(file, disk.home.parent / f"copy{ending}")
    first.dispose()
    for ending in ("", "-wal", "-shm", "-journal"):
        if (copy := disk.home.parent / f"copy{ending}").exists():
            shutil.copyfile(copy, disk.file.with_name(disk.file.name + ending))
    disk.take_the_rest()
    settings = Settings(database_url=f"sqlite:///{disk.file}")
    database = open_database(settings.database_url, 5.0)
    with (
        Retention(settings, database),
        TestClient(create_app(settings, database), raise_server_exceptions=False) as api,
    ):
        for run_id in stored:
            assert api.delete(f"/runs/{run_id}").status_code == 204
        until(lambda: api.post("/fit", json=LINE).status_code == 202)
    until(lambda: all(thread.name != "change-feed" for thread in threading.enumerate()))  # it has a connection
    database.dispose()
    assert sound(disk)


def test_the_reserve_is_as_long_as_the_next_checkpoint_needs(database: Database, settings: Settings) -> None:
    if not wal_is_safe(sqlite_module().sqlite_version_info):
        pytest.skip("this SQLite needs a rollback journal")
    reserve, file = database.reserve, settings.database_file
    assert reserve is not None
    assert file is not None
    with database.reading() as reader:  # it keeps the log from being checkpointed
        reader.execute(text("SELECT count(*) FROM runs")).scalar_one()
        rows = np.zeros((1024 * 600, 3))
        stored_run(database, fit_body(descent={"steps": len(rows) - 1}), rows)
        assert reserve.length >= wal_of(file).stat().st_size
    with Retention(settings, database):
        until(lambda: reserve.length == disk_reserve.BYTES)


def test_a_write_waits_until_a_deletion_has_returned_the_reserve(database: Database) -> None:
    assert database.reserve is not None
    with database.reserve.released():
        with pytest.raises(Exception, match="full") as refused, database.writing():
            pass
        assert failure_of(refused.value) is Failure.FULL
        with database.writing(grows=False):
            pass
    with database.writing():
        pass
    assert database.reserve.length == disk_reserve.BYTES
