"""A worker that cannot write hands back its run as soon as writes succeed."""

from contextlib import closing
from pathlib import Path

from service.storage.sqlite.engine import sqlite_module
from tests.acceptance.helpers import finished, long_run, run_of, trajectory
from tests.torture.fragile_service import FragileService
from tests.waiting import until

STEPS = 3_000


def test_a_run_goes_on_at_once_when_the_database_can_be_written_again(tmp_path: Path) -> None:
    fragile = FragileService(tmp_path, workers=1, busy_seconds=0.2, lease_seconds=1_000)
    with fragile.serving() as live:
        undisturbed = long_run(live.client, STEPS)
        finished(live.client, undisturbed)
        run_id = long_run(live.client, STEPS)
        until(lambda: run_of(live.client, run_id)["steps_done"] > 0)
        with closing(sqlite_module().connect(fragile.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            until(lambda: "worker.run_dropped" in fragile.log.read_text())
        assert finished(live.client, run_id)["status"] == "succeeded"
        assert trajectory(live.client, run_id) == trajectory(live.client, undisturbed)
    assert fragile.look("SELECT losses FROM runs WHERE id = ?", run_id) == [(0,)]
