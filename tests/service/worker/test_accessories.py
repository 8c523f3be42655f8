"""A failed diagnosis or closed-form solution changes neither the steps nor the status of a run."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.worker import block_storage
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


@pytest.fixture
def worker(settings: Settings) -> Iterator[Worker]:
    with worker_with(settings) as worker:
        yield worker


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize(
    ("function", "field", "absent"), [("diagnose", "diagnosis", []), ("_optimum", "optimum", None)]
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

    run_id = api.post("/fit", json=fit_body()).json()["id"]
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
