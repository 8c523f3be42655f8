"""A file of version 0004: runs of every kind, one paused and one partly deleted, a sweep, an API key.

The tests upgrade it, resume its paused run, and verify its runs with a real worker.
"""

import gzip
import math
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.core.run_status import RunStatus
from service.server.live_server import running_service
from service.storage import migrations, run_list, runs
from service.storage.api_keys import usable_keys
from service.storage.connect import open_database
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.run_list import Asked
from service.storage.sqlite import purge
from service.storage.sqlite.engine import sqlite_module
from tests.service.helpers import until_finished

STORED = Path(__file__).parent / "v0004.db.gz"
HALF_DELETED = "SELECT seq, status, verifies, deleted_at, finished_at FROM runs WHERE name = 'long'"
NAMES = {"line", "polynomial", "formula", "softmax", "perceptron", "diverged", "fork", "paused"}
MEMBERS = {"rates: learning_rate 0.1", "rates: learning_rate 0.5"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of the earlier version."""
    file = tmp_path / "descent.db"
    file.write_bytes(gzip.decompress(STORED.read_bytes()))
    return file


@pytest.fixture
def upgraded(file: Path) -> Iterator[Database]:
    """The upgraded file."""
    database = open_database(f"sqlite:///{file}", 5.0)
    yield database
    database.dispose()


def is_identical_or_rounded(answer: dict[str, Any]) -> bool:
    """True if a verification found the bits, or on another kind of processor than the file's, the rounding of a sum."""
    if answer["identical"]:
        return True
    found = answer["differences"]
    return bool(found) and all(math.isclose(each["stored"], each["recomputed"], rel_tol=1e-12) for each in found)


def test_a_partly_deleted_run_gets_a_time_of_deletion(file: Path) -> None:
    with closing(sqlite_module().connect(file)) as connection:
        seq, status, verifies, *_ = connection.execute(HALF_DELETED.replace("deleted_at", "NULL")).fetchone()
        assert (status, verifies) == ("cancelled", seq)
    before = time.time()
    database = open_database(f"sqlite:///{file}", 5.0)
    with database.reading() as connection:
        assert migrations.revision_of(connection) == migrations.HEAD
        _, status, verifies, deleted_at, finished_at = connection.exec_driver_sql(HALF_DELETED).one()
        assert (status, verifies) == ("cancelled", None)
        assert before <= deleted_at <= time.time()
        assert finished_at is not None
        shown = {run.name for run in run_list.page(connection, Asked(), limit=50)}
        assert runs.find_by_seq(connection, seq) is None
        assert runs.state(connection, seq) is None
    assert shown == NAMES | MEMBERS
    database.dispose()


def test_the_upgraded_file_is_sound_and_purges_the_deleted_run(file: Path, upgraded: Database) -> None:
    assert list(check(file, lambda *_: None)) == []
    with upgraded.writing() as connection:
        assert purge.has_deleted(connection)
        while purge.has_deleted(connection):
            purge.purge_slice(connection)
        assert connection.exec_driver_sql(HALF_DELETED).one_or_none() is None
        assert connection.exec_driver_sql("SELECT count(*) FROM trajectory_chunks WHERE run_seq = 10").scalar() == 0
    assert list(check(file, lambda *_: None)) == []


def test_its_api_key_is_usable(upgraded: Database) -> None:
    with upgraded.reading() as connection:
        [key] = usable_keys(connection)
    assert (key.name, key.scopes, key.expires_at) == ("old key", ["admin"], None)


def test_its_paused_run_resumes_and_its_runs_verify(file: Path, tmp_path: Path) -> None:
    options = ("--workers", "1", "--database", f"sqlite:///{file}")
    environment = {**os.environ, "DESCENT_KEYS": "off"}
    with (
        (tmp_path / "log").open("w") as log,
        running_service(*options, environment=environment, log=log) as service,
        httpx2.Client(base_url=service.url, timeout=60) as client,
    ):
        found = {run["name"]: run for run in client.get("/runs").json()["data"]}
        assert found.keys() == NAMES | MEMBERS
        paused = found["paused"]
        assert paused["status"] == RunStatus.PAUSED
        first_steps = client.get(f"/runs/{paused['id']}/trajectory").json()["theta"]
        assert client.post(f"/runs/{paused['id']}/resume").status_code == 202
        assert until_finished(client, paused["id"])["status"] == RunStatus.SUCCEEDED
        whole = client.get(f"/runs/{paused['id']}/trajectory").json()["theta"]
        assert len(whole) == 61
        assert whole[: len(first_steps)] == first_steps
        answers = {name: client.post(f"/runs/{run['id']}/verify").json() for name, run in found.items()}
    assert {name for name, answer in answers.items() if not is_identical_or_rounded(answer)} == set()
