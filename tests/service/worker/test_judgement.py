"""The judgement of a finished run: after its last step is visible, within a budget, and never at the run's cost."""

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from gd_engine.reference import reference_minimum
from service.core.settings import Settings
from service.storage import fair_shares, runs, usage
from service.storage.database import Database
from service.worker import judgement
from service.worker.process import Worker
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import CLASSES, is_identical, train_all, worker_with

pytestmark = pytest.mark.usefixtures("unhurried")

SEPARABLE = {"dataset": {"y": [0, 0, 0, 0, 1, 1, 1, 1]}, "model": {"kind": "logistic"}}
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


def test_a_cancelled_run_has_no_judgement(api: TestClient, worker: Worker) -> None:
    run_id = submitted(api)
    api.post(f"/runs/{run_id}/cancel")
    train_all(worker)
    assert run_of(api, run_id)["convergence"] is None


def test_the_runs_of_a_sweep_share_the_reference_of_a_convex_problem(
    api: TestClient, worker: Worker, before_judgement: Callable[[Callable[[], object]], None]
) -> None:
    searches: list[None] = []
    before_judgement(lambda: searches.append(None))
    base = fit_body(**CLASSES | {"objective": {"l2": 0.1}})
    grid = {"/descent/learning_rate": [0.001, 0.01, 0.1]}
    answer = api.post("/sweeps", json={"base": base, "grid": grid})
    assert answer.status_code == 202, answer.text
    train_all(worker)
    found = [run["convergence"]["reference"] for run in api.get("/runs").json()["data"]]
    assert len(found) == 3
    assert found[0] == found[1] == found[2]
    assert len(searches) == 1


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
