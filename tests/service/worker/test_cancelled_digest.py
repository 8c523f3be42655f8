"""The digest of a run that is cancelled soon after it was resumed."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.storage import job_queue, runs
from service.storage.integrity.fsck import check
from service.worker import trajectory_summary
from tests.service.helpers import fit_body
from tests.service.worker.test_batching import train_all, worker_with


def test_a_run_cancelled_before_its_stored_steps_are_read_back_has_their_digest(
    api: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = str(api.post("/fit", json=fit_body(descent={"steps": 100_000})).json()["id"])
    actions = ["pause"]
    write = job_queue.progress

    def interrupt(connection: Any, claim: job_queue.Claim, *given: Any) -> Any:
        action = actions.pop(0) if actions else None
        if action == "cancel":
            runs.cancel(connection, run_id)
        status = write(connection, claim, *given)
        if action == "pause":
            runs.pause(connection, run_id)
        return status

    monkeypatch.setattr(job_queue, "progress", interrupt)
    monkeypatch.setattr(trajectory_summary, "CATCH_UP_CHUNKS", 0)  # only the last block reads the stored steps
    with worker_with(settings, block_seconds=1e-9) as worker:  # short blocks
        train_all(worker)
        paused = api.get(f"/runs/{run_id}").json()
        assert paused["status"] == "paused"
        api.post(f"/runs/{run_id}/resume")
        actions.append("cancel")
        train_all(worker)
    run = api.get(f"/runs/{run_id}").json()
    assert (run["status"], run["stop_reason"]) == ("cancelled", "cancelled")
    assert paused["steps_done"] < run["steps_done"] < run["steps_total"]
    assert run["trajectory_sha256"] is not None
    assert settings.database_file is not None
    assert list(check(settings.database_file, lambda *_: None)) == []
