"""API keys of two users and an administrator."""

import pytest

from service.storage.database import Database
from tests.api_keys import Key, make_key


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
