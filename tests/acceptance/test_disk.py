"""The service on a full disk, during a backup and a check, and after a deletion that frees space."""

import json
import os
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.server.live_server import running_service
from tests.acceptance.commands import descent
from tests.acceptance.helpers import SHORT_LEASES, finished, long_run, run_of, trajectory
from tests.torture.small_disk import SmallDisk, small_disk
from tests.waiting import LONGEST, until

LINE = {"dataset": {"x": [[1], [2], [3], [4]], "y": [2, 4, 6, 8]}}
BIG = {"x": [[float(i)] for i in range(50_000)], "y": [float(i % 7) for i in range(50_000)]}


@pytest.fixture
def disk() -> Any:
    """A disk of sixteen MiB."""
    with small_disk("16m", workers=1, keys="off") as made:
        yield made


def test_a_full_disk_is_reported_and_the_service_continues_with_free_space(disk: SmallDisk) -> None:
    with disk.serving() as live:
        client = live.client
        before = client.post("/fit", json=LINE).json()["id"]
        finished(client, before)
        with disk.full():
            # Writes that fit into the log's allocated space still succeed.
            refused = until(lambda: [a for a in [client.post("/fit", json={"dataset": BIG})] if a.status_code != 202])[
                0
            ]
            assert refused.status_code == 507
            assert refused.json()["type"] == "urn:descent:disk-full"
            assert refused.headers["Retry-After"]
            assert run_of(client, before)["status"] == "succeeded"
            assert trajectory(client, before)
            assert client.get("/readyz").status_code == 200
        assert finished(client, client.post("/fit", json=LINE).json()["id"])["status"] == "succeeded"
    checked = descent("check", "--json", "--database", f"sqlite:///{disk.file}")
    assert checked.returncode == 0, checked.stdout


def test_a_run_whose_blocks_cannot_be_stored_fails_with_the_reason(disk: SmallDisk) -> None:
    with disk.serving(lease_seconds=3, heartbeat_seconds=1) as live:
        client = live.client
        run_id = long_run(client, steps=10_000)
        until(lambda: run_of(client, run_id)["steps_done"] > 0)
        with disk.full():
            until(lambda: "not_stored" in disk.log.read_text() or "run_dropped" in disk.log.read_text())
        run = finished(client, run_id)
        # The run continued if space was free before the lease expired.
        assert run["status"] == "succeeded" or run["error"]["code"] == "disk_full"
        assert finished(client, client.post("/fit", json=LINE).json()["id"])["status"] == "succeeded"


def test_every_accepted_run_fits_on_the_disk(disk: SmallDisk) -> None:
    with disk.serving() as live:
        accepted = []
        for steps in (10_000, 1_000, 100):
            body = LINE | {"descent": {"steps": steps, "learning_rate": 1e-6}}
            while (answer := live.client.post("/fit", json=body)).status_code == 202:
                accepted.append(answer.json()["id"])
            assert (answer.status_code, answer.json()["promised"] > 0) == (507, True)
        assert len(accepted) > 3
        assert {finished(live.client, run_id)["status"] for run_id in accepted} == {"succeeded"}


def test_a_failed_temporary_file_is_reported(tmp_path: Path, disk: SmallDisk) -> None:
    # An upload of more than a few MiB goes to a temporary file, possibly on another disk than the database.
    options = ("--database", f"sqlite:///{tmp_path}/elsewhere.db", "--workers", "0")
    csv: dict[str, Any] = {"content": b"x,y\n" + b"1.5,2.5\n" * 300_000, "headers": {"Content-Type": "text/csv"}}
    with (
        running_service(*options, environment={**os.environ, "TMPDIR": str(disk.home)}) as running,
        httpx2.Client(base_url=running.url, timeout=LONGEST) as client,
    ):
        assert client.post("/datasets", **csv).status_code == 201
        with disk.full():
            assert client.post("/datasets", **csv).status_code == 507
            assert client.post("/fit", json=LINE).status_code == 202
        assert client.post("/datasets", **csv).status_code == 201


def test_a_new_database_on_a_full_disk_is_refused_with_the_reason(disk: SmallDisk) -> None:
    with disk.full():
        started = descent("serve", "--port", "0", "--workers", "0", "--database", f"sqlite:///{disk.home}/new.db")
    assert started.returncode == 1
    assert "full" in started.stderr
    assert "Traceback" not in started.stderr


def test_a_backup_of_a_service_at_work_is_sound_and_goes_on_by_itself(tmp_path: Path) -> None:
    source, copy = f"sqlite:///{tmp_path}/descent.db", tmp_path / "copy.db"
    with (
        running_service("--database", source, "--workers", "1", environment=SHORT_LEASES) as running,
        httpx2.Client(base_url=running.url, timeout=LONGEST) as client,
    ):
        run_id = long_run(client, steps=3_000)
        until(lambda: run_of(client, run_id)["steps_done"] > 0)
        made = descent("backup", str(copy), "--database", source)
        assert made.returncode == 0, made.stderr
        assert "is a checked copy of" in made.stderr
        refused = descent("backup", str(copy), "--database", source)
        assert refused.returncode == 1
        assert "--force" in refused.stderr
        for database in (source, f"sqlite:///{copy}"):
            checked = descent("check", "--json", "--database", database)
            assert (checked.returncode, json.loads(checked.stdout)["findings"]) == (0, [])
        finished(client, run_id)
        undisturbed = trajectory(client, run_id)
    with (
        running_service("--database", f"sqlite:///{copy}", "--workers", "1") as running,
        httpx2.Client(base_url=running.url, timeout=LONGEST) as client,
    ):
        assert finished(client, run_id)["status"] == "succeeded"
        assert trajectory(client, run_id) == undisturbed


def test_check_reports_a_missing_database(tmp_path: Path) -> None:
    nothing = descent("check", "--database", f"sqlite:///{tmp_path}/none.db")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "There is no database" in nothing.stderr
    assert "give --database" in nothing.stderr


def test_a_deleted_run_makes_the_file_shorter(tmp_path: Path) -> None:
    file = tmp_path / "descent.db"
    with (
        running_service("--database", f"sqlite:///{file}", "--workers", "1") as running,
        httpx2.Client(base_url=running.url, timeout=LONGEST) as client,
    ):
        body = LINE | {"descent": {"steps": 200_000, "learning_rate": 1e-5}}
        run_id = client.post("/fit", json=body).json()["id"]
        finished(client, run_id)
        until(lambda: file.stat().st_size > 10_000_000)
        assert client.delete(f"/runs/{run_id}").status_code == 204
        until(lambda: file.stat().st_size < 6_000_000)
        kept = client.post("/fit", json=LINE).json()["id"]
        finished(client, kept)
    environment = {**os.environ, "DESCENT_KEEP_DAYS": "0.00001", "DESCENT_KEEP_NOTICE_SECONDS": "0"}
    with (
        running_service("--database", f"sqlite:///{file}", "--workers", "0", environment=environment) as running,
        httpx2.Client(base_url=running.url, timeout=LONGEST) as client,
    ):
        until(lambda: client.get(f"/runs/{kept}").status_code == 404)
