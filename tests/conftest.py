"""Real parts: a SQLite file in a temporary folder, the API on it, and the service as real processes.

Each test process of `make test` has its service, its browser and its temporary folders.
"""

import gc
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import hypothesis
import pytest
from fastapi.testclient import TestClient
from hypothesis.database import DirectoryBasedExampleDatabase
from sqlalchemy import Engine

from service.api.app import create_app
from service.core.settings import Settings
from service.server.live_server import Service, running_service
from service.storage.connect import open_database
from service.storage.database import Database
from tests.examples import THOROUGH
from tests.waiting import LONGEST

# The duration of an example depends on the machine's load: no test has a deadline. The examples are constant, so that
# a failure comes from the change; THOROUGH draws new ones and starts with earlier failures.
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "main")
EXAMPLES = DirectoryBasedExampleDatabase(f".hypothesis/{PROCESS}")
hypothesis.settings.register_profile("same", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("others", deadline=None, database=EXAMPLES)
hypothesis.settings.load_profile("others" if THOROUGH > 1 else "same")
MOST_PROCESSES = 6


def pytest_xdist_auto_num_workers() -> int:
    """One test process per core plus two, since many tests wait for other processes."""
    return min(2 + (os.cpu_count() or 1), MOST_PROCESSES)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collects the tests without garbage collection, which does not look at them later either: they live to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a temporary database."""
    return Settings(database_url=f"sqlite:///{tmp_path}/descent.db")


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, created once: the migrations take longer than most tests."""
    file = tmp_path_factory.mktemp("empty") / "descent.db"
    open_database(f"sqlite:///{file}", busy_seconds=5.0).dispose()
    return file


@pytest.fixture(scope="session")
def share_statements(empty_file: Path) -> Callable[[Engine], None]:
    """Makes an engine use the compiled statements of earlier tests: compiling takes longer than most tests.

    SQLAlchemy finds a compiled statement by its dialect, so these engines have one dialect too.
    """
    first = open_database(f"sqlite:///{empty_file}", busy_seconds=5.0)
    first.dispose()
    statements: dict[Any, Any] = {}

    def share(engine: Engine) -> None:
        engine.dialect = first.engine.dialect
        engine.update_execution_options(compiled_cache=statements)

    return share


@pytest.fixture
def database(settings: Settings, empty_file: Path, share_statements: Callable[[Engine], None]) -> Iterator[Database]:
    """A real SQLite file with all tables."""
    assert settings.database_file is not None
    shutil.copyfile(empty_file, settings.database_file)
    opened = open_database(settings.database_url, settings.busy_seconds)
    share_statements(opened.engine)
    yield opened
    opened.dispose()


@pytest.fixture
def api(settings: Settings, database: Database) -> Iterator[TestClient]:
    """The API without workers: queued runs stay queued."""
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        yield client


@contextmanager
def _serving(home: Path) -> Iterator[Service]:
    database = f"sqlite:///{home}/descent.db"
    with (home / "log").open("w") as log, running_service("--database", database, "--workers", "2", log=log) as running:
        yield running


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """`descent serve` with two workers at `.url`, shared by the tests of a process."""
    with _serving(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture
def new_service(tmp_path: Path) -> Iterator[Service]:
    """`descent serve` with an empty database for one test."""
    with _serving(tmp_path) as running:
        yield running


@pytest.fixture
def client(service: Service) -> Iterator[httpx2.Client]:
    """A client of the running service."""
    with httpx2.Client(base_url=service.url, timeout=LONGEST) as client:
        yield client
