"""Idempotency keys: a repeated request returns the original run or sweep, also after its deletion or a new upload."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from service.api.app import create_app
from service.core.digests import sha256_of
from service.core.settings import Settings
from service.schemas.fit import FitRequest
from service.schemas.sweep import SweepRequest
from service.storage.database import Database
from tests.service.helpers import LINE, counts, fit_body, problem_of, stored_run

KEY = {"Idempotency-Key": "monday"}
FORK = {"from_step": 1, "changes": {"descent": {"steps": 3}, "name": "fork"}}
SWEEP = {"run": "latest", "grid": {"/split/seed": [1, 2]}}


@pytest.fixture
def parent(database: Database) -> str:
    """A finished run with three steps."""
    return stored_run(database, fit_body(), [[1.0, 2.0]] * 3)


@contextmanager
def stricter(settings: Settings, database: Database, **changes: Any) -> Iterator[TestClient]:
    """The API on the same database with other settings."""
    with TestClient(create_app(settings.model_copy(update=changes), database)) as client:
        yield client


def test_the_digests_of_requests_are_those_of_earlier_versions() -> None:
    """Else a retry across an upgrade is refused: a new field does not enter the digest of a request without it."""
    fit = FitRequest.model_validate_json(orjson.dumps(LINE)).filled()
    assert sha256_of(["POST /fit", fit.sent()]).startswith("bc908601c2131cbf")
    sweep = SweepRequest.model_validate_json(orjson.dumps({"base": LINE, "grid": {"/split/seed": [1, 2]}}))
    assert sha256_of(["POST /sweeps", sweep.sent()]).startswith("99380f3f276ed19b")


@pytest.mark.parametrize("name", ["latest", "id"])
def test_a_repeated_fork_returns_the_same_run(name: str, parent: str, api: TestClient, database: Database) -> None:
    path = f"/runs/{parent if name == 'id' else name}/fork"
    first = api.post(path, json=FORK, headers=KEY)
    assert first.status_code == 202
    again = api.post(path, json=FORK, headers=KEY)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["Location"] == first.headers["Location"]
    assert counts(database)["runs"] == 2


@pytest.mark.parametrize("path", ["/runs/{id}/fork", "/sweeps"])
def test_a_repeated_request_succeeds_after_the_deletion_of_the_parent(path: str, parent: str, api: TestClient) -> None:
    path, body = path.format(id=parent), FORK if "fork" in path else SWEEP | {"run": parent}
    first = api.post(path, json=body, headers=KEY).json()["id"]
    assert api.delete(f"/runs/{parent}").status_code == 204
    again = api.post(path, json=body, headers=KEY)
    assert (again.status_code, again.json()["id"]) == (202, first)
    problem_of(api.post(path, json=body), 404)


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("/fit", LINE, LINE | {"dataset": {"id": "nothing"}}),
        ("/runs/latest/fork", FORK, {"from_step": 99}),
        ("/sweeps", SWEEP, SWEEP | {"run": "nothing"}),
    ],
)
def test_the_key_is_checked_before_the_objects_of_another_body(
    path: str, body: dict[str, Any], other: dict[str, Any], parent: str, api: TestClient
) -> None:
    assert api.post(path, json=body, headers=KEY).status_code == 202
    [error] = problem_of(api.post(path, json=other, headers=KEY), 422)["errors"]
    assert error["header"] == "Idempotency-Key"


def test_a_fork_of_another_run_is_a_different_request(parent: str, api: TestClient) -> None:
    api.post("/runs/latest/fork", json=FORK, headers=KEY)
    for path in (f"/runs/{parent}/fork", "/runs/nothing/fork"):
        [error] = problem_of(api.post(path, json=FORK, headers=KEY), 422)["errors"]
        assert error["header"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("path", "body"), [("/fit", fit_body()), ("/runs/latest/fork", FORK), ("/sweeps", SWEEP | {"name": "s"})]
)
def test_a_repeated_request_ignores_settings_and_quotas(
    path: str, body: dict[str, Any], parent: str, api: TestClient, settings: Settings, database: Database
) -> None:
    first = api.post(path, json=body, headers=KEY).json()["id"]
    few = {"max_steps": 1, "max_rows": 2, "max_sweep": 1, "max_queued_runs": 1, "max_stored_runs": 1}
    with stricter(settings, database, **few) as strict:
        again = strict.post(path, json=body, headers=KEY)
        assert (again.status_code, again.json()["id"]) == (202, first)
        assert strict.post(path, json=body).status_code in {409, 422, 429}


@pytest.mark.parametrize(
    ("path", "spellings"),
    [
        ("/fit", [LINE, LINE | {"split": {}, "tags": {}}]),
        ("/fit", [LINE | {"tags": {"a": "1", "b": "2"}}, LINE | {"tags": {"b": "2", "a": "1"}}]),
        ("/fit", [LINE | {"preset": "course"}, {"preset": "course", "objective": {"loss": "sse"}} | LINE]),
        ("/runs/latest/fork", [{"from_step": 1}, {"changes": {"descent": {}, "tags": {}}, "from_step": 1}]),
        ("/sweeps", [SWEEP, {"rank_by": None, **dict(reversed(SWEEP.items()))}]),
    ],
)
def test_the_spelling_of_a_body_does_not_matter(
    path: str, spellings: list[dict[str, Any]], parent: str, api: TestClient
) -> None:
    answers = [api.post(path, json=body, headers=KEY) for body in spellings]
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize(
    ("path", "body", "other"),
    [
        ("/runs/latest/fork", {"from_step": 1}, {"from_step": 1, "changes": {"name": None}}),
        (
            "/sweeps",
            {"base": LINE | {"preset": "course"}, "grid": {"/split/seed": [1]}},
            {"base": LINE | {"preset": "course", "objective": {"loss": "mse"}}, "grid": {"/split/seed": [1]}},
        ),
    ],
)
def test_a_body_with_another_meaning_is_a_different_request(
    path: str, body: dict[str, Any], other: dict[str, Any], parent: str, api: TestClient
) -> None:
    assert api.post(path, json=body, headers=KEY).status_code == 202
    [error] = problem_of(api.post(path, json=other, headers=KEY), 422)["errors"]
    assert error["header"] == "Idempotency-Key"


@pytest.mark.parametrize("path", ["/fit", "/sweeps"])
def test_a_key_of_an_earlier_version_is_known(path: str, api: TestClient, database: Database) -> None:
    sweep = {"base": LINE, "grid": {"/split/seed": [1]}}
    body, other = (LINE, LINE | {"name": "b"}) if path == "/fit" else (sweep, sweep | {"name": "b"})
    first = api.post(path, json=body).json()["id"]  # without a key, the digest is that of earlier versions
    with database.writing() as connection:
        table = path.strip("/") if path == "/sweeps" else "runs"
        connection.execute(text(f"UPDATE {table} SET idempotency_key = 'monday'"))
    assert api.post(path, json=body, headers=KEY).json()["id"] == first
    [error] = problem_of(api.post(path, json=other, headers=KEY), 422)["errors"]
    assert error["header"] == "Idempotency-Key"
