"""GET /runs: filters, orders, totals, and the runs of a dataset; each page follows the one before."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from service.core.settings import Settings
from service.core.times import rfc3339
from service.schemas.responses.runs import Runs
from service.storage.database import Database
from service.storage.run_list import SORTS
from service.storage.sqlite import purge
from service.worker.process import Worker
from tests.service.helpers import check_answer, fit_body, problem_of
from tests.service.worker.test_batching import train_all, worker_with

RATES = {"slow": 0.001, "fast": 0.05, "wild": 1e3, "b_1": 0.01, "b%1": 0.01}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def names(api: TestClient, query: str = "", path: str = "/runs") -> list[str | None]:
    """The names on all pages of two runs each."""
    found, after = [], ""
    while True:
        page = api.get(f"{path}?limit=2{query}{after}").json()
        check_answer(Runs, page)
        found += [run["name"] for run in page["data"]]
        if not page["has_more"]:
            return found
        after = f"&after={page['next']}"


def fitted(api: TestClient, worker: Worker) -> dict[str, dict[str, Any]]:
    """Runs with different rates, and one that waits, by their names."""
    for name, rate in RATES.items():
        api.post("/fit", json=fit_body(name=name, descent={"steps": 60, "learning_rate": rate}))
    train_all(worker)
    api.post("/fit", json=fit_body(name="waiting"))
    return {run["name"]: run for run in api.get("/runs").json()["data"]}


def test_runs_are_filtered_by_status_name_and_time(api: TestClient, worker: Worker) -> None:
    runs = fitted(api, worker)
    assert names(api, "&status=diverged&status=queued") == ["waiting", "wild"]
    assert names(api, "&status=succeeded&status=diverged") == ["b%1", "b_1", "wild", "fast", "slow"]
    assert names(api, "&name=slow") == ["slow"]
    assert names(api, "&name=B_*") == ["b_1"], "an underscore stands for itself"
    assert names(api, "&name=*%25*") == ["b%1"]
    assert names(api, "&name=low") == []
    moment = runs["wild"]["created_at"].replace("Z", "999Z")
    assert names(api, f"&created_before={moment}&created_after=2020-01-01") == ["wild", "fast", "slow"]
    assert names(api, f"&created_after={moment}") == ["waiting", "b%1", "b_1"]
    assert names(api, f"&created_after={rfc3339(time.time() + 60)}") == []


@pytest.mark.parametrize("sort", [sign + sort for sort in SORTS for sign in ("", "-")])
def test_every_order_is_that_of_its_values(sort: str, api: TestClient, worker: Worker) -> None:
    runs = fitted(api, worker)

    def value(run: dict[str, Any]) -> Any:
        key = sort.removeprefix("-")
        part = run["best"] if key == "best_test_mse" else run["final"] if key.endswith(("loss", "mse")) else run
        return None if part is None else part[key.removeprefix("best_")]

    newest_first = sorted(runs.values(), key=lambda run: run["created_at"], reverse=True)
    known = sorted((run for run in newest_first if value(run) is not None), key=value, reverse=sort[0] == "-")
    wanted = known + [run for run in newest_first if value(run) is None]
    assert names(api, f"&sort={sort}") == [run["name"] for run in wanted]


def test_a_page_counts_all_runs_only_when_asked(api: TestClient, worker: Worker) -> None:
    fitted(api, worker)
    page = api.get("/runs?limit=2&total=true&status=succeeded").json()
    assert (page["total"], len(page["data"])) == (4, 2)
    assert "total" not in api.get("/runs").json()


def test_a_page_has_only_the_asked_fields_and_the_ids(api: TestClient, worker: Worker) -> None:
    fitted(api, worker)
    whole = api.get("/runs?limit=2").json()
    page = api.get("/runs", params={"fields": "final, name", "limit": 2}).json()
    assert page["data"] == [{name: run[name] for name in ("id", "name", "final")} for run in whole["data"]]
    assert page["next"] == whole["next"]


def test_the_runs_of_a_dataset_are_its_own(api: TestClient) -> None:
    rows = {"x": [[1], [2], [3], [4]], "y": [1, 2, 3.5, 4]}
    dataset = api.post("/datasets", json=rows).json()
    for name in ("a", "b", "c"):
        api.post("/fit", json={"dataset": {"id": dataset["id"]}, "name": name})
    api.post("/fit", json=fit_body(name="other"))
    assert names(api, path=f"/datasets/{dataset['id']}/runs") == ["c", "b", "a"]
    assert names(api, path="/datasets/latest/runs") == ["c", "b", "a"]
    assert names(api, f"&dataset={dataset['id']}") == ["c", "b", "a"]
    assert names(api, "&dataset=latest") == ["c", "b", "a"]
    assert names(api, "&dataset=nothing") == []
    problem_of(api.get("/datasets/nothing/runs"), 404)


def test_several_runs_are_deleted_or_none(api: TestClient) -> None:
    ids = {name: api.post("/fit", json=fit_body(name=name)).json()["id"] for name in "abcd"}
    problem_of(api.delete(f"/runs?ids={ids['a']},nothing"), 404)
    assert "latest" in str(problem_of(api.delete(f"/runs?ids={ids['a']},latest"), 422)["errors"])
    assert "101 runs" in str(problem_of(api.delete(f"/runs?ids={','.join(['x'] * 101)}"), 422)["errors"])
    problem_of(api.delete("/runs"), 422)
    assert "empty" in str(problem_of(api.delete(f"/runs?ids={ids['a']},"), 422)["errors"])
    assert names(api) == ["d", "c", "b", "a"]
    assert api.delete(f"/runs?ids={ids['a']}, {ids['c']}").status_code == 204
    assert names(api) == ["d", "b"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("status=done", "status"),
        ("sort=loss", "sort"),
        ("created_after=yesterday", "created_after"),
        ("created_before=99999-01-01", "created_before"),
        ("name=a&name=b", "name"),
        ("total=perhaps", "total"),
        ("fields=name,nothing", "fields"),
    ],
)
def test_a_wrong_filter_is_refused_by_name(query: str, parameter: str, api: TestClient) -> None:
    [error] = problem_of(api.get(f"/runs?{query}"), 422)["errors"]
    assert error["parameter"].partition(".")[0] == parameter


def test_a_page_behind_a_purged_run_says_how_to_go_on(api: TestClient, database: Database) -> None:
    for name in "abcd":
        api.post("/fit", json=fit_body(name=name))
    first = api.get("/runs?sort=name&limit=2").json()
    api.delete(f"/runs/{first['data'][-1]['id']}")
    after = f"/runs?sort=name&limit=2&after={first['next']}"
    with database.writing() as connection:
        while purge.has_deleted(connection):
            purge.purge_slice(connection)
    [error] = problem_of(api.get(after), 422)["errors"]
    assert (error["parameter"], error["hint"]) == ("after", "Begin with the first page.")
    assert len(api.get(f"/runs?after={first['next']}").json()["data"]) >= 1, "the newest first need no place"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.sampled_from([None, -1.5, 0.0, 2, 1e300]), min_size=1, max_size=7),
    sort=st.sampled_from(["train_loss", "-train_loss"]),
)
def test_pages_have_each_run_once_whatever_the_values(
    values: list[float | None], sort: str, api: TestClient, database: Database
) -> None:
    with database.writing() as connection:
        connection.execute(text("DELETE FROM runs"))
    for place, value in enumerate(values):
        api.post("/fit", json=fit_body(name=str(place)))
        with database.writing() as connection:
            numbers = "'train_loss', :value, 'train_mse', 0, 'test_mse', 0"
            final = f"json_object('step', 0, 'theta', json('[]'), 'coefficients', json('{{}}'), {numbers})"
            final = final if value is not None else "NULL"
            where = "WHERE seq = (SELECT max(seq) FROM runs)"
            connection.execute(text(f"UPDATE runs SET final = {final} {where}"), {"value": value})
    found = names(api, f"&sort={sort}")
    assert sorted(int(name or "") for name in found) == list(range(len(values)))
    known = [value for value in (values[int(name or "")] for name in found) if value is not None]
    assert known == sorted(known, reverse=sort[0] == "-")
    assert [values[int(name or "")] for name in found][len(known) :] == [None] * (len(values) - len(known))
