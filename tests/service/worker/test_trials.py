"""Trials of the changes that findings offer: each offer is accepted and keeps its promise, and no trial costs a run."""

from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from gd_engine import descend
from service.core.exceptions import ApiError
from service.core.settings import Settings
from service.jobs.changes import changed_run
from service.storage import runs, usage
from service.storage.database import Database
from service.worker import budget, judgement, trial_runs, trials
from service.worker.process import Worker
from tests.gd_engine.diagnosis.test_findings import merged
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import train_all, worker_with

Body = dict[str, Any]
RANDOM = np.random.default_rng(0)
WIDE = RANDOM.standard_normal((60, 30))
NOISE = RANDOM.standard_normal(60)
CURVED = {"kind": "formula", "formula": "a*(1 - exp(-b*x1))"}
TOO_LARGE = {"descent": {"steps": 50, "learning_rate": 1.0}}
TOO_SMALL = {"descent": {"steps": 50, "learning_rate": 1e-6}}
SHORT: Body = {"steps": 20, "learning_rate": 1e-3, "optimizer": {"kind": "momentum"}}
FEW_STEPS: Body = {"model": CURVED, "descent": SHORT}


def of_data(x: Any, y: Any, **changes: Any) -> Body:
    return {"dataset": {"x": np.asarray(x).tolist(), "y": np.asarray(y).tolist()}, **changes}


FAULTS: dict[str, Body] = {
    "a rate too large": fit_body(**TOO_LARGE),
    "a rate too small": fit_body(**TOO_SMALL),
    "few steps": fit_body(**FEW_STEPS),
    "few steps, cosine": fit_body(model=CURVED, descent={**SHORT, "schedule": {"kind": "cosine"}}),
    "an infinite start": fit_body(
        model={"kind": "formula", "formula": "a*exp(b*x1)"}, descent={"theta0": {"a": 1, "b": 999}}
    ),
    "overfitting": of_data(WIDE, NOISE, split={"validation_fraction": 0.4}, descent={"steps": 5000}),
    "overfitting without validation rows": of_data(WIDE, NOISE, split={"test_fraction": 0.4}, descent={"steps": 5000}),
}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def finished(api: TestClient, worker: Worker, body: Body) -> dict[str, Any]:
    answer = api.post("/fit", json=body)
    assert answer.status_code == 202, answer.text
    train_all(worker)
    return read(api, answer.json()["id"])


def read(api: TestClient, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = api.get(f"/runs/{run_id}").json()
    return run


def offered(run: dict[str, Any]) -> dict[str, Any]:
    """The finding that offers a change."""
    found: dict[str, Any] = next(finding for finding in run["diagnosis"] if finding["change"])
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_an_offered_change_is_accepted_and_keeps_its_promise(name: str, api: TestClient, worker: Worker) -> None:
    run = finished(api, worker, FAULTS[name])
    finding = offered(run)
    criterion, before, after, steps = (finding["promise"][key] for key in ("criterion", "before", "after", "steps"))
    assert before == (run["final"] or {}).get(criterion)
    assert before is None or after < before
    again = finished(api, worker, merged(run["request"], finding["change"]))
    assert (again["final"]["step"], again["status"]) == (steps, "succeeded")
    assert again["final"][criterion] == pytest.approx(after, rel=1e-9)


def test_a_smaller_budget_promises_fewer_steps_which_are_those_of_the_change(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = []
    for seconds in (0.03, 0.05, 1.0):
        monkeypatch.setattr(judgement, "LEAST_SECONDS", seconds)
        run = finished(api, worker, FAULTS["few steps"])
        promise = offered(run)["promise"]
        again = finished(api, worker, merged(run["request"], offered(run)["change"]))
        assert again["steps_total"] == promise["steps"]
        assert again["final"]["train_loss"] == pytest.approx(promise["after"], rel=1e-9)
        promised.append(promise["steps"])
    assert promised == sorted(promised)
    assert promised[0] < promised[-1]


@pytest.mark.parametrize("name", ["few steps", "overfitting", "an infinite start"])
def test_a_slower_machine_has_the_same_judgement(
    name: str, api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    for microseconds_a_look in (0, 10):
        looks = count()

        def clock(looks: Iterator[int] = looks, pace: int = microseconds_a_look) -> float:
            return 1e-6 * pace * next(looks)

        monkeypatch.setattr(budget, "time", SimpleNamespace(process_time=clock, monotonic=clock))
        runs.append(finished(api, worker, FAULTS[name]))
    one, other = ([run["convergence"], run["diagnosis"]] for run in runs)
    assert one == other


HUBER: Body = {"objective": {"loss": "huber"}}
STARTS: dict[str, Body] = {
    "as it is": {},
    "standardised": {"standardize": True},
    "a large rate": {"descent": {"learning_rate": 0.01}},
}


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("sample", ["norris", "longley"])
def test_the_changes_for_far_errors_of_huber_keep_their_promise(
    sample: str, name: str, api: TestClient, worker: Worker
) -> None:
    """Errors far beyond the bend of the loss: an automatic rate is that of the bend, and leads to and fro."""
    run = finished(api, worker, {"dataset": {"sample": sample}, **HUBER, **STARTS[name]})
    worst = run["final"]["train_loss"] if run["final"] else np.inf
    for _ in range(3):
        finding = next((each for each in run["diagnosis"] if each["change"]), None)
        if finding is None:
            break
        run = finished(api, worker, merged(run["request"], finding["change"]))
        assert run["final"]["step"] == finding["promise"]["steps"]
        assert run["final"]["train_loss"] == pytest.approx(finding["promise"]["after"], rel=1e-9)
    if sample == "norris":
        assert run["diagnosis"] == []
    assert run["final"]["train_loss"] < 0.01 * worst


def test_a_run_is_judged_with_its_changes(api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, both the convergence and the change are null."""
    seen = []
    with_offers = trials.with_offers

    def looked(*given: Any) -> Any:
        seen.append(read(api, run_id))
        return with_offers(*given)

    monkeypatch.setattr(trials, "with_offers", looked)
    run_id = api.post("/fit", json=fit_body(**TOO_LARGE)).json()["id"]
    train_all(worker)
    [then], now = seen, read(api, run_id)
    assert (then["status"], then["steps_done"], then["convergence"]) == (now["status"], now["steps_done"], None)
    [before], [after] = then["diagnosis"], now["diagnosis"]
    assert (before["change"], before["promise"]) == (None, None)
    assert after["change"] is not None
    assert now["convergence"] is not None
    assert {name: after[name] for name in ("code", "sentence", "evidence")} == {
        name: before[name] for name in ("code", "sentence", "evidence")
    }


def test_a_change_that_the_service_refuses_is_not_offered(api: TestClient, settings: Settings) -> None:
    with worker_with(settings, max_steps=20) as worker:
        run = finished(api, worker, fit_body(**FEW_STEPS))
    [finding] = run["diagnosis"]
    assert finding["code"] == "too_few_steps"
    assert finding["change"] is not None
    assert finding["change"]["descent"].get("steps", 0) <= 20


def test_a_change_that_makes_nothing_better_is_not_offered(api: TestClient, worker: Worker) -> None:
    x = [[float(row % 7), 3.0] for row in range(20)]
    run = finished(api, worker, of_data(x, [2.0 * row[0] for row in x], descent={"steps": 20_000}))
    assert [(each["code"], each["change"]) for each in run["diagnosis"]] == [("constant_column", None)]


def test_the_error_of_a_few_validation_rows_promises_nothing(api: TestClient, worker: Worker) -> None:
    x = [[float(row)] for row in range(4)]
    model = {"model": {"kind": "logistic"}, "split": {"test_fraction": 0}, "descent": {"steps": 500}}
    run = finished(api, worker, of_data(x, [0, 0, 1, 1], **model))
    assert [(each["code"], each["change"]) for each in run["diagnosis"]] == [("separable_classes", None)]


def test_a_function_that_falls_without_end_has_no_offer(api: TestClient, worker: Worker) -> None:
    run = finished(api, worker, {"function": {"formula": "-log(a)"}})
    assert [(each["code"], each["change"]) for each in run["diagnosis"]] == [("unbounded", None)]


def test_a_step_to_stop_at_is_chosen_by_validation_rows(api: TestClient, worker: Worker) -> None:
    for name in ("overfitting", "overfitting without validation rows"):
        run = finished(api, worker, FAULTS[name])
        [finding] = run["diagnosis"]
        assert (finding["code"], finding["promise"]["criterion"]) == ("overfitting", "validation_mse")
        again = finished(api, worker, merged(run["request"], finding["change"]))
        assert again["dataset"]["validation_rows"] > 0
        assert [each for each in again["diagnosis"] if each["code"] in ("overfitting", "too_few_steps")] == []


def test_steps_continue_from_the_end_of_the_run(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trial of more steps computes none of those that the run has."""
    begun = []

    def watched(problem: Any, config: Any, state: Any, **options: Any) -> Any:
        begun.append((config.steps, state.step))
        return descend(problem, config, state, **options)

    monkeypatch.setattr(trial_runs, "descend", watched)
    run = finished(api, worker, fit_body(**FEW_STEPS))
    steps = offered(run)["promise"]["steps"]
    assert steps > run["steps_total"]
    assert (steps, run["steps_total"]) in begun


def test_a_step_to_stop_at_is_offered_only_if_the_service_accepts_it(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its steps are those of the run, so that it takes no trial."""

    def refuse(run: Any, change: Any, *given: Any) -> Any:
        if "steps" in change.get("descent", {}):
            raise ApiError("Refused.")
        return changed_run(run, change, *given)

    monkeypatch.setattr(trial_runs, "changed_run", refuse)
    [finding] = finished(api, worker, FAULTS["overfitting"])["diagnosis"]
    assert finding["code"] == "overfitting"
    assert "steps" not in (finding["change"] or {}).get("descent", {})


@pytest.mark.parametrize("error", [ValueError("odd"), MemoryError(), RecursionError()], ids=repr)
def test_a_trial_that_fails_costs_neither_the_run_nor_its_convergence(
    error: Exception, api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(trials, "with_offers", fail)
    run = finished(api, worker, fit_body(**TOO_SMALL))
    assert run["status"] == "succeeded"
    assert run["convergence"]["loss"] == run["final"]["train_loss"]
    assert [(each["code"], each["change"]) for each in run["diagnosis"]] == [("too_few_steps", None)]


def test_a_worker_that_must_stop_leaves_the_trials_out(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_offers = trials.with_offers

    def stopped(*given: Any) -> Any:
        worker.stop()
        return with_offers(*given)

    monkeypatch.setattr(trials, "with_offers", stopped)
    run_id = api.post("/fit", json=fit_body(**TOO_SMALL)).json()["id"]
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    worker._store_judgement()
    run = read(api, run_id)
    assert run["convergence"]["loss"] == run["final"]["train_loss"]
    assert [each["change"] for each in run["diagnosis"]] == [None]


def test_a_run_deleted_during_its_trials_stays_deleted(
    api: TestClient, worker: Worker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_offers = trials.with_offers

    def deleted(*given: Any) -> Any:
        api.delete(f"/runs/{run_id}")
        return with_offers(*given)

    monkeypatch.setattr(trials, "with_offers", deleted)
    run_id = api.post("/fit", json=fit_body(**TOO_SMALL)).json()["id"]
    train_all(worker)
    assert api.get(f"/runs/{run_id}").status_code == 404
    with database.reading() as connection:
        assert usage.stored_bytes(connection, None) == 0


def test_the_size_of_a_run_counts_what_its_trials_gave(
    api: TestClient, worker: Worker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def size(run_id: str) -> int:
        with database.reading() as connection:
            run = runs.find(connection, run_id)
            assert run is not None
            query = f"SELECT stored_bytes FROM runs WHERE seq = {run.seq}"
            return int(connection.exec_driver_sql(query).scalar_one())

    tried = size(finished(api, worker, fit_body(**TOO_SMALL))["id"])
    monkeypatch.setattr(trials, "with_offers", lambda findings, *_: trials.untried(findings))
    assert size(finished(api, worker, fit_body(**TOO_SMALL))["id"]) < tried
