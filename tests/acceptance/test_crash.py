"""A service loses nothing when SIGKILL ends it during its work."""

import os
import signal
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from service.server.live_server import Service, running_service
from service.storage.sqlite.engine import sqlite_module
from tests.acceptance.helpers import ROWS, SHORT_LEASES, SLOW, WAVES, finished, long_run, run_of, trajectory
from tests.waiting import LONGEST, until

STEPS = [500, 600, 700, 3_000, 800, 900, 1_000, 1_100]
"""Of the runs; SIGKILL comes when the longest one has begun."""
MEMBERS = 12  # two workers share the members, and fewer than four are not computed as a batch
OFTEN = SHORT_LEASES | {"DESCENT_BLOCK_SECONDS": "0.05"}
"""Several blocks a run, also on a fast machine."""


def kill_all(service: Service, children: list[int]) -> None:
    """Sends SIGKILL to the service and all workers, like a power cut."""
    for pid in (service.process.pid, *children):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def integrity(file: Path) -> str:
    with closing(sqlite_module().connect(file)) as connection:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])


def rows_of(file: Path) -> dict[str, int]:
    """The number of stored rows of each run."""
    with closing(sqlite_module().connect(file)) as connection:
        return dict(connection.execute("SELECT id, rows_done FROM runs"))


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers by /proc")
def test_no_run_is_lost_by_sigkill_and_every_trajectory_is_the_undisturbed_one(tmp_path: Path) -> None:
    file = tmp_path / "descent.db"
    options = ("--database", f"sqlite:///{file}", "--workers")
    with (tmp_path / "log").open("w") as log:
        with (
            running_service(*options, "2", environment=OFTEN, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
        ):
            run_ids = [long_run(client, steps) for steps in STEPS]
            until(lambda: run_of(client, run_ids[STEPS.index(max(STEPS))])["steps_done"] > 0)
            kill_all(service, children_of(service.process.pid))
        assert integrity(file) == "ok"
        before = rows_of(file)
        assert any(0 < before[run_id] <= steps for run_id, steps in zip(run_ids, STEPS, strict=True)), (
            "nothing was in the middle of its work"
        )

        with (
            running_service(*options, "1", environment=OFTEN, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
        ):
            for steps, run_id in zip(STEPS, run_ids, strict=True):
                run = finished(client, run_id)
                assert (run["status"], run["steps_done"]) == ("succeeded", steps)
                assert run["steps_done"] + 1 >= before[run_id]
            undisturbed = long_run(client, max(STEPS))
            finished(client, undisturbed)
            reference = trajectory(client, undisturbed).splitlines()
            for steps, run_id in zip(STEPS, run_ids, strict=True):
                rows = trajectory(client, run_id).splitlines()
                assert len(rows) == steps + 2
                # The longest descent starts with the shorter run's rows, byte for byte.
                assert rows == reference[: len(rows)]
    assert integrity(file) == "ok"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers by /proc")
@pytest.mark.parametrize(("rows", "steps"), [(ROWS, 600), (1_000, 2_000)], ids=["alone", "batched"])
def test_a_sweep_loses_nothing_by_sigkill_and_its_runs_are_those_alone(tmp_path: Path, rows: int, steps: int) -> None:
    file = tmp_path / "descent.db"
    options = ("--database", f"sqlite:///{file}", "--workers")
    data = {name: values[:rows] for name, values in WAVES.items()}
    base = {"dataset": data, "model": SLOW, "descent": {"steps": steps}}
    body = {"base": base, "grid": {"/descent/learning_rate": [0.0005 * (1 + number) for number in range(MEMBERS)]}}
    with (tmp_path / "log").open("w") as log:
        with (
            running_service(*options, "2", environment=OFTEN, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
        ):
            answer = client.post("/sweeps", json=body)
            assert answer.status_code == 202, answer.text
            path = answer.headers["location"]
            until(lambda: sum(member["steps_done"] > 0 for member in client.get(path).json()["ranking"]) >= 2)
            for worker in children_of(service.process.pid):  # one worker dies and is replaced
                os.kill(worker, signal.SIGKILL)
                break
            until(lambda: client.get(path).json()["statuses"].get("succeeded", 0) >= 2)
            kill_all(service, children_of(service.process.pid))
        assert integrity(file) == "ok"

        with (
            running_service(*options, "1", environment=OFTEN, log=log) as service,
            httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
        ):
            until(lambda: client.get(path).json()["status"] == "finished")
            sweep = client.get(path).json()
            assert sweep["statuses"] == {"succeeded": MEMBERS}
            assert sorted(member["rank"] for member in sweep["ranking"]) == list(range(1, MEMBERS + 1))
            assert [member["steps_done"] for member in sweep["ranking"]] == [steps] * MEMBERS
            ways = [run_of(client, member["run_id"])["timings"]["ways"] for member in sweep["ranking"]]
            assert any("batched" in each for each in ways) == (rows < ROWS)
            for member in sweep["ranking"]:
                verified = client.post(f"/runs/{member['run_id']}/verify").json()
                assert verified["identical"] is True, verified
    assert integrity(file) == "ok"
