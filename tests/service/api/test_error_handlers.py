"""When the service itself cannot: no answer says that something was stored which was not, none tells of the inside."""

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
from service.storage import runs
from service.storage.database import Database
from service.storage.errors import CorruptError
from service.storage.sqlite.engine import sqlite_module
from tests.service.helpers import NOTHING, counts, fit_body, problem_of

UPLOAD = fit_body()["dataset"]


@contextmanager
def write_lock(settings: Settings) -> Iterator[None]:
    """Another program writes to the file."""
    assert settings.database_file is not None
    with closing(sqlite_module().connect(settings.database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
def impatient(settings: Settings) -> Iterator[tuple[TestClient, Database]]:
    """The API on a database whose lock it waits for only shortly."""
    database = Database(settings.database_url, busy_seconds=0.05)
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        yield client, database
    database.dispose()


@pytest.mark.parametrize("request_line", ["POST /fit", "POST /datasets", "DELETE /runs/{id}", "POST /runs/{id}/cancel"])
def test_a_locked_database_is_unavailable(
    request_line: str, settings: Settings, api: TestClient, database: Database, impatient: tuple[TestClient, Database]
) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    before = counts(database)
    method, path = request_line.format(id=run_id).split()
    with write_lock(settings):
        answer = impatient[0].request(method, path, json=UPLOAD if path == "/datasets" else fit_body(name="b"))
    problem_of(answer, 503)
    assert int(answer.headers["Retry-After"]) >= 1
    assert counts(database) == before


def test_a_locked_database_can_be_read(
    settings: Settings, database: Database, impatient: tuple[TestClient, Database]
) -> None:
    client = impatient[0]
    with write_lock(settings):
        assert client.get("/runs").json()["data"] == []
        assert client.get("/readyz").status_code == 200
        assert client.post("/fit?validate_only=true", json=fit_body()).status_code == 200


def test_connections_that_are_all_in_use_are_unavailable(settings: Settings, database: Database) -> None:
    # The pool's patience is half a minute, and not to be waited for here.
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
def test_a_write_that_fails_is_never_answered_as_done(table: str, api: TestClient, database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no'); END"))
    problem = problem_of(api.post("/fit", json=fit_body(tags={"a": "b"})), 500)
    assert "had no effect" in problem["detail"]
    assert counts(database) == NOTHING
    if "dataset" in table:
        problem_of(api.post("/datasets", json=UPLOAD), 500)
        assert counts(database) == NOTHING


@pytest.mark.parametrize("path", ["/fit", "/datasets"])
def test_a_commit_that_fails_is_never_answered_as_done(path: str, api: TestClient, database: Database) -> None:
    # A foreign key that is checked no earlier than at the commit, and is wrong then.
    with database.writing() as connection:
        for statement in (
            "CREATE TABLE parent (a PRIMARY KEY)",
            "CREATE TABLE child (a REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
            "CREATE TRIGGER late AFTER INSERT ON datasets BEGIN INSERT INTO child VALUES (1); END",
        ):
            connection.execute(text(statement))
    problem_of(api.post(path, json=fit_body() if path == "/fit" else UPLOAD), 500)
    assert counts(database) == NOTHING


def of_the_driver(kind: type[sqlite3.DatabaseError], name: str) -> DBAPIError:
    """An error as SQLite raises it, with its code and no words, in SQLAlchemy's wrapping."""
    cause = kind("a secret")
    cause.sqlite_errorcode, cause.sqlite_errorname = getattr(sqlite3, name), name
    return DBAPIError("INSERT INTO secrets", {}, cause)


def in_words(words: str) -> DBAPIError:
    """An error of a driver without codes."""
    return OperationalError("INSERT INTO secrets", {}, sqlite3.OperationalError(words))


@pytest.mark.parametrize(
    ("error", "status", "title", "damaged"),
    [
        (in_words("database is locked"), 503, "Unavailable", False),
        (in_words("database or disk is full"), 507, "Disk full", False),
        (in_words("disk I/O error"), 507, "Disk error", False),
        (in_words("no such table: runs"), 500, "Internal error", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_FULL"), 507, "Disk full", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_IOERR_SHMSIZE"), 507, "Disk full", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_IOERR_WRITE"), 507, "Disk error", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_CANTOPEN"), 507, "Disk error", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_READONLY_DBMOVED"), 507, "Disk error", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_BUSY_SNAPSHOT"), 503, "Unavailable", False),
        (of_the_driver(sqlite3.OperationalError, "SQLITE_LOCKED"), 503, "Unavailable", False),
        (of_the_driver(sqlite3.DatabaseError, "SQLITE_CORRUPT"), 500, "Internal error", True),
        (of_the_driver(sqlite3.DatabaseError, "SQLITE_NOTADB"), 500, "Internal error", True),
        (of_the_driver(sqlite3.IntegrityError, "SQLITE_CONSTRAINT"), 500, "Internal error", False),
        (OSError(errno.ENOSPC, "a secret"), 507, "Disk full", False),
        (OSError(errno.EDQUOT, "a secret"), 507, "Disk full", False),
        (OSError(errno.EIO, "a secret"), 507, "Disk error", False),
        (OSError(errno.EACCES, "a secret"), 500, "Internal error", False),
        (CorruptError("The trajectory is damaged at step 3."), 500, "Internal error", True),
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_what_the_database_says_is_told_in_other_words(
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
    monkeypatch.setattr(runs, "page", fail)
    answer = api.post("/fit", json=fit_body()) if method == "POST" else api.get("/runs")
    assert problem_of(answer, status)["title"] == title
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) == (status != 500)
    assert ("descent check" in answer.text) == damaged
    assert counts(database) == NOTHING


@pytest.mark.parametrize(
    "damage", ["request = '{'", "tags = 'no'", "name = CAST(x'ff' AS TEXT)", "final = x'00'", "timings = 3.5"]
)
def test_a_row_that_cannot_be_read_is_told_as_damage(damage: str, api: TestClient, database: Database) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    with database.writing() as connection:
        connection.execute(text(f"UPDATE runs SET {damage}"))
    for path in ("/runs", f"/runs/{run_id}", f"/runs/{run_id}/trajectory"):
        assert "`descent check`" in problem_of(api.get(path), 500)["detail"]


def test_an_unexpected_exception_tells_nothing_of_the_inside(
    api: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> Any:
        raise ZeroDivisionError("the password is swordfish")

    api.post("/fit", json=fit_body())
    monkeypatch.setattr(run_routes, "serialize_run", fail)
    answer = api.get("/runs/latest")
    problem_of(answer, 500)
    assert "swordfish" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "swordfish" in caplog.text


def test_readyz_says_when_the_database_is_gone(settings: Settings, database: Database) -> None:
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        assert client.get("/readyz").json() == {"status": "ok"}
        with database.writing() as connection:
            for table in ("run_tags", "trajectory_chunks", "runs"):
                connection.execute(text(f"DROP TABLE {table}"))
        problem_of(client.get("/readyz"), 500)
        assert client.get("/livez").json() == {"status": "ok"}
