"""Runs of functions without data: all that a run can do, and the refusals."""

from collections.abc import Callable
from typing import Any

import httpx2
import numpy as np
import pytest
from autograd import grad
from fastapi.testclient import TestClient

from gd_engine import BENCHMARK_FUNCTIONS
from service.core.settings import Settings
from service.schemas.responses.functions import Functions
from service.schemas.responses.runs import Run, Runs
from service.storage.database import Database
from service.storage.integrity.fsck import check
from service.storage.sqlite import purge
from tests.gd_engine.diagnosis.test_findings import merged
from tests.gd_engine.test_functions import BY_HAND, plain_loop
from tests.service.helpers import LINE, NOTHING, WAIT, check_answer, counts, problem_of, strict_json

ROSENBROCK: dict[str, Any] = {
    "function": {"formula": "(1-a)**2 + 100*(b-a**2)**2"},
    "descent": {"theta0": {"a": -1.2, "b": 1}},
}
NULL = {"train_mse": None, "test_mse": None}
Work = Callable[[], None]


def finished(api: TestClient, work: Work, body: dict[str, Any]) -> dict[str, Any]:
    answer = api.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    work()
    run: dict[str, Any] = api.get(answer.headers["Location"]).json()
    check_answer(Run, run)
    return run


def columns(api: TestClient, run: dict[str, Any], query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = api.get(f"/runs/{run['id']}/trajectory{query}").json()
    return found


def test_the_functions_that_ship_are_listed_in_the_language_of_the_client(api: TestClient) -> None:
    answer = api.get("/functions")
    check_answer(Functions, answer.json())
    found = {each["name"]: each for each in answer.json()["data"]}
    assert list(found) == list(BENCHMARK_FUNCTIONS)
    assert found["rosenbrock"]["formula"] == "(1 - a)**2 + 100*(b - a**2)**2"
    assert found["rosenbrock"]["minima"] == [{"theta": {"a": 1.0, "b": 1.0}, "value": 0.0}]
    assert found["rosenbrock"]["window"] == {"a": [-2.0, 2.0], "b": [-1.0, 3.0]}
    assert found["rosenbrock"]["parameters"] == ["a", "b"]
    for header, title in (
        ("fr-CH, fr;q=0.9, en;q=0.8", "La vallée de Rosenbrock"),
        ("de, en;q=0.5, fr;q=0.7", "La vallée de Rosenbrock"),
        ("en-GB, fr", "Rosenbrock's valley"),
        ("fr;q=x, en", "Rosenbrock's valley"),
        ("de", "Rosenbrock's valley"),
    ):
        listed = api.get("/functions", headers={"Accept-Language": header})
        assert {each["name"]: each["title"] for each in listed.json()["data"]}["rosenbrock"] == title, header
        assert "Accept-Language" in listed.headers["Vary"]


def test_the_minimal_request(api: TestClient, database: Database) -> None:
    run = api.post("/fit", json={"function": {"name": "rosenbrock"}}).json()
    check_answer(Run, run)
    assert run["dataset"] is None
    known = BENCHMARK_FUNCTIONS["rosenbrock"]
    assert run["function"] == {
        "name": "rosenbrock",
        "formula": known.formula,
        "window": {"a": [-2.0, 2.0], "b": [-1.0, 3.0]},
        "minima": [{"theta": {"a": 1.0, "b": 1.0}, "value": 0.0}],
    }
    request = run["request"]
    assert request["function"] == {"name": "rosenbrock"}
    assert request["objective"] == {"l1": 0.0, "l2": 0.0}
    assert request["descent"]["theta0"] == {"a": -1.2, "b": 1.0}
    assert not {"dataset", "split", "model", "standardize"} & set(request)
    assert (run["parameters"], run["classes"], run["steps_total"]) == (["a", "b"], None, 100)
    assert counts(database) == NOTHING | {"runs": 1}
    again = api.post("/fit", json=request).json()  # a stored request is a request
    assert again["request"] == request
    assert api.post("/fit", json={"function": {"formula": "u**2 + v"}}).json()["function"]["minima"] == []


@pytest.mark.parametrize("name", list(BENCHMARK_FUNCTIONS))
def test_every_step_is_that_of_the_plain_autograd_loop(name: str, api: TestClient, work: Work) -> None:
    run = finished(api, work, {"function": {"name": name}})
    assert (run["status"], run["stop_reason"]) == ("succeeded", "max_steps")
    found = columns(api, run)
    theta0 = np.array(found["theta"][0])
    for step, (theta, energy) in enumerate(plain_loop(BY_HAND[name], theta0, run["learning_rate"], 100)):
        np.testing.assert_allclose(found["theta"][step], theta, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(found["train_loss"][step], energy, rtol=1e-12, atol=1e-12)
        slope = np.linalg.norm(grad(BY_HAND[name])(theta))
        np.testing.assert_allclose(found["gradient_norm"][step], slope, rtol=1e-10, atol=1e-12)
    assert found["train_mse"] == found["test_mse"] == [None] * 101
    assert run["final"] == NULL | {
        "step": 100,
        "theta": found["theta"][-1],
        "coefficients": dict(zip(run["parameters"], found["theta"][-1], strict=True)),
        "train_loss": found["train_loss"][-1],
    }
    assert run["best"] is None
    assert run["optimum"] is None


def test_the_course_on_a_function_is_the_slides_algorithm(api: TestClient, work: Work) -> None:
    """θ ← θ − ∇E(θ), a hundred times."""
    run = finished(api, work, {"function": {"formula": "w**2/4 + w/3"}, "preset": "course"})
    found = columns(api, run)
    assert (run["learning_rate"], run["steps_done"]) == (1.0, 100)
    for step, (theta, energy) in enumerate(plain_loop(lambda t: t[0] ** 2 / 4 + t[0] / 3, np.ones(1), 1.0, 100)):
        np.testing.assert_allclose([found["theta"][step][0], found["train_loss"][step]], [theta[0], energy], rtol=1e-12)


def test_a_trajectory_is_exported(api: TestClient, work: Work) -> None:
    run = finished(api, work, ROSENBROCK)
    csv = api.get(f"/runs/{run['id']}/trajectory?format=csv").text.splitlines()
    assert csv[0] == "step,theta.a,theta.b,train_loss,train_mse,test_mse,gradient_norm,learning_rate"
    assert csv[1].startswith("0,-1.2,1.0,24.19")
    assert csv[1].split(",")[4:6] == ["", ""]
    rows = api.get(f"/runs/{run['id']}/trajectory?format=ndjson").text.splitlines()
    assert strict_json(rows[100])["test_mse"] is None


def test_a_fork_and_a_sweep(api: TestClient, work: Work) -> None:
    run = finished(api, work, ROSENBROCK)
    plain = columns(api, run)
    body = {"from_step": 40, "changes": {"descent": {"steps": 60}, "name": "again"}}
    fork = api.post(f"/runs/{run['id']}/fork", json=body).json()
    work()
    forked = columns(api, fork)
    assert forked["theta"] == plain["theta"][40:]  # the same bits
    assert forked["train_loss"] == plain["train_loss"][40:]
    rates = [run["learning_rate"] * share for share in np.linspace(0.1, 1.0, 10)]
    for base in ({"base": ROSENBROCK}, {"run": run["id"]}):
        sweep = api.post("/sweeps", json={**base, "grid": {"/descent/learning_rate": rates}}).json()
        work()
        members = api.get(f"/runs?sweep={sweep['id']}").json()
        check_answer(Runs, members)
        assert sweep["rank_by"] == "train_loss"
        assert api.get(f"/sweeps/{sweep['id']}").json()["ranking"][0]["values"] == {"/descent/learning_rate": rates[-1]}
        batched = [each for each in members["data"] if "batched" in each["timings"]["ways"]]
        assert len(batched) >= 5  # the share of one of two workers
        for each in (batched[0], members["data"][0]):
            alone = {**ROSENBROCK["descent"], "learning_rate": each["learning_rate"]}
            same = finished(api, work, {**ROSENBROCK, "descent": alone})
            assert same["trajectory_sha256"] == each["trajectory_sha256"]
        assert {each["function"]["formula"] for each in members["data"]} == {ROSENBROCK["function"]["formula"]}


def test_the_arithmetic_of_a_step(api: TestClient, work: Work) -> None:
    run = finished(api, work, {**ROSENBROCK, "objective": {"l2": 0.5}})
    found = api.get(f"/runs/{run['id']}/steps/3").json()
    assert found["contributions"] == {"rows": [], "y": [], "predictions": [], "gradients": []}
    assert found["rest"]["rows"] == 0
    np.testing.assert_allclose(found["rest"]["gradient"], grad(BY_HAND["rosenbrock"])(np.array(found["theta"])))
    np.testing.assert_allclose(np.add(found["rest"]["gradient"], found["penalty"]), found["gradient"])
    np.testing.assert_allclose(found["central_differences"], found["gradient"], rtol=1e-6)
    np.testing.assert_allclose(found["next_theta"], np.add(found["theta"], found["change"]), rtol=1e-15)
    assert found["update"][0].startswith("a: ")
    adam = finished(api, work, {**ROSENBROCK, "descent": {"optimizer": {"kind": "adam"}, "learning_rate": 0.1}})
    assert api.get(f"/runs/{adam['id']}/steps/5").json()["taken"]


def test_a_check_of_a_path(api: TestClient) -> None:
    path = [theta.tolist() for theta, _ in plain_loop(BY_HAND["rosenbrock"], np.array([-1.2, 1.0]), 0.001, 5)]
    body = {**ROSENBROCK, "trajectory": {"theta": path}}
    body["descent"] = {**ROSENBROCK["descent"], "learning_rate": 0.001}
    assert api.post("/check", json=body).json()["right"]
    up = [theta.tolist() for theta, _ in plain_loop(BY_HAND["rosenbrock"], np.array([-1.2, 1.0]), -0.001, 5)]
    wrong = api.post("/check", json={**body, "trajectory": {"theta": up}}).json()
    assert [each["code"] for each in wrong["mistakes"]] == ["sign"]
    problem_of(api.post("/check", json={**body, "trajectory": {"theta": [[1], [2]]}}), 422)


def test_the_diagnosis(api: TestClient, work: Work) -> None:
    def codes(body: dict[str, Any]) -> list[str]:
        return [finding["code"] for finding in finished(api, work, body)["diagnosis"]]

    assert codes({"function": {"name": "himmelblau"}}) == []
    assert codes({"function": {"name": "himmelblau"}, "descent": {"learning_rate": 1}}) == ["learning_rate_too_large"]
    assert codes({"function": {"formula": "a**2 - b**2"}}) == ["unbounded"]
    saddle = {"function": {"name": "saddle"}, "descent": {"theta0": {"a": 1.5, "b": 0}}}
    assert codes(saddle) == ["saddle_point"]
    start = finished(api, work, {"function": {"formula": "log(a)"}, "descent": {"theta0": [-1], "learning_rate": 1}})
    assert (start["status"], start["diverged_at"]) == ("diverged", 0)
    assert [finding["code"] for finding in start["diagnosis"]] == ["infinite_start"]


def test_the_changes_of_findings_are_requests_and_end_in_a_run_without_any(api: TestClient, work: Work) -> None:
    run = finished(api, work, {"function": {"name": "rosenbrock"}, "descent": {"learning_rate": 1}})
    assert run["status"] == "diverged"
    for _ in range(3):
        if run["diagnosis"]:
            [finding] = run["diagnosis"]
            run = finished(api, work, merged(run["request"], finding["change"]))
    assert (run["status"], run["diagnosis"]) == ("succeeded", [])


def test_no_learning_rate(api: TestClient, work: Work) -> None:
    run = finished(api, work, {"function": {"formula": "-a**2"}})
    assert (run["status"], run["error"]["code"]) == ("failed", "no_learning_rate")


@pytest.mark.parametrize(
    ("language", "advice"),
    [("en", "there. Give another theta0."), ("fr", "Donnez un autre theta0.")],
)
def test_a_function_without_a_value_at_its_start_is_not_told_to_standardize(
    language: str, advice: str, api: TestClient, work: Work
) -> None:
    run = finished(api, work, {"function": {"formula": "log(a)"}, "descent": {"theta0": {"a": -1}}})
    message = api.get(f"/runs/{run['id']}", headers={"Accept-Language": language}).json()["error"]["message"]
    assert message.endswith(advice)
    assert "standardize" not in message


def test_a_price_stores_nothing_and_is_what_the_run_costs(api: TestClient, work: Work, database: Database) -> None:
    price = api.post("/fit?validate_only=true", json=ROSENBROCK).json()
    assert (price["valid"], price["parameters"], price["steps"], price["gradient_evaluations"]) == (True, 2, 100, 101)
    assert counts(database) == NOTHING
    run = finished(api, work, ROSENBROCK)
    assert run["bytes"] == 101 * 8 * 7
    assert price["bytes"] > run["bytes"]


def test_a_repeated_request_is_the_same_run(api: TestClient) -> None:
    for body in (ROSENBROCK, {"function": {"name": "bowl"}}, LINE):
        headers = {"Idempotency-Key": f"key {body}"}
        first, second = (api.post("/fit", json=body, headers=headers).json()["id"] for _ in range(2))
        assert first == second
        other = api.post("/fit", json={**body, "name": "other"}, headers=headers)
        problem_of(other, 422)


def test_a_run_is_listed_deleted_and_checked(
    api: TestClient, work: Work, settings: Settings, database: Database
) -> None:
    run = finished(api, work, {**ROSENBROCK, "tags": {"kind": "function"}})
    line = api.post("/fit", json=LINE).json()
    listed = api.get("/runs").json()
    check_answer(Runs, listed)
    assert [each["dataset"] is None for each in listed["data"]] == [False, True]
    assert [each["id"] for each in api.get("/runs?tag=kind:function").json()["data"]] == [run["id"]]
    assert settings.database_file is not None
    assert list(check(settings.database_file, lambda *_: None)) == []
    assert api.delete(f"/runs/{run['id']}").status_code == 204
    assert api.delete(f"/runs/{line['id']}").status_code == 204
    with database.writing() as connection:
        purge.purge_slice(connection)
    assert counts(database) == NOTHING


def test_a_real_service_waits_for_the_run_and_verifies_it(client: httpx2.Client) -> None:
    run = client.post("/fit", json={"function": {"name": "bowl"}}, headers=WAIT).json()
    assert run["status"] == "succeeded"
    verified = client.post(f"/runs/{run['id']}/verify", headers=WAIT).json()
    assert (verified["identical"], verified["step"]) == (True, None)
    events = client.get(f"/runs/{run['id']}/events").text
    assert "event: finished" in events
    assert "NaN" not in events


def test_a_damaged_run_is_shown_as_failed(api: TestClient, work: Work, database: Database) -> None:
    run, other = (finished(api, work, {"function": {"name": name}}) for name in ("bowl", "hill"))
    line = api.post("/fit", json=LINE).json()
    with database.writing() as connection:
        for column, value, seq in (("request", '{"a":', run["id"]), ("dataset_seq", None, line["id"])):
            connection.exec_driver_sql("DROP TRIGGER IF EXISTS runs_UPDATE")
            connection.exec_driver_sql(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, seq))  # constants
    found = {each["id"]: each for each in api.get("/runs").json()["data"]}
    assert [found[each["id"]]["status"] for each in (run, other, line)] == ["failed", "succeeded", "failed"]
    assert api.get(f"/runs/{other['id']}").json()["function"]["name"] == "hill"
    for each in (run, line):
        assert api.get(f"/runs/{each['id']}").json()["error"]["code"] == "damaged_data"
        assert api.delete(f"/runs/{each['id']}").status_code == 204
