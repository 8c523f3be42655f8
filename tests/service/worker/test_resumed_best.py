"""The step with the least test MSE in a resumed run."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage import job_queue, runs
from tests.service.helpers import X, Y, fit_body
from tests.service.worker.test_batching import train_all, worker_with

PAUSED_AT = 4


def fitted(api: TestClient, body: dict[str, Any]) -> str:
    return str(api.post("/fit", json=body).json()["id"])


def test_a_best_step_whose_test_mse_is_not_finite_stays_the_best_after_a_pause(
    api: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error of the test row overflows at every step: the first step is the best one, with null for its error."""
    body = fit_body(
        dataset={"x": [*X, [1e200]], "y": [*Y, 1.0]},
        split={"test_rows": [len(X)]},
        descent={"theta0": [1.0, 1.0]},
    )
    whole, paused = fitted(api, body), fitted(api, body)
    write = job_queue.progress

    def then_pause(connection: Any, claim: job_queue.Claim, *given: Any) -> Any:
        status = write(connection, claim, *given)
        if claim.run.id == paused and given[-1].get("rows_done") == PAUSED_AT:
            runs.pause(connection, paused)
        return status

    monkeypatch.setattr(job_queue, "progress", then_pause)
    with worker_with(settings, block_seconds=1e-9) as worker:  # each block has one step
        train_all(worker)
        stopped = api.get(f"/runs/{paused}").json()
        assert (stopped["status"], stopped["best"]["step"], stopped["best"]["test_mse"]) == ("paused", 0, None)
        monkeypatch.undo()
        api.post(f"/runs/{paused}/resume")
        train_all(worker)
    after = api.get(f"/runs/{paused}").json()
    assert (after["status"], after["error"]) == ("succeeded", None)
    assert after["best"] == api.get(f"/runs/{whole}").json()["best"]
