"""A run whose row is damaged: it alone is shown as failed, and it can be deleted."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import JSON, text

from service.storage.database import Database
from service.storage.tables import runs
from tests.service.helpers import fit_body, stored_run

JSON_COLUMNS = [column.name for column in runs.c if isinstance(column.type, JSON)]
DAMAGE = {
    **{f"{name} is no JSON": (name, '{"a":') for name in JSON_COLUMNS},
    **{f"{name} is no text": (name, b"\xff\xfe{}") for name in ("request", "tags", "final")},
    "the status is none": ("status", "sleeping"),
    "the name is no UTF-8": ("name", b"\xc3\x28"),
}


def damage(database: Database, run_id: str, kind: str) -> None:
    column, value = DAMAGE[kind]
    cast = "CAST(:value AS TEXT)" if isinstance(value, bytes) else ":value"
    with database.writing() as connection:
        statement = text(f"UPDATE runs SET {column} = {cast} WHERE id = :run_id")
        connection.execute(statement, {"value": value, "run_id": run_id})


@pytest.fixture
def three(database: Database) -> list[str]:
    return [stored_run(database, fit_body(), [[1.0, 2.0]] * 3) for _ in range(3)]


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_run_is_shown_as_failed_and_the_others_as_they_are(
    kind: str, three: list[str], api: TestClient, database: Database
) -> None:
    before = {run["id"]: run for run in api.get("/runs").json()["data"]}
    damage(database, three[1], kind)
    listed = api.get("/runs")
    assert listed.status_code == 200, listed.text
    found = {run["id"]: run for run in listed.json()["data"]}
    assert list(found) == list(before)
    for run_id in (three[0], three[2]):
        assert found[run_id] == before[run_id]
        assert found[run_id] | {"queue": None} == api.get(f"/runs/{run_id}").json()
    damaged = api.get(f"/runs/{three[1]}").json()
    assert damaged == found[three[1]] | {"queue": None}
    assert (damaged["status"], damaged["error"]["code"]) == ("failed", "damaged_data")
    assert damaged["final"] is None


@pytest.mark.parametrize("kind", ["request is no JSON", "request is no text", "the status is none"])
def test_a_damaged_run_can_be_deleted(kind: str, three: list[str], api: TestClient, database: Database) -> None:
    damage(database, three[1], kind)
    assert api.delete(f"/runs/{three[1]}").status_code == 204
    assert [run["id"] for run in api.get("/runs").json()["data"]] == [three[2], three[0]]
    assert api.get(f"/runs/{three[1]}").status_code == 404


def test_pages_with_a_damaged_run_follow_each_other(three: list[str], api: TestClient, database: Database) -> None:
    damage(database, three[1], "request is no JSON")
    found, after = [], ""
    while True:
        page = api.get(f"/runs?limit=1{after}").json()
        found += [run["id"] for run in page["data"]]
        if not page["has_more"]:
            break
        after = f"&after={page['next']}"
    assert found == three[::-1]
