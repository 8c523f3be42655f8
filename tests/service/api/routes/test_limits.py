"""Limits of the settings, checked before any computation or storage, and GET /limits, which lists them."""

from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.core.settings import Settings
from service.schemas.responses.service import Limits
from service.storage import usage
from service.storage.database import Database
from tests.api_keys import Key, make_key
from tests.service.helpers import NOTHING, X, Y, check_answer, counts, fit_body, problem_of, stored_run
from tests.time_bounds import takes_at_most
from tests.waiting import LONGEST

TWO_FEATURES: dict[str, Any] = {"x": [[v, v * v] for v in Y], "y": Y}
# (setting, the largest value at which the request is refused, the request, the pointer)
LIMITS: dict[str, tuple[str, int, dict[str, Any], str]] = {
    "rows": ("max_rows", 7, {}, "/dataset/x"),
    "features": ("max_features", 1, {"dataset": TWO_FEATURES}, "/dataset/x/0"),
    "parameters": ("max_parameters", 1, {}, "/model"),
    "degree": ("max_parameters", 3, {"model": {"kind": "polynomial", "degree": 3}}, "/model/degree"),
    "formula": ("max_formula", 4, {"model": {"kind": "formula", "formula": "a*x1 "}}, "/model/formula"),
    "steps": ("max_steps", 4, {}, "/descent/steps"),
    # 6 rows of θ (2), train_loss, two mse, gradient_norm, learning_rate and optimality_gap
    "trajectory": ("max_trajectory_bytes", 6 * 8 * 8 - 1, {}, "/descent/steps"),
}


def answer(settings: Settings, database: Database, body: dict[str, Any]) -> Any:
    with TestClient(create_app(settings, database), raise_server_exceptions=False) as client:
        return client.post("/fit", json=body)


@pytest.mark.parametrize("name", LIMITS)
def test_one_more_than_a_limit_is_refused(name: str, settings: Settings, database: Database) -> None:
    setting, limit, changes, pointer = LIMITS[name]
    refused = answer(settings.model_copy(update={setting: limit}), database, fit_body(**changes))
    [error] = problem_of(refused, 422)["errors"]
    assert error["pointer"] == pointer
    assert str(limit) in error["message"]
    assert error["hint"]
    assert counts(database) == NOTHING


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_itself_is_allowed(name: str, settings: Settings, database: Database) -> None:
    setting, limit, changes, _ = LIMITS[name]
    accepted = answer(settings.model_copy(update={setting: limit + 1}), database, fit_body(**changes))
    assert accepted.status_code == 202, accepted.text


def test_a_polynomial_of_astronomic_size_is_refused_at_once(api: TestClient, database: Database) -> None:
    rows = [[float(row * 1000 + column) for column in range(1000)] for row in range(2)]
    body = fit_body(
        dataset={"x": rows, "y": [1, 2]}, split={"test_fraction": 0}, model={"kind": "polynomial", "degree": 30}
    )
    assert takes_at_most(0.5, lambda: api.post("/fit", json=body))
    [error] = problem_of(api.post("/fit", json=body), 422)["errors"]
    assert error["pointer"] == "/model/degree"
    assert counts(database) == NOTHING


def test_the_default_limits_refuse_ten_billion_steps(api: TestClient) -> None:
    [error] = problem_of(api.post("/fit", json=fit_body(descent={"steps": 10**10})), 422)["errors"]
    assert error["pointer"] == "/descent/steps"


@pytest.mark.parametrize(("limit", "status"), [(2, 422), (3, 202)])
def test_the_number_of_parameters_is_exact(limit: int, status: int, settings: Settings, database: Database) -> None:
    body = fit_body(dataset=TWO_FEATURES)
    assert answer(settings.model_copy(update={"max_parameters": limit}), database, body).status_code == status


def test_uploads_have_the_same_limits(settings: Settings, database: Database) -> None:
    small = settings.model_copy(update={"max_rows": 7, "max_features": 1})
    with TestClient(create_app(small, database)) as client:
        problem = problem_of(client.post("/datasets", json={"x": X, "y": Y}), 422)
        assert problem["errors"][0]["pointer"] == "/x"
        problem = problem_of(client.post("/datasets", json={"x": [[1, 2], [3, 4]], "y": [1, 2]}), 422)
        assert problem["errors"][0]["pointer"] == "/x/0"
        csv = "\n".join(["a,y", *(f"{n},{n}" for n in range(8))])
        problem = problem_of(client.post("/datasets", content=csv, headers={"Content-Type": "text/csv"}), 422)
        assert problem["errors"][0]["row"] == 9
        problem = problem_of(
            client.post("/datasets", content="a,b,y\n1,2,3\n4,5,6\n", headers={"Content-Type": "text/csv"}), 422
        )
        assert "3 columns" in problem["detail"]
    assert counts(database) == NOTHING


@pytest.mark.parametrize("days", [None, 30.0])
def test_every_bound_is_listed_and_nothing_else(days: float | None, settings: Settings, database: Database) -> None:
    bounds = {name for name in Settings.model_fields if name.startswith("max_")} - {"max_losses"}
    bounds |= {"requests_per_minute", "worker_memory_bytes", "keep_days"}
    other = settings.model_copy(update={"max_rows": 12_345, "max_request_seconds": 2.5, "keep_days": days})
    with TestClient(create_app(other, database)) as client:
        listed = client.get("/limits").json()["limits"]
    assert set(listed) == bounds
    for name, limit in listed.items():
        assert limit.pop("use", 0) >= 0
        assert limit == {
            "value": getattr(other, name),
            "unit": limit["unit"],
            "description": Settings.model_fields[name].description,
        }
        if name.endswith(("_bytes", "_seconds", "_rows", "_steps", "_connections")):
            assert limit["unit"] == name.rpartition("_")[2]
    assert listed["max_rows"]["value"] == 12_345


def use_of(client: Any, headers: dict[str, str]) -> dict[str, float]:
    """The use beside each limit that counts something."""
    listed = client.get("/limits", headers=headers).json()["limits"]
    return {name: limit["use"] for name, limit in listed.items() if "use" in limit}


def test_a_key_sees_its_use_of_each_limit(settings: Settings, database: Database, key: Key, other: Key) -> None:
    app = create_app(settings.model_copy(update={"keys": "required"}), database)
    with TestClient(app) as client:
        assert set(use_of(client, key.headers).values()) == {0, 1}  # 1: this request
        client.post("/fit", json=fit_body(), headers=key.headers)
        client.post("/datasets", json=TWO_FEATURES, headers=key.headers)
        state = app.state.descent
        slots = {"max_streams": 1, "max_followers": 2, "max_waits": 3, "max_inquiries": 4, "max_lists": 5}
        limits = (state.streams, state.followers, state.waits, state.analyses.limit, state.readers.lists)
        for limit, count in zip(limits, slots.values(), strict=True):
            for _ in range(count):
                limit.take(key.id)
        stored = {"max_queued_runs": 1, "max_stored_runs": 1, "max_stored_datasets": 1}
        with database.reading() as connection:
            stored["max_stored_bytes"] = usage.stored_bytes(connection, key.id)
        assert use_of(client, key.headers) == {"requests_per_minute": 4, **slots, **stored}
        assert stored["max_stored_bytes"] > 8 * len(Y) * 5
        assert set(use_of(client, other.headers).values()) == {0, 1}


def test_a_key_sees_its_share_of_the_workers(settings: Settings, database: Database) -> None:
    light, heavy = make_key(database), make_key(database, weight=2.5, max_running=1)
    with TestClient(create_app(settings.model_copy(update={"keys": "required"}), database)) as client:
        answers = [client.get("/limits", headers=each.headers).json() for each in (light, heavy)]
    assert [each["share"] for each in answers] == [
        {"weight": 1.0, "max_running": None},
        {"weight": 2.5, "max_running": 1},
    ]
    for each in answers:
        check_answer(Limits, each)


def test_without_keys_there_is_no_share(api: TestClient) -> None:
    answer = api.get("/limits").json()
    assert answer["share"] is None
    check_answer(Limits, answer)


def test_the_use_of_streams_includes_large_bodies(settings: Settings, database: Database, key: Key) -> None:
    app = create_app(settings.model_copy(update={"keys": "required"}), database)
    with TestClient(app) as client:
        app.state.descent.streams.take(key.id)
        for limit, count in ((app.state.descent.body_reader.arriving, 3), (app.state.descent.body_reader.waiting, 2)):
            for _ in range(count):
                limit.take(key.id)
        assert use_of(client, key.headers)["max_streams"] == 3


def test_the_use_of_connections_is_listed(client: httpx2.Client) -> None:
    with httpx2.Client(timeout=LONGEST) as other:
        other.get(f"{client.base_url}/livez")
        found = use_of(client, {})
    assert found["max_connections"] >= 2
    assert found["max_unsent_bytes"] >= 0


def test_a_page_of_large_entries_ends_early(settings: Settings, database: Database) -> None:
    runs = [stored_run(database, fit_body(name=str(number))) for number in range(5)]
    small = settings.model_copy(update={"max_page_bytes": 1})
    with TestClient(create_app(small, database)) as client:
        found, after = [], ""
        while True:
            page = client.get(f"/runs?limit=3{after}").json()
            assert len(page["data"]) == 1
            found += [run["id"] for run in page["data"]]
            if not page["has_more"]:
                break
            after = f"&after={page['next']}"
        assert page["next"] is None
    assert found == runs[::-1]


def test_pages_of_small_entries_have_the_requested_length(api: TestClient, database: Database) -> None:
    for _ in range(5):
        stored_run(database, fit_body())
    lengths = {limit: len(api.get(f"/runs?limit={limit}").json()["data"]) for limit in (1, 4, 5, 6)}
    assert lengths == {1: 1, 4: 4, 5: 5, 6: 5}
    assert [api.get(f"/runs?limit={limit}").json()["has_more"] for limit in (4, 5, 6)] == [True, False, False]


def test_the_size_of_a_page_of_the_largest_runs_is_limited(api: TestClient, database: Database) -> None:
    names = [f"{number}{'n' * 190}" for number in range(999)]
    rows = [[float(row + column) for column in range(999)] for row in range(4)]
    body = fit_body(
        dataset={"x": rows, "y": [1, 2, 3, 4], "feature_names": names},
        descent={"theta0": dict.fromkeys([*names, "intercept"], 1.2345678901234567)},
        tags={f"{number}{'k' * 190}": "v" * 200 for number in range(20)},
    )
    for number in range(12):
        stored_run(database, body | {"name": str(number)}, [[0.5] * 1005] * 2)
    answer = api.get("/runs?limit=200")
    assert len(answer.content) < Settings().max_page_bytes + 10 * 2**20
    assert answer.json()["has_more"]
    assert 1 <= len(answer.json()["data"]) < 12


def test_the_total_length_of_parameter_names_is_limited(api: TestClient, database: Database) -> None:
    names = [f"{number}{'n' * 190}" for number in range(7)]
    rows = [[float(row + column) for column in range(7)] for row in range(4)]
    body = fit_body(
        dataset={"x": rows, "y": [1, 2, 3, 4], "feature_names": names}, model={"kind": "polynomial", "degree": 8}
    )
    problem = problem_of(api.post("/fit", json=body), 422)
    assert "characters" in problem["detail"]
    assert len(problem["detail"]) < 1000
    assert counts(database) == NOTHING
    del body["dataset"]["feature_names"]
    assert api.post("/fit", json=body).status_code == 202


@pytest.mark.parametrize(("cells", "rows"), [(9, 3), (8, 2), (1, 1), (24, 8), (1000, 8)])
def test_a_page_of_a_wide_dataset_has_fewer_rows(cells: int, rows: int, settings: Settings, database: Database) -> None:
    narrow = settings.model_copy(update={"max_row_cells": cells})
    with TestClient(create_app(narrow, database)) as client:
        client.post("/datasets", json=TWO_FEATURES)
        page = client.get("/datasets/latest/rows").json()
        assert (page["x"], page["y"]) == (TWO_FEATURES["x"][:rows], Y[:rows])
        assert client.get(f"/datasets/latest/rows?from=0&to={rows - 1}").status_code == 200
        if rows < len(Y):
            [error] = problem_of(client.get(f"/datasets/latest/rows?from=0&to={rows}"), 422)["errors"]
            assert error["parameter"] == "to"
            assert f"is {rows} rows per request" in error["message"]


def test_the_answer_to_many_unknown_parameters_is_short(api: TestClient) -> None:
    answer = api.get("/runs?" + "&".join(f"p{number}" for number in range(5_000)))
    assert len(problem_of(answer, 422)["errors"]) <= 20
    assert len(answer.content) < 10_000


def test_a_wait_beyond_the_limit_is_answered_at_once(settings: Settings, database: Database) -> None:
    with TestClient(create_app(settings.model_copy(update={"max_waits": 0}), database)) as client:
        answer = client.post("/fit", json=fit_body(), headers={"Prefer": "wait=60"})
        again = client.get(answer.headers["Location"], headers={"Prefer": "wait=60"})
    assert answer.status_code == 202
    assert answer.json()["status"] == "queued"
    assert "Preference-Applied" not in {*answer.headers, *again.headers}
