"""POST /fit: `Prefer: wait`, `Idempotency-Key`, and `validate_only`."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from service.api.app import create_app
from service.core.settings import Settings
from service.schemas.responses.runs import Price, Run
from service.storage.database import Database
from tests.service.helpers import LINE, NOTHING, WAIT, X, Y, check_answer, counts, fit_body, problem_of

SWEEP = {"base": LINE, "grid": {"/descent/learning_rate": [0.01, 0.02]}}


def test_waiting_gives_the_finished_run(client: httpx2.Client) -> None:
    answer = client.post("/fit", json=LINE, headers=WAIT)
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == WAIT["Prefer"]
    run = answer.json()
    check_answer(Run, run)
    assert answer.headers["Location"] == f"/runs/{run['id']}"
    assert (run["status"], run["stop_reason"], run["steps_done"]) == ("succeeded", "max_steps", 100)
    assert run["final"]["step"] == 100
    assert run["learning_rate"] > 0
    assert set(run["final"]["coefficients"]) == {"intercept", "x1"}
    assert client.get(answer.headers["Location"]).json() == run


@pytest.mark.parametrize(("path", "body"), [("/fit", LINE), ("/sweeps", SWEEP)])
def test_the_applied_preference_is_at_most_the_limit(
    path: str, body: Any, settings: Settings, database: Database, work: Callable[[], None]
) -> None:
    with TestClient(create_app(settings.model_copy(update={"max_wait_seconds": 1.5}), database)) as api:
        key = {"Idempotency-Key": "once"}
        api.post(path, json=body, headers=key)
        work()
        for asked, applied in (("900", "2"), ("1", "1")):
            answer = api.post(path, json=body, headers={**key, "Prefer": f"wait={asked}"})
            assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, f"wait={applied}")


def test_waiting_polls_the_status_and_reads_the_run_once(api: TestClient, database: Database) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    answer = api.post("/fit", json=LINE, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert len([each for each in statements if "FROM runs LEFT OUTER JOIN datasets" in each]) == 1
    assert len([each for each in statements if each.startswith("SELECT runs.status")]) >= 1


def test_waiting_ends_when_the_time_is_over(api: TestClient) -> None:
    begun = time.monotonic()
    answer = api.post("/fit", json=LINE, headers={"Prefer": "respond-async, wait=1"})
    assert 1 <= time.monotonic() - begun < Settings().max_wait_seconds
    assert answer.status_code == 202
    assert answer.headers["Retry-After"]
    assert "Preference-Applied" not in answer.headers
    assert answer.json()["status"] == "queued"
    assert api.post("/fit", json=LINE, headers={"Prefer": "wait=0"}).status_code == 202


def test_waiting_for_a_run_a_fork_and_a_sweep_gives_them_finished(client: httpx2.Client) -> None:
    run = client.post("/fit", json=LINE).json()
    found = client.get("/runs/latest", headers=WAIT)
    assert found.headers["Preference-Applied"] == WAIT["Prefer"]
    assert (found.json()["id"], found.json()["status"]) == (run["id"], "succeeded")
    assert client.get(f"/runs/{run['id']}", headers=WAIT | {"If-None-Match": found.headers["etag"]}).status_code == 304
    fork = client.post(f"/runs/{run['id']}/fork", json={"from_step": 3}, headers=WAIT)
    assert (fork.status_code, fork.json()["status"]) == (200, "succeeded")
    assert fork.headers["Location"] == f"/runs/{fork.json()['id']}"
    verified = client.post(f"/runs/{run['id']}/verify", headers=WAIT)
    assert (verified.json()["identical"], verified.headers["Preference-Applied"]) == (True, WAIT["Prefer"])
    client.post("/sweeps", json=SWEEP)
    sweep = client.get("/sweeps/latest", headers=WAIT)
    assert (sweep.json()["status"], sweep.headers["Preference-Applied"]) == ("finished", WAIT["Prefer"])


def test_waiting_without_a_worker_answers_in_time(api: TestClient) -> None:
    run = api.post("/fit", json=LINE).json()
    for method, path in (("GET", f"/runs/{run['id']}"), ("POST", "/fit")):
        answer = api.request(method, path, json=LINE if method == "POST" else None, headers={"Prefer": "wait=0"})
        assert answer.json()["status"] == "queued"
    answer = api.get(f"/runs/{run['id']}", headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=1")
    problem_of(api.get("/runs/nothing", headers={"Prefer": "wait=1"}), 404)
    problem_of(api.get("/sweeps/nothing", headers={"Prefer": "wait=1"}), 404)


def test_a_key_gives_the_same_run_again(api: TestClient, database: Database) -> None:
    headers = {"Idempotency-Key": "monday"}
    first = api.post("/fit", json=LINE, headers=headers)
    again = api.post(
        "/fit", json=LINE | {"split": {}, "name": None}, headers=headers
    )  # the same request with explicit defaults
    assert again.status_code == 202
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    other = api.post("/fit", json=LINE, headers={"Idempotency-Key": "tuesday"})
    assert other.json()["id"] != first.json()["id"]
    assert counts(database)["runs"] == 2


def test_a_key_outlives_a_newer_dataset(api: TestClient) -> None:
    body = {"dataset": {"id": "latest"}}
    api.post("/datasets", json=LINE["dataset"])
    first = api.post("/fit", json=body, headers={"Idempotency-Key": "k"}).json()
    api.post("/datasets", json={"x": X, "y": Y})
    again = api.post("/fit", json=body, headers={"Idempotency-Key": "k"})
    assert again.json() == first


def test_a_key_is_free_again_when_its_run_is_deleted(api: TestClient) -> None:
    headers = {"Idempotency-Key": "k"}
    first = api.post("/fit", json=LINE, headers=headers)
    api.delete(first.headers["Location"])
    assert api.post("/fit", json=LINE, headers=headers).json()["id"] != first.json()["id"]


def test_twenty_concurrent_requests_with_one_key_create_one_run(client: httpx2.Client) -> None:
    def send(_: int) -> Any:
        return client.post("/fit", json=LINE | {"name": "at once"}, headers={"Idempotency-Key": "at-once"})

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(send, range(20)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    listed = client.get("/runs", params={"limit": 200}).json()["data"]
    assert sum(run["name"] == "at once" for run in listed) == 1


def test_a_price_is_that_of_validate_only(api: TestClient, database: Database) -> None:
    price = api.post("/fit/price", json=LINE)
    assert (price.status_code, price.json()) == (200, api.post("/fit?validate_only=true", json=LINE).json())
    check_answer(Price, price.json())
    assert counts(database) == NOTHING
    wrong = LINE | {"descent": {"learning_rate": -1}}
    refused, other = api.post("/fit/price", json=wrong).json(), api.post("/fit", json=wrong).json()
    assert refused.pop("request_id") != other.pop("request_id")
    assert refused == other


def test_validate_only_prices_and_stores_nothing(api: TestClient, database: Database) -> None:
    body = fit_body(descent={"steps": 1000}, model={"kind": "polynomial", "degree": 3})
    answer = api.post("/fit?validate_only=true", json=body, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 200
    check_answer(Price, answer.json())
    # θ, train_loss, train_mse, test_mse, gradient_norm, learning_rate, optimality_gap
    trajectory = 8 * 1001 * (4 + 6)
    assert (
        trajectory < answer.json()["bytes"] < trajectory + 5_300
    )  # the request, the environment, the results, the data
    assert answer.json() == {
        "valid": True,
        "steps": 1000,
        "parameters": 4,
        "bytes": answer.json()["bytes"],
        "gradient_evaluations": 1001,
    }
    assert "Location" not in answer.headers
    assert counts(database) == NOTHING
    assert api.post("/fit?validate_only=false", json=body).status_code == 202
