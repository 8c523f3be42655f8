"""Worker processes: replacement after a death, draining on SIGTERM, and idling on an empty queue."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from service.core.settings import Settings
from service.server.live_server import Service, running_service
from service.storage import fair_shares, job_queue, runs
from service.storage.connect import open_database
from service.storage.database import Database
from service.worker.computing_time import ComputingTime
from service.worker.lease import RunLease
from service.worker.process import Worker
from service.worker.run_batch import RunBatch
from service.worker.training import Training
from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.acceptance.test_crash import children_of
from tests.time_bounds import times_slower
from tests.waiting import LONGEST, until

SOON = {**os.environ, "DESCENT_HEARTBEAT_SECONDS": "0.2", "DESCENT_LEASE_SECONDS": "1"}
needs_proc = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers by /proc")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[Service, httpx2.Client]]:
    """A service for one test, which may kill its processes."""
    with (
        (tmp_path / "log").open("w") as log,
        running_service("--database", f"sqlite:///{tmp_path}/d.db", "--workers", "1", environment=SOON, log=log) as it,
        httpx2.Client(base_url=it.url, timeout=LONGEST) as client,
    ):
        yield it, client


@needs_proc
def test_a_killed_worker_is_replaced_and_its_run_goes_on(own: tuple[Service, httpx2.Client]) -> None:
    service, client = own
    run_id = long_run(client, 6_000)
    until(lambda: run_of(client, run_id)["steps_done"] > 0)
    [worker] = children_of(service.process.pid)
    os.kill(worker, signal.SIGKILL)
    at_death = run_of(client, run_id)["steps_done"]
    run = finished(client, run_id)
    assert 0 < at_death < 6_000
    assert (run["status"], run["steps_done"]) == ("succeeded", 6_000)
    undisturbed = long_run(client, 6_000)
    finished(client, undisturbed)
    assert trajectory(client, run_id) == trajectory(client, undisturbed)


def test_sigterm_drains_and_the_run_goes_on_at_the_next_start(tmp_path: Path) -> None:
    options = ("--database", f"sqlite:///{tmp_path}/d.db", "--workers", "1")
    with (tmp_path / "log").open("w") as log:
        with (
            running_service(*options, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
        ):
            run_id = long_run(client, 6_000)
            until(lambda: run_of(client, run_id)["steps_done"] > 0)
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(LONGEST) == 0
        database = open_database(f"sqlite:///{tmp_path}/d.db", 30.0)
        with database.reading() as connection:
            handed_back = runs.find(connection, run_id)
        database.dispose()
        assert handed_back is not None
        assert handed_back.status == "queued"
        assert 0 < handed_back.rows_done < 6_001, "a drain takes one block, not the run"
        with (
            running_service(*options, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
        ):
            # Handed back, not lost: the run continues before its lease expires.
            until(lambda: run_of(client, run_id)["status"] != "queued")
            assert finished(client, run_id)["status"] == "succeeded"
            assert len(trajectory(client, run_id).splitlines()) == 6_002


def test_workers_end_with_a_supervisor_that_was_killed(own: tuple[Service, httpx2.Client]) -> None:
    service, client = own
    until(lambda: client.get("/readyz").status_code == 200)
    workers = children_of(service.process.pid)
    service.process.kill()
    service.process.wait()
    until(lambda: not any(_alive(worker) for worker in workers))


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_progress_shows_at_least_twice_a_second(client: httpx2.Client) -> None:
    run_id = long_run(client, 40_000)
    until(lambda: run_of(client, run_id)["steps_done"] > 0)
    seen: list[tuple[float, int]] = []
    slower = times_slower()

    def watch() -> bool:
        run = run_of(client, run_id)
        if not seen or run["steps_done"] > seen[-1][1]:
            seen.append((time.monotonic(), run["steps_done"]))
        return len(seen) > 8 or run["status"] != "running"

    until(watch)
    client.post(f"/runs/{run_id}/cancel")
    pauses = sorted(later - earlier for (earlier, _), (later, _) in pairwise(seen))
    assert len(pauses) >= 5
    assert pauses[len(pauses) // 2] < (0.5 + 0.1) * max(slower, times_slower())


def test_cancel_and_delete_reach_a_running_run(client: httpx2.Client) -> None:
    cancelled, deleted = long_run(client, 1_000_000), long_run(client, 1_000_000)
    until(lambda: run_of(client, cancelled)["steps_done"] > 0)
    assert client.post(f"/runs/{cancelled}/cancel").json()["status"] == "cancelling"
    run = finished(client, cancelled)
    assert (run["status"], run["stop_reason"]) == ("cancelled", "cancelled")
    assert len(trajectory(client, cancelled).splitlines()) == run["steps_done"] + 2
    until(lambda: run_of(client, deleted)["steps_done"] > 0)
    assert client.delete(f"/runs/{deleted}").status_code == 204
    assert client.get(f"/runs/{deleted}").status_code == 404
    assert finished(client, long_run(client, 10))["status"] == "succeeded"


def test_workers_alone_work_on_an_apis_database(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/d.db"
    with (
        (tmp_path / "log").open("w") as log,
        running_service("--database", database, "--workers", "0", log=log) as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        run_id = long_run(client, 100)
        assert run_of(client, run_id)["status"] == "queued"
        workers = subprocess.Popen(
            [sys.executable, "-m", "service.cli.main", "worker", "--workers", "1", "--database", database],
            stdout=log,
            stderr=log,
        )
        try:
            assert finished(client, run_id)["status"] == "succeeded"
        finally:
            workers.terminate()
        assert workers.wait(LONGEST) == 0


def test_a_run_that_kills_its_workers_fails_with_the_reason(
    api: TestClient, settings: Settings, database: Database
) -> None:
    poison, neighbour = long_run(api, 100), long_run(api, 100)
    for _ in range(1 + settings.max_losses):
        with database.writing() as connection:
            claimed = fair_shares.claim(connection, "dies at once", lease_seconds=-1)
        assert claimed is not None
        assert claimed.run.id == poison
    worker = Worker(settings, "survivor")
    assert claimed is not None
    worker._train(claimed)
    run = run_of(api, poison)
    assert (run["status"], run["error"]["code"], run["steps_done"]) == ("failed", "worker_lost", 0)
    following = worker._claim()
    assert following is not None
    worker._train(following)
    assert run_of(api, neighbour)["status"] == "succeeded"


@needs_proc
def test_a_run_that_needs_too_much_memory_fails_alone(tmp_path: Path) -> None:
    rows = 20_000
    hungry = {
        "dataset": {"x": [[row / rows, row % 97] for row in range(rows)], "y": [float(row % 7) for row in range(rows)]},
        "model": {"kind": "mlp", "hidden": [2_000]},
    }
    narrow = {**os.environ, "DESCENT_WORKER_MEMORY_BYTES": str(512 * 1024 * 1024)}
    options = ("--database", f"sqlite:///{tmp_path}/d.db", "--workers", "1")
    with (
        (tmp_path / "log").open("w") as log,
        running_service(*options, environment=narrow, log=log) as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        [worker] = children_of(service.process.pid)
        run = finished(client, client.post("/fit", json=hungry).json()["id"])
        assert (run["status"], run["error"]["code"]) == ("failed", "out_of_memory")
        assert finished(client, long_run(client, 10))["status"] == "succeeded"
        assert worker in children_of(service.process.pid), "another child parses the large body"


def test_a_worker_drops_a_run_deleted_before_its_start(api: TestClient, settings: Settings) -> None:
    run_id = api.post("/fit", json={"dataset": {"x": [[1], [2], [3]], "y": [1, 2, 3]}}).json()["id"]
    worker = Worker(settings, "w")
    claimed = worker._claim()
    assert claimed is not None
    assert api.delete(f"/runs/{run_id}").status_code == 204
    worker._train(claimed)
    assert api.get("/runs").json()["data"] == []


def test_a_run_that_cannot_be_diagnosed_ends_all_the_same(
    api: TestClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise np.linalg.LinAlgError("Eigenvalues did not converge")

    monkeypatch.setattr("service.worker.block_storage.findings_of", fails)
    run_id = api.post("/fit", json={"dataset": {"x": [[1], [2], [3]], "y": [1, 2, 3]}}).json()["id"]
    worker = Worker(settings, "w")
    claimed = worker._claim()
    assert claimed is not None
    worker._train(claimed)
    run = api.get(f"/runs/{run_id}").json()
    assert (run["status"], run["steps_done"], run["diagnosis"]) == ("succeeded", 100, [])


def test_a_holder_that_slept_past_its_lease_writes_nothing(
    api: TestClient, settings: Settings, database: Database
) -> None:
    brief = settings.model_copy(update={"lease_seconds": 0.01})
    run_id = long_run(api, 500)
    with database.writing() as connection:
        stale = fair_shares.claim(connection, "stale", brief.lease_seconds)
    assert stale is not None
    other = Worker(settings.model_copy(update={"lease_seconds": 60.0}), "other")
    claimed = until(other._claim)
    assert claimed is not None
    lease = RunLease(database, stale, brief, ComputingTime())
    with pytest.raises(job_queue.LeaseLostError):
        Training(database, stale, brief, lease, RunBatch(database, brief)).run()
    assert run_of(api, run_id)["steps_done"] == 0
    other._train(claimed)
    assert len(api.get(f"/runs/{run_id}/trajectory?format=csv").text.splitlines()) == 502
