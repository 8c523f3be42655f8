"""An in-process worker, for routes whose answers need finished runs."""

from collections.abc import Callable

import pytest

from service.core.settings import Settings
from service.storage.database import Database
from service.worker.process import Worker
from tests.service.people import stored


@pytest.fixture
def work(settings: Settings) -> Callable[[], None]:
    """A function that executes all queued runs in this process."""

    def work() -> None:
        worker = Worker(settings, "here")
        while (claim := worker._claim()) is not None:
            worker._train(claim)

    return work


@pytest.fixture
def people_id(database: Database) -> str:
    """The id of a stored dataset with numbers and categories."""
    return stored(database)
