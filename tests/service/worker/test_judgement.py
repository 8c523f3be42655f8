"""The judgement of a finished run: after its last step is visible, within a budget, and never at the run's cost."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from gd_engine.diagnosis import unbounded
from gd_engine.reference import reference_minimum
from service.core.settings import Settings
from service.storage import fair_shares, runs, usage
from service.storage.database import Database
from service.worker import judgement
from service.worker.process import Worker
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import CLASSES, is_identical, train_all, worker_with

SEPARABLE = {"dataset": {"y": [0, 0, 0, 0, 1, 1, 1, 1]}, "model": {"kind": "logistic"}}
MORE: list[dict[str, Any]] = [{}, {"objective": {"l2": 0.1}}]
CURVED = {"model": {"kind": "formula", "formula": "a + b*x1**2"}, "split": {"test_fraction": 0}}


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


def submitted(api: TestClient, **changes: Any) -> str:
    answer = api.post("/fit", json=fit_body(**changes))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def run_of(api: TestClient, run_id: str) -> dict[str, Any]:
    run: dict[str, Any] = api.get(f"/runs/{run_id}").json()
    return run


@pytest.fixture
def before_judgement(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Calls a function when the search for the reference minimum begins."""

    def install(look: Callable[[], object]) -> None:
        def looked(*given: Any) -> Any:
            look()
            return reference_minimum(*given)

        monkeypatch.setattr(judgement, "reference_minimum", looked)

    return install


@pytest.mark.parametrize(
    ("changes", "method"),
    [
        ({}, "closed_form"),
        ({"descent": {"batch_size": 2}}, "closed_form"),
        (SEPARABLE, "infimum"),
        (CLASSES | {"objective": {"l2": 0.1}}, "newton"),
        (CURVED, "least_squares"),
        ({"objective": {"loss": "mae"}}, "linear_programming"),
        ({"objective": {"l1": 0.1}}, "proximal_newton"),
    ],
    ids=["quadratic", "batches", "classes", "ridge", "formula", "mae", "l1"],
)
def test_every_finished_run_has_a_reference(changes: Any, method: str, api: TestClient, worker: Worker) -> None:
    run_id = submitted(api, **changes)
    assert run_of(api, run_id)["convergence"] is None
    train_all(worker)
    run = run_of(api, run_id)
    found = run["convergence"]
    assert found["loss"] == run["final"]["train_loss"]
    if found["reference"]["theta"] is None:
        assert method == "infimum"
    else:
        assert (found["reference"]["method"], len(found["reference"]["theta"])) == (method, len(run["parameters"]))
    assert found["sentence"].endswith(".")
    assert run["timings"]["judgement_seconds"] > 0
    [listed] = api.get("/runs").json()["data"]
    assert listed["convergence"] == found


@pytest.mark.parametrize(
    ("name", "descent", "state"),
    [
        ("hill", {"learning_rate": 5, "steps": 100}, "diverged"),
        ("rosenbrock", {"learning_rate": 5, "steps": 100}, "diverged"),
        ("himmelblau", {"learning_rate": 0.001, "steps": 10}, "descending"),
        ("rosenbrock", {"learning_rate": "auto", "steps": 1000}, "descending"),
    ],
)
def test_a_function_that_ships_has_a_known_minimum(
    name: str, descent: Any, state: str, api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgement, "reference_minimum", lambda *_: None)
    functions = [submitted(api, function={"name": name}, dataset=..., descent=descent, **more) for more in MORE]
    train_all(worker)
    found, penalised = (run_of(api, run_id)["convergence"] for run_id in functions)
    assert (found["state"], found["reference"]["method"]) == (state, "known")
    assert found["reference"]["train_loss"] == 0.0
    assert found["sentence"].endswith("a local minimum is 0.")
    assert penalised["reference"] is None


def test_the_last_step_is_visible_before_the_judgement(
    api: TestClient, worker: Worker, before_judgement: Callable[[Callable[[], object]], None]
) -> None:
    seen: list[dict[str, Any]] = []
    run_id = submitted(api, **CURVED)
    before_judgement(lambda: seen.append(run_of(api, run_id)))
    train_all(worker)
    [then] = seen
    now = run_of(api, run_id)
    assert (then["status"], then["steps_done"], then["convergence"]) == ("succeeded", 5, None)
    assert now["convergence"] is not None
    changed = {"convergence", "diagnosis", "timings"}
    assert {name: each for name, each in now.items() if name not in changed} == {
        name: each for name, each in then.items() if name not in changed
    }
    assert api.get(f"/runs/{run_id}").headers["etag"] != ""


@pytest.mark.parametrize("error", [ValueError("odd"), MemoryError(), RecursionError()], ids=repr)
@pytest.mark.parametrize("changes", [{}, CURVED], ids=["quadratic", "formula"])
def test_a_run_whose_judgement_fails_is_as_finished_as_any_other(
    changes: Any, error: Exception, api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    run_id, other = submitted(api, **changes), submitted(api)
    monkeypatch.setattr(judgement, "judge", fail)
    train_all(worker)
    run = run_of(api, run_id)
    assert (run["status"], run["steps_done"], run["error"], run["convergence"]) == ("succeeded", 5, None, None)
    assert run_of(api, other)["status"] == "succeeded"


def test_a_judgement_out_of_time_has_no_reference(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgement, "MOST_SECONDS", 0.0)
    run_id = submitted(api, **CURVED)
    train_all(worker)
    found = run_of(api, run_id)["convergence"]
    assert (found["reference"], found["relative_gap"]) == (None, None)
    assert "no minimum is known" in found["sentence"]


def test_a_worker_that_must_stop_leaves_the_judgement_out(
    api: TestClient, worker: Worker, before_judgement: Callable[[Callable[[], object]], None]
) -> None:
    before_judgement(worker.stop)
    run_id = submitted(api, **CURVED)
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)
    run = run_of(api, run_id)
    assert (run["status"], run["steps_done"], run["convergence"]) == ("succeeded", 5, None)


def test_an_error_of_the_next_claim_costs_the_judgement_alone(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a crash there would: the claim's transaction carries the judgement."""
    first, second = submitted(api, **CURVED), submitted(api, **CURVED)
    claim = worker._claim()
    assert claim is not None
    worker._train(claim)

    def fail(*_: Any) -> Any:
        raise OperationalError("a full disk", None, sqlite3.OperationalError())

    with monkeypatch.context() as patch:
        patch.setattr(fair_shares, "claim", fail)
        with pytest.raises(OperationalError):
            worker._claim()
    train_all(worker)
    assert (run_of(api, first)["status"], run_of(api, first)["convergence"]) == ("succeeded", None)
    assert run_of(api, second)["convergence"] is not None


def test_the_next_claim_carries_the_judgement(api: TestClient, worker: Worker) -> None:
    first, second = submitted(api, **CURVED), submitted(api, **CURVED)
    for _ in range(2):
        claim = worker._claim()
        assert claim is not None
        worker._train(claim)
    assert run_of(api, first)["convergence"] is not None
    assert run_of(api, second)["convergence"] is None
    assert worker._claim() is None  # no run waits, so it is written alone
    assert run_of(api, second)["convergence"] is not None


def test_a_run_deleted_during_its_judgement_stays_deleted(
    api: TestClient, worker: Worker, database: Database, before_judgement: Callable[[Callable[[], object]], None]
) -> None:
    run_id = submitted(api, **CURVED)
    before_judgement(lambda: api.delete(f"/runs/{run_id}"))
    train_all(worker)
    assert api.get(f"/runs/{run_id}").status_code == 404
    with database.reading() as connection:
        assert usage.stored_bytes(connection, None) == 0


def test_a_diverged_run_is_judged_at_once(
    api: TestClient, worker: Worker, before_judgement: Callable[[Callable[[], object]], None]
) -> None:
    before_judgement(lambda: pytest.fail("a search for the minimum of a diverged descent"))
    run_id = submitted(api, **CURVED | {"descent": {"steps": 500, "learning_rate": 1e3}})
    train_all(worker)
    run = run_of(api, run_id)
    assert (run["status"], run["convergence"]["state"], run["convergence"]["reference"]) == (
        "diverged",
        "diverged",
        None,
    )


def test_a_function_is_followed_without_end_once(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, falls = [], unbounded._falls_for_ever

    def looked(*given: Any) -> bool:
        seen.append(falls(*given))
        return seen[-1]

    monkeypatch.setattr(unbounded, "_falls_for_ever", looked)
    run_id = api.post("/fit", json={"function": {"formula": "-log(a)"}}).json()["id"]
    train_all(worker)
    run = run_of(api, run_id)
    assert "falls without end" in run["convergence"]["sentence"]
    assert seen == [True]


def test_a_cancelled_run_has_no_judgement(api: TestClient, worker: Worker) -> None:
    run_id = submitted(api)
    api.post(f"/runs/{run_id}/cancel")
    train_all(worker)
    assert run_of(api, run_id)["convergence"] is None


def judgements(api: TestClient, worker: Worker, path: str, body: dict[str, Any]) -> dict[int, list[Any]]:
    """The convergence and the findings of each new run, by its number of steps."""
    before = {run["id"] for run in api.get("/runs").json()["data"]}
    answer = api.post(path, json=body)
    assert answer.status_code == 202, answer.text
    train_all(worker)
    runs = [run for run in api.get("/runs").json()["data"] if run["id"] not in before]
    return {run["steps_total"]: [run["convergence"], run_of(api, run["id"])["diagnosis"]] for run in runs}


@pytest.mark.parametrize(
    "objective", [{"l2": 0.1}, {"l1": 0.01}, {"loss": "mae"}, {"loss": "huber"}], ids=["l2", "l1", "mae", "huber"]
)
def test_a_member_of_a_sweep_is_judged_as_alone(
    objective: dict[str, Any], api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member with a large budget finds what one with a small budget does not, whichever is first."""
    monkeypatch.setattr(judgement, "SHARE", 1.0)
    monkeypatch.setattr(judgement, "LEAST_SECONDS", 5e-5)
    monkeypatch.setattr(judgement, "RECORDING_SECONDS", 0.0)
    base = fit_body(**{} if "loss" in objective else CLASSES) | {"objective": objective}
    base["descent"] = {"learning_rate": 0.01}
    steps = [2, 2000]
    alone = {n: judgements(api, worker, "/fit", base | {"descent": {**base["descent"], "steps": n}})[n] for n in steps}
    assert [alone[n][0]["reference"] is None for n in steps] == [True, False]
    for order in (steps, steps[::-1]):
        grid = {"/descent/steps": order}
        assert judgements(api, worker, "/sweeps", {"base": base, "grid": grid}) == alone


def test_a_judged_run_verifies_and_counts_its_reference(
    api: TestClient, worker: Worker, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = submitted(api, **CURVED)
    train_all(worker)
    assert is_identical(database, worker, run_id)
    with monkeypatch.context() as patch:
        patch.setattr(judgement, "reference_minimum", lambda *_: None)
        submitted(api, **CURVED)
        train_all(worker)
    with database.reading() as connection:
        judged, plain = (
            int(connection.exec_driver_sql(f"SELECT stored_bytes FROM runs WHERE seq = {seq}").scalar_one())
            for seq in (1, connection.exec_driver_sql("SELECT max(seq) FROM runs").scalar_one())
        )
        assert judged > plain
        first = runs.find(connection, run_id)
    assert first is not None
    assert first.convergence is not None


def test_a_convergence_that_is_no_json_is_left_out(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A convergence that is no JSON is left out, as a diagnosis is."""
    monkeypatch.setattr(judgement, "quick", lambda *_: {"state": 10**30})
    run_id = submitted(api, descent={"steps": 20_000})
    train_all(worker)
    run = run_of(api, run_id)
    assert (run["status"], run["diagnosis"], run["convergence"]) == ("succeeded", [], None)
