"""API keys in several hands."""

import pytest

from service.storage.database import Database
from tests.api_keys import Key, make_key


@pytest.fixture
def key(database: Database) -> Key:
    """A key that may write."""
    return make_key(database)


@pytest.fixture
def other(database: Database) -> Key:
    """Somebody else's."""
    return make_key(database)


@pytest.fixture
def admin(database: Database) -> Key:
    """A key that sees everything."""
    return make_key(database, "admin")
