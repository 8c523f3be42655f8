"""Damaged sweeps, datasets, members, chunks and keys: each alone is damaged, is shown as such, and can be deleted."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.storage import tables
from service.storage.database import Database
from service.storage.integrity.fsck import check
from tests.api_keys import Key
from tests.damage import damage
from tests.service.helpers import CSV, fit_body, problem_of, stored_run, strict_json

SWEEP = {"base": fit_body(), "grid": {"/descent/learning_rate": [0.001, 0.002, 0.003]}}
WRONG = {
    "a number": "7",
    "another text": "'a'",
    "no JSON": "'{'",
    "another JSON": "'[[1]]'",
    "bytes": "x'ff00'",
    "no UTF-8": "CAST(x'ff' AS TEXT)",
    "empty": "''",
    "huge": "CAST(zeroblob(3000000) AS TEXT)",
}


@pytest.fixture
def two_datasets(api: TestClient) -> list[str]:
    first = api.post("/datasets?target=height", content=CSV, headers={"Content-Type": "text/csv"})
    second = api.post("/datasets?target=age", content=CSV, headers={"Content-Type": "text/csv"})
    return [str(answer.json()["id"]) for answer in (first, second)]


@pytest.fixture
def two_sweeps(api: TestClient) -> list[str]:
    return [str(api.post("/sweeps", json=SWEEP | {"name": name}).json()["id"]) for name in ("first", "second")]


def test_a_tag_that_moved_to_a_later_run_stops_no_submission(api: TestClient, settings: Settings) -> None:
    assert api.post("/fit", json=fit_body(tags={"a": "b"})).status_code == 202
    damage(settings, "run_tags", "run_seq", "run_seq + 1", "1")
    assert api.post("/fit", json=fit_body(tags={"a": "c"})).status_code == 202
    damage(settings, "run_tags", "run_seq", "run_seq + 1", "value = 'c'")
    assert api.post("/sweeps", json=SWEEP | {"base": fit_body(tags={"a": "d"})}).status_code == 202


def test_a_chunk_that_moved_to_a_later_dataset_stops_no_upload(
    two_datasets: list[str], api: TestClient, settings: Settings
) -> None:
    damage(settings, "dataset_chunks", "dataset_seq", "3", "dataset_seq = 2")
    later = api.post("/datasets", json={"x": [[1], [2], [3]], "y": [1, 2, 4]})
    assert later.status_code == 201
    assert api.get(f"{later.headers['Location']}/rows").json()["y"] == [1, 2, 4]
    assert api.get(f"/datasets/{two_datasets[0]}/rows").status_code == 200


def test_a_text_may_have_a_nul_and_what_follows_it_is_checked(
    api: TestClient, settings: Settings, database: Database
) -> None:
    """Earlier versions took such names."""
    run = api.post("/fit", json=fit_body(name="ab"))
    sweep = api.post("/sweeps", json=SWEEP | {"name": "ab"})
    file = api.post("/datasets?target=height&name=ab", content=CSV, headers={"Content-Type": "text/csv"})
    for table, answer in ((tables.runs, run), (tables.sweeps, sweep), (tables.datasets, file)):
        place = answer.headers["Location"]
        object_id = place.rpartition("/")[2]
        with database.writing() as connection:
            connection.execute(table.update().where(table.c.id == object_id).values(name="a\0b"))
        found = api.get(place).json()
        assert (found["name"], found["error"]) == ("a\0b", None)
        damage(settings, table.name, "name", "name || 'c'", f"id = '{object_id}'")
        assert api.get(place).json()["error"]["code"] == "damaged_data"


@pytest.mark.parametrize("column", ["id", "name", "rows", "features", "target", "columns", "report", "created_at"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_damaged_dataset_is_listed_as_such_and_deleted(
    column: str, kind: str, two_datasets: list[str], api: TestClient, settings: Settings
) -> None:
    before = {each["id"]: each for each in api.get("/datasets").json()["data"]}
    damage(settings, "datasets", column, WRONG[kind], f"id = '{two_datasets[0]}'")
    newer, damaged = strict_json(api.get("/datasets").content)["data"]
    assert newer == before[two_datasets[1]]
    assert damaged["error"]["code"] == "damaged_data"
    assert damaged["rows"] == 0
    assert api.get(f"/datasets/{damaged['id']}").json() == damaged
    assert api.delete(f"/datasets/{damaged['id']}").status_code == 204
    assert [each["id"] for each in api.get("/datasets").json()["data"]] == [two_datasets[1]]


@pytest.mark.parametrize("column", ["id", "name", "varied", "rank_by", "created_at"])
@pytest.mark.parametrize("kind", WRONG)
def test_a_damaged_sweep_is_listed_as_such_and_deleted(
    column: str, kind: str, two_sweeps: list[str], api: TestClient, settings: Settings
) -> None:
    before = {each["id"]: each for each in api.get("/sweeps").json()["data"]}
    damage(settings, "sweeps", column, WRONG[kind], f"id = '{two_sweeps[0]}'")
    newer, damaged = strict_json(api.get("/sweeps").content)["data"]
    assert newer == before[two_sweeps[1]]
    assert damaged["error"]["code"] == "damaged_data"
    assert damaged["members"] == 3
    assert api.get(f"/sweeps/{damaged['id']}").json() == damaged | {"ranking": []}
    assert len(api.get(f"/runs?sweep={damaged['id']}").json()["data"]) == 3
    cancelled = api.post(f"/sweeps/{damaged['id']}/cancel")
    assert (cancelled.status_code, cancelled.json()["statuses"]) == (202, {"cancelled": 3})
    assert api.delete(f"/sweeps/{damaged['id']}").status_code == 204
    assert [each["id"] for each in api.get("/sweeps").json()["data"]] == [two_sweeps[1]]


@pytest.mark.parametrize(
    "column", ["status", "request", "sweep", "final", "rows_done", "steps_total", "finished_at", "idempotency_key"]
)
@pytest.mark.parametrize("kind", ["a number", "no JSON", "no UTF-8"])
def test_a_damaged_member_fails_alone(
    column: str,
    kind: str,
    two_sweeps: list[str],
    work: Callable[[], None],
    api: TestClient,
    settings: Settings,
) -> None:
    members = [each["run_id"] for each in api.get(f"/sweeps/{two_sweeps[0]}").json()["ranking"]]
    damage(settings, "runs", column, WRONG[kind], f"id = '{members[1]}'")
    work()
    sweep = strict_json(api.get(f"/sweeps/{two_sweeps[0]}").content)
    assert sweep["statuses"] == {"succeeded": 2, "failed": 1}
    assert (sweep["steps_done"], sweep["steps_total"]) == (10, 10)
    assert sweep["ranking"][-1]["run_id"] == members[1]
    assert [each["rank"] for each in sweep["ranking"]] == [1, 2, None]
    assert strict_json(api.get("/sweeps").content)["data"][1]["statuses"] == {"succeeded": 2, "failed": 1}
    assert api.delete(f"/runs/{members[1]}").status_code == 204


def test_a_run_that_damage_puts_into_another_sweep_outlives_it(
    two_sweeps: list[str], api: TestClient, settings: Settings
) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    member = api.get(f"/sweeps/{two_sweeps[1]}").json()["ranking"][0]["run_id"]
    sweep_seq = f"(SELECT seq FROM sweeps WHERE id = '{two_sweeps[0]}')"
    for each in (run_id, member):
        damage(settings, "runs", "sweep_seq", sweep_seq, f"id = '{each}'")
    assert api.delete(f"/sweeps/{two_sweeps[0]}").status_code == 204
    assert [each["id"] for each in api.get("/sweeps").json()["data"]] == [two_sweeps[1]]
    listed = {each["id"]: each for each in api.get("/runs").json()["data"]}
    assert listed[run_id]["error"]["code"] == listed[member]["error"]["code"] == "damaged_data"
    assert len(listed) == 1 + 3


def test_a_run_that_says_by_mistake_that_it_verifies_another_outlives_it(
    api: TestClient, database: Database, settings: Settings
) -> None:
    run_id, verified = (stored_run(database, fit_body(), [[1.0, 2.0]] * 3) for _ in range(2))
    damage(settings, "runs", "verifies", f"(SELECT seq FROM runs WHERE id = '{verified}')", f"id = '{run_id}'")
    assert api.delete(f"/runs/{verified}").status_code == 204
    assert [each["id"] for each in api.get("/runs").json()["data"]] == [run_id]


@pytest.mark.parametrize("column", ["verifies", "deleted_at"])
def test_a_run_that_says_by_mistake_that_it_is_hidden_is_listed(
    column: str, api: TestClient, database: Database, settings: Settings
) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    damage(settings, "runs", column, "7", f"id = '{run_id}'")
    [listed] = api.get("/runs").json()["data"]
    assert (listed["id"], listed["error"]["code"]) == (run_id, "damaged_data")
    assert api.delete(f"/runs/{run_id}").status_code == 204
    assert api.get("/runs").json()["data"] == []


def test_a_run_without_its_dataset_is_listed_as_damaged(
    api: TestClient, database: Database, settings: Settings
) -> None:
    run_id = stored_run(database, fit_body(), [[1.0, 2.0]] * 3)
    damage(settings, "datasets", "seq", "99", "1")
    [listed] = api.get("/runs").json()["data"]
    assert (listed["id"], listed["error"]["code"]) == (run_id, "damaged_data")
    assert api.delete(f"/runs/{run_id}").status_code == 204


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("data", "zeroblob(length(data))"),
        ("data", "'text'"),
        ("rows", "rows - 1"),
        ("rows", "'x'"),
        ("first_step", "first_step - 1"),
        ("first_step", "'x'"),
        ("checksum", "NULL"),
    ],
)
def test_a_damaged_chunk_gives_no_wrong_number(
    column: str, value: str, api: TestClient, database: Database, settings: Settings
) -> None:
    run_id = stored_run(database, fit_body(), [[float(step), 2.0] for step in range(6)], chunks=[3, 3])
    if (column, value) == ("checksum", "NULL"):
        value = "-1"
    damage(settings, "trajectory_chunks", column, value, "first_step = 3")
    for query in ("", "?from_step=3", "?from_step=2&to_step=2", "?from_step=5"):
        answer = api.get(f"/runs/{run_id}/trajectory{query}")
        if query == "?from_step=2&to_step=2" and answer.status_code == 200:
            assert answer.json()["theta"] == [[2.0, 2.0]]
        else:
            assert problem_of(answer, 500)["title"] == "Damaged data"


@pytest.mark.parametrize(("column", "value"), [("data", "zeroblob(length(data))"), ("rows", "4"), ("first_row", "1")])
def test_damaged_rows_of_a_dataset_give_no_wrong_number(
    column: str, value: str, two_datasets: list[str], api: TestClient, settings: Settings
) -> None:
    damage(settings, "dataset_chunks", column, value, "dataset_seq = 1")
    assert problem_of(api.get(f"/datasets/{two_datasets[0]}/rows"), 500)["title"] == "Damaged data"
    assert api.get(f"/datasets/{two_datasets[1]}/rows").status_code == 200


@pytest.mark.parametrize(
    "value", ["'a'", "x'ff00'", "CAST(x'ff' AS TEXT)", "NULL", "(SELECT id FROM api_keys WHERE id != owner)"]
)
def test_a_sweep_with_a_damaged_owner_is_deleted_by_its_owner(
    value: str, settings: Settings, database: Database, key: Key, other: Key
) -> None:
    client = TestClient(create_app(settings.model_copy(update={"keys": "required"}), database))
    sweep = client.post("/sweeps", json=SWEEP, headers=key.headers).json()["id"]
    damage(settings, "sweeps", "owner", value, f"id = '{sweep}'")
    assert client.get(f"/sweeps/{sweep}", headers=key.headers).json()["error"]["code"] == "damaged_data"
    assert settings.database_file is not None
    [found] = check(settings.database_file, lambda *_: None)
    assert found.kind == "sweep"
    if value != "(SELECT id FROM api_keys WHERE id != owner)":
        assert client.delete(f"/sweeps/{sweep}", headers=other.headers).status_code == 404
    assert client.delete(f"/sweeps/{sweep}", headers=key.headers).status_code == 204
    assert list(check(settings.database_file, lambda *_: None)) == []
