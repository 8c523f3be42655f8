"""A failed diagnosis, optimum, final or best step changes neither the steps nor the status of a run."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from gd_engine.diagnosis import Finding
from service.core.settings import Settings
from service.worker import block_storage
from service.worker.history_sampler import HistorySampler
from service.worker.process import Worker
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import train_all, worker_with

ERRORS = [
    ValueError("odd"),
    ZeroDivisionError(),
    IndexError(),
    MemoryError(),
    RecursionError(),
    np.linalg.LinAlgError(),
]
HEALTHY = {"descent": {"steps": 5000}}
"""A descent that reaches its minimum, so that its judgement finds nothing either."""


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize(
    ("function", "field", "absent"), [("findings_of", "diagnosis", []), ("_optimum", "optimum", None)]
)
def test_a_run_succeeds_without_diagnosis_or_optimum(
    function: str,
    field: str,
    absent: Any,
    error: Exception,
    api: TestClient,
    worker: Worker,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    run_id = api.post("/fit", json=fit_body(**HEALTHY)).json()["id"]
    monkeypatch.setattr(block_storage, function, fail)
    train_all(worker)
    run = api.get(f"/runs/{run_id}").json()
    assert (run["status"], run["stop_reason"], run["error"]) == ("succeeded", "max_steps", None)
    assert run[field] == absent
    assert run["final"]["step"] == run["steps_total"]
    assert len(api.get(f"/runs/{run_id}/trajectory").json()["step"]) == run["steps_total"] + 1
    [record] = [record for record in caplog.records if record.getMessage() == f"training.no_{field} run={run_id}"]
    assert record.exc_info is not None
    assert record.exc_info[1] is error


@pytest.mark.parametrize(
    ("owner", "function", "field"),
    [(block_storage, "_row", "final"), (block_storage.BlockStorage, "_better", "best")],
    ids=["final", "best"],
)
def test_a_run_succeeds_without_its_final_or_best_step(
    owner: Any, function: str, field: str, api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    monkeypatch.setattr(owner, function, _fail)
    train_all(worker)
    run = api.get(f"/runs/{run_id}").json()
    assert (run["status"], run["error"], run[field]) == ("succeeded", None, None)
    assert len(api.get(f"/runs/{run_id}/trajectory").json()["step"]) == run["steps_total"] + 1


def test_a_run_whose_steps_cannot_be_sampled_succeeds_without_a_diagnosis(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = api.post("/fit", json=fit_body()).json()["id"]
    monkeypatch.setattr(HistorySampler, "add", _fail)
    train_all(worker)
    run = api.get(f"/runs/{run_id}").json()
    assert (run["status"], run["diagnosis"]) == ("succeeded", [])
    assert run["trajectory_sha256"] is not None


def test_a_diagnosis_that_is_no_json_is_left_out(
    api: TestClient, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = api.post("/fit", json=fit_body(**HEALTHY)).json()["id"]
    finding = Finding("odd", {"steps": 10**30}, "A number of more than 64 bits.", {})
    monkeypatch.setattr(block_storage, "findings_of", lambda *_, **__: [finding])
    train_all(worker)
    run = api.get(f"/runs/{run_id}").json()
    assert (run["status"], run["diagnosis"]) == ("succeeded", [])


def _fail(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError
