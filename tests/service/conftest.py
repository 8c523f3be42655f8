"""API keys of two users and an administrator, and a judgement without haste."""

import pytest

from service.storage.database import Database
from service.worker import judgement
from tests.api_keys import Key, make_key
from tests.waiting import LONGEST


@pytest.fixture
def key(database: Database) -> Key:
    """The key of a user, with the scope write."""
    return make_key(database)


@pytest.fixture
def other(database: Database) -> Key:
    """The key of another user, with the scope write."""
    return make_key(database)


@pytest.fixture
def admin(database: Database) -> Key:
    """A key with the scope admin, which sees all objects."""
    return make_key(database, "admin")


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget of each judgement that a slow machine does not spend: else its time decides what trials give."""
    monkeypatch.setattr(judgement, "LEAST_SECONDS", LONGEST)
    monkeypatch.setattr(judgement, "MOST_SECONDS", LONGEST)
