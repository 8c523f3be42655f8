"""Hostile bodies: each gets an answer of the description, and no refused body is stored."""

import time
from collections import Counter
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.storage.database import Database
from tests.service.api.hostile_bodies import FAMILIES, hostile_bodies
from tests.service.api.hostile_request import Hostile
from tests.service.helpers import counts, problem_of
from tests.time_bounds import times_slower

pytestmark = pytest.mark.slow

ADDED = {"/fit": "runs", "/datasets": "datasets"}
MOST_SECONDS = 5.0
"""CPU seconds for one body."""


def check_hostile(hostile: Hostile, response: Any, described: dict[str, Any]) -> bool:
    """Checks the answer. Returns True if the service has accepted the body."""
    path = hostile.path.partition("?")[0]
    status = response.status_code
    assert str(status) in described["paths"][path]["post"]["responses"], (hostile.family, status)
    assert status < 500, hostile.family
    if status >= 400:
        problem_of(response, status)
        assert len(response.content) < 20_000, hostile.family
    taken: bool = status < 400
    assert hostile.is_valid in (None, taken), f"{hostile.family}: {status} {response.text[:200]}"
    return taken


def delete_created(client: Any, response: Any) -> None:
    """Deletes the created run or dataset."""
    assert client.delete(response.headers["Location"]).status_code == 204


def test_there_are_a_thousand_hostile_bodies() -> None:
    assert len(hostile_bodies()) >= 1_000


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_hostile_bodies_are_refused_or_valid(family: Any, api: TestClient, database: Database) -> None:
    described = api.get("/openapi.json").json()
    tally: Counter[bool] = Counter()
    before = counts(database)
    for hostile in family():
        begun = time.process_time()
        response = api.post(hostile.path, content=hostile.content, headers=hostile.all_headers)
        taken_seconds = time.process_time() - begun
        assert taken_seconds < MOST_SECONDS or taken_seconds < MOST_SECONDS * times_slower(), hostile.family
        taken = check_hostile(hostile, response, described)
        tally[taken] += 1
        if taken:
            assert counts(database)[ADDED[hostile.path.partition("?")[0]]] == 1, hostile.family
            delete_created(api, response)
        assert counts(database) == before, hostile.family
    assert tally[False]
