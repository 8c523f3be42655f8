"""A newer program migrates the database under a running service, which ends its work."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.server.live_server import running_service
from service.storage.connect import open_database
from service.storage.sqlite.engine import sqlite_module
from tests.acceptance.helpers import long_run, run_of
from tests.waiting import LONGEST, until


def ask(file: Path, statement: str) -> list[Any]:
    """The rows of a statement, beside the service."""
    with closing(sqlite_module().connect(file, timeout=LONGEST, isolation_level=None)) as connection:
        return list(connection.execute(statement).fetchall())


def migrate(file: Path) -> None:
    ask(file, "UPDATE alembic_version SET version_num = '9999'")


def test_a_service_hands_back_its_runs_and_says_so(tmp_path: Path) -> None:
    file, log = tmp_path / "d.db", tmp_path / "log"
    with (
        log.open("w") as opened,
        running_service("--database", f"sqlite:///{file}", "--workers", "1", log=opened) as service,
        httpx2.Client(base_url=service.url, timeout=LONGEST) as client,
    ):
        run_id = long_run(client, 1_000_000)
        until(lambda: run_of(client, run_id)["steps_done"] > 0)
        migrate(file)
        until(lambda: ask(file, "SELECT status, losses, lease_owner FROM runs") == [("queued", 0, None)])
        for answer in (client.post("/fit", json={"dataset": {"sample": "norris"}}), client.get(f"/runs/{run_id}")):
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:descent:database-migrated")
        assert "to 9999. Stop this service, and start it with the newer" in client.get("/readyz").json()["detail"]
        until(lambda: "supervisor.workers_stopped A newer program" in log.read_text())
    assert "Traceback" not in log.read_text()
    assert ask(file, "SELECT status, losses FROM runs") == [("queued", 0)]


@pytest.mark.parametrize("fault", ["migrated", "removed"])
def test_workers_alone_end(fault: str, tmp_path: Path) -> None:
    file = tmp_path / "d.db"
    url = f"sqlite:///{file}"
    database = open_database(url, LONGEST)
    with database.reading():
        workers = subprocess.Popen(
            [sys.executable, "-m", "service.cli.main", "worker", "--workers", "1", "--database", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert workers.stdout is not None
        assert "1 worker on" in workers.stdout.readline()
        if fault == "migrated":
            migrate(file)
        else:
            file.unlink()
        _, errors = workers.communicate(timeout=LONGEST)
    database.dispose()
    assert workers.returncode == 1
    assert {"migrated": "A newer program has migrated", "removed": "was removed or replaced"}[fault] in errors
