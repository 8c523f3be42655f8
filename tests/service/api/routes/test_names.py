"""PATCH of names and tags: what is given changes, everything else stays."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.schemas.responses.datasets import Dataset
from service.schemas.responses.runs import Run
from service.schemas.responses.sweeps import Sweep
from service.storage.database import Database
from tests.api_keys import Key
from tests.service.helpers import LINE, check_answer, fit_body, problem_of

SWEEP = {"base": LINE, "grid": {"/descent/learning_rate": [0.01, 0.02]}}
ROWS = {"x": [[1], [2], [3]], "y": [1, 2, 3.5]}


def listed(api: TestClient, tag: str) -> list[str]:
    return [run["id"] for run in api.get(f"/runs?tag={tag}").json()["data"]]


def test_a_run_takes_another_name_and_keeps_all_else(api: TestClient) -> None:
    run = api.post("/fit", json=fit_body(name="first", tags={"for": "class", "by": "ann"})).json()
    path = f"/runs/{run['id']}"
    renamed = api.patch(path, json={"name": "second"})
    assert renamed.status_code == 200
    check_answer(Run, renamed.json())
    assert renamed.json() == run | {"name": "second"} == api.get(path).json()
    assert api.patch(path, json={"name": None}).json()["name"] is None


def test_tags_are_added_changed_and_removed_one_by_one(api: TestClient) -> None:
    run = api.post("/fit", json=fit_body(tags={"for": "class", "by": "ann"})).json()
    patched = api.patch(f"/runs/{run['id']}", json={"tags": {"for": None, "by": "bob", "at": "noon"}}).json()
    assert patched["tags"] == {"by": "bob", "at": "noon"} == api.get(f"/runs/{run['id']}").json()["tags"]
    assert patched["name"] == run["name"]
    assert [listed(api, tag) for tag in ("for:class", "by:ann", "by:bob", "at:noon")] == [[], [], *[[run["id"]]] * 2]
    content = '{"tags": {"at": null}}'
    headers = {"Content-Type": "application/merge-patch+json"}
    assert api.patch(f"/runs/{run['id']}", content=content, headers=headers).json()["tags"] == {"by": "bob"}


def test_a_sweep_and_a_dataset_take_another_name(api: TestClient) -> None:
    sweep = api.post("/sweeps", json=SWEEP).json()
    renamed = api.patch(f"/sweeps/{sweep['id']}", json={"name": "rates"}).json()
    check_answer(Sweep, renamed)
    assert renamed == sweep | {"name": "rates"} == api.get(f"/sweeps/{sweep['id']}").json()
    dataset = api.post("/datasets?name=old", json=ROWS).json()
    renamed = api.patch(f"/datasets/{dataset['id']}", json={"name": "new"}).json()
    check_answer(Dataset, renamed)
    assert renamed == api.get(f"/datasets/{dataset['id']}").json()
    assert (dataset["name"], renamed["name"]) == ("old", "new")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"name": 3}, "/name"),
        ({"name": "a" * 201}, "/name"),
        ({"name": " \t\u00a0"}, "/name"),
        ({"status": "succeeded"}, "/status"),
        ({"tags": {"a:b": "c"}}, "/tags/a:b"),
        ({"tags": {"a": 1}}, "/tags/a"),
        ({"tags": {str(number): "" for number in range(21)}}, "/tags"),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(body: dict[str, Any], pointer: str, api: TestClient) -> None:
    run = api.post("/fit", json=fit_body()).json()
    problem = problem_of(api.patch(f"/runs/{run['id']}", json=body), 422)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert api.get(f"/runs/{run['id']}").json() == run


def test_what_is_unknown_or_the_latest_is_refused(api: TestClient) -> None:
    api.post("/fit", json=fit_body())
    api.post("/sweeps", json=SWEEP)
    api.post("/datasets", json=ROWS)
    for path in ("/runs", "/sweeps", "/datasets"):
        problem_of(api.patch(f"{path}/nothing", json={"name": "a"}), 404)
        assert "latest" in str(problem_of(api.patch(f"{path}/latest", json={"name": "a"}), 422)["errors"])
    problem_of(api.patch("/runs/latest", content="name=a", headers={"Content-Type": "text/plain"}), 415)
    problem_of(api.patch("/runs/latest", content="{", headers={"Content-Type": "application/json"}), 400)


def test_only_the_owner_changes_a_name(settings: Settings, database: Database, key: Key, other: Key) -> None:
    required = settings.model_copy(update={"keys": "required"})
    with TestClient(create_app(required, database)) as api:
        run = api.post("/fit", json=fit_body(), headers=key.headers).json()
        problem_of(api.patch(f"/runs/{run['id']}", json={"name": "mine"}, headers=other.headers), 404)
        problem_of(api.patch(f"/runs/{run['id']}", json={"name": "mine"}), 401)
        assert api.get(f"/runs/{run['id']}", headers=key.headers).json()["name"] is None


@pytest.mark.parametrize("name", ["", "  ", "\u2003"])
def test_a_name_has_a_visible_character(name: str, api: TestClient) -> None:
    for path, body in (("/fit", fit_body(name=name)), ("/sweeps", {**SWEEP, "name": name})):
        [entry] = problem_of(api.post(path, json=body), 422)["errors"]
        assert (entry["pointer"], entry["hint"]) == ("/name", "Write a name, or leave it out.")
    [entry] = problem_of(api.post("/datasets", json=ROWS, params={"name": name}), 422)["errors"]
    assert (entry["parameter"], entry["message"], entry["hint"]) == (
        "name",
        "The name has no visible character.",
        "Write a name, or leave it out.",
    )
    assert api.post("/fit", json=fit_body(name=" a ")).json()["name"] == " a "


def test_a_name_has_no_nul(api: TestClient) -> None:
    """SQLite's patterns end at it, so the run would not be found."""
    [entry] = problem_of(api.post("/fit", json=fit_body(name="a\0b")), 422)["errors"]
    assert (entry["pointer"], entry["message"]) == ("/name", "The name has the character NUL.")
