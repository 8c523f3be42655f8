"""The wall clock jumps at random moments: no run is stuck, and none is deleted early."""

import os
import random
import shutil
import struct
import subprocess
import time
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import update

from service.server.live_server import running_service
from service.storage.connect import open_database
from service.storage.tables import runs as table
from tests.acceptance.helpers import finished
from tests.required_programs import missing
from tests.torture.report import Measured, worst
from tests.torture.request_kinds import submit
from tests.waiting import LONGEST, until

HERE = Path(__file__).parent
MONTH = 31 * 86_400
OLD = 400 * 86_400
BAR_SECONDS = 60.0


def shifting(home: Path) -> tuple[Path, dict[str, str]]:
    """A file with the shift of the wall clock in seconds, and the environment of a process that it shifts."""
    if (compiler := shutil.which("cc")) is None:
        missing("a C compiler")
    library, file = home / "clock_shift.so", home / "shift"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, HERE / "clock_shift.c", "-ldl"], check=True)
    jump(file, 0)
    return file, {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(file)}


def jump(file: Path, seconds: int) -> None:
    """Shifts the clock of all processes at once."""
    with file.open("r+b" if file.exists() else "wb") as opened:
        opened.write(struct.pack("@q", seconds))


def made_old(database: Path, runs: list[str]) -> str:
    """Makes one of the runs 400 days old, and returns its id."""
    opened = open_database(f"sqlite:///{database}", LONGEST)
    with opened.writing() as connection:
        connection.execute(update(table).where(table.c.id == runs[0]).values(finished_at=table.c.finished_at - OLD))
    opened.dispose()
    return runs[0]


@pytest.mark.torture(100, least=10)
def test_jumps_of_the_clock_stick_no_run_and_delete_none(tmp_path: Path, cases: int, measured: Measured) -> None:
    file, shifted = shifting(tmp_path)
    settings = {"DESCENT_KEEP_DAYS": "30", "DESCENT_LEASE_SECONDS": "2", "DESCENT_HEARTBEAT_SECONDS": "0.5"}
    settings["DESCENT_KEEP_NOTICE_SECONDS"] = "0.1"  # it hides no early deletion
    options = ("--workers", "2", "--database", f"sqlite:///{tmp_path}/descent.db")
    seconds: list[float] = []
    runs: list[str] = []
    with (
        (tmp_path / "log").open("w") as log,
        running_service(*options, environment=os.environ | settings | shifted, log=log) as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        for _ in range(cases):
            run_id = submit(client, "adam, cosine")
            time.sleep(random.uniform(0, 0.5))
            jump(file, random.choice([-1, 1]) * random.choice([60, 3_600, 86_400, MONTH]))
            begun = time.monotonic()
            run = finished(client, run_id, BAR_SECONDS)
            seconds.append(time.monotonic() - begun)
            assert run["status"] == "succeeded"
            assert run["created_at"] <= run["started_at"] <= run["finished_at"]
            runs.append(run_id)
        jump(file, MONTH)
        old = made_old(tmp_path / "descent.db", runs)
        until(lambda: client.get(f"/runs/{old}").status_code == 404)  # the service has deleted what is old
        kept = [client.get(f"/runs/{run_id}").status_code for run_id in runs[1:]]
    measured("jumps of the clock", len(runs), at_least=cases)
    measured("from the jump to the end of the run, p99", worst(seconds), "s", at_most=BAR_SECONDS)
    measured("runs deleted early", len(kept) - kept.count(200), at_most=0)
