"""Thousands of requests generated from the OpenAPI description, with all checks."""

from math import ceil

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.storage.database import Database
from service.storage.sqlite import purge
from tests.service.api.generated_requests import exercise_all
from tests.service.helpers import NOTHING, counts
from tests.torture.report import Measured

ROUND = 400
"""At least so many requests are made at a time."""


@pytest.mark.torture(5_000, least=400)
def test_answers_to_generated_requests_conform_to_the_description(
    settings: Settings, database: Database, cases: int, measured: Measured
) -> None:
    app = create_app(settings.model_copy(update={"max_wait_seconds": 0.01}), database)
    tally = exercise_all(app, ceil(cases / ROUND))
    with TestClient(app) as client:
        for kind in ("runs", "datasets"):
            while found := client.get(f"/{kind}").json()["data"]:
                for thing in found:
                    assert client.delete(thing["links"]["self"]).status_code == 204
    with database.writing() as connection:
        while purge.has_deleted(connection):  # purge: the runs of a deleted sweep are hidden until then
            purge.purge_slice(connection)
    measured("requests, every check on", sum(tally.values()), at_least=cases)
    measured("answers of 5xx", sum(count for (_, status), count in tally.items() if status >= 500), at_most=0)
    measured("rows left behind", sum(counts(database).values()), at_most=sum(NOTHING.values()))
