"""`descent status`: what the database holds, and what is old enough to be deleted."""

import json
import time
from pathlib import Path

from sqlalchemy import update

from service.core.run_status import RunStatus
from service.core.settings import Settings
from service.core.times import rfc3339
from service.maintenance.retention import Retention
from service.storage import deletion_state, fair_shares, job_queue
from service.storage.connect import open_database
from service.storage.tables import runs
from tests.acceptance.commands import descent
from tests.service.storage.helpers import queue_run
from tests.waiting import until

DAY = 86_400.0


def filled(home: Path) -> str:
    """The URL of a database with two queued runs, and one that ended 40 days ago."""
    url = f"sqlite:///{home}/descent.db"
    database = open_database(url, 5.0)
    for _ in range(3):
        queue_run(database)
    with database.writing() as connection:
        claimed = fair_shares.claim(connection, "w", 60.0)
        assert claimed is not None
        job_queue.finish(connection, claimed, RunStatus.SUCCEEDED, {"stop_reason": "max_steps"})
        old = update(runs).where(runs.c.seq == claimed.run.seq)
        connection.execute(old.values(finished_at=time.time() - 40 * DAY))
    database.dispose()
    return url


def test_the_status_counts_runs_and_announces_deletions(tmp_path: Path) -> None:
    url = filled(tmp_path)
    shown = descent("status", "--database", url, DESCENT_KEEP_DAYS="30")
    assert shown.returncode == 0, shown.stderr
    assert "2 queued, 1 finished" in shown.stdout
    assert "1 run ended more than 30 days ago" in shown.stdout
    found = json.loads(descent("status", "--json", "--database", url, DESCENT_KEEP_DAYS="50").stdout)
    assert (found["runs"], found["old_runs"], found["keep_days"]) == ({"queued": 2, "succeeded": 1}, 0, 50.0)


def test_the_status_tells_the_announced_deletion(tmp_path: Path) -> None:
    url = filled(tmp_path)
    database = open_database(url, 5.0)

    def announced_at() -> float | None:
        with database.reading() as connection:
            state = deletion_state.find(connection)
        return None if state is None else state.announced_at

    with Retention(Settings(database_url=url, keep_days=30.0), database):
        until(lambda: announced_at() is not None)
    at = announced_at()
    database.dispose()
    assert at is not None
    shown = descent("status", "--database", url)
    assert f"deletes 1 run that ended before {rfc3339(at - 30 * DAY, 'seconds')}" in shown.stdout
    assert f"not before {rfc3339(at + 3600, 'seconds')}" in shown.stdout
    found = json.loads(descent("status", "--json", "--database", url, DESCENT_KEEP_NOTICE_SECONDS="60").stdout)
    times = {"ended_before": rfc3339(at - 30 * DAY), "at": rfc3339(at + 60)}
    assert found["deletion"] == {"runs": 1, **times}


def test_without_an_age_no_run_is_deleted(tmp_path: Path) -> None:
    shown = descent("status", "--database", filled(tmp_path))
    assert "DESCENT_KEEP_DAYS is not set" in shown.stdout


def test_the_status_of_no_database_is_an_error_and_creates_none(tmp_path: Path) -> None:
    shown = descent("status", "--database", f"sqlite:///{tmp_path}/none.db")
    assert shown.returncode == 1
    assert f"There is no database at {tmp_path}/none.db. Go to the folder" in shown.stderr
    assert "give --database sqlite:///PATH" in shown.stderr
    assert list(tmp_path.iterdir()) == []
