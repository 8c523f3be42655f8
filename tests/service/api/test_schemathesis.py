"""Requests made up from the description, right and wrong ones: each answer must be one that it tells of."""

import pytest

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database
from tests.service.api.generated_requests import exercise_all

pytestmark = pytest.mark.slow


def test_answers_to_made_up_requests_are_as_described(settings: Settings, database: Database) -> None:
    tally = exercise_all(create_app(settings.model_copy(update={"max_wait_seconds": 0.01}), database))
    assert sum(tally.values()) >= 300
    # Both right and wrong bodies have come through to the routes, and things there are have been asked for.
    assert tally["POST /fit", 202] + tally["POST /fit", 200] >= 3, tally
    assert tally["POST /fit", 422] >= 10
    assert tally["POST /datasets", 201] >= 3
    assert tally["POST /datasets", 422] >= 10
