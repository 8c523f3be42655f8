"""An in-process worker, for routes whose answers need finished runs."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from service.core.settings import Settings
from service.storage.database import Database
from service.worker.process import Worker
from tests.service.people import stored


@pytest.fixture
def work(settings: Settings, share_statements: Callable[[Engine], None]) -> Iterator[Callable[[], None]]:
    """A function that executes all queued runs in this process."""
    worker = Worker(settings, "here")
    share_statements(worker._database.engine)

    def work() -> None:
        while (claim := worker._claim()) is not None:
            worker._train(claim)

    yield work
    worker._database.dispose()


@pytest.fixture
def people_id(database: Database) -> str:
    """The id of a stored dataset with numbers and categories."""
    return stored(database)
