"""Sweeps over HTTP: grids and lists, ranking, price, waiting, cancellation, deletion."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient

from service.api.app import create_app
from service.api.openapi_examples import SWEEP_EXAMPLES
from service.core.settings import Settings
from service.schemas.responses.sweeps import Sweep, SweepPrice, Sweeps
from service.storage.database import Database
from service.worker.process import Worker
from tests.service.helpers import LINE, NOTHING, check_answer, counts, fit_body, problem_of

RATE = "/descent/learning_rate"
MOMENTUM = "/descent/optimizer/momentum"


def sweep_body(**changes: Any) -> dict[str, Any]:
    body = {"base": fit_body(), "grid": {RATE: [0.001, 0.01, 0.02]}, **changes}
    return {name: value for name, value in body.items() if value is not ...}


def submitted(api: TestClient, **changes: Any) -> dict[str, Any]:
    answer = api.post("/sweeps", json=sweep_body(**changes))
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/sweeps/{found['id']}"
    return found


def rates(sweep: dict[str, Any]) -> list[float]:
    return [member["values"][RATE] for member in sweep["ranking"]]


def test_a_sweep_ranks_its_runs_by_the_test_error(api: TestClient, work: Callable[[], None]) -> None:
    begun = submitted(api, grid={RATE: [0.5, 1e-6, 0.01]}, name="rates", base=fit_body(descent={"steps": 2000}))
    assert (begun["status"], begun["statuses"], begun["members"]) == ("queued", {"queued": 3}, 3)
    assert [member["rank"] for member in begun["ranking"]] == [None] * 3
    work()
    sweep = api.get(f"/sweeps/{begun['id']}").json()
    check_answer(Sweep, sweep)
    assert (sweep["status"], sweep["rank_by"], sweep["varied"]) == ("finished", "test_mse", [RATE])
    assert sweep["statuses"] == {"succeeded": 2, "diverged": 1}
    assert sweep["finished_at"]
    assert rates(sweep) == [0.01, 1e-6, 0.5]
    assert [member["rank"] for member in sweep["ranking"]] == [1, 2, None]
    for member in sweep["ranking"]:
        run = api.get(f"/runs/{member['run_id']}").json()
        assert run["sweep"] == {"id": sweep["id"], "values": member["values"]}
        assert run["final"]["test_mse"] == member["value"] == member["test_mse"]
        assert run["best"]["step"] == member["best_step"]
        assert run["request"]["descent"]["learning_rate"] == member["values"][RATE] == member["learning_rate"]
        assert run["name"] == f"rates: learning_rate {member['values'][RATE]:.4g}"
    assert sweep["ranking"][2]["diverged_at"]


@pytest.mark.parametrize(
    ("rank_by", "expected"),
    [("train_mse", [0.02, 0.01, 0.001]), ("train_loss", [0.02, 0.01, 0.001]), ("best_test_mse", None)],
)
def test_a_sweep_ranks_by_the_requested_metric(
    rank_by: str, expected: list[float] | None, api: TestClient, work: Callable[[], None]
) -> None:
    begun = submitted(api, rank_by=rank_by)
    work()
    sweep = api.get("/sweeps/latest").json()
    values = [member["value"] for member in sweep["ranking"]]
    assert values == sorted(values)
    assert expected is None or rates(sweep) == expected
    assert sweep["id"] == begun["id"]


def test_accuracy_ranks_the_greatest_first_and_ties_share_a_rank(api: TestClient, work: Callable[[], None]) -> None:
    base = fit_body(dataset={"y": [0, 0, 0, 0, 1, 1, 1, 1]}, model={"kind": "logistic"}, standardize=True)
    wrong = {"descent": {"theta0": [0, -5], "learning_rate": 1e-9}}
    right = {"descent": {"theta0": [0, 5]}}
    submitted(api, base=base, grid=..., list=[wrong, right, right], rank_by="train_accuracy")
    work()
    ranking = api.get("/sweeps/latest").json()["ranking"]
    values = [member["value"] for member in ranking]
    assert values == sorted(values, reverse=True)
    assert values[0] > values[2]
    assert [member["rank"] for member in ranking] == [1, 1, 3]


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        ({"test_fraction": 0.25, "validation_fraction": 0.2}, "validation_mse"),
        ({"test_fraction": 0.25}, "test_mse"),
        ({"test_fraction": 0}, "train_mse"),
    ],
)
def test_the_default_metric_depends_on_the_split(split: dict[str, float], expected: str, api: TestClient) -> None:
    assert submitted(api, base=fit_body(split=split))["rank_by"] == expected


def test_a_grid_has_every_combination_in_order(api: TestClient) -> None:
    base = fit_body(descent={"optimizer": {"kind": "momentum"}})
    sweep = submitted(api, base=base, grid={RATE: [0.1, 0.2], MOMENTUM: [0, 0.5, 0.9]})
    listed = api.get(f"/runs?sweep={sweep['id']}").json()["data"]
    assert [run["sweep"]["values"] for run in reversed(listed)] == [
        {RATE: rate, MOMENTUM: momentum} for rate in (0.1, 0.2) for momentum in (0, 0.5, 0.9)
    ]
    assert listed[0]["request"]["descent"]["optimizer"] == {"kind": "momentum", "momentum": 0.9}
    assert api.get("/runs?sweep=other").json()["data"] == []


def test_ranges_include_their_ends_and_integers_stay_integers(api: TestClient) -> None:
    def values(pointer: str, **given: Any) -> list[Any]:
        return [member["values"][pointer] for member in submitted(api, grid={pointer: given})["ranking"]]

    assert values(RATE, **{"from": 0.001, "to": 1.3, "count": 4, "scale": "log"}) == pytest.approx(
        [0.001 * 1300 ** (k / 3) for k in range(4)]
    )
    assert values(RATE, **{"from": 0.3, "to": 0.1, "count": 3}) == pytest.approx([0.3, 0.2, 0.1])
    assert values("/descent/steps", **{"from": 10, "to": 30, "count": 3}) == [10, 20, 30]


def test_a_list_may_change_any_kind(api: TestClient, work: Callable[[], None]) -> None:
    base = fit_body(objective={"loss": "huber", "delta": 2.0}, descent={"optimizer": {"kind": "adam", "beta1": 0.5}})
    changes = [
        {},
        {"descent": {"optimizer": {"kind": "momentum", "momentum": 0.3}}},
        {"objective": {"loss": "mse"}, "model": {"kind": "polynomial", "degree": 2}, "standardize": True},
    ]
    sweep = submitted(api, base=base, grid=..., list=changes)
    work()
    assert api.get("/sweeps/latest").json()["statuses"] == {"succeeded": 3}
    requests = [run["request"] for run in reversed(api.get(f"/runs?sweep={sweep['id']}").json()["data"])]
    assert [request["descent"]["optimizer"]["kind"] for request in requests] == ["adam", "momentum", "adam"]
    assert requests[0]["descent"]["optimizer"]["beta1"] == requests[2]["descent"]["optimizer"]["beta1"] == 0.5
    assert requests[1]["objective"]["delta"] == 2.0
    assert requests[2]["objective"] == {"loss": "mse", "l1": 0.0, "l2": 0.0}
    assert requests[2]["model"] == {"kind": "polynomial", "degree": 2, "intercept": True}
    kind = "/descent/optimizer/kind"
    assert [member["values"][kind] for member in api.get("/sweeps/latest").json()["ranking"]].count("adam") == 2


def test_a_sweep_from_a_run_has_its_data_and_its_request(api: TestClient, work: Callable[[], None]) -> None:
    run = api.post("/fit", json=fit_body(standardize=True, tags={"a": "b"})).json()
    sweep = submitted(api, base=..., run="latest", grid={"/model/kind": ["linear", "polynomial"]} | {RATE: [0.1]})
    found = api.get("/runs?tag=a:b").json()["data"]
    assert len(found) == 3
    assert {each["dataset"]["id"] for each in found} == {run["dataset"]["id"]}
    assert all(each["request"]["standardize"] for each in found)
    work()
    assert api.get(f"/sweeps/{sweep['id']}").json()["statuses"] == {"succeeded": 2}


def test_validate_only_prices_a_sweep_and_stores_nothing(api: TestClient, database: Database) -> None:
    answer = api.post("/sweeps?validate_only=true", json=sweep_body())
    price = answer.json()
    assert answer.status_code == 200
    check_answer(SweepPrice, price)
    alone = api.post("/fit?validate_only=true", json=fit_body()).json()
    size, of_one = price.pop("bytes"), alone.pop("bytes")
    assert price == {name: value if name in {"valid", "parameters"} else 3 * value for name, value in alone.items()} | {
        "members": 3
    }
    assert 2 * of_one < size < 3.3 * of_one  # the data counts once, and the members have names
    assert counts(database) == NOTHING


def test_an_idempotency_key_gives_the_same_sweep(api: TestClient) -> None:
    first, again = (
        api.post("/sweeps", json=sweep_body(), headers={"Idempotency-Key": "k"}).json()["id"] for _ in range(2)
    )
    assert first == again
    assert len(api.get("/runs").json()["data"]) == 3
    other = api.post("/sweeps", json=sweep_body(grid={RATE: [1.0]}), headers={"Idempotency-Key": "k"})
    assert problem_of(other, 422)["errors"][0]["header"] == "Idempotency-Key"
    api.delete(f"/sweeps/{first}")
    assert api.post("/sweeps", json=sweep_body(), headers={"Idempotency-Key": "k"}).json()["id"] != first


def test_waiting_gives_the_finished_sweep(client: httpx2.Client) -> None:
    answer = client.post("/sweeps", json=sweep_body(), headers={"Prefer": "wait=25"})
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=25"
    sweep = answer.json()
    assert (sweep["status"], sweep["statuses"]) == ("finished", {"succeeded": 3})
    assert [member["rank"] for member in sweep["ranking"]] == [1, 2, 3]
    later = client.get(answer.headers["location"]).json()
    for each in (sweep, later):  # a verdict may follow a run's end
        for member in each["ranking"]:
            del member["convergence"], member["findings"]
    assert later == sweep


def test_without_a_wait_the_answer_is_the_queued_sweep(api: TestClient) -> None:
    answer = api.post("/sweeps", json=sweep_body(), headers={"Prefer": "wait=0"})
    assert answer.status_code == 202
    assert answer.json()["status"] == "queued"
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize("changes", [{"base": ..., "run": "latest"}, {"base": {"dataset": {"id": "latest"}}}])
def test_a_key_outlives_a_newer_run_and_dataset(changes: dict[str, Any], api: TestClient) -> None:
    made = set()
    for number in (3, 4):
        api.post("/datasets", json={"x": [[1], [2], [number]], "y": [1, 2, 3]})
        api.post("/fit", json=LINE)
        made.add(api.post("/sweeps", json=sweep_body(**changes), headers={"Idempotency-Key": "k"}).json()["id"])
    assert len(made) == 1


def test_sweeps_are_listed_newest_first(api: TestClient) -> None:
    made = [submitted(api, name=str(number))["id"] for number in range(3)]
    first = api.get("/sweeps?limit=2").json()
    check_answer(Sweeps, first)
    rest = api.get(f"/sweeps?limit=2&after={first['next']}").json()
    assert [sweep["id"] for sweep in first["data"] + rest["data"]] == made[::-1]
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert rest["data"][0]["members"] == 3


def test_cancelling_a_sweep_cancels_its_unfinished_runs(api: TestClient, settings: Settings) -> None:
    sweep = submitted(api)
    worker = Worker(settings, "here")
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    cancelled = api.post(f"/sweeps/{sweep['id']}/cancel")
    assert cancelled.status_code == 202
    assert cancelled.json()["statuses"] == {"succeeded": 1, "cancelled": 2}
    assert cancelled.json()["status"] == "finished"
    problem_of(api.post(f"/sweeps/{sweep['id']}/cancel"), 409)


def test_a_sweep_whose_unfinished_runs_are_paused_is_paused(api: TestClient) -> None:
    first, *others = [member["run_id"] for member in submitted(api)["ranking"]]
    api.post(f"/runs/{first}/cancel")
    for left, run_id in enumerate(others, -1):
        api.post(f"/runs/{run_id}/pause")
        sweep = api.get("/sweeps/latest").json()
        assert sweep["status"] == ("paused" if left == 0 else "running")
        assert sweep["finished_at"] is None
    assert [each["status"] for each in api.get("/sweeps").json()["data"]] == ["paused"]
    api.post(f"/runs/{others[0]}/resume")
    assert api.get("/sweeps/latest").json()["status"] == "running"


def test_runs_of_the_latest_sweep_are_listed(api: TestClient) -> None:
    assert api.get("/runs?sweep=latest").json()["data"] == []
    submitted(api)
    sweep = submitted(api, grid={RATE: [0.1, 0.2]})
    api.post("/fit", json=LINE)
    found = api.get("/runs?sweep=latest").json()["data"]
    assert sorted(run["id"] for run in found) == sorted(member["run_id"] for member in sweep["ranking"])


def test_deleting_a_sweep_deletes_its_runs(
    api: TestClient, settings: Settings, database: Database, work: Callable[[], None]
) -> None:
    from service.storage.sqlite import purge  # noqa: PLC0415

    kept = api.post("/fit", json=LINE).json()["id"]
    sweep = submitted(api)
    work()
    members = [member["run_id"] for member in sweep["ranking"]]
    with TestClient(create_app(settings.model_copy(update={"max_wait_seconds": 0}), database)) as without_wait:
        assert without_wait.post(f"/runs/{members[0]}/verify").status_code == 202
    assert api.delete(f"/sweeps/{sweep['id']}").status_code == 204
    problem_of(api.get(f"/sweeps/{sweep['id']}"), 404)
    problem_of(api.delete(f"/sweeps/{sweep['id']}"), 404)
    for run_id in members:
        problem_of(api.get(f"/runs/{run_id}"), 404)
    assert [run["id"] for run in api.get("/runs").json()["data"]] == [kept]
    while True:
        with database.writing() as connection:
            if not purge.has_deleted(connection):
                break
            purge.purge_slice(connection)
    assert counts(database) == {**NOTHING, "runs": 1, "datasets": 1, "dataset_chunks": 1, "trajectory_chunks": 1}


def test_a_sweep_is_deleted_with_its_last_run(api: TestClient) -> None:
    sweep = submitted(api)
    for left, member in enumerate(reversed(sweep["ranking"])):
        assert len(api.get(f"/sweeps/{sweep['id']}").json()["ranking"]) == 3 - left
        api.delete(f"/runs/{member['run_id']}")
    problem_of(api.get(f"/sweeps/{sweep['id']}"), 404)


def test_every_run_of_a_sweep_counts_towards_the_quota(settings: Settings, database: Database) -> None:
    small = settings.model_copy(update={"max_queued_runs": 5})
    with TestClient(create_app(small, database)) as api:
        submitted(api)
        refused = problem_of(api.post("/sweeps", json=sweep_body()), 429)
        assert refused["most"] == 5
        assert len(api.get("/runs").json()["data"]) == 3
        submitted(api, grid={RATE: [0.1, 0.2]})


@pytest.mark.parametrize("example", SWEEP_EXAMPLES)
def test_the_examples_run(example: str, api: TestClient, work: Callable[[], None]) -> None:
    assert api.post("/sweeps", json=SWEEP_EXAMPLES[example]["value"]).status_code == 202
    work()
    sweep = api.get("/sweeps/latest").json()
    assert sweep["status"] == "finished"
    assert set(sweep["statuses"]) <= {"succeeded", "diverged"}
    assert sweep["ranking"][0]["rank"] == 1
    if example == "rates":
        assert sweep["statuses"]["diverged"] >= 1
