"""Errors of the service: no failed write is reported as done, and no answer reveals internals."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from service.api.app import create_app
from service.api.routes import runs as run_routes
from service.core.settings import Settings
from service.jobs import submit
from service.storage import run_list
from service.storage.database import Database
from service.storage.errors import CorruptError
from service.storage.sqlite.engine import sqlite_module
from tests.service.helpers import NOTHING, counts, fit_body, problem_of

UPLOAD = fit_body()["dataset"]


@contextmanager
def write_lock(settings: Settings) -> Iterator[None]:
    """Another connection holds the write lock."""
    assert settings.database_file is not None
    with closing(sqlite_module().connect(settings.database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
def short_timeout(settings: Settings) -> Iterator[tuple[TestClient, Database]]:
    """The API with a short timeout of locks, and its database."""
    database = Database(settings.database_url, busy_seconds=0.05)
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        yield client, database
    database.dispose()


@pytest.mark.parametrize("request_line", ["POST /fit", "POST /datasets", "DELETE /runs/{id}", "POST /runs/{id}/cancel"])
def test_a_locked_database_is_unavailable(
    request_line: str,
    settings: Settings,
    api: TestClient,
    database: Database,
    short_timeout: tuple[TestClient, Database],
) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    before = counts(database)
    method, path = request_line.format(id=run_id).split()
    with write_lock(settings):
        answer = short_timeout[0].request(method, path, json=UPLOAD if path == "/datasets" else fit_body(name="b"))
    problem_of(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert counts(database) == before


def test_a_locked_database_can_be_read(
    settings: Settings, database: Database, short_timeout: tuple[TestClient, Database]
) -> None:
    client = short_timeout[0]
    with write_lock(settings):
        assert client.get("/runs").json()["data"] == []
        assert client.get("/readyz").status_code == 200
        assert client.post("/fit?validate_only=true", json=fit_body()).status_code == 200


def test_an_exhausted_connection_pool_is_unavailable(settings: Settings, database: Database) -> None:
    # By default the pool waits for half a minute.
    narrow = Database(settings.database_url, connections=1)
    narrow.engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    with TestClient(create_app(settings, narrow), raise_server_exceptions=False) as client:
        with narrow.reading():
            answer = client.get("/runs")
        problem_of(answer, 503)
        assert answer.headers["Retry-After"]
        assert client.get("/runs").status_code == 200
    narrow.dispose()


@pytest.mark.parametrize("table", ["runs", "run_tags", "datasets", "dataset_chunks"])
def test_a_failed_write_is_an_error(table: str, api: TestClient, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"))
    problem = problem_of(api.post("/fit", json=fit_body(tags={"a": "b"})), 500)
    assert "had no effect" in problem["detail"]
    assert counts(database) == NOTHING
    if "dataset" in table:
        problem_of(api.post("/datasets", json=UPLOAD), 500)
        assert counts(database) == NOTHING


@pytest.mark.parametrize("path", ["/fit", "/datasets"])
def test_a_failed_commit_is_an_error(path: str, api: TestClient, database: Database) -> None:
    # A deferred foreign key that fails at the commit.
    with database.writing() as connection:
        for statement in (
            "CREATE TABLE parent (a PRIMARY KEY)",
            "CREATE TABLE child (a REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TRIGGER late AFTER INSERT ON datasets BEGIN INSERT INTO child VALUES (1); END",
        ):
            connection.execute(text(statement))
    problem_of(api.post(path, json=fit_body() if path == "/fit" else UPLOAD), 500)
    assert counts(database) == NOTHING


def error_with_code(kind: type[sqlite3.DatabaseError], name: str) -> DBAPIError:
    """An error of SQLite with its code and a secret message, wrapped by SQLAlchemy."""
    cause = kind("a secret")
    cause.sqlite_errorcode, cause.sqlite_errorname = getattr(sqlite3, name), name
    return DBAPIError("INSERT INTO secrets", {}, cause)


def error_with_message(message: str) -> DBAPIError:
    """An error of SQLite with a message and without a code, wrapped by SQLAlchemy."""
    return OperationalError("INSERT INTO secrets", {}, sqlite3.OperationalError(message))


@pytest.mark.parametrize(
    ("error", "status", "title", "damaged"),
    [
        (error_with_message("database is locked"), 503, "Unavailable", False),
        (error_with_message("database or disk is full"), 507, "Disk full", False),
        (error_with_message("disk I/O error"), 507, "Disk error", False),
        (error_with_message("no such table: runs"), 500, "Internal error", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_FULL"), 507, "Disk full", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_IOERR_SHMSIZE"), 507, "Disk full", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_IOERR_WRITE"), 507, "Disk error", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_CANTOPEN"), 507, "Disk error", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_READONLY_DBMOVED"), 507, "Database moved", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_BUSY_SNAPSHOT"), 503, "Unavailable", False),
        (error_with_code(sqlite3.OperationalError, "SQLITE_LOCKED"), 503, "Unavailable", False),
        (error_with_code(sqlite3.DatabaseError, "SQLITE_CORRUPT"), 500, "Damaged data", True),
        (error_with_code(sqlite3.DatabaseError, "SQLITE_NOTADB"), 500, "Damaged data", True),
        (error_with_code(sqlite3.IntegrityError, "SQLITE_CONSTRAINT"), 500, "Internal error", False),
        (OSError(errno.ENOSPC, "a secret"), 507, "Disk full", False),
        (OSError(errno.EDQUOT, "a secret"), 507, "Disk full", False),
        (OSError(errno.EIO, "a secret"), 507, "Disk error", False),
        (OSError(errno.EACCES, "a secret"), 500, "Internal error", False),
        (CorruptError("The trajectory is damaged at step 3."), 500, "Damaged data", True),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_an_error_of_the_database_is_reported_without_its_message(
    method: str,
    error: Exception,
    status: int,
    title: str,
    damaged: bool,
    api: TestClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(submit, "queue", fail)
    monkeypatch.setattr(run_list, "page", fail)
    answer = api.post("/fit", json=fit_body()) if method == "POST" else api.get("/runs")
    assert problem_of(answer, status)["title"] == title
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) == (status != 500)
    assert ("descent check" in answer.text) == damaged
    assert counts(database) == NOTHING


@pytest.mark.parametrize(
    "damage", ["request = '{'", "tags = 'no'", "name = CAST(x'ff' AS TEXT)", "final = x'00'", "timings = 3.5"]
)
def test_an_unreadable_row_is_reported_as_damage(damage: str, api: TestClient, database: Database) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    with database.writing() as connection:
        connection.execute(text(f"UPDATE runs SET {damage}"))
    assert "`descent check`" in problem_of(api.get(f"/runs/{run_id}/trajectory"), 500)["detail"]
    assert api.get(f"/runs/{run_id}").json()["error"]["code"] == "damaged_data"


def test_an_unexpected_exception_reveals_no_internals(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("the password is swordfish")

    api.post("/fit", json=fit_body())
    monkeypatch.setattr(run_routes, "serialize_run", fail)
    answer = api.get("/runs/latest")
    problem_of(answer, 500)
    assert "swordfish" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "swordfish" in caplog.text


def test_readyz_fails_if_the_database_is_unusable(settings: Settings, database: Database) -> None:
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        assert client.get("/readyz").json() == {"status": "ok"}
        with database.writing() as connection:
            for table in ("run_tags", "trajectory_chunks", "runs"):
                connection.execute(text(f"DROP TABLE {table}"))
        problem_of(client.get("/readyz"), 500)
        assert client.get("/livez").json() == {"status": "ok"}
