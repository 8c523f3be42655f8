"""The service is killed with SIGKILL in the middle of its work, started again, and nothing is lost."""

import os
import signal
from pathlib import Path

import httpx2
import pytest

from service.ephemeral import Service, running_service
from service.store.database import sqlite_module
from tests.acceptance.helpers import finished, long_run, run_of, trajectory, until

RUNS = 20
SOON = {**os.environ, "DESCENT_HEARTBEAT_SECONDS": "0.5", "DESCENT_LEASE_SECONDS": "2"}


def kill_all(service: Service, children: list[int]) -> None:
    """SIGKILL to the service and its workers at once, as a power cut would."""
    for pid in (service.process.pid, *children):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def integrity(file: Path) -> str:
    connection = sqlite_module().connect(file)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers by /proc")
def test_no_run_is_lost_by_sigkill_and_every_trajectory_is_the_undisturbed_one(tmp_path: Path) -> None:
    file = tmp_path / "descent.db"
    options = ("--database", f"sqlite:///{file}", "--workers", "2")
    with (tmp_path / "log").open("w") as log:
        with (
            running_service(*options, environment=SOON, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=30) as client,
        ):
            run_ids = [long_run(client, 2_000 + 100 * number) for number in range(RUNS)]
            until(lambda: run_of(client, run_ids[3])["steps_done"] > 0)
            before = {run_id: run_of(client, run_id)["steps_done"] for run_id in run_ids}
            kill_all(service, children_of(service.process.pid))
        assert integrity(file) == "ok"
        assert any(0 < done < 2_000 for done in before.values()), "nothing was in the middle of its work"

        with (
            running_service(*options, environment=SOON, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=30) as client,
        ):
            for number, run_id in enumerate(run_ids):
                run = finished(client, run_id)
                assert (run["status"], run["steps_done"]) == ("succeeded", 2_000 + 100 * number)
                assert run["steps_done"] >= before[run_id]
            undisturbed = long_run(client, 2_000 + 100 * RUNS)
            finished(client, undisturbed)
            reference = trajectory(client, undisturbed).splitlines()
            for number, run_id in enumerate(run_ids):
                rows = trajectory(client, run_id).splitlines()
                assert len(rows) == 2_000 + 100 * number + 2
                # The same descent, only longer: its first rows are the shorter run's, byte for byte.
                assert rows == reference[: len(rows)]
    assert integrity(file) == "ok"
