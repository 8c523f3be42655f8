"""Generated requests from the OpenAPI description, valid and invalid: each answer conforms to the description."""

import pytest

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database
from tests.service.api.generated_requests import exercise_all

pytestmark = pytest.mark.slow


def test_answers_to_generated_requests_conform_to_the_description(settings: Settings, database: Database) -> None:
    tally = exercise_all(create_app(settings.model_copy(update={"max_wait_seconds": 0.01}), database))
    assert sum(tally.values()) >= 300
    # Valid and invalid bodies have reached the routes, and some requests were for existing objects.
    assert tally["POST /fit", 202] + tally["POST /fit", 200] >= 3, tally
    assert tally["POST /fit", 422] >= 10
    assert tally["POST /datasets", 201] >= 3
    assert tally["POST /datasets", 422] >= 10
